#include "coordinator/placement/placement.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace sluice::placement {
namespace {

std::vector<std::string> names(const std::vector<member>& workers, const std::vector<std::uint32_t>& owner) {
  std::vector<std::string> out;
  for (const auto i : owner) out.push_back(workers.at(i).id);
  return out;
}
std::vector<int> counts(const std::vector<std::uint32_t>& owner, std::size_t workers) {
  std::vector<int> out(workers);
  for (const auto i : owner) ++out.at(i);
  return out;
}
int moved(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  int n = 0;
  for (std::size_t i = 0; i < a.size(); ++i) n += a[i] != b[i];
  return n;
}

TEST(PlaceGroups, SharesFollowSlots) {
  EXPECT_EQ(counts(place_groups({{"a", 1}, {"b", 1}}, 128, {}), 2), (std::vector<int>{64, 64}));
  EXPECT_EQ(counts(place_groups({{"a", 3}, {"b", 1}}, 128, {}), 2), (std::vector<int>{96, 32}));
  EXPECT_EQ(counts(place_groups({{"a", 0}}, 5, {}), 1), (std::vector<int>{5}));
  const auto three = counts(place_groups({{"a", 1}, {"b", 1}, {"c", 1}}, 128, {}), 3);
  EXPECT_EQ(std::accumulate(three.begin(), three.end(), 0), 128);
  for (const auto n : three) EXPECT_TRUE(n == 42 || n == 43);
}

TEST(PlaceGroups, NothingMovesWithoutReason) {
  const std::vector<member> workers{{"a", 2}, {"b", 2}, {"c", 1}};
  const auto first = place_groups(workers, 128, {});
  EXPECT_EQ(place_groups(workers, 128, names(workers, first)), first);
  const std::vector<member> reordered{{"c", 1}, {"b", 2}, {"a", 2}};
  EXPECT_EQ(names(reordered, place_groups(reordered, 128, names(workers, first))), names(workers, first));
}

TEST(PlaceGroups, RescaleMovesTheLeast) {
  std::vector<member> workers{{"a", 1}, {"b", 1}};
  auto at = names(workers, place_groups(workers, 128, {}));
  workers.push_back({"c", 1});
  auto next = names(workers, place_groups(workers, 128, at));
  EXPECT_EQ(moved(at, next), std::count(next.begin(), next.end(), "c"));
  EXPECT_LE(moved(at, next), 43);
  at = next;
  workers.erase(workers.begin());
  next = names(workers, place_groups(workers, 128, at));
  EXPECT_EQ(moved(at, next), std::count(at.begin(), at.end(), "a")) << "only the groups of the lost worker move";
}

TEST(PlaceGroups, AReplacedWorkerTakesExactlyTheLostGroups) {
  const std::vector<member> before{{"a", 1}, {"b", 1}}, after{{"b", 1}, {"x", 1}};
  const auto at = names(before, place_groups(before, 10, {}));
  const auto next = names(after, place_groups(after, 10, at));
  for (std::size_t g = 0; g < at.size(); ++g) EXPECT_EQ(next[g], at[g] == "a" ? "x" : "b");
}

TEST(PlaceSplits, BalancesBytesPerSlot) {
  const std::vector<member> workers{{"a", 1}, {"b", 1}};
  const auto owner = place_splits(workers, {100'000'000, 60'000'000, 50'000'000}, 0);
  EXPECT_NE(owner[0], owner[1]);
  EXPECT_EQ(owner[1], owner[2]);
  const auto weighted = counts(place_splits({{"a", 3}, {"b", 1}}, std::vector<std::int64_t>(40, 1 << 20), 0), 2);
  EXPECT_EQ(weighted, (std::vector<int>{30, 10}));
}

TEST(PlaceSplits, SmallBatchesRotateAndRepeat) {
  const std::vector<member> workers{{"a", 1}, {"b", 1}};
  EXPECT_EQ(place_splits(workers, {10}, 0), (std::vector<std::uint32_t>{0}));
  EXPECT_EQ(place_splits(workers, {10}, 1), (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(place_splits(workers, {}, 7), std::vector<std::uint32_t>{});
  EXPECT_EQ(place_splits(workers, {5, 9, 5, 1}, 3), place_splits(workers, {5, 9, 5, 1}, 3));
}

} // namespace
} // namespace sluice::placement
