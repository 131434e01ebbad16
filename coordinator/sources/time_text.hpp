#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace sluice::sources {

/// "7d", "90 min", "500", "2 hours" in microseconds; a bare number counts `bare_unit_us` (Spark's JavaUtils.timeStringAs).
/// Too long is the longest there is; none: malformed.
std::optional<std::int64_t> time_text_us(const std::string& text, std::int64_t bare_unit_us);

} // namespace sluice::sources
