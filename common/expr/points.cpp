#include "common/expr/points.hpp"

#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

namespace sluice::expr {

bool is_ascii(std::string_view text) {
  unsigned char all = 0;
  for (unsigned char c : text)
    all |= c;
  return all < 0x80;
}

std::int64_t count_points(std::string_view text) {
  std::int64_t count = 0;
  for (unsigned char c : text)
    count += (c & 0xc0) != 0x80;
  return count;
}

/// Byte offset of code point `index`; the size when there are fewer.
std::size_t offset_of_point(std::string_view text, std::int64_t index) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if ((text[at] & 0xc0) == 0x80)
      continue;
    if (index-- == 0)
      return at;
  }
  return at;
}

void change_case(std::string_view text, bool to_upper, std::string& changed) {
  changed.assign(text);
  if (is_ascii(text)) {
    for (auto& c : changed)
      if (to_upper ? (c >= 'a' && c <= 'z') : (c >= 'A' && c <= 'Z'))
        c ^= 0x20;
    return;
  }
  auto unicode = icu::UnicodeString::fromUTF8(icu::StringPiece{text.data(), static_cast<std::int32_t>(text.size())});
  changed.clear();
  (to_upper ? unicode.toUpper(icu::Locale::getRoot()) : unicode.toLower(icu::Locale::getRoot())).toUTF8String(changed);
}

void append_point(std::string& out, char32_t point) {
  if (point < 0x80) {
    out += static_cast<char>(point);
    return;
  }
  const int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  constexpr unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
  out += static_cast<char>(lead[more] | (point >> (6 * more)));
  for (int shift = 6 * (more - 1); shift >= 0; shift -= 6)
    out += static_cast<char>(0x80 | ((point >> shift) & 0x3f));
}

char32_t next_point(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  std::size_t more = lead < 0xc0 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
  more = std::min(more, text.size() - 1);
  char32_t point = more == 0 ? lead : lead & (0x3f >> more);
  for (std::size_t i = 1; i <= more; ++i)
    point = point << 6 | (static_cast<unsigned char>(text[i]) & 0x3f);
  text.remove_prefix(more + 1);
  return point;
}

std::string_view first_points(std::string_view text, std::int64_t count) { return text.substr(0, offset_of_point(text, std::max<std::int64_t>(count, 0))); }

std::u32string points_of(std::string_view text) {
  std::u32string points;
  while (!text.empty())
    points += next_point(text);
  return points;
}

void append_title_case(std::string& out, std::string_view word) {
  if (word.empty())
    return;
  auto rest = word;
  next_point(rest);
  const auto first = word.substr(0, word.size() - rest.size());
  if (is_ascii(first)) {
    out += first[0] >= 'a' && first[0] <= 'z' ? static_cast<char>(first[0] - 32) : first[0];
  } else {
    auto unicode = icu::UnicodeString::fromUTF8(icu::StringPiece{first.data(), static_cast<std::int32_t>(first.size())});
    unicode.toTitle(nullptr, icu::Locale::getRoot()).toUTF8String(out);
  }
  std::string lower;
  change_case(rest, false, lower);
  out += lower;
}

point_kind kind_of(char32_t point) {
  if (u_isupper(static_cast<UChar32>(point)))
    return point_kind::upper;
  if (u_islower(static_cast<UChar32>(point)))
    return point_kind::lower;
  return u_isdigit(static_cast<UChar32>(point)) ? point_kind::digit : point_kind::other;
}

} // namespace sluice::expr
