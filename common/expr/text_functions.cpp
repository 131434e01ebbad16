#include <algorithm>
#include <numeric>

#include "common/expr/points.hpp"
#include "common/expr/rows.hpp"
#include "common/expr/tables.hpp"

namespace sluice::expr {

namespace {

std::int32_t first_code(text value) {
  return value.empty() ? 0 : static_cast<std::int32_t>(next_point(value));
}

void character(std::int64_t code, std::string& out) {
  if (code >= 0)
    append_point(out, static_cast<char32_t>(code & 0xff));
}

std::int32_t find_in_list(text wanted, text list) {
  if (wanted.find(',') != text::npos)
    return 0;
  for (std::int32_t place = 1;; ++place) {
    const auto comma = list.find(',');
    if (list.substr(0, comma) == wanted)
      return place;
    if (comma == text::npos)
      return 0;
    list.remove_prefix(comma + 1);
  }
}

void initial_capitals(text value, std::string& out) {
  while (!value.empty()) {
    const auto blank = std::min(value.find(' '), value.size());
    append_title_case(out, value.substr(0, blank));
    if (blank < value.size())
      out += ' ';
    value.remove_prefix(std::min(blank + 1, value.size()));
  }
}

/// From code point `from` (counted from 1); 0 when there is none.
std::int32_t position_from(text part, text value, std::int32_t from) {
  if (from < 1)
    return 0;
  if (part.empty())
    return 1;
  const auto start = offset_of_point(value, from - 1);
  if (start >= value.size() && from - 1 > count_points(value))
    return 0;
  const auto found = value.find(part, start);
  return found == text::npos ? 0 : static_cast<std::int32_t>(count_points(value.substr(0, found))) + 1;
}

std::int32_t instr(text value, text part) { return position_from(part, value, 1); }
/// A null start is no position at all.
std::optional<std::int32_t> locate(std::optional<text> part, std::optional<text> value, std::optional<std::int32_t> from) {
  if (!from)
    return 0;
  if (!part || !value)
    return std::nullopt;
  return position_from(*part, *value, *from);
}

void leftmost(text value, std::int32_t count, std::string& out) { out = first_points(value, count); }
void leftmost_bytes(bytes value, std::int32_t count, bytes_out& out) { out.value = value.value.substr(0, std::max(count, 0)); }
void rightmost(text value, std::int32_t count, std::string& out) {
  if (count > 0)
    out = value.substr(offset_of_point(value, std::max<std::int64_t>(count_points(value) - count, 0)));
}

/// Distances above `limit` need not be exact.
std::int32_t edit_distance(text left, text right) {
  const auto a = points_of(left), b = points_of(right);
  std::vector<std::int32_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = static_cast<std::int32_t>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}
std::int32_t bounded_edit_distance(text left, text right, std::int32_t limit) {
  const auto distance = edit_distance(left, right);
  return distance > limit ? -1 : distance;
}

/// `count` code points of `filler` over and over.
void append_filler(std::string& out, text filler, std::int64_t count) {
  const auto size = count_points(filler);
  for (; count >= size; count -= size)
    out += filler;
  out += first_points(filler, count);
}

void pad_left(text value, std::int32_t width, text filler, std::string& out) {
  const auto missing = width - count_points(value);
  if (missing > 0 && !filler.empty())
    append_filler(out, filler, missing);
  out += first_points(value, width);
}
void pad_right(text value, std::int32_t width, text filler, std::string& out) {
  out = first_points(value, width);
  const auto missing = width - count_points(value);
  if (missing > 0 && !filler.empty())
    append_filler(out, filler, missing);
}

void filler_bytes(std::string& out, text filler, std::int64_t count) {
  for (std::int64_t i = 0; i < count && !filler.empty(); ++i)
    out += filler[i % filler.size()];
}
void pad_left_bytes(bytes value, std::int32_t width, bytes filler, bytes_out& out) {
  filler_bytes(out.value, filler.value, width - static_cast<std::int64_t>(value.value.size()));
  out.value += value.value.substr(0, std::max(width, 0));
}
void pad_right_bytes(bytes value, std::int32_t width, bytes filler, bytes_out& out) {
  out.value = value.value.substr(0, std::max(width, 0));
  filler_bytes(out.value, filler.value, width - static_cast<std::int64_t>(value.value.size()));
}

bool luhn(text digits) {
  int sum = 0;
  bool doubled = false;
  for (auto i = digits.size(); i-- > 0; doubled = !doubled) {
    int digit = digits[i] - '0';
    if (digit < 0 || digit > 9)
      return false;
    digit = doubled ? digit * 2 : digit;
    sum += digit > 9 ? digit - 9 : digit;
  }
  return !digits.empty() && sum % 10 == 0;
}

/// Null for a kind of character keeps it.
bool masked(std::optional<text> value, std::optional<text> upper, std::optional<text> lower, std::optional<text> digit, std::optional<text> other, std::string& out) {
  if (!value)
    return false;
  auto left = *value;
  while (!left.empty()) {
    const auto point = next_point(left);
    const auto kind = kind_of(point);
    const auto& with = kind == point_kind::upper ? upper : kind == point_kind::lower ? lower : kind == point_kind::digit ? digit : other;
    if (with)
      out += *with;
    else
      append_point(out, point);
  }
  return true;
}

/// Spark's overlay: `length` below 0 means the replacement's.
void overlay(text value, text with, std::int32_t position, std::int32_t length, std::string& out) {
  const std::int64_t size = count_points(value), replaced = length >= 0 ? length : count_points(with);
  auto part = [&](std::int64_t from, std::int64_t count) {  // substringSQL(from, count)
    std::int64_t begin = from > 0 ? from - 1 : from < 0 ? size + from : 0;
    const std::int64_t end = std::min(size, begin + count);
    begin = std::max<std::int64_t>(begin, 0);
    if (from > size || end <= begin)
      return text{};
    const auto first = offset_of_point(value, begin);
    return value.substr(first, offset_of_point(value.substr(first), end - begin));
  };
  out += part(1, static_cast<std::int64_t>(position) - 1);
  out += with;
  out += part(position + replaced, std::int64_t{1} << 40);
}
void overlay_bytes(bytes value, bytes with, std::int32_t position, std::int32_t length, bytes_out& out) {
  const std::int64_t size = static_cast<std::int64_t>(value.value.size()), replaced = length >= 0 ? length : static_cast<std::int64_t>(with.value.size());
  auto part = [&](std::int64_t from, std::int64_t count) {
    std::int64_t begin = from > 0 ? from - 1 : from < 0 ? size + from : 0;
    const std::int64_t end = std::min(size, begin + count);
    begin = std::max<std::int64_t>(begin, 0);
    return from > size || end <= begin ? text{} : value.value.substr(begin, end - begin);
  };
  out.value += part(1, static_cast<std::int64_t>(position) - 1);
  out.value += with.value;
  out.value += part(position + replaced, std::int64_t{1} << 40);
}

constexpr std::int64_t largest_text = 1 << 30;

status repeated(const row_call& call, text value, std::int32_t times, std::string& out) {
  if (times > 0 && static_cast<std::int64_t>(value.size()) * times > largest_text)
    return call.fail(errc::limit_exceeded, "repeat: the result would have more than " + std::to_string(largest_text) + " bytes; repeat less often");
  for (std::int32_t i = 0; i < times; ++i)
    out += value;
  return ok();
}

status blanks(const row_call& call, std::int32_t count, std::string& out) { return repeated(call, " ", count, out); }

void soundex(text value, std::string& out) {
  constexpr text codes = "01230120022455012623010202";  // A to Z; vowels and Y 0; H and W are skipped
  if (value.empty())
    return;
  auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; };
  const char first = upper(value[0]);
  if (first < 'A' || first > 'Z') {
    out = value;
    return;
  }
  out = first;
  char last = codes[first - 'A'];
  for (std::size_t i = 1; i < value.size() && out.size() < 4; ++i) {
    const char letter = upper(value[i]);
    if (letter < 'A' || letter > 'Z') {
      last = '0';
      continue;
    }
    if (letter == 'H' || letter == 'W')
      continue;
    const char code = codes[letter - 'A'];
    if (code != '0' && code != last)
      out += code;
    last = code;
  }
  out.resize(4, '0');
}

result<bool> split_part(const row_call& call, text value, text delimiter, std::int32_t index, std::string& out) {
  if (index == 0)
    return call.fail(errc::invalid_array_index, "The index 0 is invalid. An index shall be either < 0 or > 0 (the first element has index 1).", "INVALID_INDEX_OF_ZERO");
  std::vector<text> parts;
  while (!delimiter.empty()) {
    const auto next = value.find(delimiter);
    if (next == text::npos)
      break;
    parts.push_back(value.substr(0, next));
    value.remove_prefix(next + delimiter.size());
  }
  parts.push_back(value);
  const auto place = index > 0 ? index - 1 : static_cast<std::int64_t>(parts.size()) + index;
  if (place >= 0 && place < static_cast<std::int64_t>(parts.size()))
    out = parts[place];
  return true;
}

/// Everything before the count-th delimiter, from the end when negative.
void substring_index(text value, text delimiter, std::int32_t count, std::string& out) {
  if (count == 0 || delimiter.empty())
    return;
  if (count > 0) {
    std::size_t at = 0, found = text::npos;
    for (; count > 0; --count) {
      found = value.find(delimiter, at);
      if (found == text::npos)
        break;
      at = found + 1;
    }
    out = value.substr(0, count > 0 ? text::npos : found);
    return;
  }
  std::size_t end = value.size();
  for (; count < 0; ++count) {
    const auto found = end == 0 ? text::npos : value.rfind(delimiter, end - 1);
    if (found == text::npos) {
      out = value;
      return;
    }
    end = found;
  }
  out = value.substr(end + delimiter.size());
}

/// The first of several equal letters counts; letters without a counterpart go.
void translated(text value, text from, text to, std::string& out) {
  const auto letters = points_of(from), others = points_of(to);
  while (!value.empty()) {
    const auto point = next_point(value);
    const auto place = letters.find(point);
    if (place == std::u32string::npos)
      append_point(out, point);
    else if (place < others.size() && others[place] != 0)
      append_point(out, others[place]);
  }
}

void quoted(text value, std::string& out) {
  out += '\'';
  for (char c : value) {
    if (c == '\'' || c == '\\')
      out += '\\';
    out += c;
  }
  out += '\'';
}

std::int32_t bits_of_text(text value) { return static_cast<std::int32_t>(value.size() * 8); }
std::int32_t bits_of_bytes(bytes value) { return static_cast<std::int32_t>(value.value.size() * 8); }

void collation_of(std::optional<text>, std::string& out) { out = "SYSTEM.BUILTIN.UTF8_BINARY"; }

constexpr function text_table[] = {
  row_function<first_code>("ascii", "ascii(str)", "The code point of the first character; 0 for an empty text."),
  row_function<character>("char chr", "char(n)", "The character with the code n modulo 256; empty for negative n."),
  row_function<find_in_list>("find_in_set", "find_in_set(str, list)", "The place (from 1) of str in a list separated by commas; 0 when it is not there."),
  row_function<initial_capitals>("initcap", "initcap(str)", "The first letter of every word in upper case, the others in lower case."),
  row_function<instr>("instr", "instr(str, part)", "The position (from 1) of part in str; 0 when it is not there."),
  row_function<locate>("locate position", "locate(part, str[, from])", "The position (from 1) of part in str at or after from; 0 when it is not there.", "1"),
  row_function<leftmost, leftmost_bytes>("left", "left(str, n)", "The first n characters."),
  row_function<rightmost>("right", "right(str, n)", "The last n characters."),
  row_function<edit_distance, bounded_edit_distance>("levenshtein", "levenshtein(a, b[, limit])", "How many edits lie between two texts; -1 when more than the limit."),
  row_function<pad_left, pad_left_bytes>("lpad", "lpad(str, width[, filler])", "The text filled up at the left, or cut, to width characters.", "' "),
  row_function<pad_right, pad_right_bytes>("rpad", "rpad(str, width[, filler])", "The text filled up at the right, or cut, to width characters.", "' "),
  row_function<luhn>("luhn_check", "luhn_check(digits)", "Whether the digits have a right Luhn check digit."),
  row_function<masked>("mask", "mask(str[, upper[, lower[, digit[, other]]]])", "Every character replaced by the one for its kind; null keeps them.", "'X|'x|'n|null"),
  row_function<overlay, overlay_bytes>("overlay", "overlay(str, with, pos[, len])", "len characters from pos replaced.", "-1"),
  row_function<repeated>("repeat", "repeat(str, n)", "The text n times."),
  row_function<blanks>("space", "space(n)", "n blanks."),
  row_function<soundex>("soundex", "soundex(str)", "The Soundex code."),
  row_function<split_part>("split_part", "split_part(str, delimiter, n)", "The n-th part (from 1, from the end when negative); empty outside."),
  row_function<substring_index>("substring_index", "substring_index(str, delimiter, n)", "What stands before the n-th delimiter, or behind it from the end when negative."),
  row_function<translated>("translate", "translate(str, from, to)", "Every character of from replaced by the one at its place in to."),
  row_function<quoted>("quote", "quote(str)", "The text in single quotes, with quotes and backslashes escaped."),
  row_function<bits_of_text, bits_of_bytes>("bit_length", "bit_length(str)", "Number of bits."),
  row_function<collation_of>("collation", "collation(str)", "The collation of a text: UTF8_BINARY."),
};

} // namespace

std::span<const function> text_functions() { return text_table; }

} // namespace sluice::expr
