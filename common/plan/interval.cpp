#include "common/plan/interval.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "common/sql/nearest.hpp"

namespace sluice::plan {
namespace {

struct interval_unit {
  std::string_view name;
  std::int64_t months;
  std::int64_t days;
  std::int64_t microseconds;
};
constexpr std::array<interval_unit, 9> interval_units{{
    {"year", 12, 0, 0},
    {"month", 1, 0, 0},
    {"week", 0, 7, 0},
    {"day", 0, 1, 0},
    {"hour", 0, 0, 3'600'000'000},
    {"minute", 0, 0, 60'000'000},
    {"second", 0, 0, 1'000'000},
    {"millisecond", 0, 0, 1'000},
    {"microsecond", 0, 0, 1},
}};

status bad_interval(std::string_view text, const std::string& why) {
  return {errc::invalid_literal, "'" + std::string(text) + "' is not an interval: " + why};
}

bool add_scaled(std::int64_t& sum, std::int64_t value, std::int64_t unit) {
  std::int64_t product = 0;
  return !__builtin_mul_overflow(value, unit, &product) && !__builtin_add_overflow(sum, product, &sum);
}

/// Reads "[+-]digits[.digits]" at `i`; `fraction` in millionths.
bool read_number(std::string_view text, std::size_t& i, std::int64_t& whole, std::int64_t& fraction, bool& has_fraction) {
  bool negative = i < text.size() && text[i] == '-';
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  auto start = i;
  whole = fraction = 0;
  has_fraction = false;
  for (; i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])); ++i)
    if (__builtin_mul_overflow(whole, 10, &whole) || __builtin_add_overflow(whole, text[i] - '0', &whole)) return false;
  if (i == start) return false;
  if (i < text.size() && text[i] == '.') {
    has_fraction = true;
    int digits = 0;
    for (++i; i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])); ++i, ++digits)
      if (digits < 6) fraction = fraction * 10 + (text[i] - '0');
    for (; digits < 6; ++digits) fraction *= 10;
  }
  if (negative) {
    whole = -whole;
    fraction = -fraction;
  }
  return true;
}

void skip_spaces(std::string_view text, std::size_t& i) {
  while (i < text.size() && std::isspace(static_cast<unsigned char>(text[i]))) ++i;
}

} // namespace

result<calendar_interval> parse_interval(std::string_view text) {
  calendar_interval out;
  std::size_t i = 0;
  skip_spaces(text, i);
  if (sql::to_lower(text.substr(i, 8)) == "interval") i += 8;
  bool any = false;
  for (skip_spaces(text, i); i < text.size(); skip_spaces(text, i)) {
    std::int64_t whole = 0, fraction = 0;
    bool has_fraction = false;
    if (!read_number(text, i, whole, fraction, has_fraction)) return bad_interval(text, "a number is missing");
    skip_spaces(text, i);
    auto start = i;
    while (i < text.size() && std::isalpha(static_cast<unsigned char>(text[i]))) ++i;
    std::string unit = sql::to_lower(text.substr(start, i - start));
    if (unit.size() > 1 && unit.back() == 's') unit.pop_back();
    const interval_unit* found = nullptr;
    std::vector<std::string> names;
    for (const auto& candidate : interval_units) {
      names.push_back(std::string(candidate.name) + "s");
      if (candidate.name == unit) found = &candidate;
    }
    if (!found)
      return bad_interval(text, unit.empty() ? "a unit is missing" : "no unit is called `" + unit + "`" + sql::did_you_mean(unit, names));
    if (has_fraction && found->microseconds != 1'000'000) return bad_interval(text, "only seconds may have a fraction");
    if (!add_scaled(out.months, whole, found->months) || !add_scaled(out.days, whole, found->days) ||
        !add_scaled(out.microseconds, whole, found->microseconds) || !add_scaled(out.microseconds, fraction, 1))
      return bad_interval(text, "it is too long");
    any = true;
  }
  if (!any) return bad_interval(text, "it is empty");
  return out;
}

result<std::int64_t> parse_duration_us(std::string_view text) {
  SLUICE_ASSIGN_OR_RETURN(auto interval, parse_interval(text));
  if (interval.months != 0)
    return status(errc::invalid_literal, "intervals greater than a month are not supported (" + std::string(text) + ")");
  std::int64_t out = interval.microseconds;
  if (!add_scaled(out, interval.days, 86'400'000'000)) return bad_interval(text, "it is too long");
  return out;
}

namespace {

constexpr std::string_view field_names[] = {"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"};

/// The field a unit belongs to; -1 for other words.
int field_of(std::string_view unit) {
  if (unit.ends_with('s') || unit.ends_with('S')) unit.remove_suffix(1);
  std::string upper;
  for (char c : unit) upper += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  if (upper == "WEEK") return 2;
  if (upper == "QUARTER") return 1;
  if (upper == "MILLISECOND" || upper == "MICROSECOND") return 5;
  auto found = std::find(std::begin(field_names), std::end(field_names), upper);
  return found == std::end(field_names) ? -1 : static_cast<int>(found - std::begin(field_names));
}

std::string two_digits(std::int64_t value) { return (value < 10 ? "0" : "") + std::to_string(value); }

std::string clock_text(std::int64_t microseconds, int first, int last) {
  constexpr std::int64_t second = 1'000'000, units[] = {0, 0, 86'400 * second, 3'600 * second, 60 * second, second};
  std::string out = microseconds < 0 ? "-" : "";
  auto left = microseconds < 0 ? -microseconds : microseconds;
  for (int field = first; field <= last; ++field) {
    if (field > first) out += field == 3 ? " " : ":";
    out += field == 2 ? std::to_string(left / units[2]) : two_digits(left / units[field]);
    left %= units[field];
  }
  if (last == 5 && left > 0) {
    auto digits = std::to_string(left + second).substr(1);
    out += "." + digits.substr(0, digits.find_last_not_of('0') + 1);
  }
  return out;
}

} // namespace

result<ansi_interval> read_ansi_interval(std::string_view text) {
  SLUICE_ASSIGN_OR_RETURN(auto parsed, parse_interval(text));
  int first = 6, last = -1;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && ((text[end] | 32) >= 'a' && (text[end] | 32) <= 'z')) ++end;
    if (int field = end > i ? field_of(text.substr(i, end - i)) : -1; field >= 0) {
      first = std::min(first, field);
      last = std::max(last, field);
    }
    i = std::max(end, i + 1);
  }
  ansi_interval out;
  std::int64_t of_days = 0;
  bool fits = last >= 0 && !__builtin_mul_overflow(parsed.days, std::int64_t{86'400'000'000}, &of_days) &&
              !__builtin_add_overflow(of_days, parsed.microseconds, &out.microseconds) && out.microseconds != INT64_MIN &&
              parsed.months <= INT32_MAX && parsed.months >= -INT32_MAX;
  if (!fits) return status(errc::invalid_literal, "the interval '" + std::string(text) + "' has no units or is too long");
  if (first < 2 && last > 1)
    return status(errc::invalid_literal, "Cannot mix year-month and day-time fields: INTERVAL " + std::string(text) + ".");
  out.months = parsed.months;
  out.whole_days = last <= 2;
  std::string value;
  if (last > 1) {
    value = clock_text(out.microseconds, first, last);
  } else {
    auto months = out.months < 0 ? -out.months : out.months;
    value = out.months < 0 ? "-" : "";
    value += first == 0 ? std::to_string(months / 12) : std::to_string(months);
    if (first == 0 && last == 1) value += "-" + std::to_string(months % 12);
  }
  out.text = "INTERVAL '" + value + "' " + std::string(field_names[first]) + (first < last ? " TO " + std::string(field_names[last]) : "");
  return out;
}

std::string duration_text(std::int64_t microseconds) {
  if (microseconds == 0) return "0 seconds";
  std::string out = microseconds < 0 ? "-" : "";
  std::uint64_t rest = microseconds < 0 ? 0 - static_cast<std::uint64_t>(microseconds) : static_cast<std::uint64_t>(microseconds);
  constexpr std::array<std::pair<std::string_view, std::uint64_t>, 6> parts{{{"day", 86'400'000'000},
                                                                            {"hour", 3'600'000'000},
                                                                            {"minute", 60'000'000},
                                                                            {"second", 1'000'000},
                                                                            {"millisecond", 1'000},
                                                                            {"microsecond", 1}}};
  bool first = true;
  for (const auto& [name, size] : parts) {
    auto count = rest / size;
    rest %= size;
    if (count == 0) continue;
    if (!first) out += ' ';
    out += std::to_string(count) + " " + std::string(name) + (count == 1 ? "" : "s");
    first = false;
  }
  return out;
}

} // namespace sluice::plan
