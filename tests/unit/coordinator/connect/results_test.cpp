#include "coordinator/connect/results.hpp"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "common/data/ipc.hpp"
#include "coordinator/connect/tree.hpp"
#include "proto/spark/connect/base.pb.h"

namespace sluice::connect {
namespace {

data::batch_ptr numbers(std::int64_t from, std::int64_t count) {
  arrow::Int64Builder builder;
  for (std::int64_t i = 0; i < count; ++i) EXPECT_TRUE(builder.Append(from + i).ok());
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("id", arrow::int64(), false)}), count, {*builder.Finish()});
}

/// All rows of all chunks, and how many chunks there were.
std::pair<std::vector<std::int64_t>, int> rows_of(std::vector<data::batch_ptr> batches) {
  result_chunks chunks(arrow::schema({arrow::field("id", arrow::int64(), false)}), std::move(batches), "UTC");
  std::vector<std::int64_t> rows;
  int count = 0;
  do {
    spark::connect::ExecutePlanResponse response;
    EXPECT_TRUE(chunks.next(response).ok());
    const auto& message = response.arrow_batch();
    EXPECT_EQ(message.start_offset(), static_cast<std::int64_t>(rows.size()));
    auto decoded = data::decode_batches(arrow::Buffer::FromString(message.data()));
    EXPECT_TRUE(decoded.ok() && decoded->size() == 1);
    const auto& ids = static_cast<const arrow::Int64Array&>(*decoded->front()->column(0));
    EXPECT_EQ(ids.length(), message.row_count());
    for (std::int64_t i = 0; i < ids.length(); ++i) rows.push_back(ids.Value(i));
    ++count;
  } while (!chunks.done() && count < 1000);
  return {rows, count};
}

TEST(ConnectResults, NoRowsAreOneChunk) {
  EXPECT_EQ(rows_of({}), (std::pair<std::vector<std::int64_t>, int>({}, 1)));
  EXPECT_EQ(rows_of({numbers(0, 0)}).second, 1);
}

TEST(ConnectResults, SmallBatchesTravelTogether) {
  auto [rows, chunks] = rows_of({numbers(0, 3), numbers(3, 0), numbers(3, 4), numbers(7, 1)});
  EXPECT_EQ(chunks, 1);
  EXPECT_EQ(rows, (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(ConnectResults, LargeOnesAreCut) {
  auto [rows, chunks] = rows_of({numbers(0, 300'000), numbers(300'000, 700'000)});
  EXPECT_GT(chunks, 1);
  ASSERT_EQ(rows.size(), 1'000'000U);
  for (std::size_t i = 0; i < rows.size(); i += 9999) EXPECT_EQ(rows[i], static_cast<std::int64_t>(i));
}

TEST(ConnectResults, TimestampsCarryTheZoneOfTheSession) {
  auto window = data::window_type(data::timestamp_type());
  auto schema = arrow::schema({arrow::field("t", data::timestamp_type()), arrow::field("n", data::timestamp_ntz_type()), arrow::field("w", window),
                               arrow::field("l", arrow::list(arrow::field("element", data::timestamp_type())))});
  result_chunks chunks(schema, {}, "Asia/Tokyo");
  spark::connect::ExecutePlanResponse response;
  ASSERT_TRUE(chunks.next(response).ok());
  auto decoded = data::decode_batches(arrow::Buffer::FromString(response.arrow_batch().data()));
  ASSERT_TRUE(decoded.ok());
  const auto& shown = *decoded->front()->schema();
  auto tokyo = arrow::timestamp(arrow::TimeUnit::MICRO, "Asia/Tokyo");
  EXPECT_TRUE(shown.field(0)->type()->Equals(*tokyo));
  EXPECT_TRUE(shown.field(1)->type()->Equals(*data::timestamp_ntz_type()));
  EXPECT_TRUE(shown.field(2)->type()->field(0)->type()->Equals(*tokyo));
  EXPECT_TRUE(shown.field(3)->type()->field(0)->type()->Equals(*tokyo));
}

TEST(ConnectTree, PrintsNestedTypes) {
  auto schema = *data::schema_from_ddl("a int, b struct<c: bigint, d: array<string>>, m map<string, struct<x: date>>");
  EXPECT_EQ(tree_text(*schema), "root\n"
                                " |-- a: integer (nullable = true)\n"
                                " |-- b: struct (nullable = true)\n"
                                " |    |-- c: long (nullable = true)\n"
                                " |    |-- d: array (nullable = true)\n"
                                " |    |    |-- element: string (containsNull = true)\n"
                                " |-- m: map (nullable = true)\n"
                                " |    |-- key: string\n"
                                " |    |-- value: struct (valueContainsNull = true)\n"
                                " |    |    |-- x: date (nullable = true)\n");
  EXPECT_EQ(tree_text(*schema, 1), "root\n |-- a: integer (nullable = true)\n |-- b: struct (nullable = true)\n |-- m: map (nullable = true)\n");
}

} // namespace
} // namespace sluice::connect
