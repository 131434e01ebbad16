#pragma once
/// Dates and timestamps as Spark reads and prints them without a pattern.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/expr/zone.hpp"

namespace sluice::expr {

/// "[+-]yyyy[-[m]m[-[d]d]]", and anything behind a following blank or T. Days since 1970-01-01; nothing when malformed.
std::optional<std::int32_t> parse_date(std::string_view text);
/// "[+-]yyyy[-[m]m[-[d]d[( |T)[h]h[:[m]m[:[s]s[.fraction]]][zone]]]]" to microseconds UTC; `session` applies when no zone is given.
std::optional<std::int64_t> parse_timestamp(std::string_view text, zone_cursor& session);
/// Likewise to local microseconds; a zone in the text is ignored.
std::optional<std::int64_t> parse_timestamp_ntz(std::string_view text);

/// "2016-07-26"; years beyond 9999 carry a sign.
void append_date(std::string& out, std::int64_t days);
/// "2016-07-26 03:00:00[.ffffff without trailing zeros]" of a local time.
void append_timestamp(std::string& out, std::int64_t local_us, char separator = ' ');

} // namespace sluice::expr
