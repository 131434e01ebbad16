#include <arrow/scalar.h>

#include <cmath>

#include "common/expr/calendar.hpp"
#include "common/expr/datetime_pattern.hpp"
#include "common/expr/messages.hpp"
#include "common/expr/rows.hpp"
#include "common/expr/tables.hpp"

namespace sluice::expr {

namespace {

constexpr std::string_view day_names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::string_view month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void dayname(date_days date, std::string& out) { out = day_names[iso_weekday(date.value) - 1]; }
void monthname(date_days date, std::string& out) { out = month_names[civil_from_days(date.value).month - 1]; }

std::string upper_of(text value) {
  std::string out{value.substr(0, 32)};
  for (auto& c : out)
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return out;
}

/// 1 Monday … 7 Sunday; 0: no day.
int day_named(text name) {
  static constexpr std::string_view full[] = {"MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"};
  const auto upper = upper_of(name);
  for (int i = 0; i < 7; ++i)
    if (upper == full[i] || upper == full[i].substr(0, 3) || upper == full[i].substr(0, 2))
      return i + 1;
  return 0;
}
result<std::optional<date_days>> next_day(const row_call& call, date_days date, text name) {
  const int wanted = day_named(name);
  if (wanted == 0) {
    if (call.ansi())
      return call.fail(errc::invalid_parameter_value, "Illegal input for day of week: " + std::string{name} + ".", "ILLEGAL_DAY_OF_WEEK");
    return std::optional<date_days>{};
  }
  const int ahead = (wanted - iso_weekday(date.value) + 6) % 7 + 1;
  return std::optional<date_days>{date_days{date.value + ahead}};
}

std::int32_t unix_date(date_days date) { return date.value; }
date_days date_from_unix_date(std::int32_t days) { return {days}; }

double months_between(const row_call& call, instant end, instant start, bool rounded) {
  auto& zone = call.zone();
  const auto local1 = zone.to_local(end.micros), local2 = zone.to_local(start.micros);
  const auto days1 = floor_div(local1, us_per_day), days2 = floor_div(local2, us_per_day);
  const auto date1 = civil_from_days(days1), date2 = civil_from_days(days2);
  const double months = static_cast<double>((date1.year - date2.year) * 12 + date1.month - date2.month);
  const bool last1 = date1.day == days_in_month(date1.year, date1.month), last2 = date2.day == days_in_month(date2.year, date2.month);
  if (date1.day == date2.day || (last1 && last2))
    return months;
  const auto seconds_of = [&](std::int64_t micros, std::int64_t days) { return (micros - zone.to_utc(us_of_days(days))) / us_per_second; };
  const auto seconds = (date1.day - date2.day) * std::int64_t{86400} + seconds_of(end.micros, days1) - seconds_of(start.micros, days2);
  const double difference = months + static_cast<double>(seconds) / (31 * 86400.0);
  return rounded ? std::floor(difference * 1e8 + 0.5) / 1e8 : difference;
}

/// A field outside its range: an error in ANSI mode, else null.
template <class T>
result<std::optional<T>> out_of_bounds(const row_call& call, const std::string& why) {
  if (!call.ansi())
    return std::optional<T>{};
  return call.fail(errc::datetime_overflow, why, "DATETIME_FIELD_OUT_OF_BOUNDS.WITHOUT_SUGGESTION");
}

std::string wrong_date(std::int64_t year, std::int64_t month, std::int64_t day) {
  if (year < -999999999 || year > 999999999)
    return "Invalid value for Year (valid values -999999999 - 999999999): " + std::to_string(year) + ".";
  if (month < 1 || month > 12)
    return "Invalid value for MonthOfYear (valid values 1 - 12): " + std::to_string(month) + ".";
  if (day < 1 || day > 31)
    return "Invalid value for DayOfMonth (valid values 1 - 28/31): " + std::to_string(day) + ".";
  if (!valid_civil(year, month, day))
    return month == 2 && day == 29 ? "Invalid date 'February 29' as '" + std::to_string(year) + "' is not a leap year." : "Invalid date '" + std::to_string(month) + " " + std::to_string(day) + "'.";
  return {};
}

result<std::optional<date_days>> make_date(const row_call& call, std::int32_t year, std::int32_t month, std::int32_t day) {
  if (auto wrong = wrong_date(year, month, day); !wrong.empty())
    return out_of_bounds<date_days>(call, wrong);
  const auto days = days_from_civil(year, month, day);
  if (days != static_cast<std::int32_t>(days))
    return call.fail(errc::arithmetic_overflow, "integer overflow." + bypass_hint());
  return std::optional<date_days>{date_days{static_cast<std::int32_t>(days)}};
}

struct clock_fields {
  std::int32_t year, month, day, hour, minute;
  double second;
};

/// Local microseconds of a date and time.
result<std::optional<std::int64_t>> local_micros(const row_call& call, const clock_fields& of) {
  auto wrong = wrong_date(of.year, of.month, of.day);
  const auto micros = std::llround(of.second * 1e6);
  if (wrong.empty() && (of.hour < 0 || of.hour > 23))
    wrong = "Invalid value for HourOfDay (valid values 0 - 23): " + std::to_string(of.hour) + ".";
  if (wrong.empty() && (of.minute < 0 || of.minute > 59))
    wrong = "Invalid value for MinuteOfHour (valid values 0 - 59): " + std::to_string(of.minute) + ".";
  if (wrong.empty() && (micros < 0 || micros > 60'000'000))
    wrong = "Invalid value for SecondOfMinute (valid values 0 - 59): " + std::to_string(micros / 1'000'000) + ".";
  if (!wrong.empty())
    return out_of_bounds<std::int64_t>(call, wrong);
  const auto clock = (of.hour * 3600 + of.minute * 60) * us_per_second + micros;
  return std::optional<std::int64_t>{saturating_add(us_of_days(days_from_civil(of.year, of.month, of.day)), clock)};
}

result<zone_cursor> zone_named(const row_call& call, text name) {
  auto found = find_zone(name);
  if (!found.ok())
    return call.fail(errc::invalid_parameter_value, "The timezone: " + std::string{name} + " is invalid. The timezone must be either a region-based zone ID or a zone offset.", "INVALID_TIMEZONE");
  return zone_cursor{*found};
}

result<std::optional<instant>> make_timestamp(const row_call& call, std::int32_t year, std::int32_t month, std::int32_t day, std::int32_t hour, std::int32_t minute, double second) {
  SLUICE_ASSIGN_OR_RETURN(auto local, local_micros(call, {year, month, day, hour, minute, second}));
  return local ? std::optional<instant>{instant{call.zone().to_utc(*local)}} : std::nullopt;
}
result<std::optional<instant>> make_timestamp_in(const row_call& call, std::int32_t year, std::int32_t month, std::int32_t day, std::int32_t hour, std::int32_t minute, double second, text name) {
  SLUICE_ASSIGN_OR_RETURN(auto zone, zone_named(call, name));
  SLUICE_ASSIGN_OR_RETURN(auto local, local_micros(call, {year, month, day, hour, minute, second}));
  return local ? std::optional<instant>{instant{zone.to_utc(*local)}} : std::nullopt;
}
result<std::optional<local_instant>> make_timestamp_ntz(const row_call& call, std::int32_t year, std::int32_t month, std::int32_t day, std::int32_t hour, std::int32_t minute, double second) {
  SLUICE_ASSIGN_OR_RETURN(auto local, local_micros(call, {year, month, day, hour, minute, second}));
  return local ? std::optional<local_instant>{local_instant{*local}} : std::nullopt;
}

/// The zone of the last row.
struct last_zones {
  std::string names[2];
  std::optional<zone_cursor> cursors[2];
};
result<zone_cursor*> cached_zone(const row_call& call, text name, int slot = 0) {
  auto& last = call.state<last_zones>();
  if (!last.cursors[slot] || last.names[slot] != name) {
    SLUICE_ASSIGN_OR_RETURN(auto zone, zone_named(call, name));
    last.cursors[slot] = zone;
    last.names[slot] = name;
  }
  return &*last.cursors[slot];
}

result<instant> from_utc(const row_call& call, instant time, text name) {
  SLUICE_ASSIGN_OR_RETURN(auto* zone, cached_zone(call, name));
  return instant{zone->to_local(time.micros)};
}
result<instant> to_utc(const row_call& call, instant time, text name) {
  SLUICE_ASSIGN_OR_RETURN(auto* zone, cached_zone(call, name));
  return instant{zone->to_utc(time.micros)};
}

result<local_instant> convert_zone(const row_call& call, text from, text to, local_instant time) {
  SLUICE_ASSIGN_OR_RETURN(auto* source, cached_zone(call, from, 0));
  SLUICE_ASSIGN_OR_RETURN(auto* target, cached_zone(call, to, 1));
  return local_instant{target->to_local(source->to_utc(time.micros))};
}
result<local_instant> convert_from_session(const row_call& call, text to, local_instant time) {
  SLUICE_ASSIGN_OR_RETURN(auto* target, cached_zone(call, to, 1));
  return local_instant{target->to_local(call.zone().to_utc(time.micros))};
}

// ---- timestampadd, timestampdiff ----

struct time_unit {
  int months = 0;
  std::int64_t days = 0;
  std::int64_t micros = 0;
};
std::optional<time_unit> unit_of(text name) {
  const auto upper = upper_of(name);
  static const std::pair<std::string_view, time_unit> units[] = {
    {"YEAR", {12, 0, 0}}, {"QUARTER", {3, 0, 0}}, {"MONTH", {1, 0, 0}}, {"WEEK", {0, 7, 0}}, {"DAY", {0, 1, 0}}, {"DAYOFYEAR", {0, 1, 0}},
    {"HOUR", {0, 0, 3'600'000'000}}, {"MINUTE", {0, 0, 60'000'000}}, {"SECOND", {0, 0, 1'000'000}}, {"MILLISECOND", {0, 0, 1'000}}, {"MICROSECOND", {0, 0, 1}}};
  for (const auto& [known, unit] : units)
    if (upper == known)
      return unit;
  return std::nullopt;
}
status bad_unit(const row_call& call, text name) {
  return call.fail(errc::invalid_parameter_value, "The value of parameter(s) `unit` in `" + call.frame_of().call.name + "` is invalid: expects one of the units without quotes YEAR, QUARTER, MONTH, WEEK, DAY, DAYOFYEAR, HOUR, MINUTE, SECOND, MILLISECOND, MICROSECOND, but got '" + std::string{name} + "'.",
                   "INVALID_PARAMETER_VALUE.DATETIME_UNIT");
}

std::int64_t months_later(std::int64_t days, std::int64_t months) {
  const auto date = civil_from_days(days);
  const auto all = date.year * 12 + date.month - 1 + months;
  const auto year = floor_div(all, 12);
  const int month = static_cast<int>(floor_mod(all, 12)) + 1;
  return days_from_civil(year, month, std::min(date.day, days_in_month(year, month)));
}

result<std::int64_t> added(const row_call& call, text name, std::int64_t count, std::int64_t micros, zone_cursor& zone) {
  const auto unit = unit_of(name);
  if (!unit)
    return bad_unit(call, name);
  std::int64_t out = 0, many = 0;
  bool overflow = false;
  if (unit->micros) {
    overflow = __builtin_mul_overflow(count, unit->micros, &many) || __builtin_add_overflow(micros, many, &out);
  } else {
    const auto local = zone.to_local(micros), offset = local - micros;
    const auto days = floor_div(local, us_per_day);
    overflow = __builtin_mul_overflow(count, unit->months ? unit->months : unit->days, &many) || std::abs(many) > 4'000'000'000'000;
    const auto moved = overflow ? 0 : unit->months ? months_later(days, many) : days + many;
    std::int64_t midnight = 0;
    overflow = overflow || __builtin_mul_overflow(moved, us_per_day, &midnight) || __builtin_add_overflow(midnight, floor_mod(local, us_per_day), &midnight);
    const auto candidate = saturating_add(midnight, -offset);
    out = zone.to_local(candidate) == midnight ? candidate : zone.to_utc(midnight);
  }
  if (overflow)
    return call.fail(errc::datetime_overflow, "Datetime operation overflow: add " + std::to_string(count) + " " + std::string{name} + " to TIMESTAMP.");
  return out;
}
result<instant> timestamp_add(const row_call& call, text unit, std::int64_t count, instant time) {
  SLUICE_ASSIGN_OR_RETURN(auto micros, added(call, unit, count, time.micros, call.zone()));
  return instant{micros};
}
result<local_instant> timestamp_add_local(const row_call& call, text unit, std::int64_t count, local_instant time) {
  zone_cursor utc{{}};
  SLUICE_ASSIGN_OR_RETURN(auto micros, added(call, unit, count, time.micros, utc));
  return local_instant{micros};
}

/// Whole units between local times.
result<std::int64_t> between(const row_call& call, text name, std::int64_t from, std::int64_t to) {
  const auto unit = unit_of(name);
  if (!unit)
    return bad_unit(call, name);
  if (unit->months == 0) {
    const auto size = unit->micros ? unit->micros : unit->days * us_per_day;
    return static_cast<std::int64_t>((static_cast<__int128>(to) - from) / size);
  }
  const auto day1 = floor_div(from, us_per_day), day2 = floor_div(to, us_per_day);
  const auto date1 = civil_from_days(day1), date2 = civil_from_days(day2);
  auto months = (date2.year - date1.year) * 12 + date2.month - date1.month;
  const auto rest1 = (date1.day - 1) * us_per_day + floor_mod(from, us_per_day), rest2 = (date2.day - 1) * us_per_day + floor_mod(to, us_per_day);
  if (months > 0 && rest2 < rest1)
    --months;
  else if (months < 0 && rest2 > rest1)
    ++months;
  return months / unit->months;
}
result<std::int64_t> timestamp_diff(const row_call& call, text unit, instant from, instant to) {
  return between(call, unit, call.zone().to_local(from.micros), call.zone().to_local(to.micros));
}
result<std::int64_t> timestamp_diff_local(const row_call& call, text unit, local_instant from, local_instant to) { return between(call, unit, from.micros, to.micros); }

constexpr function timestamp_table[] = {
  row_function<dayname>("dayname", "dayname(date)", "The day of the week: Mon to Sun."),
  row_function<monthname>("monthname", "monthname(date)", "The month: Jan to Dec."),
  row_function<next_day>("next_day", "next_day(date, weekday)", "The next such day of the week."),
  row_function<unix_date>("unix_date", "unix_date(date)", "Days since 1970-01-01."),
  row_function<date_from_unix_date>("date_from_unix_date", "date_from_unix_date(days)", "The date that many days after 1970-01-01."),
  row_function<months_between>("months_between", "months_between(end, start[, rounded])", "Months from start to end, with a fraction of 31 days.", "true"),
  row_function<make_date>("make_date", "make_date(year, month, day)", "A date of its fields."),
  row_function<make_timestamp, make_timestamp_in>("make_timestamp make_timestamp_ltz", "make_timestamp(year, month, day, hour, minute, second[, zone])", "A timestamp of its fields."),
  row_function<make_timestamp_ntz>("make_timestamp_ntz", "make_timestamp_ntz(year, month, day, hour, minute, second)", "A timestamp without zone of its fields."),
  row_function<from_utc>("from_utc_timestamp", "from_utc_timestamp(timestamp, zone)", "The clock time in a zone of a UTC time."),
  row_function<to_utc>("to_utc_timestamp", "to_utc_timestamp(timestamp, zone)", "The UTC time of a clock time in a zone."),
  row_function<convert_from_session, convert_zone>("convert_timezone", "convert_timezone([from, ]to, time)", "The clock time in another zone."),
  row_function<timestamp_add, timestamp_add_local>("timestampadd", "timestampadd(unit, n, time)", "The time n units later."),
  row_function<timestamp_diff, timestamp_diff_local>("timestampdiff", "timestampdiff(unit, start, end)", "Whole units from start to end."),
};

} // namespace

std::span<const function> timestamp_functions() { return timestamp_table; }

} // namespace sluice::expr
