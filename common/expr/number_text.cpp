#include "common/expr/number_text.hpp"

#include <fast_float/fast_float.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace sluice::expr {

std::string_view trim_blanks(std::string_view text) {
  auto blank = [](unsigned char c) { return c <= ' ' || c == 0x7f; };
  while (!text.empty() && blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && blank(text.back()))
    text.remove_suffix(1);
  return text;
}

__int128 power_of_ten(int power) {
  static const auto table = [] {
    std::array<__int128, 39> made{};
    made[0] = 1;
    for (int i = 1; i < 39; ++i)
      made[i] = made[i - 1] * 10;
    return made;
  }();
  return table[power];
}

namespace {

template <class T>
void append_floating(std::string& out, T value) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::signbit(value))
    out += '-';
  value = std::abs(value);
  if (std::isinf(value)) {
    out += "Infinity";
    return;
  }
  if (value == 0) {
    out += "0.0";
    return;
  }
  char buffer[64];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  std::string_view text{buffer, static_cast<std::size_t>(end - buffer)};
  const auto mark = text.find('e');
  int exponent = 0;
  const auto* from = text.data() + mark + 1;
  std::from_chars(*from == '+' ? from + 1 : from, end, exponent);
  std::string digits{text[0]};
  if (mark > 2)
    digits += text.substr(2, mark - 2);
  if (digits.size() == 1 && exponent < std::numeric_limits<T>::min_exponent10) {
    // Java shows at least two digits and of those the closest: 4.9E-324.
    end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific, 1).ptr;
    digits = {buffer[0], buffer[2]};
    std::from_chars(buffer + 4, end, exponent);
  }
  const int count = static_cast<int>(digits.size());
  if (exponent < -3 || exponent >= 7) {
    out += digits[0];
    out += '.';
    out += count > 1 ? digits.substr(1) : "0";
    out += 'E' + std::to_string(exponent);
  } else if (exponent < 0) {
    out += "0." + std::string(-exponent - 1, '0') + digits;
  } else if (count <= exponent + 1) {
    out += digits + std::string(exponent + 1 - count, '0') + ".0";
  } else {
    out += digits.substr(0, exponent + 1) + "." + digits.substr(exponent + 1);
  }
}

template <class T>
std::optional<T> parse_floating(std::string_view text) {
  text = trim_blanks(text);
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text.empty())
    return std::nullopt;
  auto equals = [&](std::string_view word) {
    if (text.size() != word.size())
      return false;
    for (std::size_t i = 0; i < word.size(); ++i)
      if ((text[i] | 0x20) != word[i])
        return false;
    return true;
  };
  if (equals("nan"))
    return std::numeric_limits<T>::quiet_NaN();
  if (equals("inf") || equals("infinity"))
    return negative ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::infinity();
  if (text[0] != '.' && (text[0] < '0' || text[0] > '9'))
    return std::nullopt;
  const char last = static_cast<char>(text.back() | 0x20);
  if ((last == 'd' || last == 'f') && text.size() > 1)
    text.remove_suffix(1);
  T value = 0;
  if (text.size() > 2 && text[0] == '0' && (text[1] | 0x20) == 'x') {
    if (text.find_first_of("pP") == std::string_view::npos)
      return std::nullopt;
    text.remove_prefix(2);
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::hex);
    if (read.ptr != text.data() + text.size() || read.ec != std::errc{} || text[0] == '-')
      return std::nullopt;
    return negative ? -value : value;
  }
  auto [end, error] = fast_float::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || (error != std::errc{} && error != std::errc::result_out_of_range))
    return std::nullopt;
  return negative ? -value : value;
}

} // namespace

void append_double(std::string& out, double value) { append_floating(out, value); }
void append_float(std::string& out, float value) { append_floating(out, value); }
std::optional<double> parse_double(std::string_view text) { return parse_floating<double>(text); }
std::optional<float> parse_float(std::string_view text) { return parse_floating<float>(text); }

void append_integer(std::string& out, __int128 value) {
  char buffer[48];
  char* at = buffer + sizeof buffer;
  auto left = static_cast<unsigned __int128>(value);
  if (value < 0)
    left = -left;
  do {
    *--at = static_cast<char>('0' + static_cast<int>(left % 10));
    left /= 10;
  } while (left != 0);
  if (value < 0)
    *--at = '-';
  out.append(at, buffer + sizeof buffer - at);
}

void append_decimal(std::string& out, __int128 unscaled, int scale) {
  std::string digits;
  append_integer(digits, unscaled < 0 ? -unscaled : unscaled);
  if (unscaled < 0)
    out += '-';
  if (scale <= 0) {
    out += digits;
    if (unscaled != 0)
      out.append(-scale, '0');
    return;
  }
  const auto places = static_cast<std::size_t>(scale);
  if (digits.size() <= places)
    digits.insert(0, places + 1 - digits.size(), '0');
  out.append(digits, 0, digits.size() - places);
  out += '.';
  out.append(digits, digits.size() - places, places);
}

std::optional<std::int64_t> parse_integer(std::string_view text, bool allow_fraction) {
  text = trim_blanks(text);
  if (!text.empty() && text[0] == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text[0] == '-')
      return std::nullopt;
  }
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range)
    return std::nullopt;
  std::string_view rest{end, static_cast<std::size_t>(text.data() + text.size() - end)};
  if (rest.empty())
    return error == std::errc{} ? std::optional{value} : std::nullopt;
  if (!allow_fraction || rest[0] != '.')
    return std::nullopt;
  if (error != std::errc{} && text.data() + 0 == end && rest.size() == 1)
    return std::nullopt;
  for (char c : rest.substr(1))
    if (c < '0' || c > '9')
      return std::nullopt;
  return value;
}

decimal_outcome parse_decimal(std::string_view text, int precision, int scale, __int128& unscaled) {
  text = trim_blanks(text);
  bool negative = false, any = false, point = false;
  std::size_t i = 0;
  if (i < text.size() && (text[i] == '+' || text[i] == '-'))
    negative = text[i++] == '-';
  std::string digits;
  std::int64_t exponent = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      any = true;
      if (!digits.empty() || c != '0')
        digits += c;
      exponent -= point;
    } else {
      break;
    }
  }
  if (!any)
    return decimal_outcome::malformed;
  if (i < text.size()) {
    if ((text[i] | 0x20) != 'e')
      return decimal_outcome::malformed;
    auto tail = text.substr(i + 1);
    if (!tail.empty() && tail[0] == '+')
      tail.remove_prefix(1);
    int given = 0;
    auto [end, error] = std::from_chars(tail.data(), tail.data() + tail.size(), given);
    if (error != std::errc{} || end != tail.data() + tail.size())
      return error == std::errc::result_out_of_range ? decimal_outcome::overflow : decimal_outcome::malformed;
    exponent += given;
  }
  unscaled = 0;
  if (digits.empty())
    return decimal_outcome::good;
  const auto shift = exponent + scale;
  const auto kept = static_cast<std::int64_t>(digits.size()) + shift;
  if (kept > 38)
    return decimal_outcome::overflow;
  if (kept < 0)
    return decimal_outcome::good;
  for (std::int64_t k = 0; k < kept; ++k)
    unscaled = unscaled * 10 + (k < static_cast<std::int64_t>(digits.size()) ? digits[k] - '0' : 0);
  if (shift < 0 && digits[kept] >= '5')
    ++unscaled;
  if (unscaled >= power_of_ten(precision))
    return decimal_outcome::overflow;
  if (negative)
    unscaled = -unscaled;
  return decimal_outcome::good;
}

} // namespace sluice::expr
