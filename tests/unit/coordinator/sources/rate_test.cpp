#include <gtest/gtest.h>

#include "coordinator/sources/rate_source.hpp"
#include "coordinator/sources/split_plan.hpp"
#include "coordinator/sources/time_text.hpp"

namespace sluice::sources {
namespace {

constexpr std::int64_t second = 1'000'000;

TEST(RateSource, GivesWholeSecondsOnce) {
  rate_source rate({3, 0});
  EXPECT_TRUE(rate.choose(8 * second).empty());
  EXPECT_TRUE(rate.choose(8 * second + 999'999).empty());
  EXPECT_EQ(rate.next_input_us(8 * second + 10), 9 * second);
  const auto input = rate.choose(10 * second + 5);
  ASSERT_EQ(input.size(), 1u);
  EXPECT_EQ(input[0], (file_entry{"rate:0-2", 6, 8 * second, 0}));
  EXPECT_EQ(rate.choose(10 * second + 7), input);
  rate.take(0, input);
  EXPECT_TRUE(rate.choose(10 * second + 9).empty());
  EXPECT_TRUE(rate.choose(3 * second).empty());  // the clock was set back
  EXPECT_EQ(rate.choose(11 * second), (std::vector<file_entry>{{"rate:2-3", 3, 10 * second, 6}}));
}

TEST(RateSource, GoesOnAfterARestart) {
  rate_source rate({2, 0}), again({2, 0}), from_intents({2, 0});
  (void)rate.choose(5 * second);
  const auto input = rate.choose(7 * second);
  rate.take(0, input);
  ASSERT_TRUE(again.restore(rate.to_json()).ok());
  from_intents.take(0, input);
  EXPECT_EQ(again.choose(9 * second), rate.choose(9 * second));
  EXPECT_EQ(from_intents.choose(9 * second), rate.choose(9 * second));
  EXPECT_EQ(again.restore("{}").code(), errc::corrupt_file);
}

// Figures of RateStreamProviderSuite's valueAtSecond.
TEST(RateSource, RampsUp) {
  const rate_options slow{5, 2}, fast{8, 0};
  EXPECT_EQ(rate_value_at(1, fast), 8);
  EXPECT_EQ(rate_value_at(0, slow), 0);
  EXPECT_EQ(rate_value_at(1, slow), 1);
  EXPECT_EQ(rate_value_at(2, slow), 3);
  EXPECT_EQ(rate_value_at(3, slow), 8);
}

TEST(RateSource, Options) {
  EXPECT_EQ(rate_options_of({{"rowspersecond", "7"}, {"rampuptime", "5s"}})->ramp_up_seconds, 5);
  EXPECT_EQ(rate_options_of({{"rampuptime", "3"}})->ramp_up_seconds, 3);
  EXPECT_EQ(rate_options_of({{"rowspersecond", "0"}}).error().code(), errc::invalid_option);
  EXPECT_EQ(rate_options_of({{"rampuptime", "soon"}}).error().code(), errc::invalid_option);
  EXPECT_EQ(time_text_us("90 min", 1000), 5400 * second);
}

TEST(RateSource, ManyRowsAreSeveralSplits) {
  plan::file_source source;
  source.format = "rate";
  const auto splits = plan_splits({{"rate:0-1", 1'000'000, 0, 0}}, source);
  ASSERT_EQ(splits.size(), 4u);
  std::int64_t rows = 0;
  for (const auto& split : splits) {
    EXPECT_EQ(split.offset, rows);
    rows += split.length;
  }
  EXPECT_EQ(rows, 1'000'000);
}

} // namespace
} // namespace sluice::sources
