#pragma once
/// Time and chance as interfaces, so that the same code runs in production and under a seeded simulation.
/// Whoever needs one is handed it; nobody else asks the system for time or randomness.
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace sluice {

using microseconds = std::chrono::microseconds;
using milliseconds = std::chrono::milliseconds;

/// Wall time for people and records; monotonic time for measuring and timers. Safe from any thread.
class clock_source {
public:
  virtual ~clock_source() = default;
  /// Microseconds since 1970-01-01 UTC; may step back.
  virtual microseconds wall() const = 0;
  /// Microseconds since some fixed point; never steps back.
  virtual microseconds monotonic() const = 0;
};

/// Source of random numbers. Safe from any thread.
class random_source {
public:
  virtual ~random_source() = default;
  virtual std::uint64_t next() = 0;
  /// A random (version 4) UUID in its 36-character text.
  std::string uuid();
};

/// The system's clock and a generator seeded by the kernel.
std::shared_ptr<clock_source> system_clock_source();
std::shared_ptr<random_source> system_random_source();
/// A generator with a fixed seed (SplitMix64), for tests and simulation. Not safe from several threads.
std::shared_ptr<random_source> seeded_random_source(std::uint64_t seed);

/// A clock that moves only when told, for tests and simulation.
class manual_clock : public clock_source {
public:
  explicit manual_clock(microseconds wall = microseconds{0}) : wall_(wall) {}
  microseconds wall() const override { return wall_; }
  microseconds monotonic() const override { return monotonic_; }
  void advance(microseconds by) { wall_ += by, monotonic_ += by; }
  void set_wall(microseconds wall) { wall_ = wall; }

private:
  microseconds wall_;
  microseconds monotonic_{0};
};

} // namespace sluice
