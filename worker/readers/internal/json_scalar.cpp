#include "worker/readers/internal/json_scalar.hpp"

#include <fast_float/fast_float.h>

#include <charconv>
#include <limits>

#include "worker/readers/internal/json_scan.hpp"

namespace sluice::readers {

namespace {

constexpr std::ptrdiff_t max_number_length = 1000;  // Spark's JSON parser refuses longer ones

std::uint32_t hex4(const char* p) noexcept {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = p[i];
    value = value * 16 + static_cast<std::uint32_t>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return value;
}

char* put_utf8(std::uint32_t c, char* out) noexcept {
  if (c < 0x80) {
    *out++ = static_cast<char>(c);
  } else if (c < 0x800) {
    *out++ = static_cast<char>(0xc0 | (c >> 6));
    *out++ = static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    *out++ = static_cast<char>(0xe0 | (c >> 12));
    *out++ = static_cast<char>(0x80 | ((c >> 6) & 0x3f));
    *out++ = static_cast<char>(0x80 | (c & 0x3f));
  } else {
    *out++ = static_cast<char>(0xf0 | (c >> 18));
    *out++ = static_cast<char>(0x80 | ((c >> 12) & 0x3f));
    *out++ = static_cast<char>(0x80 | ((c >> 6) & 0x3f));
    *out++ = static_cast<char>(0x80 | (c & 0x3f));
  }
  return out;
}

// At the 'u' of an escape; moves `p` behind it (and behind the second half of a pair).
char* decode_unicode(const char*& p, const char* end, char* out) noexcept {
  std::uint32_t c = hex4(p + 1);
  p += 5;
  if (c < 0xd800 || c > 0xdfff) return put_utf8(c, out);
  if (c < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
    const std::uint32_t low = hex4(p + 2);
    if (low >= 0xdc00 && low <= 0xdfff) {
      p += 6;
      return put_utf8(0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00), out);
    }
  }
  *out++ = '?';
  return out;
}

char unescaped(char c) noexcept {
  switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;
  }
}

bool special_double(std::string_view text, bool bare, double& value) noexcept {
  if (text == "NaN") value = std::numeric_limits<double>::quiet_NaN();
  else if (text == "+INF" || text == "+Infinity" || text == "Infinity") value = std::numeric_limits<double>::infinity();
  else if (text == "-INF" || text == "-Infinity") value = -std::numeric_limits<double>::infinity();
  else return false;
  return true;
}

template <class Real>
bool parse_real(const char* begin, const char* end, Real& value) noexcept {
  double special = 0;
  if (token_of(begin) == token::string) {
    if (!special_double({begin + 1, static_cast<std::size_t>(end - begin - 2)}, false, special)) return false;
    value = static_cast<Real>(special);
    return true;
  }
  if (token_of(begin) != token::number || end - begin > max_number_length) return false;
  if (special_double({begin, static_cast<std::size_t>(end - begin)}, true, special)) {
    value = static_cast<Real>(special);
    return true;
  }
  const auto parsed = fast_float::from_chars(begin, end, value);
  return parsed.ptr == end;
}

// A decimal number taken apart: digits without leading zeros, and the power of ten of the last one.
struct decimal_digits {
  bool negative = false;
  std::string digits;
  std::int64_t exponent = 0;
};

bool split_decimal(std::string_view text, decimal_digits& out) {
  std::size_t i = 0;
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) out.negative = text[i++] == '-';
  bool any = false;
  bool fraction = false;
  for (; i < text.size() && (is_digit(text[i]) || (text[i] == '.' && !fraction)); ++i) {
    if (text[i] == '.') {
      fraction = true;
      continue;
    }
    any = true;
    if (fraction) --out.exponent;
    if (text[i] != '0' || !out.digits.empty()) out.digits += text[i];
  }
  if (!any) return false;
  if (i == text.size()) return true;
  if (text[i] != 'e' && text[i] != 'E') return false;
  ++i;
  if (i < text.size() && text[i] == '+') ++i;
  std::int32_t exponent = 0;
  const auto parsed = std::from_chars(text.data() + i, text.data() + text.size(), exponent);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return false;
  out.exponent += exponent;
  return true;
}

// Digits at the wanted scale, rounded half up; false if there are more than the precision allows.
bool scale_digits(decimal_digits& number, std::int32_t precision, std::int32_t scale) {
  if (number.digits.empty()) return true;
  const std::int64_t shift = number.exponent + scale;
  if (static_cast<std::int64_t>(number.digits.size()) + shift > precision) return false;
  if (shift >= 0) {
    number.digits.append(static_cast<std::size_t>(shift), '0');
    return true;
  }
  const std::int64_t kept = static_cast<std::int64_t>(number.digits.size()) + shift;
  if (kept < 0) {
    number.digits.clear();
    return true;
  }
  const bool up = number.digits[static_cast<std::size_t>(kept)] >= '5';
  number.digits.resize(static_cast<std::size_t>(kept));
  if (!up) return true;
  std::size_t i = number.digits.size();
  while (i > 0 && number.digits[i - 1] == '9') number.digits[--i] = '0';
  if (i > 0) ++number.digits[i - 1];
  else number.digits.insert(number.digits.begin(), '1');
  return static_cast<std::int64_t>(number.digits.size()) <= precision;
}

int two_digits(const char* p) noexcept {
  return is_digit(p[0]) && is_digit(p[1]) ? (p[0] - '0') * 10 + (p[1] - '0') : -1;
}

// Days since 1970-01-01 of a proleptic Gregorian date.
std::int64_t days_from_civil(std::int64_t y, int m, int d) noexcept {
  y -= m <= 2;
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t yoe = y - era * 400;
  const std::int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

int days_in_month(int y, int m) noexcept {
  constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return m == 2 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0) ? 29 : days[m - 1];
}

// Optional fraction of at most six digits.
bool plain_fraction(const char*& p, const char* end, std::int64_t& us) noexcept {
  us = 0;
  if (p == end || *p != '.') return true;
  std::int64_t unit = 100000;
  const char* start = ++p;
  for (; p != end && is_digit(*p); ++p, unit /= 10) {
    if (unit == 0) return false;
    us += (*p - '0') * unit;
  }
  return p != start;
}

} // namespace

char* decode_string(const char* begin, const char* end, char* out) noexcept {
  const char* p = begin + 1;
  const char* last = end - 1;
  while (p < last) {
    if (*p != '\\') {
      *out++ = *p++;
      continue;
    }
    ++p;
    if (*p == 'u') {
      out = decode_unicode(p, last, out);
    } else {
      *out++ = unescaped(*p++);
    }
  }
  return out;
}

std::string decoded_string(const char* begin, const char* end) {
  std::string text(static_cast<std::size_t>(end - begin), '\0');
  text.resize(static_cast<std::size_t>(decode_string(begin, end, text.data()) - text.data()));
  return text;
}

bool parse_long(const char* begin, const char* end, std::int64_t& value) noexcept {
  if (token_of(begin) != token::number || !is_integer(begin, end)) return false;
  const auto parsed = std::from_chars(begin, end, value);
  return parsed.ec == std::errc{} && parsed.ptr == end;
}

bool parse_double(const char* begin, const char* end, double& value) noexcept { return parse_real(begin, end, value); }

bool parse_float(const char* begin, const char* end, float& value) noexcept { return parse_real(begin, end, value); }

bool parse_decimal(const char* begin, const char* end, std::int32_t precision, std::int32_t scale, arrow::Decimal128& value) {
  std::string text;
  if (token_of(begin) == token::string) {
    text = decoded_string(begin, end);
    std::erase(text, ',');
  } else if (token_of(begin) == token::number) {
    text.assign(begin, end);
  }
  if (text.empty() || static_cast<std::ptrdiff_t>(text.size()) > max_number_length) return false;
  decimal_digits number;
  if (!split_decimal(text, number) || !scale_digits(number, precision, scale)) return false;
  if (number.digits.empty()) number.digits = "0";
  auto parsed = arrow::Decimal128::FromString(number.digits);
  if (!parsed.ok()) return false;
  value = number.negative ? -*parsed : *parsed;
  return true;
}

bool decode_base64(std::string_view text, std::string& bytes) {
  bytes.clear();
  std::uint32_t bits = 0;
  int have = 0;
  int padding = 0;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ') continue;
    int v = -1;
    if (c >= 'A' && c <= 'Z') v = c - 'A';
    else if (c >= 'a' && c <= 'z') v = c - 'a' + 26;
    else if (is_digit(c)) v = c - '0' + 52;
    else if (c == '+') v = 62;
    else if (c == '/') v = 63;
    else if (c == '=') v = 0, ++padding;
    if (v < 0 || (padding > 0 && c != '=') || padding > 2) return false;
    bits = bits << 6 | static_cast<std::uint32_t>(v);
    if (++have < 4) continue;
    bytes += static_cast<char>(bits >> 16);
    if (padding < 2) bytes += static_cast<char>(bits >> 8);
    if (padding < 1) bytes += static_cast<char>(bits);
    bits = 0, have = 0;
  }
  return have == 0;
}

bool parse_plain_timestamp(const char* begin, const char* end, bool local_is_utc, bool zones, std::int64_t& value) noexcept {
  if (end - begin < 19 || begin[4] != '-' || begin[7] != '-' || (begin[10] != 'T' && begin[10] != ' ') || begin[13] != ':' ||
      begin[16] != ':')
    return false;
  const int high = two_digits(begin), low = two_digits(begin + 2), month = two_digits(begin + 5), day = two_digits(begin + 8);
  const int hour = two_digits(begin + 11), minute = two_digits(begin + 14), second = two_digits(begin + 17);
  if (high < 0 || low < 0 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
      second > 59)
    return false;
  const int year = high * 100 + low;
  if (day > days_in_month(year, month)) return false;
  const char* p = begin + 19;
  std::int64_t us = 0;
  if (!plain_fraction(p, end, us)) return false;
  std::int64_t offset_minutes = 0;
  if (p == end) {
    if (!local_is_utc) return false;
  } else if (!zones) {
    return false;
  } else if (*p == 'Z' && p + 1 == end) {
  } else if (end - p == 6 && (*p == '+' || *p == '-') && p[3] == ':') {
    const int h = two_digits(p + 1), m = two_digits(p + 4);
    if (h < 0 || h > 17 || m < 0 || m > 59) return false;
    offset_minutes = (*p == '-' ? -1 : 1) * (h * 60 + m);
  } else {
    return false;
  }
  value = ((days_from_civil(year, month, day) * 24 + hour) * 60 + minute - offset_minutes) * 60000000 + second * 1000000LL + us;
  return true;
}

} // namespace sluice::readers
