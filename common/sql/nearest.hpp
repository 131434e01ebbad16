#pragma once
/// "Did you mean": the nearest of some names, by edit distance.
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sql {

/// Edit distance without regard to case; swapping neighbours counts as one edit.
int edit_distance(std::string_view a, std::string_view b);
/// The nearest name, or "" when none is near enough to be what was meant.
std::string nearest_name(std::string_view wanted, const std::vector<std::string>& names);
/// " (did you mean `x`?)" or "".
std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& names);
/// ASCII lower and upper case.
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);

} // namespace sluice::sql
