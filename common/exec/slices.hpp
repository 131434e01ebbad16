#pragma once
/// Time cut into slices at every window start and every window end. A window is a whole number of slices; a slice lies in
/// a whole number of windows: the windows that start in (slice - size, slice]. A slice is named by its start.
/// Pure values; any thread. Times are microseconds.
#include <algorithm>
#include <cstdint>
#include <limits>

#include "common/base/status.hpp"

namespace sluice::exec {

class slice_grid {
public:
  slice_grid() = default;
  slice_grid(std::int64_t size_us, std::int64_t slide_us, std::int64_t start_us)
      : size_(size_us), slide_(slide_us), start_(start_us), remainder_(slide_us ? size_us % slide_us : 0) {}

  std::int64_t size() const noexcept { return size_; }
  std::int64_t slide() const noexcept { return slide_; }
  /// True if each window is one slice.
  bool tumbling() const noexcept { return size_ == slide_; }
  /// The most slices one window can have.
  std::int64_t slices_per_window() const noexcept {
    auto whole = size_ / slide_;
    return remainder_ ? 2 * whole + 1 : whole;
  }

  /// Slice of `time` as [begin, end). False if a window of `time` leaves the range of 64-bit microseconds.
  bool locate(std::int64_t time, std::int64_t& begin, std::int64_t& end) const noexcept {
    std::int64_t offset = 0, newest = 0, edge = 0;
    if (__builtin_sub_overflow(time, start_, &offset)) return false;
    auto phase = offset % slide_;
    if (phase < 0) phase += slide_;
    if (__builtin_sub_overflow(time, phase, &newest)) return false;
    auto copies = size_ / slide_ + (remainder_ ? 1 : 0);
    if (__builtin_add_overflow(newest, size_, &edge)) return false;
    if (__builtin_mul_overflow(copies - 1, slide_, &edge) || __builtin_sub_overflow(newest, edge, &edge)) return false;
    bool second = remainder_ != 0 && phase >= remainder_;
    begin = second ? newest + remainder_ : newest;
    end = remainder_ != 0 && !second ? newest + remainder_ : newest + slide_;
    return true;
  }

  /// Start of the newest window that holds the instant (or starts with it).
  std::int64_t newest_window(std::int64_t instant) const noexcept {
    auto phase = floor_modulo(static_cast<__int128>(instant) - start_);
    return static_cast<std::int64_t>(static_cast<__int128>(instant) - phase);
  }
  /// Start of the oldest window that holds the slice.
  std::int64_t oldest_window(std::int64_t slice) const noexcept {
    // The smallest grid point above slice - size.
    auto low = static_cast<__int128>(slice) - size_;
    auto phase = floor_modulo(low - start_);
    return clamp(low - phase + slide_);
  }
  /// How many windows hold the slice, start after `after` and end at or before `until`.
  std::int64_t count_windows(std::int64_t slice, __int128 after, __int128 until) const noexcept {
    auto low = std::max(static_cast<__int128>(slice) - size_, after);
    auto high = std::min(static_cast<__int128>(slice), until - size_);
    return high <= low ? 0 : static_cast<std::int64_t>(floor_divide(high - start_) - floor_divide(low - start_));
  }

  static constexpr __int128 before_all = -(static_cast<__int128>(1) << 100);
  static constexpr __int128 after_all = static_cast<__int128>(1) << 100;

private:
  static std::int64_t clamp(__int128 value) noexcept {
    constexpr auto low = std::numeric_limits<std::int64_t>::min(), high = std::numeric_limits<std::int64_t>::max();
    return value < low ? low : value > high ? high : static_cast<std::int64_t>(value);
  }
  __int128 floor_divide(__int128 value) const noexcept {
    auto quotient = value / slide_;
    return value % slide_ < 0 ? quotient - 1 : quotient;
  }
  __int128 floor_modulo(__int128 value) const noexcept { return value - floor_divide(value) * slide_; }

  std::int64_t size_ = 1;
  std::int64_t slide_ = 1;
  std::int64_t start_ = 0;
  std::int64_t remainder_ = 0;
};

/// Slices of a run of times: remembers the last one, so that times in order cost one comparison each.
class slice_cursor {
public:
  explicit slice_cursor(const slice_grid& grid) : grid_(grid) {}
  /// False: out of range.
  bool find(std::int64_t time, std::int64_t& slice) noexcept {
    if (static_cast<std::uint64_t>(time) - static_cast<std::uint64_t>(begin_) >= length_) {
      std::int64_t end = 0;
      if (!grid_.locate(time, begin_, end)) return length_ = 0, false;
      length_ = static_cast<std::uint64_t>(end) - static_cast<std::uint64_t>(begin_);
    }
    slice = begin_;
    return true;
  }

private:
  slice_grid grid_;
  std::int64_t begin_ = 0;
  std::uint64_t length_ = 0;
};

} // namespace sluice::exec
