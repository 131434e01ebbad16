#include <arrow/scalar.h>

#include <algorithm>

#include "common/expr/calendar.hpp"
#include "common/expr/rows.hpp"
#include "common/expr/tables.hpp"

namespace sluice::expr {

namespace {

/// The function that gives a field, by the names that Spark knows for it; empty for others.
std::string_view function_of_field(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
  static constexpr std::pair<std::string_view, std::string_view> fields[] = {
    {"YEAR Y YEARS YR YRS", "year"}, {"YEAROFWEEK", "year_of_week"}, {"QUARTER QTR", "quarter"}, {"MONTH MON MONS MONTHS", "month"}, {"WEEK W WEEKS", "weekofyear"},
    {"DAY D DAYS", "day"}, {"DAYOFWEEK DOW", "dayofweek"}, {"DAYOFWEEK_ISO DOW_ISO", "iso_day_of_week"}, {"DOY", "dayofyear"}, {"HOUR H HOURS HR HRS", "hour"},
    {"MINUTE M MIN MINS MINUTES", "minute"}, {"SECOND S SEC SECONDS SECS", "second_with_fraction"}};
  for (const auto& [names, function] : fields) {
    for (auto left = names; !left.empty();) {
      const auto end = std::min(left.find(' '), left.size());
      if (left.substr(0, end) == name)
        return function;
      left.remove_prefix(std::min(end + 1, left.size()));
    }
  }
  return {};
}

std::int32_t year_of_week(date_days date) { return static_cast<std::int32_t>(civil_from_days(date.value - iso_weekday(date.value) + 4).year); }
std::int32_t iso_day_of_week(date_days date) { return iso_weekday(date.value); }

result<data::array_ptr> evaluate_second(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<__int128>::make(call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto found, find_zone(call.context.session.time_zone));
  zone_cursor zone{found};
  const bool local = is_ntz(*args[0].array->type());
  numbers<std::int64_t> values{args[0]};
  for (std::int64_t i = 0; i < call.rows; ++i)
    out[i] = nulls.null(i) ? 0 : floor_mod(local ? values[i] : zone.to_local(values[i]), 60 * us_per_second);
  return out.finish(call.call.type, nulls);
}
result<resolved> resolve_second(std::vector<expr_ptr>& args, call_site& site) {
  if (!is_any_timestamp(*args[0]->type))
    SLUICE_RETURN_IF_ERROR(require(args, 0, data::timestamp_type(), site));
  return resolved{arrow::decimal128(8, 6), args[0]->nullable};
}

/// args: field, source. Becomes the function of the field; only the name stays.
result<resolved> resolve_field(std::vector<expr_ptr>& args, call_site& site) {
  if (args[0]->kind != node_kind::literal || !is_text(*args[0]->type))
    return site.mismatch("the input `field` should be a foldable \"STRING\" expression; however, got \"" + to_sql(*args[0]) + "\".", "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT");
  if (!args[0]->value->is_valid) {
    args = {null_literal(arrow::float64())};
    return resolved{arrow::float64(), true};
  }
  const std::string field{static_cast<const arrow::StringScalar&>(*args[0]->value).view()};
  const auto function = function_of_field(field);
  if (function.empty())
    return status{errc::invalid_parameter_value, "Cannot extract `" + field + "` from \"" + to_sql(*args[1]) + "\".", site.position}.with_spark_class("INVALID_EXTRACT_FIELD");
  site.parameter = "\x1f" + (site.name == "extract" ? "extract(" + field + " FROM " + to_sql(*args[1]) + ")" : site.name + "(" + field + ", " + to_sql(*args[1]) + ")");
  SLUICE_ASSIGN_OR_RETURN(auto made, call(std::string{function}, {args[1]}, site.position, site.session));
  args = {made};
  return resolved{made->type, made->nullable};
}
result<data::array_ptr> evaluate_field(const frame&, const operands& args) { return args[0].array; }

constexpr function date_part_table[] = {
  {"date_part", "datepart extract", 2, 2, resolve_field, evaluate_field, nullptr, "date_part(field, time)", "A field of a date or timestamp by its name."},
  {"second_with_fraction", "", 1, 1, resolve_second, evaluate_second, nullptr, "extract(SECOND FROM time)", "The second with its fraction."},
  row_function<year_of_week>("year_of_week", "extract(YEAROFWEEK FROM date)", "The year that the ISO week belongs to."),
  row_function<iso_day_of_week>("iso_day_of_week", "extract(DOW_ISO FROM date)", "1 Monday to 7 Sunday."),
};

} // namespace

std::span<const function> date_part_functions() { return date_part_table; }

} // namespace sluice::expr
