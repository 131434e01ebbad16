#include <gtest/gtest.h>

#include "tests/unit/worker/readers/reading.hpp"

namespace sluice::readers::testing {
namespace {

TEST(Rate, SpreadsValuesOverTheSeconds) {
  reading in("timestamp timestamp, value bigint");
  in.source.format = "rate";
  const split part{0, "rate:2-4", 1, 3, 6, 10'000'000, 6};  // 3 rows a second, begun at second 8 of the epoch
  EXPECT_EQ(in.read(part).rows, (std::vector<std::string>{"10333000|7", "10667000|8", "11000000|9"}));
  in.source.columns = {1};
  EXPECT_EQ(in.read(part).rows, (std::vector<std::string>{"7", "8", "9"}));
}

TEST(Rate, RefusesOtherSplits) {
  reading in("timestamp timestamp, value bigint");
  in.source.format = "rate";
  EXPECT_EQ(in.read(split{0, "/in/file", 0, 3, 6, 0, 0}).error.code(), errc::invalid_plan);
}

} // namespace
} // namespace sluice::readers::testing
