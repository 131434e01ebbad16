#include "coordinator/sources/time_text.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace sluice::sources {

std::optional<std::int64_t> time_text_us(const std::string& text, std::int64_t bare_unit_us) {
  std::string lower = text;
  for (auto& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  std::int64_t value = 0;
  const auto parsed = std::from_chars(lower.data(), lower.data() + lower.size(), value);
  if (parsed.ec != std::errc{} || value < 0) return std::nullopt;
  std::string unit = lower.substr(static_cast<std::size_t>(parsed.ptr - lower.data()));
  unit.erase(0, std::min(unit.find_first_not_of(' '), unit.size()));
  unit.erase(unit.find_last_not_of(' ') + 1);
  if (unit.size() > 2 && unit.ends_with('s')) unit.pop_back();
  const std::pair<std::string_view, std::int64_t> units[] = {
    {"us", 1}, {"microsecond", 1}, {"", bare_unit_us}, {"ms", 1000}, {"millisecond", 1000}, {"s", 1000000}, {"second", 1000000},
    {"m", 60000000}, {"min", 60000000}, {"minute", 60000000}, {"h", 3600000000}, {"hour", 3600000000}, {"d", 86400000000},
    {"day", 86400000000}, {"week", 604800000000}};
  for (const auto& [name, us] : units)
    if (name == unit) return value > std::numeric_limits<std::int64_t>::max() / us ? std::numeric_limits<std::int64_t>::max() : value * us;
  return std::nullopt;
}

} // namespace sluice::sources
