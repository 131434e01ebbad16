#include "common/plan/codec.hpp"

#include <google/protobuf/stubs/logging.h>

#include <random>

#include "tests/unit/common/plan/fixture.hpp"

namespace sluice::plan {
namespace {

const std::vector<std::string>& batch_queries() {
  static const std::vector<std::string> queries{
      "SELECT * FROM counts",
      "SELECT symbol s, qty + 1 FROM trades WHERE id > 3 ORDER BY price DESC LIMIT 2",
      "SELECT symbol, sum(qty), avg(price) FROM trades GROUP BY symbol ORDER BY 2, 1",
      "SELECT DISTINCT info FROM (SELECT named_struct('a', qty) AS info FROM trades)",
      "SELECT window.start, count(*) n FROM events GROUP BY window(time, '1 day', '1 hour', '5 minutes')",
      "SELECT true, 1, 2S, 3Y, 4L, 1.5F, 2.5D, 1.50, 'text', X'0102', NULL, DATE '2020-02-29', TIMESTAMP '2020-01-01 00:00:00'",
      "SELECT CASE WHEN ok THEN 1 ELSE 2.5 END, info.venue, info.fees['x'], tags[0], symbol LIKE 'a%', qty IN (1, 2) FROM trades",
      "SELECT first(qty) IGNORE NULLS, count(DISTINCT symbol), sum(qty) FILTER (WHERE ok), collect_list(tags) FROM trades",
      "SELECT 1",
  };
  return queries;
}

const std::vector<std::string>& stream_queries() {
  static const std::vector<std::string> queries{
      "SELECT action, window(time, '10 minutes', '5 minutes') AS window, count(*) AS count, avg(unix_timestamp(time)) AS m FROM STREAM events "
      "GROUP BY action, window(time, '10 minutes', '5 minutes')",
      "SELECT upper(action) a, count(*) + 1 AS n FROM STREAM events GROUP BY 1 HAVING n > 2 ORDER BY n DESC LIMIT 3",
      "SELECT symbol, max(price) FROM STREAM trades WHERE qty > 1 GROUP BY symbol",
  };
  return queries;
}

TEST(Codec, RoundTrip) {
  for (const auto& text : batch_queries()) {
    auto plan = testing::batch_of(text);
    if (!plan.ok() && plan.code() == errc::unresolved_function) continue;
    ASSERT_TRUE(plan.ok()) << text << ": " << plan.error().to_string();
    auto bytes = encode(*plan);
    auto again = decode_batch(bytes);
    ASSERT_TRUE(again.ok()) << text << ": " << again.error().to_string();
    EXPECT_EQ(encode(*again), bytes) << text;
    EXPECT_EQ(explain(*again), explain(*plan)) << text;
  }
  for (const auto& text : stream_queries()) {
    auto plan = testing::stream_of(text, "outputMode 'complete', trigger '5 seconds', checkpointLocation '/c'");
    ASSERT_TRUE(plan.ok()) << text << ": " << plan.error().to_string();
    auto bytes = encode(*plan);
    auto again = decode_streaming(bytes);
    ASSERT_TRUE(again.ok()) << text << ": " << again.error().to_string();
    EXPECT_EQ(encode(*again), bytes) << text;
    EXPECT_EQ(explain(*again), explain(*plan)) << text;
    EXPECT_EQ(state_signature(*again), state_signature(*plan)) << text;
  }
}

TEST(Codec, PositionsSurvive) {
  auto plan = testing::batch_of("SELECT\n  1 / qty FROM trades");
  ASSERT_TRUE(plan.ok());
  auto again = decode_batch(encode(*plan));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->root->action.expressions[0]->position.line, 2);
  EXPECT_EQ(again->root->action.expressions[0]->position.column, 5);
}

TEST(Codec, TruncatedAndDamagedBytesAreErrorsOrPlans) {
  google::protobuf::LogSilencer quiet;
  auto plan = testing::stream_of(stream_queries()[0]);
  ASSERT_TRUE(plan.ok());
  auto bytes = encode(*plan);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    auto cut = decode_streaming(std::string_view(bytes).substr(0, size));
    if (!cut.ok()) {
      EXPECT_TRUE(cut.code() == errc::corrupt_file || cut.code() == errc::unsupported_format) << cut.error().to_string();
    }
  }
  std::mt19937 random(7);
  auto batch = testing::batch_of(batch_queries()[2]);
  ASSERT_TRUE(batch.ok());
  auto batch_bytes = encode(*batch);
  int refused = 0;
  for (int round = 0; round < 3000; ++round) {
    auto damaged = round % 2 ? bytes : batch_bytes;
    for (int k = 0; k < 1 + round % 3; ++k) damaged[random() % damaged.size()] = static_cast<char>(random());
    bool fine = false;
    if (round % 2) {
      auto again = decode_streaming(damaged);
      fine = again.ok();
      if (fine) explain(*again);
    } else {
      auto again = decode_batch(damaged);
      fine = again.ok();
      if (fine) explain(*again);
    }
    refused += !fine;
  }
  EXPECT_GT(refused, 500);
  EXPECT_EQ(decode_streaming("").code(), errc::unsupported_format);
}

TEST(Signature, SaysWhatMatters) {
  auto signature = [](const std::string& select) { return state_signature(*testing::stream_of(select)); };
  auto base = signature("SELECT action, count(*) c FROM STREAM events GROUP BY action");
  EXPECT_EQ(base, "keys(action string) calls(count/v1() bigint) mode complete");
  EXPECT_EQ(base, signature("SELECT count(1) AS other, action AS a FROM STREAM events GROUP BY action ORDER BY 1"));
  EXPECT_NE(base, signature("SELECT upper(action), count(*) c FROM STREAM events GROUP BY 1"));
  EXPECT_NE(base, signature("SELECT action, count(time) c FROM STREAM events GROUP BY action"));
  EXPECT_EQ(state_signature(*testing::stream_of("SELECT action FROM STREAM events", "trigger 'once'")), "stateless");
}

} // namespace
} // namespace sluice::plan
