#pragma once
/// Time zones: IANA regions, and fixed offsets as Java writes them ("+02:00", "UTC+8", "Z").
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "common/base/status.hpp"

namespace date {
class time_zone;
}

namespace sluice::expr {

/// A zone by name; a value without ownership.
struct zone {
  const date::time_zone* region = nullptr;
  std::int64_t fixed_seconds = 0;  ///< without a region
};

/// Error invalid_setting: no zone has this name.
result<zone> find_zone(std::string_view name);

/// Converts between instants and local times; remembers the last transition, so runs of near times are cheap. Not thread safe.
class zone_cursor {
public:
  explicit zone_cursor(zone which) : zone_(which) {}

  /// Offset from UTC in microseconds at an instant.
  std::int64_t offset_at(std::int64_t utc_us);
  /// Saturates at the ends of the range.
  std::int64_t to_local(std::int64_t utc_us);
  /// In a gap the time moves on by the gap's length; in an overlap the earlier instant is meant (as in Java).
  /// Saturates at the ends of the range.
  std::int64_t to_utc(std::int64_t local_us);
  /// The zone's abbreviation at an instant ("PDT", "UTC", "+02:00").
  std::string abbreviation(std::int64_t utc_us) const;
  /// The region's IANA name; empty without one.
  std::string name() const;
  const zone& which() const noexcept { return zone_; }

private:
  void look_up(std::int64_t utc_seconds);

  zone zone_;
  std::int64_t begin_us_ = 0;
  std::int64_t end_us_ = 0;
  std::int64_t offset_us_ = 0;
};

/// "Z" at zero, else "+hh:mm" (or "+hh:mm:ss").
std::string offset_text(std::int64_t offset_seconds, bool z_for_zero = true);

} // namespace sluice::expr
