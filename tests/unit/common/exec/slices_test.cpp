#include "common/exec/slices.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "common/exec/aggregate_output.hpp"

namespace sluice::exec {
namespace {

std::set<std::int64_t> windows_by_definition(std::int64_t time, std::int64_t size, std::int64_t slide, std::int64_t start) {
  std::set<std::int64_t> windows;
  auto r = (time - start) % slide;
  if (r < 0) r += slide;
  for (auto w = time - r; w + size > time; w -= slide) windows.insert(w);
  return windows;
}

TEST(Slices, EachTimeLiesInTheWindowsOfItsSlice) {
  std::mt19937_64 random(7);
  auto below = [&](std::int64_t n) { return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n)); };
  for (int round = 0; round < 300; ++round) {
    auto slide = 1 + below(50), size = slide + below(200), start = below(101) - 50;
    slice_grid grid(size, slide, start);
    slice_cursor cursor(grid);
    for (std::int64_t time = -300; time < 300; time += 1 + below(3)) {
      std::int64_t begin = 0, end = 0, found = 0;
      ASSERT_TRUE(grid.locate(time, begin, end));
      ASSERT_LE(begin, time);
      ASSERT_LT(time, end);
      ASSERT_TRUE(cursor.find(time, found));
      ASSERT_EQ(found, begin);
      auto want = windows_by_definition(time, size, slide, start);
      ASSERT_EQ(windows_by_definition(begin, size, slide, start), want);
      ASSERT_EQ(windows_by_definition(end - 1, size, slide, start), want);
      std::vector<std::int64_t> windows;
      append_windows(grid, begin, windows);
      ASSERT_EQ(std::set<std::int64_t>(windows.begin(), windows.end()), want);
      ASSERT_EQ(grid.count_windows(begin, slice_grid::before_all, slice_grid::after_all), static_cast<std::int64_t>(want.size()));
      ASSERT_EQ(grid.newest_window(begin), *want.rbegin());
    }
  }
}

TEST(Slices, AtMostTwoPerSlide) {
  slice_grid grid(60'000'000, 7'000'000, 0);
  std::set<std::int64_t> slices;
  for (std::int64_t time = 0; time < 70'000'000; time += 1000) {
    std::int64_t begin = 0, end = 0;
    ASSERT_TRUE(grid.locate(time, begin, end));
    slices.insert(begin);
  }
  EXPECT_EQ(slices.size(), 20u);
}

TEST(Slices, LeavingTheRangeIsSeen) {
  constexpr auto low = std::numeric_limits<std::int64_t>::min(), high = std::numeric_limits<std::int64_t>::max();
  std::int64_t begin = 0, end = 0;
  slice_grid grid(600, 300, 7);
  for (auto time : {low, low + 1, low + 300, high, high - 299}) EXPECT_FALSE(grid.locate(time, begin, end)) << time;
  EXPECT_TRUE(grid.locate(low + 2000, begin, end));
  EXPECT_TRUE(grid.locate(high - 2000, begin, end));
}

} // namespace
} // namespace sluice::exec
