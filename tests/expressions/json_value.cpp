#include "tests/expressions/json_value.hpp"

#include <arrow/array.h>

#include <cmath>
#include <cstdlib>

#include "common/expr/calendar.hpp"
#include "common/expr/datetime_text.hpp"
#include "common/expr/json_text.hpp"
#include "common/expr/text.hpp"

namespace sluice::expressions {

namespace {

std::string base64(std::string_view bytes) {
  static const char* letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k > bytes.size() ? '=' : letters[group >> (18 - 6 * k) & 63];
  }
  return out;
}

std::string timestamp(std::int64_t micros, const std::string& time_zone, bool local) {
  auto zone = expr::find_zone(time_zone);
  expr::zone_cursor cursor{*zone};
  const auto shown = local ? micros : cursor.to_local(micros);
  std::string text;
  expr::append_timestamp(text, expr::floor_div(shown, 1'000'000) * 1'000'000, 'T');
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%06d", static_cast<int>(expr::floor_mod(shown, 1'000'000)));
  text += fraction;
  return local ? text : text + expr::offset_text((shown - micros) / 1'000'000).substr(0, 6);
}

std::string quoted(std::string_view text) {
  std::string out;
  expr::append_json_string(out, text);
  return out;
}

std::string members(const arrow::Array& array, std::int64_t row, const std::string& zone) {
  switch (array.type_id()) {
    case arrow::Type::STRUCT: {
      const auto& parent = static_cast<const arrow::StructArray&>(array);
      std::string out = "{";
      for (int f = 0; f < parent.num_fields(); ++f)
        out += (f ? "," : "") + quoted(array.type()->field(f)->name()) + ":" + json_value(*parent.field(f), row, zone);
      return out + "}";
    }
    case arrow::Type::LIST: {
      const auto& list = static_cast<const arrow::ListArray&>(array);
      std::string out = "[";
      for (auto i = list.value_offset(row); i < list.value_offset(row + 1); ++i)
        out += (i > list.value_offset(row) ? "," : "") + json_value(*list.values(), i, zone);
      return out + "]";
    }
    default: {
      const auto& map = static_cast<const arrow::MapArray&>(array);
      std::string out = "{";
      for (auto i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
        const auto key = map.keys()->IsNull(i) ? "null" : expr::to_text(*map.keys(), i, zone);
        out += (i > map.value_offset(row) ? "," : "") + quoted(key) + ":" + json_value(*map.items(), i, zone);
      }
      return out + "}";
    }
  }
}

/// A number, word or string from `at` on, or one sign.
std::string_view token(const std::string& text, std::size_t& at) {
  const auto begin = at;
  if (text[at] == '"') {
    for (++at; at < text.size() && text[at] != '"'; ++at)
      at += text[at] == '\\';
    ++at;
  } else if (std::isalnum(static_cast<unsigned char>(text[at])) || text[at] == '-') {
    while (at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) || text[at] == '.' || text[at] == '+' || text[at] == '-'))
      ++at;
  } else {
    ++at;
  }
  at = std::min(at, text.size());
  return std::string_view{text}.substr(begin, at - begin);
}

bool same_number(std::string_view a, std::string_view b) {
  if (a == b)
    return true;
  if (a.find_first_of(".eE") == std::string_view::npos || a.empty() || a[0] == '"' || b.empty() || b[0] == '"')
    return false;
  const double x = std::strtod(std::string{a}.c_str(), nullptr), y = std::strtod(std::string{b}.c_str(), nullptr);
  if (x == y)
    return std::signbit(x) == std::signbit(y);
  return std::abs(x - y) <= 4 * std::abs(std::nextafter(x, INFINITY) - x);
}

} // namespace

std::string json_value(const arrow::Array& array, std::int64_t row, const std::string& zone) {
  if (array.IsNull(row))
    return "null";
  switch (array.type_id()) {
    case arrow::Type::NA: return "null";
    case arrow::Type::STRUCT: case arrow::Type::LIST: case arrow::Type::MAP: return members(array, row, zone);
    case arrow::Type::STRING: return quoted(static_cast<const arrow::StringArray&>(array).GetView(row));
    case arrow::Type::BINARY: return "\"" + base64(static_cast<const arrow::BinaryArray&>(array).GetView(row)) + "\"";
    case arrow::Type::DATE32: return "\"" + expr::to_text(array, row, zone) + "\"";
    case arrow::Type::TIMESTAMP: {
      const bool local = static_cast<const arrow::TimestampType&>(*array.type()).timezone().empty();
      return "\"" + timestamp(static_cast<const arrow::TimestampArray&>(array).Value(row), zone, local) + "\"";
    }
    case arrow::Type::FLOAT: case arrow::Type::DOUBLE: {
      const auto text = expr::to_text(array, row, zone);
      return text.find_first_of("NI") == std::string::npos ? text : "\"" + text + "\"";
    }
    case arrow::Type::DURATION: case arrow::Type::INTERVAL_MONTHS: case arrow::Type::INTERVAL_MONTH_DAY_NANO: return "\"" + expr::to_text(array, row, zone) + "\"";
    default: return expr::to_text(array, row, zone);
  }
}

bool same_json(const std::string& expected, const std::string& actual) {
  std::size_t i = 0, j = 0;
  while (i < expected.size() && j < actual.size())
    if (!same_number(token(expected, i), token(actual, j)))
      return false;
  return i == expected.size() && j == actual.size();
}

} // namespace sluice::expressions
