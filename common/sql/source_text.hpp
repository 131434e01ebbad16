#pragma once
/// A piece of a job's text that remembers where it stood: positions in it are positions in the text a person wrote,
/// also after ${key} was replaced.
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.hpp"

namespace sluice::sql {

/// From byte `offset` of the piece on, text runs from `position` of the original. A `fixed` stretch (a replaced variable)
/// stands at that one position as a whole.
struct text_anchor {
  int offset = 0;
  text_position position;
  bool fixed = false;
};

struct source_text {
  std::string text;
  std::vector<text_anchor> anchors;  ///< ascending; empty: the piece is a whole text of its own

  /// Position of byte `offset` in the original.
  text_position at(int offset) const;
  /// Bytes [begin, end) as a piece of its own.
  source_text slice(int begin, int end) const;
};

/// The position `count` bytes after `start`, walking over `text`. Columns count characters, not bytes.
text_position advance(text_position start, std::string_view text);

/// Error parse_syntax where the job is no valid UTF-8.
status check_utf8(const std::string& job);

/// Replaces ${key} outside comments by its value; values are not searched again. Error: undefined_variable with the nearest name.
result<source_text> substitute_variables(const std::string& job, const std::map<std::string, std::string>& variables);

/// Cuts at ';' outside quotes and comments; pieces hold no leading or trailing blanks or comments, empty ones are left out.
/// Error: parse_syntax for a quote or comment that is not closed.
result<std::vector<source_text>> split_at_semicolons(const source_text& job);

} // namespace sluice::sql
