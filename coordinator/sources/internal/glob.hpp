#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/sources/file_listing.hpp"

namespace sluice::sources {

/// "a{b,c}d" to "abd", "acd"; nested groups too. Gives up (cuts) beyond 1024 patterns.
std::vector<std::string> expand_braces(const std::string& pattern);
/// Whether the text holds a character that means something in a glob.
bool is_glob(std::string_view text);

} // namespace sluice::sources
