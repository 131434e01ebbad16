#pragma once
/// Interval texts as Spark reads them: "10 minutes", "interval 1 hour 30 minutes", "100 milliseconds".
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/status.hpp"

namespace sluice::plan {

struct calendar_interval {
  std::int64_t months = 0;
  std::int64_t days = 0;
  std::int64_t microseconds = 0;
};

/// Error: invalid_literal.
result<calendar_interval> parse_interval(std::string_view text);
/// An interval as microseconds, a day being 24 hours. Error: invalid_literal for months and for what does not fit.
result<std::int64_t> parse_duration_us(std::string_view text);
/// An interval of months or of days and clock time, as an INTERVAL literal may be.
struct ansi_interval {
  std::int64_t months = 0;
  std::int64_t microseconds = 0;
  bool whole_days = false;  ///< in days or months only: added to a date it gives a date
  std::string text;         ///< "INTERVAL '1 02' DAY TO HOUR", as Spark names it
};
/// Error: invalid_literal, also where months and clock time are mixed.
result<ansi_interval> read_ansi_interval(std::string_view text);
/// "10 minutes", "1 hour 30 minutes": the text of a duration.
std::string duration_text(std::int64_t microseconds);

} // namespace sluice::plan
