#include "common/expr/datetime_text.hpp"

#include "common/expr/calendar.hpp"
#include "common/expr/number_text.hpp"

namespace sluice::expr {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Digits at the cursor, between `least` and `most` of them.
std::optional<std::int64_t> take_digits(std::string_view& text, std::size_t least, std::size_t most) {
  std::size_t count = 0;
  std::int64_t value = 0;
  while (count < text.size() && is_digit(text[count])) {
    if (count == most)
      return std::nullopt;
    value = value * 10 + (text[count++] - '0');
  }
  if (count < least)
    return std::nullopt;
  text.remove_prefix(count);
  return value;
}

bool take_char(std::string_view& text, char c) {
  if (text.empty() || text[0] != c)
    return false;
  text.remove_prefix(1);
  return true;
}

/// Year, month and day as far as given; days since the epoch.
std::optional<std::int64_t> take_date(std::string_view& text, std::size_t most_year_digits, bool& complete) {
  const bool negative = take_char(text, '-');
  if (!negative)
    take_char(text, '+');
  auto year = take_digits(text, 4, most_year_digits);
  if (!year)
    return std::nullopt;
  std::int64_t month = 1, day = 1;
  complete = false;
  if (take_char(text, '-')) {
    auto digits = take_digits(text, 1, 2);
    if (!digits)
      return std::nullopt;
    month = *digits;
    if (take_char(text, '-')) {
      digits = take_digits(text, 1, 2);
      if (!digits)
        return std::nullopt;
      day = *digits;
      complete = true;
    }
  }
  const auto signed_year = negative ? -*year : *year;
  if (!valid_civil(signed_year, month, day))
    return std::nullopt;
  return days_from_civil(signed_year, static_cast<int>(month), static_cast<int>(day));
}

struct local_reading {
  std::int64_t local_us = 0;
  std::string_view zone;
};

std::optional<std::int64_t> take_fraction(std::string_view& text) {
  std::int64_t micros = 0, unit = 100'000;
  while (!text.empty() && is_digit(text[0])) {
    micros += (text[0] - '0') * unit;
    unit /= 10;
    text.remove_prefix(1);
  }
  return micros;
}

/// Time of day behind the date; what is left is the zone.
std::optional<std::int64_t> take_time(std::string_view& text) {
  std::int64_t parts[3] = {0, 0, 0};
  std::int64_t micros = 0;
  for (int i = 0; i < 3; ++i) {
    auto digits = take_digits(text, 1, 2);
    if (!digits)
      return std::nullopt;
    parts[i] = *digits;
    if (i == 2) {
      if (take_char(text, '.'))
        micros = *take_fraction(text);
    } else if (text.empty()) {
      break;
    } else if (!take_char(text, ':')) {
      return std::nullopt;
    }
  }
  if (parts[0] > 23 || parts[1] > 59 || parts[2] > 59)
    return std::nullopt;
  return (parts[0] * 3600 + parts[1] * 60 + parts[2]) * us_per_second + micros;
}

std::optional<local_reading> read_local(std::string_view text) {
  text = trim_blanks(text);
  bool complete = false;
  auto days = take_date(text, 6, complete);
  if (!days)
    return std::nullopt;
  std::int64_t time = 0;
  if (!text.empty()) {
    if (!complete || (!take_char(text, ' ') && !take_char(text, 'T')))
      return std::nullopt;
    auto of_day = take_time(text);
    if (!of_day)
      return std::nullopt;
    time = *of_day;
  }
  local_reading read;
  read.zone = trim_blanks(text);
  if (__builtin_mul_overflow(*days, us_per_day, &read.local_us)) {
    // The first day of the range begins before its first microsecond.
    const auto whole = static_cast<__int128>(*days) * us_per_day + time;
    if (whole < std::numeric_limits<std::int64_t>::min() || whole > std::numeric_limits<std::int64_t>::max())
      return std::nullopt;
    read.local_us = static_cast<std::int64_t>(whole);
    return read;
  }
  if (__builtin_add_overflow(read.local_us, time, &read.local_us))
    return std::nullopt;
  return read;
}

void append_two(std::string& out, std::int64_t value) {
  out += static_cast<char>('0' + value / 10);
  out += static_cast<char>('0' + value % 10);
}

} // namespace

std::optional<std::int32_t> parse_date(std::string_view text) {
  text = trim_blanks(text);
  bool complete = false;
  auto days = take_date(text, 7, complete);
  if (!days || (!text.empty() && (!complete || (text[0] != ' ' && text[0] != 'T'))))
    return std::nullopt;
  if (*days < std::numeric_limits<std::int32_t>::min() || *days > std::numeric_limits<std::int32_t>::max())
    return std::nullopt;
  return static_cast<std::int32_t>(*days);
}

std::optional<std::int64_t> parse_timestamp(std::string_view text, zone_cursor& session) {
  auto read = read_local(text);
  if (!read)
    return std::nullopt;
  if (read->zone.empty())
    return session.to_utc(read->local_us);
  auto own = find_zone(read->zone);
  if (!own.ok())
    return std::nullopt;
  return zone_cursor{*own}.to_utc(read->local_us);
}

std::optional<std::int64_t> parse_timestamp_ntz(std::string_view text) {
  auto read = read_local(text);
  if (!read || (!read->zone.empty() && !find_zone(read->zone).ok()))
    return std::nullopt;
  return read->local_us;
}

void append_date(std::string& out, std::int64_t days) {
  const auto date = civil_from_days(days);
  if (date.year > 9999)
    out += '+';
  else if (date.year < 0)
    out += '-';
  const auto year = std::abs(date.year);
  if (year > 9999) {
    out += std::to_string(year);
  } else {
    append_two(out, year / 100);
    append_two(out, year % 100);
  }
  out += '-';
  append_two(out, date.month);
  out += '-';
  append_two(out, date.day);
}

void append_timestamp(std::string& out, std::int64_t local_us, char separator) {
  const auto days = floor_div(local_us, us_per_day);
  const auto of_day = floor_mod(local_us, us_per_day);
  append_date(out, days);
  const auto seconds = of_day / us_per_second;
  out += separator;
  append_two(out, seconds / 3600);
  out += ':';
  append_two(out, seconds / 60 % 60);
  out += ':';
  append_two(out, seconds % 60);
  auto micros = of_day % us_per_second;
  if (micros == 0)
    return;
  out += '.';
  for (std::int64_t unit = 100'000; micros > 0; unit /= 10) {
    out += static_cast<char>('0' + micros / unit);
    micros %= unit;
  }
}

} // namespace sluice::expr
