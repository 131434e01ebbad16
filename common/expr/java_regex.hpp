#pragma once
/// A Java pattern in the words of the two engines. Room-internal.
#include <string>
#include <string_view>
#include <vector>

namespace sluice::expr {

struct java_regex {
  std::string re2;                      ///< for RE2, when `simple`
  std::string icu;                      ///< for ICU
  bool simple = true;                   ///< RE2 gives Java's answer
  bool has_dollar = false;              ///< `$`: before a final line break, too; RE2 only fits texts without one
  std::vector<std::string> group_names; ///< [k]: name of group k + 1, or empty
};

java_regex translate_java_regex(std::string_view pattern);

} // namespace sluice::expr
