#pragma once
/// UTF-8 as RFC 3629 has it. (Not by simdjson: libparquet brings another version of it under the same symbols.)
#include <string>
#include <string_view>

namespace sluice::readers {

bool is_valid_utf8(std::string_view text) noexcept;
/// The text with every byte that is no part of valid UTF-8 replaced by U+FFFD.
std::string valid_utf8(std::string_view text);

} // namespace sluice::readers
