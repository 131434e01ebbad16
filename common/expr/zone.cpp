#include "common/expr/zone.hpp"

#include <date/tz.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "common/expr/calendar.hpp"

namespace sluice::expr {

namespace {

/// The system's zone files end in 2037; later years follow the rules of an equal year (leap, same weekdays) before.
constexpr std::int64_t last_ruled_second = days_from_civil(2037, 1, 1) * 86400;

std::int64_t ruled_second(std::int64_t second) {
  if (second < last_ruled_second)
    return second;
  const auto year = civil_from_days(floor_div(second, 86400)).year;
  const auto first = days_from_civil(year, 1, 1);
  for (std::int64_t like = 2009; like < 2037; ++like)
    if (is_leap_year(like) == is_leap_year(year) && iso_weekday(days_from_civil(like, 1, 1)) == iso_weekday(first))
      return second - (first - days_from_civil(like, 1, 1)) * 86400;
  return second;
}

/// "+h", "+hh", "+hhmm", "+h:m", "+hh:mm", "+hh:mm:ss".
std::optional<std::int64_t> parse_offset(std::string_view text) {
  if (text.size() < 2 || (text[0] != '+' && text[0] != '-'))
    return std::nullopt;
  const bool negative = text[0] == '-';
  text.remove_prefix(1);
  std::int64_t parts[3] = {0, 0, 0};
  int part = 0, digits = 0;
  const bool compact = text.find(':') == std::string_view::npos && text.size() > 2;
  if (compact && text.size() != 4 && text.size() != 6)
    return std::nullopt;
  for (char c : text) {
    if (c == ':' && digits > 0 && part < 2) {
      ++part;
      digits = 0;
      continue;
    }
    if (c < '0' || c > '9' || (!compact && digits == 2))
      return std::nullopt;
    if (compact && digits == 2) {
      ++part;
      digits = 0;
    }
    parts[part] = parts[part] * 10 + (c - '0');
    ++digits;
  }
  if (digits == 0 || parts[0] > 18 || parts[1] > 59 || parts[2] > 59)
    return std::nullopt;
  const auto seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
  if (seconds > 18 * 3600)
    return std::nullopt;
  return negative ? -seconds : seconds;
}

const char* short_id(std::string_view name) {
  constexpr std::pair<std::string_view, const char*> ids[] = {
    {"PST", "America/Los_Angeles"}, {"CST", "America/Chicago"}, {"IST", "Asia/Kolkata"}, {"JST", "Asia/Tokyo"},
    {"AET", "Australia/Sydney"},    {"ECT", "Europe/Paris"},    {"CTT", "Asia/Shanghai"}, {"AST", "America/Anchorage"}};
  for (const auto& [id, region] : ids)
    if (id == name)
      return region;
  return nullptr;
}

} // namespace

result<zone> find_zone(std::string_view name) {
  if (name == "Z" || name == "UTC" || name == "GMT" || name == "UT")
    return zone{};
  if (auto offset = parse_offset(name))
    return zone{nullptr, *offset};
  for (std::string_view prefix : {"UTC", "GMT", "UT"})
    if (name.substr(0, prefix.size()) == prefix)
      if (auto offset = parse_offset(name.substr(prefix.size())))
        return zone{nullptr, *offset};
  const char* region = short_id(name);
  try {
    return zone{date::locate_zone(region ? std::string_view{region} : name), 0};
  } catch (const std::exception&) {
    return {errc::invalid_setting, "The timezone: " + std::string{name} + " is invalid. Use an IANA name such as Europe/Berlin or an offset such as +02:00."};
  }
}

void zone_cursor::look_up(std::int64_t utc_seconds) {
  const auto ruled = ruled_second(utc_seconds);
  const auto found = zone_.region->get_info(date::sys_seconds{std::chrono::seconds{ruled}});
  const auto shift = utc_seconds - ruled;
  auto to_us = [&](date::sys_seconds when) {
    const auto seconds = saturating_add(when.time_since_epoch().count(), shift);
    constexpr auto bound = std::numeric_limits<std::int64_t>::max() / us_per_second;
    return std::clamp(seconds, -bound, bound) * us_per_second;
  };
  begin_us_ = to_us(found.begin);
  end_us_ = to_us(found.end);
  if (shift != 0) {
    const auto year = civil_from_days(floor_div(utc_seconds, 86400)).year;
    begin_us_ = std::max(begin_us_, us_of_days(days_from_civil(year, 1, 1)));
    end_us_ = std::min(end_us_, us_of_days(days_from_civil(year + 1, 1, 1)));
  } else {
    end_us_ = std::min(end_us_, last_ruled_second * us_per_second);
  }
  offset_us_ = found.offset.count() * us_per_second;
}

std::int64_t zone_cursor::offset_at(std::int64_t utc_us) {
  if (zone_.region == nullptr)
    return zone_.fixed_seconds * us_per_second;
  if (utc_us < begin_us_ || utc_us >= end_us_)
    look_up(floor_div(utc_us, us_per_second));
  return offset_us_;
}

std::int64_t zone_cursor::to_local(std::int64_t utc_us) { return saturating_add(utc_us, offset_at(utc_us)); }

std::int64_t zone_cursor::to_utc(std::int64_t local_us) {
  if (zone_.region == nullptr)
    return saturating_add(local_us, -zone_.fixed_seconds * us_per_second);
  const auto guess = saturating_add(local_us, -offset_us_);
  if (guess >= saturating_add(begin_us_, us_per_day) && guess < saturating_add(end_us_, -us_per_day))
    return guess;
  const auto local_seconds = floor_div(local_us, us_per_second);
  const auto found = zone_.region->get_info(date::local_seconds{std::chrono::seconds{ruled_second(local_seconds)}});
  const auto utc = saturating_add(local_us, -found.first.offset.count() * us_per_second);
  offset_at(utc);
  return utc;
}

std::string zone_cursor::abbreviation(std::int64_t utc_us) const {
  if (zone_.region == nullptr)
    return zone_.fixed_seconds == 0 ? "UTC" : offset_text(zone_.fixed_seconds);
  return zone_.region->get_info(date::sys_seconds{std::chrono::seconds{ruled_second(floor_div(utc_us, us_per_second))}}).abbrev;
}

std::string zone_cursor::name() const { return zone_.region ? zone_.region->name() : std::string{}; }

std::string offset_text(std::int64_t offset_seconds, bool z_for_zero) {
  if (offset_seconds == 0 && z_for_zero)
    return "Z";
  auto two = [](std::int64_t value) { return std::string{static_cast<char>('0' + value / 10), static_cast<char>('0' + value % 10)}; };
  const auto size = std::abs(offset_seconds);
  auto text = (offset_seconds < 0 ? "-" : "+") + two(size / 3600) + ":" + two(size / 60 % 60);
  return size % 60 ? text + ":" + two(size % 60) : text;
}

} // namespace sluice::expr
