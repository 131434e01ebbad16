#pragma once
/// Virtual time. One true time for the whole simulation; each process sees it through a clock of its own, whose wall time may be off.
#include "common/base/environment.hpp"

namespace sluice::sim {

struct true_time {
  microseconds now{0};  ///< since the simulation began
};

class process_clock final : public clock_source {
public:
  process_clock(const true_time& time, microseconds wall_offset) : time_(time), wall_offset_(wall_offset) {}
  microseconds wall() const override { return epoch + time_.now + wall_offset_; }
  microseconds monotonic() const override { return time_.now; }
  void step_wall(microseconds by) { wall_offset_ += by; }

private:
  static constexpr microseconds epoch{1'700'000'000'000'000};
  const true_time& time_;
  microseconds wall_offset_;
};

} // namespace sluice::sim
