#include <unicode/ucnv.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>

#include "common/expr/messages.hpp"
#include "common/expr/points.hpp"
#include "common/expr/rows.hpp"
#include "common/expr/utf8.hpp"
#include "common/expr/tables.hpp"

namespace sluice::expr {

namespace {

constexpr text base64_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr text base32_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Groups of `bits` from the left; filled with '=' to a multiple of `unit` letters.
void append_letters(std::string& out, text bytes, text letters, int bits, std::size_t unit) {
  std::uint32_t kept = 0;
  int size = 0;
  for (unsigned char byte : bytes) {
    kept = kept << 8 | byte;
    for (size += 8; size >= bits; size -= bits)
      out += letters[kept >> (size - bits) & ((1u << bits) - 1)];
  }
  if (size > 0)
    out += letters[kept << (bits - size) & ((1u << bits) - 1)];
  while (out.size() % unit)
    out += '=';
}

void base64(bytes value, std::string& out) { append_letters(out, value.value, base64_letters, 6, 4); }
void to_base32(bytes value, std::string& out) { append_letters(out, value.value, base32_letters, 5, 8); }

/// Java's MIME decoder: what is no letter is skipped, '=' ends the text.
bool decode_base64(text value, std::string& out) {
  std::uint32_t kept = 0;
  int size = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '=') {
      auto rest = value.substr(i + 1);
      if (size == 6 || size == 0)
        return false;
      if (size == 12) {  // two '=' are needed
        std::size_t k = 0;
        while (k < rest.size() && rest[k] != '=' && base64_letters.find(rest[k]) == text::npos)
          ++k;
        if (k == rest.size() || rest[k] != '=')
          return false;
        rest.remove_prefix(k + 1);
      }
      for (char c : rest)
        if (base64_letters.find(c) != text::npos)
          return false;
      break;
    }
    const auto place = base64_letters.find(value[i]);
    if (place == text::npos)
      continue;
    kept = kept << 6 | static_cast<std::uint32_t>(place);
    size += 6;
    if (size == 24) {
      for (int shift = 16; shift >= 0; shift -= 8)
        out += static_cast<char>(kept >> shift);
      kept = 0;
      size = 0;
    }
  }
  if (size == 6)
    return false;
  for (; size >= 8; size -= 8)
    out += static_cast<char>(kept >> (size - 8));
  return true;
}

/// The converters' error in ANSI mode or not.
status not_convertible(const row_call& call, text value, std::string_view what) {
  return call.fail(errc::invalid_parameter_value,
                   "The value '" + std::string{value} + "' (STRING) cannot be converted to \"BINARY\" because it is malformed. Correct the value as per the syntax, or use `try_to_binary` to tolerate malformed input; expected " +
                     std::string{what} + ".",
                   "CONVERSION_INVALID_INPUT");
}

status unbase64(const row_call& call, text value, bytes_out& out) {
  if (!decode_base64(value, out.value))
    return not_convertible(call, value, "base 64");
  return ok();
}

bool decode_base32(text value, std::string& out) {
  std::uint64_t kept = 0;
  int size = 0;
  while (!value.empty() && value.back() == '=')
    value.remove_suffix(1);
  for (char c : value) {
    const auto place = base32_letters.find(c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c);
    if (place == text::npos)
      return false;
    kept = kept << 5 | place;
    size += 5;
    if (size >= 8) {
      size -= 8;
      out += static_cast<char>(kept >> size);
    }
  }
  return size < 5;
}
status from_base32(const row_call& call, text value, bytes_out& out) {
  if (!decode_base32(value, out.value))
    return not_convertible(call, value, "base 32");
  return ok();
}

constexpr text hex_digits = "0123456789ABCDEF";

void append_hex(std::string& out, text value) {
  for (unsigned char byte : value) {
    out += hex_digits[byte >> 4];
    out += hex_digits[byte & 15];
  }
}
void hex_number(std::int64_t value, std::string& out) {
  auto bits = static_cast<std::uint64_t>(value);
  do
    out += hex_digits[bits & 15];
  while ((bits >>= 4) != 0);
  std::reverse(out.begin(), out.end());
}
void hex_text(text value, std::string& out) { append_hex(out, value); }
void hex_bytes(bytes value, std::string& out) { append_hex(out, value.value); }

int hex_value(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

bool decode_hex(text value, std::string& out) {
  std::size_t i = 0;
  if (value.size() % 2) {
    const int digit = hex_value(value[0]);
    if (digit < 0)
      return false;
    out += static_cast<char>(digit);
    i = 1;
  }
  for (; i < value.size(); i += 2) {
    const int high = hex_value(value[i]), low = hex_value(value[i + 1]);
    if (high < 0 || low < 0)
      return false;
    out += static_cast<char>(high * 16 + low);
  }
  return true;
}
bool unhex(text value, bytes_out& out) { return decode_hex(value, out.value); }

void binary_digits(std::int64_t value, std::string& out) {
  auto bits = static_cast<std::uint64_t>(value);
  do
    out += static_cast<char>('0' + (bits & 1));
  while ((bits >>= 1) != 0);
  std::reverse(out.begin(), out.end());
}

/// URL encoding of HTML forms.
void url_encode(text value, std::string& out) {
  for (char c : value) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '*';
    if (plain) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += '%';
      append_hex(out, {&c, 1});
    }
  }
}
bool decode_url(text value, std::string& out) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '%') {
      const int high = i + 2 < value.size() ? hex_value(value[i + 1]) : -1, low = i + 2 < value.size() ? hex_value(value[i + 2]) : -1;
      if (high < 0 || low < 0)
        return false;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += value[i] == '+' ? ' ' : value[i];
    }
  }
  replace_invalid_utf8(out);
  return true;
}
status url_decode(const row_call& call, text value, std::string& out) {
  if (decode_url(value, out))
    return ok();
  return call.fail(errc::invalid_parameter_value, "The provided URL cannot be decoded: " + std::string{value} + ". Please ensure that the URL is properly formatted and try again.", "CANNOT_DECODE_URL");
}
bool try_url_decode(text value, std::string& out) { return decode_url(value, out); }

// ---- character sets ----

enum class charset { utf8, ascii, latin1, utf16, utf16be, utf16le, utf32, none };

charset charset_named(text name) {
  std::string upper{name.substr(0, 16)};
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  constexpr std::pair<text, charset> names[] = {{"UTF-8", charset::utf8}, {"US-ASCII", charset::ascii}, {"ISO-8859-1", charset::latin1}, {"UTF-16", charset::utf16},
                                                {"UTF-16BE", charset::utf16be}, {"UTF-16LE", charset::utf16le}, {"UTF-32", charset::utf32}};
  for (const auto& [known, which] : names)
    if (upper == known)
      return which;
  return charset::none;
}

status bad_charset(const row_call& call, text name) {
  return call.bad_parameter("charset", "expects one of the 'iso-8859-1', 'us-ascii', 'utf-16', 'utf-16be', 'utf-16le', 'utf-32', 'utf-8', but got " + std::string{name} + ".", "CHARSET");
}
status bad_characters(const row_call& call, text charset) {
  return call.fail(errc::invalid_parameter_value, "Invalid value found when performing `" + call.frame_of().call.name + "` with " + std::string{charset}, "MALFORMED_CHARACTER_CODING");
}

void append_unit(std::string& out, std::uint32_t unit, int size, bool big) {
  for (int i = 0; i < size; ++i)
    out += static_cast<char>(unit >> 8 * (big ? size - 1 - i : i));
}

status encode(const row_call& call, text value, text name, bytes_out& out) {
  const auto set = charset_named(name);
  if (set == charset::none)
    return bad_charset(call, name);
  if (set == charset::utf8) {
    out.value = value;
    return ok();
  }
  if (set == charset::utf16 && !value.empty())
    out.value = "\xfe\xff";
  while (!value.empty()) {
    const auto point = next_point(value);
    const bool big = set != charset::utf16le;
    if (set == charset::utf32) {
      append_unit(out.value, point, 4, true);
    } else if (set == charset::ascii || set == charset::latin1) {
      if (point >= (set == charset::ascii ? 0x80u : 0x100u))
        return bad_characters(call, name);
      out.value += static_cast<char>(point);
    } else if (point < 0x10000) {
      append_unit(out.value, point, 2, big);
    } else {
      append_unit(out.value, 0xd800 + ((point - 0x10000) >> 10), 2, big);
      append_unit(out.value, 0xdc00 + ((point - 0x10000) & 0x3ff), 2, big);
    }
  }
  return ok();
}

bool decode_utf16(text value, charset set, std::string& out) {
  bool big = set != charset::utf16le;
  if (set == charset::utf16 && (value.starts_with("\xfe\xff") || value.starts_with("\xff\xfe"))) {
    big = value[0] == '\xfe';
    value.remove_prefix(2);
  }
  if (value.size() % 2)
    return false;
  auto unit = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(value[i + !big]) << 8 | static_cast<unsigned char>(value[i + big])); };
  for (std::size_t i = 0; i < value.size(); i += 2) {
    auto point = unit(i);
    if (point >= 0xd800 && point < 0xe000) {
      if (point >= 0xdc00 || i + 4 > value.size() || unit(i + 2) < 0xdc00 || unit(i + 2) >= 0xe000)
        return false;
      point = 0x10000 + ((point - 0xd800) << 10) + (unit(i + 2) - 0xdc00);
      i += 2;
    }
    append_point(out, point);
  }
  return true;
}

status decode(const row_call& call, bytes value, text name, std::string& out) {
  const auto set = charset_named(name);
  auto left = value.value;
  bool good = true;
  switch (set) {
    case charset::none: return bad_charset(call, name);
    case charset::utf8:
      out = left;
      good = is_valid_utf8(left);
      break;
    case charset::ascii: case charset::latin1:
      for (unsigned char c : left) {
        good = good && (set == charset::latin1 || c < 0x80);
        append_point(out, c);
      }
      break;
    case charset::utf32:
      good = left.size() % 4 == 0;
      for (; left.size() >= 4; left.remove_prefix(4)) {
        char32_t point = 0;
        for (int i = 0; i < 4; ++i)
          point = point << 8 | static_cast<unsigned char>(left[i]);
        good = good && point < 0x110000;
        if (good && !(point == 0xfeff && out.empty()))
          append_point(out, point);
      }
      break;
    default: good = decode_utf16(left, set, out);
  }
  return good ? ok() : bad_characters(call, name);
}

// ---- UTF-8 ----

bool valid_utf8(text value) { return is_valid_utf8(value); }
void make_valid_utf8(text value, std::string& out) {
  out = value;
  replace_invalid_utf8(out);
}
status validate_utf8(const row_call& call, text value, std::string& out) {
  if (!is_valid_utf8(value)) {
    std::string shown;
    for (char c : value) {
      shown += "\\x";
      append_hex(shown, {&c, 1});
    }
    return call.fail(errc::invalid_parameter_value, "Invalid UTF8 byte sequence found in string: " + shown + ".", "INVALID_UTF8_STRING");
  }
  out = value;
  return ok();
}
bool try_validate_utf8(text value, std::string& out) {
  out = value;
  return is_valid_utf8(value);
}

/// format: hex (default), base64, utf-8.
template <bool tolerant>
result<bool> to_binary(const row_call& call, text value, text format, bytes_out& out) {
  std::string lower;
  change_case(format, false, lower);
  bool good = false;
  if (lower == "hex") {
    good = decode_hex(value, out.value);
  } else if (lower == "base64") {
    good = decode_base64(value, out.value);
  } else if (lower == "utf-8" || lower == "utf8") {
    out.value = value;
    good = true;
  } else {
    return call.bad_parameter("fmt", "expects one of 'base64', 'hex', 'utf-8', but got " + std::string{format} + ".", "BINARY_FORMAT");
  }
  if (good || tolerant)
    return good;
  return call.fail(errc::invalid_parameter_value,
                   "The value '" + std::string{value} + "' (\"STRING\") cannot be converted to \"BINARY\" because it is malformed. Correct the value as per the syntax, or change its format. Use `try_to_binary` to tolerate malformed input and return NULL instead.",
                   "CONVERSION_INVALID_INPUT");
}

constexpr function encoding_table[] = {
  row_function<base64>("base64", "base64(binary)", "Base 64 without line breaks."),
  row_function<unbase64>("unbase64", "unbase64(str)", "The bytes of a base 64 text."),
  row_function<to_base32>("to_base32", "to_base32(binary)", "Base 32."),
  row_function<from_base32>("from_base32", "from_base32(str)", "The bytes of a base 32 text."),
  row_function<hex_number, hex_text, hex_bytes>("hex", "hex(value)", "Hexadecimal digits of a number, a text or a binary."),
  row_function<unhex>("unhex", "unhex(str)", "The bytes of hexadecimal digits; null when there are others."),
  row_function<binary_digits>("bin", "bin(n)", "Binary digits."),
  row_function<url_encode>("url_encode", "url_encode(str)", "The text as a part of a URL."),
  row_function<url_decode>("url_decode", "url_decode(str)", "The text that a part of a URL stands for."),
  row_function<try_url_decode>("try_url_decode", "try_url_decode(str)", "url_decode, or null when it is malformed."),
  row_function<encode>("encode", "encode(str, charset)", "The text's bytes in a character set."),
  row_function<valid_utf8>("is_valid_utf8", "is_valid_utf8(str)", "Whether the text is valid UTF-8."),
  row_function<make_valid_utf8>("make_valid_utf8", "make_valid_utf8(str)", "Bytes that are no UTF-8 replaced by U+FFFD."),
  row_function<validate_utf8>("validate_utf8", "validate_utf8(str)", "The text, or an error when it is no UTF-8."),
  row_function<try_validate_utf8>("try_validate_utf8", "try_validate_utf8(str)", "The text, or null when it is no UTF-8."),
  row_function<to_binary<false>>("to_binary", "to_binary(str[, format])", "Bytes from text; format hex, base64 or utf-8.", "'hex"),
  row_function<to_binary<true>>("try_to_binary", "try_to_binary(str[, format])", "to_binary, or null when the text is malformed.", "'hex"),
};

/// decode(binary, charset), or decode(value, search, result, …[, default]).
result<resolved> resolve_decode(std::vector<expr_ptr>& args, call_site& site) {
  if (args.size() == 2)
    return rows_detail::overloads<decode>::resolve(args, site);
  keep_name(site);
  std::vector<expr_ptr> arms;
  for (std::size_t i = 1; i + 1 < args.size(); i += 2) {
    SLUICE_ASSIGN_OR_RETURN(auto same, call("<=>", {args[0], args[i]}, site.position, site.session));
    arms.push_back(same);
    arms.push_back(args[i + 1]);
  }
  if (args.size() % 2 == 0)
    arms.push_back(args.back());
  SLUICE_ASSIGN_OR_RETURN(auto choice, call("case", arms, site.position, site.session));
  const resolved made{choice->type, choice->nullable};
  args = {choice};
  return made;
}
result<data::array_ptr> evaluate_decode(const frame& call, const operands& args) {
  return args.size() == 1 ? result<data::array_ptr>{args[0].array} : rows_detail::overloads<decode>::evaluate(call, args);
}

constexpr function decode_table[] = {
  {"decode", "", 2, any_number, resolve_decode, evaluate_decode, nullptr, "decode(binary, charset)", "The text of bytes in a character set; or, with more arguments, the result behind the first equal value."},
};

} // namespace

std::span<const function> encoding_functions() { return encoding_table; }
std::span<const function> decode_functions() { return decode_table; }

} // namespace sluice::expr
