#pragma once
/// Validity of UTF-8. Room-internal.
#include <string>
#include <string_view>

namespace sluice::expr {

/// Bytes that are no UTF-8 become U+FFFD, one for each longest piece that could have begun a character.
void replace_invalid_utf8(std::string& text);
bool is_valid_utf8(std::string_view text);

} // namespace sluice::expr
