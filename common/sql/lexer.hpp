#pragma once
/// SQL text to tokens. Comments and blanks are dropped.
#include <string>
#include <vector>

#include "common/sql/source_text.hpp"

namespace sluice::sql {

enum class token_kind { end, word, quoted_name, string, binary, number, symbol };

struct token {
  token_kind kind = token_kind::end;
  std::string text;    ///< word: as written; quoted_name, string: without quotes and escapes; number: digits; symbol: itself
  std::string upper;   ///< word: in upper case, for keywords
  std::string suffix;  ///< number: L, S, Y, D, F, BD
  int begin = 0;       ///< bytes [begin, end) in the text
  int end = 0;
  text_position position;  ///< in the job
};

/// All tokens, an `end` token last. Error: parse_syntax with position.
result<std::vector<token>> lex(const source_text& source);

} // namespace sluice::sql
