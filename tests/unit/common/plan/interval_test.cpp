#include "common/plan/interval.hpp"

#include <gtest/gtest.h>

namespace sluice::plan {
namespace {

TEST(Interval, Durations) {
  EXPECT_EQ(*parse_duration_us("10 minutes"), 600'000'000);
  EXPECT_EQ(*parse_duration_us("interval 1 hour 30 minutes"), 5'400'000'000);
  EXPECT_EQ(*parse_duration_us(" INTERVAL  2  Days "), 172'800'000'000);
  EXPECT_EQ(*parse_duration_us("1 week"), 604'800'000'000);
  EXPECT_EQ(*parse_duration_us("1.5 seconds"), 1'500'000);
  EXPECT_EQ(*parse_duration_us("-1 hour"), -3'600'000'000);
  EXPECT_EQ(*parse_duration_us("100 milliseconds"), 100'000);
  EXPECT_EQ(*parse_duration_us("7 microseconds"), 7);
}

TEST(Interval, Refusals) {
  for (const char* text : {"", "interval", "10", "minutes", "10 fortnights", "1 month", "2 years", "1.5 hours", "99999999999999999999 days",
                           "9223372036854775807 weeks", "10 minutes x", "1 - hour"})
    EXPECT_EQ(parse_duration_us(text).code(), errc::invalid_literal) << text;
  EXPECT_NE(parse_duration_us("10 minuts").error().message().find("`minutes`"), std::string::npos);
}

TEST(Interval, TextRoundTrips) {
  for (std::int64_t us : {600'000'000ll, 5'400'000'000ll, 1ll, 86'400'000'000ll, 1'001'001ll, 90'061'001'001ll})
    EXPECT_EQ(*parse_duration_us(duration_text(us)), us) << duration_text(us);
  EXPECT_EQ(duration_text(5'400'000'000), "1 hour 30 minutes");
  EXPECT_EQ(duration_text(0), "0 seconds");
}

TEST(Interval, MonthsAreKept) {
  auto interval = parse_interval("1 year 2 months 3 days 4 hours");
  ASSERT_TRUE(interval.ok());
  EXPECT_EQ(interval->months, 14);
  EXPECT_EQ(interval->days, 3);
  EXPECT_EQ(interval->microseconds, 14'400'000'000);
}

} // namespace
} // namespace sluice::plan
