#include "common/plan/interval.hpp"

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
