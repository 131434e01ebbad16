#pragma once
/// How many windows slices stand for; what numRowsTotal and numRowsUpdated count.
#include <span>

#include "common/exec/slices.hpp"
#include "worker/state/internal/state_layer.hpp"

namespace sluice::state {

/// Windows that hold at least one of `slices` (ascending).
inline std::int64_t count_windows(const exec::slice_grid& grid, std::span<const slice_row> slices) {
  std::int64_t total = 0;
  auto previous = exec::slice_grid::before_all;
  for (const auto& item : slices) {
    total += grid.count_windows(item.slice, previous, exec::slice_grid::after_all);
    previous = item.slice;
  }
  return total;
}

/// Windows that hold one of `touched` but none of `existing` (both ascending).
inline std::int64_t count_new_windows(const exec::slice_grid& grid, std::span<const slice_row> existing,
                                      std::span<const slice_row> touched) {
  std::int64_t total = 0;
  auto left = exec::slice_grid::before_all;
  for (const auto& item : touched) {
    auto next = std::lower_bound(existing.begin(), existing.end(), item.slice,
                                 [](const slice_row& a, std::int64_t b) { return a.slice < b; });
    if (next != existing.begin()) left = std::max<__int128>(left, (next - 1)->slice);
    auto known = next != existing.end() && next->slice == item.slice;
    auto right = next != existing.end() ? static_cast<__int128>(next->slice) : exec::slice_grid::after_all;
    if (!known) total += grid.count_windows(item.slice, left, right);
    left = item.slice;
  }
  return total;
}

} // namespace sluice::state
