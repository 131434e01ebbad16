#include "worker/exchange/exchange_tracker.hpp"

#include <gtest/gtest.h>

namespace sluice::exchange {
namespace {

using verdict = exchange_tracker::verdict;

TEST(ExchangeTracker, WithoutPeersIsComplete) { EXPECT_TRUE(exchange_tracker({}).complete()); }

TEST(ExchangeTracker, IsCompleteWhenEachMarkerAgrees) {
  exchange_tracker tracker({"w-1", "w-2"});
  EXPECT_EQ(*tracker.block("w-1", 0, 10), verdict::fresh);
  EXPECT_EQ(*tracker.block("w-1", 1, 5), verdict::fresh);
  EXPECT_TRUE(tracker.end("w-1", 2, 15).ok());
  EXPECT_FALSE(tracker.complete());
  EXPECT_EQ(tracker.missing(), std::vector<std::string>{"w-2"});
  EXPECT_TRUE(tracker.end("w-2", 0, 0).ok());
  EXPECT_TRUE(tracker.complete());
  EXPECT_EQ(tracker.rows(), 15);
}

TEST(ExchangeTracker, TakesAnyOrderAndIgnoresRepeats) {
  exchange_tracker tracker({"w-1"});
  EXPECT_TRUE(tracker.end("w-1", 3, 6).ok());
  EXPECT_EQ(*tracker.block("w-1", 2, 3), verdict::fresh);
  EXPECT_EQ(*tracker.block("w-1", 0, 1), verdict::fresh);
  EXPECT_EQ(*tracker.block("w-1", 2, 3), verdict::duplicate);
  EXPECT_EQ(*tracker.block("w-1", 0, 1), verdict::duplicate);
  EXPECT_FALSE(tracker.complete());
  EXPECT_EQ(*tracker.block("w-1", 1, 2), verdict::fresh);
  EXPECT_TRUE(tracker.complete());
  EXPECT_TRUE(tracker.end("w-1", 3, 6).ok());
  EXPECT_EQ(*tracker.block("w-1", 1, 2), verdict::duplicate);
  EXPECT_EQ(tracker.rows(), 6);
}

TEST(ExchangeTracker, RefusesContradictions) {
  exchange_tracker tracker({"w-1"});
  EXPECT_EQ(tracker.block("w-9", 0, 1).code(), errc::protocol);
  EXPECT_EQ(tracker.end("w-9", 0, 0).code(), errc::protocol);
  EXPECT_TRUE(tracker.block("w-1", 0, 1).ok());
  EXPECT_EQ(tracker.end("w-1", 1, 2).code(), errc::protocol);
  EXPECT_FALSE(tracker.complete());
  EXPECT_EQ(tracker.end("w-1", 2, 2).code(), errc::protocol);

  exchange_tracker fewer({"w-1"});
  EXPECT_TRUE(fewer.block("w-1", 0, 1).ok());
  EXPECT_TRUE(fewer.block("w-1", 1, 1).ok());
  EXPECT_EQ(fewer.end("w-1", 1, 1).code(), errc::protocol);

  exchange_tracker more({"w-1"});
  EXPECT_TRUE(more.end("w-1", 1, 1).ok());
  EXPECT_EQ(more.block("w-1", 1, 1).code(), errc::protocol);
}

} // namespace
} // namespace sluice::exchange
