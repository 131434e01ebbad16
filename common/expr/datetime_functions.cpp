#include <arrow/scalar.h>

#include <map>

#include "common/expr/calendar.hpp"
#include "common/expr/coercion.hpp"
#include "common/expr/datetime_pattern.hpp"
#include "common/expr/datetime_text.hpp"
#include "common/expr/messages.hpp"
#include "common/expr/tables.hpp"

namespace sluice::expr {

namespace {

constexpr const char* default_pattern = "yyyy-MM-dd HH:mm:ss";

result<zone_cursor> session_zone(const frame& call) {
  SLUICE_ASSIGN_OR_RETURN(auto found, find_zone(call.context.session.time_zone));
  return zone_cursor{found};
}

/// One pattern per call or, when it is a column, per row.
class pattern_source {
public:
  pattern_source(const frame& call, const operand& patterns) : call_(call), patterns_(patterns), constant_(patterns.constant) {}
  result<const datetime_pattern*> at(std::int64_t row) {
    if (!current_ || !constant_) {
      auto compiled = datetime_pattern::compile(patterns_[row]);
      if (!compiled.ok())
        return std::move(compiled).error().with_position(call_.call.position);
      current_ = *std::move(compiled);
    }
    return &*current_;
  }

private:
  const frame& call_;
  texts patterns_;
  bool constant_;
  std::optional<datetime_pattern> current_;
};

status cannot_parse(const frame& call, std::string_view text) {
  return call.fail(errc::cannot_parse_timestamp, "Text '" + std::string{text} + "' could not be parsed at index 0. Use `try_to_timestamp` to tolerate invalid input string and return NULL instead.");
}

/// Whole numbers out of whole numbers.
template <class To, class From, class F>
result<data::array_ptr> map_numbers(const frame& call, const operands& args, F&& f) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<To>::make(call.rows));
  numbers<From> values{args[0]};
  To* to = out.values();
  for (std::int64_t i = 0; i < call.rows; ++i)
    to[i] = f(values[i]);
  return out.finish(call.call.type, nulls);
}

enum class date_part { year, quarter, month, day, day_of_year, day_of_week, weekday, week_of_year };

int week_of_year(std::int64_t days) {
  const auto thursday = days - iso_weekday(days) + 4;
  return (day_of_year(civil_from_days(thursday)) - 1) / 7 + 1;
}

template <date_part part>
std::int32_t part_of_date(std::int32_t days) {
  if constexpr (part == date_part::day_of_week)
    return iso_weekday(days) % 7 + 1;
  if constexpr (part == date_part::weekday)
    return iso_weekday(days) - 1;
  if constexpr (part == date_part::week_of_year)
    return week_of_year(days);
  const auto date = civil_from_days(days);
  switch (part) {
    case date_part::year: return static_cast<std::int32_t>(date.year);
    case date_part::quarter: return (date.month - 1) / 3 + 1;
    case date_part::month: return date.month;
    case date_part::day: return date.day;
    default: return day_of_year(date);
  }
}

template <date_part part>
result<data::array_ptr> evaluate_date_part(const frame& call, const operands& args) {
  return map_numbers<std::int32_t, std::int32_t>(call, args, part_of_date<part>);
}

template <int unit_seconds, int modulus>
result<data::array_ptr> evaluate_time_part(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto zone, session_zone(call));
  const bool ntz = is_ntz(*args[0].array->type());
  return map_numbers<std::int32_t, std::int64_t>(call, args, [&](std::int64_t micros) {
    const auto local = ntz ? micros : zone.to_local(micros);
    return static_cast<std::int32_t>(floor_mod(floor_div(local, us_per_second), 86400) / unit_seconds % modulus);
  });
}

/// Text by a pattern to microseconds; text that does not fit is an error or null.
template <class To, class Finish>
result<data::array_ptr> parse_texts(const frame& call, const operands& args, bool local, Finish&& finish) {
  SLUICE_ASSIGN_OR_RETURN(auto zone, session_zone(call));
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<To>::make(call.rows));
  texts values{args[0]};
  pattern_source patterns{call, args[1]};
  for (std::int64_t i = 0; i < call.rows; ++i) {
    out[i] = 0;
    if (nulls.null(i))
      continue;
    SLUICE_ASSIGN_OR_RETURN(const auto* pattern, patterns.at(i));
    const auto micros = local ? pattern->parse_local(values[i]) : pattern->parse(values[i], zone);
    if (micros) {
      out[i] = finish(*micros);
      continue;
    }
    if (call.ansi())
      return cannot_parse(call, values[i]);
    SLUICE_RETURN_IF_ERROR(nulls.set_null(i));
  }
  return out.finish(call.call.type, nulls);
}

/// Truncates towards zero, as Spark does: half a second before 1970 is second 0.
std::int64_t whole_seconds(std::int64_t micros) { return micros / us_per_second; }

result<data::array_ptr> evaluate_unix_timestamp(const frame& call, const operands& args) {
  if (args[0].id() == arrow::Type::STRING)
    return parse_texts<std::int64_t>(call, args, false, whole_seconds);
  operands only{args[0]};
  return map_numbers<std::int64_t, std::int64_t>(call, only, whole_seconds);
}

result<data::array_ptr> evaluate_to_timestamp(const frame& call, const operands& args) {
  if (args.size() == 1)
    return args[0].array;
  return parse_texts<std::int64_t>(call, args, false, [](std::int64_t micros) { return micros; });
}

result<data::array_ptr> evaluate_to_date(const frame& call, const operands& args) {
  if (args.size() == 1)
    return args[0].array;
  return parse_texts<std::int32_t>(call, args, true, [](std::int64_t micros) { return static_cast<std::int32_t>(floor_div(micros, us_per_day)); });
}

result<data::array_ptr> evaluate_date_format(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto zone, session_zone(call));
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  numbers<std::int64_t> values{args[0]};
  pattern_source patterns{call, args[1]};
  std::string text;
  return build_texts(call.rows, nulls, [&](std::int64_t i, arrow::StringBuilder& out) -> status {
    SLUICE_ASSIGN_OR_RETURN(const auto* pattern, patterns.at(i));
    text.clear();
    pattern->format(text, values[i], zone);
    return data::from_arrow(out.Append(text));
  });
}

/// args: seconds, pattern
result<data::array_ptr> evaluate_from_unixtime(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto zone, session_zone(call));
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  numbers<std::int64_t> values{args[0]};
  pattern_source patterns{call, args[1]};
  std::string text;
  return build_texts(call.rows, nulls, [&](std::int64_t i, arrow::StringBuilder& out) -> status {
    SLUICE_ASSIGN_OR_RETURN(const auto* pattern, patterns.at(i));
    std::int64_t micros;
    if (__builtin_mul_overflow(values[i], us_per_second, &micros))
      micros = values[i] < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
    text.clear();
    pattern->format(text, micros, zone);
    return data::from_arrow(out.Append(text));
  });
}

enum class trunc_unit { none, year, quarter, month, week, day, hour, minute, second, millisecond, microsecond };

trunc_unit unit_named(std::string_view text) {
  static const std::map<std::string, trunc_unit> names = {
    {"YEAR", trunc_unit::year}, {"YYYY", trunc_unit::year}, {"YY", trunc_unit::year}, {"QUARTER", trunc_unit::quarter},
    {"MONTH", trunc_unit::month}, {"MM", trunc_unit::month}, {"MON", trunc_unit::month}, {"WEEK", trunc_unit::week},
    {"DAY", trunc_unit::day}, {"DD", trunc_unit::day}, {"HOUR", trunc_unit::hour}, {"MINUTE", trunc_unit::minute},
    {"SECOND", trunc_unit::second}, {"MILLISECOND", trunc_unit::millisecond}, {"MICROSECOND", trunc_unit::microsecond}};
  std::string upper;
  for (char c : text.substr(0, 16))
    upper += static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  auto found = names.find(upper);
  return found == names.end() ? trunc_unit::none : found->second;
}

std::int64_t truncate_days(std::int64_t days, trunc_unit unit) {
  const auto date = civil_from_days(days);
  switch (unit) {
    case trunc_unit::year: return days_from_civil(date.year, 1, 1);
    case trunc_unit::quarter: return days_from_civil(date.year, (date.month - 1) / 3 * 3 + 1, 1);
    case trunc_unit::month: return days_from_civil(date.year, date.month, 1);
    case trunc_unit::week: return days - iso_weekday(days) + 1;
    default: return days;
  }
}

std::int64_t truncate_time(std::int64_t micros, trunc_unit unit, zone_cursor& zone) {
  switch (unit) {
    case trunc_unit::microsecond: return micros;
    case trunc_unit::millisecond: return saturating_add(micros, -floor_mod(micros, 1000));
    case trunc_unit::second: return saturating_add(micros, -floor_mod(micros, us_per_second));
    case trunc_unit::minute: case trunc_unit::hour: {
      const auto local = zone.to_local(micros);
      return saturating_add(micros, -floor_mod(local, (unit == trunc_unit::hour ? 3600 : 60) * us_per_second));
    }
    default: return zone.to_utc(us_of_days(truncate_days(floor_div(zone.to_local(micros), us_per_day), unit)));
  }
}

/// args: unit, timestamp
result<data::array_ptr> evaluate_date_trunc(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto zone, session_zone(call));
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<std::int64_t>::make(call.rows));
  texts units{args[0]};
  numbers<std::int64_t> values{args[1]};
  for (std::int64_t i = 0; i < call.rows; ++i) {
    out[i] = 0;
    if (nulls.null(i))
      continue;
    const auto unit = unit_named(units[i]);
    if (unit == trunc_unit::none)
      SLUICE_RETURN_IF_ERROR(nulls.set_null(i));
    else
      out[i] = truncate_time(values[i], unit, zone);
  }
  return out.finish(call.call.type, nulls);
}

/// args: date, unit
result<data::array_ptr> evaluate_trunc(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<std::int32_t>::make(call.rows));
  numbers<std::int32_t> values{args[0]};
  texts units{args[1]};
  for (std::int64_t i = 0; i < call.rows; ++i) {
    out[i] = 0;
    if (nulls.null(i))
      continue;
    const auto unit = unit_named(units[i]);
    if (unit == trunc_unit::none || unit > trunc_unit::week)
      SLUICE_RETURN_IF_ERROR(nulls.set_null(i));
    else
      out[i] = static_cast<std::int32_t>(truncate_days(values[i], unit));
  }
  return out.finish(call.call.type, nulls);
}

template <int sign>
result<data::array_ptr> evaluate_date_add(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<std::int32_t>::make(call.rows));
  for_each_pair<std::int32_t, std::int32_t>(args[0], args[1], call.rows, [values = out.values()](std::int64_t i, std::int32_t a, std::int32_t b) {
    values[i] = static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + sign * static_cast<std::uint32_t>(b));
  });
  return out.finish(call.call.type, nulls);
}

std::int64_t add_months_to(std::int64_t days, std::int64_t add) {
  const auto date = civil_from_days(days);
  const auto months = date.year * 12 + date.month - 1 + add;
  const auto year = floor_div(months, 12);
  const int month = static_cast<int>(floor_mod(months, 12)) + 1;
  return days_from_civil(year, month, std::min(date.day, days_in_month(year, month)));
}

result<data::array_ptr> evaluate_add_months(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<std::int32_t>::make(call.rows));
  for_each_pair<std::int32_t, std::int32_t>(args[0], args[1], call.rows, [values = out.values()](std::int64_t i, std::int32_t days, std::int32_t add) {
    values[i] = static_cast<std::int32_t>(add_months_to(days, add));
  });
  return out.finish(call.call.type, nulls);
}

/// The instant of a new local time; in an overlap the offset of before is kept, as Java does.
std::int64_t moved_to(std::int64_t local, std::int64_t old_offset, zone_cursor& zone) {
  const auto candidate = saturating_add(local, -old_offset);
  return zone.to_local(candidate) == local ? candidate : zone.to_utc(local);
}

/// args: date or timestamp, months, microseconds. Months and whole days are of the calendar, the rest is of the clock.
result<data::array_ptr> evaluate_add_interval(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto zone, session_zone(call));
  if (is_ntz(*args[0].array->type()))
    zone = zone_cursor{{}};
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  numbers<std::int32_t> months{args[1]};
  numbers<std::int64_t> spans{args[2]};
  if (args[0].id() == arrow::Type::DATE32) {
    SLUICE_ASSIGN_OR_RETURN(auto out, number_output<std::int32_t>::make(call.rows));
    numbers<std::int32_t> dates{args[0]};
    for (std::int64_t i = 0; i < call.rows; ++i)
      out[i] = static_cast<std::int32_t>(add_months_to(dates[i], months[i]) + spans[i] / us_per_day);
    return out.finish(call.call.type, nulls);
  }
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<std::int64_t>::make(call.rows));
  numbers<std::int64_t> values{args[0]};
  for (std::int64_t i = 0; i < call.rows; ++i) {
    out[i] = 0;
    if (nulls.null(i))
      continue;
    auto value = values[i];
    const auto days = spans[i] / us_per_day, rest = spans[i] % us_per_day;
    if (months[i] != 0 || days != 0) {
      const auto local = zone.to_local(value);
      const auto date = floor_div(local, us_per_day);
      const auto moved = us_of_days((months[i] != 0 ? add_months_to(date, months[i]) : date) + days);
      value = moved_to(saturating_add(moved, floor_mod(local, us_per_day)), local - value, zone);
    }
    if (__builtin_add_overflow(value, rest, &out[i]))
      return number_overflow(call, *arrow::int64(), "");
  }
  return out.finish(call.call.type, nulls);
}

result<resolved> resolve_add_interval(std::vector<expr_ptr>& args, call_site&) { return resolved{args[0]->type, args[0]->nullable}; }

result<data::array_ptr> evaluate_last_day(const frame& call, const operands& args) {
  return map_numbers<std::int32_t, std::int32_t>(call, args, [](std::int32_t days) {
    const auto date = civil_from_days(days);
    return static_cast<std::int32_t>(std::int64_t{days} + days_in_month(date.year, date.month) - date.day);
  });
}

result<data::array_ptr> evaluate_current_timestamp(const frame& call, const operands&) {
  SLUICE_ASSIGN_OR_RETURN(auto zone, session_zone(call));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<std::int64_t>::make(call.rows));
  const auto now = call.context.batch_time_us;
  for (std::int64_t i = 0; i < call.rows; ++i)
    out[i] = is_ntz(*call.call.type) ? zone.to_local(now) : now;
  return out.finish(call.call.type, {});
}

result<data::array_ptr> evaluate_current_date(const frame& call, const operands&) {
  SLUICE_ASSIGN_OR_RETURN(auto zone, session_zone(call));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<std::int32_t>::make(call.rows));
  for (std::int64_t i = 0; i < call.rows; ++i)
    out[i] = static_cast<std::int32_t>(floor_div(zone.to_local(call.context.batch_time_us), us_per_day));
  return out.finish(arrow::date32(), {});
}

template <std::int64_t unit_us>
result<data::array_ptr> evaluate_from_epoch(const frame& call, const operands& args) {
  if (is_any_timestamp(*args[0].array->type()))
    return args[0].array;
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<std::int64_t>::make(call.rows));
  numbers<std::int64_t> values{args[0]};
  for (std::int64_t i = 0; i < call.rows; ++i)
    if (__builtin_mul_overflow(values[i], unit_us, &out[i]) && !nulls.null(i))
      return number_overflow(call, *arrow::int64(), "");
  return out.finish(call.call.type, nulls);
}

template <std::int64_t unit_us>
result<data::array_ptr> evaluate_to_epoch(const frame& call, const operands& args) {
  return map_numbers<std::int64_t, std::int64_t>(call, args, [](std::int64_t micros) { return floor_div(micros, unit_us); });
}

/// A constant pattern is checked where it is written.
status check_pattern(const expr_ptr& pattern, bool parses = false) {
  if (pattern->kind != node_kind::literal || !pattern->value->is_valid || !is_text(*pattern->type))
    return ok();
  auto compiled = datetime_pattern::compile(static_cast<const arrow::StringScalar&>(*pattern->value).view());
  if (!compiled.ok())
    return std::move(compiled).error().with_position(pattern->position);
  return parses ? compiled->check_parsing().with_position(pattern->position) : ok();
}

result<resolved> resolve_date_part(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_RETURN_IF_ERROR(require(args, 0, arrow::date32(), site));
  return resolved{arrow::int32(), args[0]->nullable};
}

result<resolved> resolve_time_part(std::vector<expr_ptr>& args, call_site& site) {
  if (!is_any_timestamp(*args[0]->type))
    SLUICE_RETURN_IF_ERROR(require(args, 0, data::timestamp_type(), site));
  return resolved{arrow::int32(), args[0]->nullable};
}

expr_ptr text_literal(const char* text) { return literal(std::make_shared<arrow::StringScalar>(text)); }

result<resolved> resolve_unix_timestamp(std::vector<expr_ptr>& args, call_site& site) {
  if (args.empty()) {
    SLUICE_ASSIGN_OR_RETURN(auto now, call("current_timestamp", {}, site.position, site.session));
    args.push_back(now);
  }
  if (args.size() < 2)
    args.push_back(text_literal(default_pattern));
  if (is_date(*args[0]->type))
    args[0] = implicit_cast(args[0], data::timestamp_type());
  else if (!is_any_timestamp(*args[0]->type))
    SLUICE_RETURN_IF_ERROR(is_text(*args[0]->type) || is_null(*args[0]->type)
                             ? require(args, 0, arrow::utf8(), site)
                             : unexpected_type(args, 0, "(\"STRING\" or \"DATE\" or \"TIMESTAMP\" or \"TIMESTAMP_NTZ\")", site));
  SLUICE_RETURN_IF_ERROR(require(args, 1, arrow::utf8(), site));
  SLUICE_RETURN_IF_ERROR(check_pattern(args[1]));
  return resolved{arrow::int64(), args[0]->nullable || !site.session.ansi};
}

result<resolved> resolve_to(std::vector<expr_ptr>& args, call_site& site, const data::type_ptr& type) {
  const bool by_pattern = args.size() == 2 && is_text(*args[0]->type);
  if (by_pattern) {
    SLUICE_RETURN_IF_ERROR(require(args, 1, arrow::utf8(), site));
    SLUICE_RETURN_IF_ERROR(check_pattern(args[1], true));
  } else {
    SLUICE_ASSIGN_OR_RETURN(auto as_type, cast(args[0], type, site.position, site.session));
    args = {implicit_cast(args[0], type)};
    return resolved{type, as_type->nullable};
  }
  return resolved{type, any_nullable(args) || !site.session.ansi};
}

result<resolved> resolve_to_timestamp(std::vector<expr_ptr>& args, call_site& site) { return resolve_to(args, site, data::timestamp_type()); }
result<resolved> resolve_to_date(std::vector<expr_ptr>& args, call_site& site) { return resolve_to(args, site, arrow::date32()); }

result<resolved> resolve_date_format(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_RETURN_IF_ERROR(require(args, 0, data::timestamp_type(), site));
  SLUICE_RETURN_IF_ERROR(require(args, 1, arrow::utf8(), site));
  SLUICE_RETURN_IF_ERROR(check_pattern(args[1]));
  return resolved{arrow::utf8(), any_nullable(args)};
}

result<resolved> resolve_from_unixtime(std::vector<expr_ptr>& args, call_site& site) {
  if (args.size() < 2)
    args.push_back(text_literal(default_pattern));
  SLUICE_RETURN_IF_ERROR(require(args, 0, arrow::int64(), site));
  SLUICE_RETURN_IF_ERROR(require(args, 1, arrow::utf8(), site));
  SLUICE_RETURN_IF_ERROR(check_pattern(args[1]));
  return resolved{arrow::utf8(), any_nullable(args)};
}

result<resolved> resolve_date_trunc(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_RETURN_IF_ERROR(require(args, 0, arrow::utf8(), site));
  SLUICE_RETURN_IF_ERROR(require(args, 1, data::timestamp_type(), site));
  return resolved{data::timestamp_type(), true};
}

result<resolved> resolve_trunc(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_RETURN_IF_ERROR(require(args, 0, arrow::date32(), site));
  SLUICE_RETURN_IF_ERROR(require(args, 1, arrow::utf8(), site));
  return resolved{arrow::date32(), true};
}

result<resolved> resolve_date_and_number(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_RETURN_IF_ERROR(require(args, 0, arrow::date32(), site));
  SLUICE_RETURN_IF_ERROR(require(args, 1, arrow::int32(), site));
  return resolved{arrow::date32(), any_nullable(args)};
}

result<resolved> resolve_datediff(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_RETURN_IF_ERROR(require(args, 0, arrow::date32(), site));
  SLUICE_RETURN_IF_ERROR(require(args, 1, arrow::date32(), site));
  return resolved{arrow::int32(), any_nullable(args)};
}

result<data::array_ptr> evaluate_datediff(const frame& call, const operands& args) { return evaluate_date_add<-1>(call, args); }

result<resolved> resolve_last_day(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_RETURN_IF_ERROR(require(args, 0, arrow::date32(), site));
  return resolved{arrow::date32(), args[0]->nullable};
}

result<resolved> resolve_now(std::vector<expr_ptr>&, call_site&) { return resolved{data::timestamp_type(), false}; }
result<resolved> resolve_local_now(std::vector<expr_ptr>&, call_site&) { return resolved{data::timestamp_ntz_type(), false}; }
result<resolved> resolve_today(std::vector<expr_ptr>&, call_site&) { return resolved{arrow::date32(), false}; }

result<resolved> resolve_from_epoch(std::vector<expr_ptr>& args, call_site& site) {
  const auto& given = *args[0]->type;
  if (site.name == "timestamp_seconds" && (is_decimal_type(given) || is_fractional(given))) {
    args[0] = implicit_cast(args[0], data::timestamp_type());
    return resolved{data::timestamp_type(), args[0]->nullable || !site.session.ansi};
  }
  SLUICE_RETURN_IF_ERROR(require(args, 0, arrow::int64(), site));
  return resolved{data::timestamp_type(), args[0]->nullable};
}

result<resolved> resolve_to_epoch(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_RETURN_IF_ERROR(require(args, 0, data::timestamp_type(), site));
  return resolved{arrow::int64(), args[0]->nullable};
}

constexpr function datetime_table[] = {
  {"year", "", 1, 1, resolve_date_part, evaluate_date_part<date_part::year>, nullptr, "year(date)", "The year."},
  {"quarter", "", 1, 1, resolve_date_part, evaluate_date_part<date_part::quarter>, nullptr, "quarter(date)", "The quarter, 1 to 4."},
  {"month", "", 1, 1, resolve_date_part, evaluate_date_part<date_part::month>, nullptr, "month(date)", "The month, 1 to 12."},
  {"day", "dayofmonth", 1, 1, resolve_date_part, evaluate_date_part<date_part::day>, nullptr, "day(date)", "The day of the month."},
  {"dayofyear", "", 1, 1, resolve_date_part, evaluate_date_part<date_part::day_of_year>, nullptr, "dayofyear(date)", "The day of the year."},
  {"dayofweek", "", 1, 1, resolve_date_part, evaluate_date_part<date_part::day_of_week>, nullptr, "dayofweek(date)", "1 Sunday to 7 Saturday."},
  {"weekday", "", 1, 1, resolve_date_part, evaluate_date_part<date_part::weekday>, nullptr, "weekday(date)", "0 Monday to 6 Sunday."},
  {"weekofyear", "", 1, 1, resolve_date_part, evaluate_date_part<date_part::week_of_year>, nullptr, "weekofyear(date)", "The ISO week of the year."},
  {"hour", "", 1, 1, resolve_time_part, evaluate_time_part<3600, 24>, nullptr, "hour(timestamp)", "The hour in the session's zone."},
  {"minute", "", 1, 1, resolve_time_part, evaluate_time_part<60, 60>, nullptr, "minute(timestamp)", "The minute in the session's zone."},
  {"second", "", 1, 1, resolve_time_part, evaluate_time_part<1, 60>, nullptr, "second(timestamp)", "The second."},
  {"unix_timestamp", "to_unix_timestamp", 0, 2, resolve_unix_timestamp, evaluate_unix_timestamp, nullptr, "unix_timestamp([time[, pattern]])", "Whole seconds since 1970-01-01 UTC."},
  {"to_timestamp", "", 1, 2, resolve_to_timestamp, evaluate_to_timestamp, nullptr, "to_timestamp(value[, pattern])", "A timestamp from text."},
  {"to_date", "", 1, 2, resolve_to_date, evaluate_to_date, nullptr, "to_date(value[, pattern])", "A date from text or a timestamp."},
  {"date_format", "", 2, 2, resolve_date_format, evaluate_date_format, nullptr, "date_format(timestamp, pattern)", "The time as text by a pattern."},
  {"from_unixtime", "", 1, 2, resolve_from_unixtime, evaluate_from_unixtime, nullptr, "from_unixtime(seconds[, pattern])", "Seconds since 1970-01-01 UTC as text."},
  {"date_trunc", "", 2, 2, resolve_date_trunc, evaluate_date_trunc, nullptr, "date_trunc(unit, timestamp)", "The start of the unit; null for an unknown unit."},
  {"trunc", "", 2, 2, resolve_trunc, evaluate_trunc, nullptr, "trunc(date, unit)", "The first day of the unit."},
  {"date_add", "dateadd", 2, 2, resolve_date_and_number, evaluate_date_add<1>, nullptr, "date_add(date, days)", "The date that many days later."},
  {"date_sub", "", 2, 2, resolve_date_and_number, evaluate_date_add<-1>, nullptr, "date_sub(date, days)", "The date that many days earlier."},
  {"datediff", "date_diff", 2, 2, resolve_datediff, evaluate_datediff, nullptr, "datediff(end, start)", "Days from start to end."},
  {"add_months", "", 2, 2, resolve_date_and_number, evaluate_add_months, nullptr, "add_months(date, months)", "The date that many months later."},
  {"+interval", "", 3, 3, resolve_add_interval, evaluate_add_interval, nullptr, "time + INTERVAL 'n' UNIT", "A date or timestamp moved by an interval."},
  {"last_day", "", 1, 1, resolve_last_day, evaluate_last_day, nullptr, "last_day(date)", "The last day of the month."},
  {"current_timestamp", "now", 0, 0, resolve_now, evaluate_current_timestamp, nullptr, "current_timestamp()", "The time of the batch."},
  {"localtimestamp", "", 0, 0, resolve_local_now, evaluate_current_timestamp, nullptr, "localtimestamp()", "The time of the batch without zone."},
  {"current_date", "curdate", 0, 0, resolve_today, evaluate_current_date, nullptr, "current_date()", "The date of the batch in the session's zone."},
  {"timestamp_seconds", "", 1, 1, resolve_from_epoch, evaluate_from_epoch<1'000'000>, nullptr, "timestamp_seconds(n)", "The timestamp n seconds after 1970-01-01 UTC."},
  {"timestamp_millis", "", 1, 1, resolve_from_epoch, evaluate_from_epoch<1'000>, nullptr, "timestamp_millis(n)", "The timestamp n milliseconds after 1970-01-01 UTC."},
  {"timestamp_micros", "", 1, 1, resolve_from_epoch, evaluate_from_epoch<1>, nullptr, "timestamp_micros(n)", "The timestamp n microseconds after 1970-01-01 UTC."},
  {"unix_seconds", "", 1, 1, resolve_to_epoch, evaluate_to_epoch<1'000'000>, nullptr, "unix_seconds(timestamp)", "Whole seconds since 1970-01-01 UTC."},
  {"unix_millis", "", 1, 1, resolve_to_epoch, evaluate_to_epoch<1'000>, nullptr, "unix_millis(timestamp)", "Whole milliseconds since 1970-01-01 UTC."},
  {"unix_micros", "", 1, 1, resolve_to_epoch, evaluate_to_epoch<1>, nullptr, "unix_micros(timestamp)", "Microseconds since 1970-01-01 UTC."},
};

} // namespace

std::span<const function> datetime_functions() { return datetime_table; }

} // namespace sluice::expr
