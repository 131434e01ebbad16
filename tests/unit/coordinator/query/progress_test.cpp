#include "coordinator/query/progress.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace sluice::query {
namespace {

query_progress sample() {
  query_progress p;
  p.id = "i";
  p.run_id = "r";
  p.name = "counts";
  p.timestamp_us = 1469501107123456;
  p.batch = 3;
  p.batch_duration_ms = 12;
  p.input_rows = 2000;
  p.input_rows_per_second = 1234.5678;
  p.processed_rows_per_second = std::numeric_limits<double>::infinity();
  p.duration_us = {{"addBatch", 5999}, {"triggerExecution", 12000}};
  p.state_operators.push_back({"stateStoreSave", 10, 2, 0, 0, 4096, 0, 0, 128});
  p.sources.push_back({"FileStreamSource[file:/in]", 2, 3, 2000, 1, 74000});
  p.sink_description = "MemorySink";
  p.output_rows = 10;
  return p;
}

TEST(Progress, HasSparksShape) {
  const auto text = to_json(sample());
  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_TRUE(text.starts_with(
      R"({"id":"i","runId":"r","name":"counts","timestamp":"2016-07-26T02:45:07.123Z","batchId":3,"batchDuration":12,"numInputRows":2000,"inputRowsPerSecond":1234.6,"durationMs":{"addBatch":5,"triggerExecution":12})"))
      << text;
  const auto json = nlohmann::json::parse(text);
  EXPECT_FALSE(json.contains("processedRowsPerSecond")) << "infinite rates are left out";
  EXPECT_FALSE(json.contains("eventTime"));
  EXPECT_EQ(json["stateOperators"][0]["numRowsTotal"], 10);
  EXPECT_EQ(json["sources"][0]["startOffset"]["logOffset"], 2);
  EXPECT_EQ(json["sink"]["numOutputRows"], 10);
}

TEST(Progress, WritesUnknownsAsSparkDoes) {
  auto p = sample();
  p.name.clear();
  p.sources[0].start_offset.reset();
  p.watermark_ms = 0;
  p.timestamp_us = -1;
  const auto json = nlohmann::json::parse(to_json(p));
  EXPECT_TRUE(json["name"].is_null());
  EXPECT_TRUE(json["sources"][0]["startOffset"].is_null());
  EXPECT_EQ(json["eventTime"]["watermark"], "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(json["timestamp"], "1969-12-31T23:59:59.999Z");
}

} // namespace
} // namespace sluice::query
