#pragma once
/// Code points of UTF-8 text. Room-internal.
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::expr {

bool is_ascii(std::string_view text);
std::int64_t count_points(std::string_view text);
/// Byte offset of code point `index`; the size when there are fewer.
std::size_t offset_of_point(std::string_view text, std::int64_t index);
/// The text in upper or lower case (Unicode, root locale) into `changed`.
void change_case(std::string_view text, bool to_upper, std::string& changed);
void append_point(std::string& out, char32_t point);
/// Takes the first code point off a text that is not empty.
char32_t next_point(std::string_view& text);
std::string_view first_points(std::string_view text, std::int64_t count);
std::u32string points_of(std::string_view text);
/// The first letter in title case, the others in lower case.
void append_title_case(std::string& out, std::string_view word);

enum class point_kind { upper, lower, digit, other };
point_kind kind_of(char32_t point);

} // namespace sluice::expr
