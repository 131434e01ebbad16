#include <gtest/gtest.h>

#include <map>

#include "common/data/keys.hpp"
#include "tests/unit/common/exec/exec_fixture.hpp"

namespace sluice::exec {
namespace {

using test::array_of;
using test::batch_of;
using test::column_ref;

plan::aggregation counting(bool windowed) {
  plan::aggregation a;
  a.keys = {column_ref(0, arrow::utf8())};
  std::vector<std::shared_ptr<arrow::Field>> fields{arrow::field("k", arrow::utf8())};
  if (windowed) {
    a.window = plan::window_spec{column_ref(1, data::timestamp_type()), 600, 300, 0};
    fields.push_back(arrow::field("window", data::window_type(data::timestamp_type())));
  }
  plan::aggregate_call count;
  count.function = "count";
  count.type = arrow::int64();
  a.calls = {count};
  fields.push_back(arrow::field("count", arrow::int64()));
  a.output = arrow::schema(fields);
  return a;
}

routing routes(std::uint32_t groups, std::uint32_t destinations) {
  routing r{groups, {}};
  for (std::uint32_t g = 0; g < groups; ++g) r.destination_of_group.push_back((g * 7 + 3) % destinations);
  return r;
}

data::batch_ptr numbered(std::int64_t rows, std::int64_t distinct) {
  arrow::StringBuilder key;
  arrow::TimestampBuilder time(data::timestamp_type(), arrow::default_memory_pool());
  for (std::int64_t i = 0; i < rows; ++i) {
    SLUICE_CHECK(key.Append("key " + std::to_string(i % distinct)).ok());
    SLUICE_CHECK((i % 10 == 0 ? time.AppendNull() : time.Append(i)).ok());
  }
  return batch_of({{"k", *key.Finish()}, {"t", *time.Finish()}});
}

std::map<std::string, std::int64_t> totals(const std::vector<routed_block>& blocks, const routing& routes, std::int64_t& rows) {
  std::map<std::string, std::int64_t> sums;
  for (const auto& block : blocks) {
    EXPECT_TRUE(block.rows->ValidateFull().ok());
    const auto& groups = static_cast<const arrow::UInt16Array&>(*block.rows->column(0));
    const auto& keys = static_cast<const arrow::BinaryArray&>(*block.rows->column(1));
    const auto& counts = static_cast<const arrow::Int64Array&>(*block.rows->column(block.rows->num_columns() - 1));
    for (std::int64_t i = 0; i < keys.length(); ++i, ++rows) {
      std::string key(keys.GetView(i));
      EXPECT_EQ(groups.Value(i), data::key_group_of(data::key_hash(key), routes.num_key_groups));
      EXPECT_EQ(routes.destination_of_group[groups.Value(i)], block.destination);
      sums[key] += counts.Value(i);
    }
  }
  return sums;
}

TEST(PartialAggregator, BlocksGoToTheOwnersOfTheirGroups) {
  auto to = routes(64, 5);
  auto made = partial_aggregator::make(counting(true), to, {}, 0, {.memory_bytes = 4 << 20, .block_rows = 10});
  ASSERT_TRUE(made.ok());
  std::vector<routed_block> out;
  ASSERT_TRUE((*made)->add(numbered(10000, 40), 0, 0, out).ok());
  ASSERT_TRUE((*made)->flush(out).ok());
  EXPECT_EQ((*made)->rows_without_window(), 1000);
  std::int64_t rows = 0, sum = 0;
  for (auto& [key, count] : totals(out, to, rows)) sum += count;
  EXPECT_EQ(sum, 9000);
  EXPECT_LE(rows, 40 * 34);
  for (const auto& block : out) {
    EXPECT_TRUE(block.rows->schema()->Equals(*block_schema(counting(true))));
    EXPECT_LE(block.rows->num_rows(), 10);
  }
  std::vector<routed_block> again;
  ASSERT_TRUE((*made)->flush(again).ok());
  EXPECT_TRUE(again.empty());
}

TEST(PartialAggregator, FlushesWhenFullAndGivesUpOnDistinctKeys) {
  auto to = routes(16, 2);
  auto made = partial_aggregator::make(counting(false), to, {}, 0, {.memory_bytes = 64 << 10});
  ASSERT_TRUE(made.ok());
  std::vector<routed_block> out;
  ASSERT_TRUE((*made)->add(numbered(20000, 5000), 0, 0, out).ok());
  EXPECT_FALSE(out.empty());
  ASSERT_TRUE((*made)->flush(out).ok());
  std::int64_t rows = 0;
  for (auto& [key, count] : totals(out, to, rows)) EXPECT_EQ(count, 4);

  auto distinct = partial_aggregator::make(counting(false), to, {}, 0, {});
  std::vector<routed_block> single;
  ASSERT_TRUE((*distinct)->add(numbered(100000, 100000), 0, 0, single).ok());
  std::int64_t before = 0;
  totals(single, to, before);
  EXPECT_GT(before, 0);
  ASSERT_TRUE((*distinct)->add(numbered(50000, 1), 0, 0, single).ok());
  ASSERT_TRUE((*distinct)->flush(single).ok());
  std::int64_t after = 0;
  auto sums = totals(single, to, after);
  EXPECT_EQ(after, 150000);
  EXPECT_EQ(sums.size(), 100000u);
}

TEST(PartialAggregator, WindowsOutsideTheRangeAreAnError) {
  auto made = partial_aggregator::make(counting(true), routes(4, 1), {}, 0);
  ASSERT_TRUE(made.ok());
  std::vector<routed_block> out;
  auto batch = batch_of({{"k", array_of(arrow::utf8(), R"(["a", "b"])")},
                         {"t", array_of(data::timestamp_type(), "[5, 9223372036854775807]")}});
  EXPECT_EQ((*made)->add(batch, 0, 0, out).code(), errc::arithmetic_overflow);
}

TEST(PartialAggregator, RefusesBadPlans) {
  EXPECT_EQ(partial_aggregator::make(counting(true), {4, {0, 0}}, {}, 0).code(), errc::invalid_plan);
  auto bad = counting(true);
  bad.window->slide_us = 700;
  EXPECT_EQ(partial_aggregator::make(bad, routes(4, 1), {}, 0).code(), errc::invalid_window);
  auto distinct = counting(false);
  distinct.calls[0].distinct = true;
  EXPECT_EQ(partial_aggregator::make(distinct, routes(4, 1), {}, 0).code(), errc::unsupported_feature);
}

} // namespace
} // namespace sluice::exec
