#pragma once
/// Java's regular expressions. Most patterns run on RE2 (linear time); what RE2 does not know (look-around, back references,
/// possessive quantifiers, class intersections) runs on ICU, whose syntax is Java's, with a bound on its work. Room-internal.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.hpp"

namespace sluice::expr {

/// Where a group matched, in bytes; begin < 0: it took no part.
struct match_span {
  std::int64_t begin = -1;
  std::int64_t end = -1;
};

class regex {
public:
  /// Error invalid_parameter_value: the pattern is no regular expression.
  static result<regex> compile(std::string_view pattern);
  regex(regex&&) noexcept;
  regex& operator=(regex&&) noexcept;
  ~regex();

  int num_groups() const noexcept;
  /// The next match at or after byte `from`: spans[0] is all of it. Error when the pattern takes too long for the text.
  result<bool> find(std::string_view text, std::size_t from, std::vector<match_span>& spans) const;
  /// Appends Java's replacement ("$1", "${name}", "\\$") for a match. Error: a group that does not exist.
  status append_replacement(std::string& out, std::string_view replacement, std::string_view text, const std::vector<match_span>& spans) const;
  /// Every match from code point `from` replaced, appended to `out`.
  status replace_all(std::string_view text, std::string_view replacement, std::string& out) const;

private:
  struct rep;
  explicit regex(std::unique_ptr<rep> made);
  std::unique_ptr<rep> rep_;
};

/// The next place to search from after a match: one character on after an empty one.
std::size_t after_match(std::string_view text, const match_span& match);

} // namespace sluice::expr
