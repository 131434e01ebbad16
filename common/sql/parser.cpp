#include "common/sql/parser.hpp"

#include <algorithm>
#include <array>

#include "common/sql/internal/parser_core.hpp"
#include "common/sql/nearest.hpp"

namespace sluice::sql {
namespace internal {

bool is_clause_word(std::string_view upper) {
  static constexpr std::array<std::string_view, 40> words{
      "SELECT", "FROM",   "WHERE",     "GROUP",   "HAVING",      "ORDER",  "SORT",    "CLUSTER", "DISTRIBUTE", "LIMIT",
      "OFFSET", "WINDOW", "UNION",     "EXCEPT",  "INTERSECT",   "MINUS",  "JOIN",    "INNER",   "LEFT",       "RIGHT",
      "FULL",   "CROSS",  "NATURAL",   "ON",      "USING",       "SEMI",   "ANTI",    "LATERAL", "AS",         "AND",
      "OR",     "WHEN",   "WATERMARK", "PIVOT",   "TABLESAMPLE", "UNPIVOT", "QUALIFY", "THEN",   "ELSE",       "BETWEEN"};
  if (upper == "WINDOW") return false;  // also a function and a column; seen as a clause where one may stand
  return std::find(words.begin(), words.end(), upper) != words.end();
}

const token& parser_core::peek(int ahead) const { return tokens_[std::min(next_ + ahead, tokens_.size() - 1)]; }

bool parser_core::at_word(std::string_view upper, int ahead) const {
  const auto& t = peek(ahead);
  return t.kind == token_kind::word && t.upper == upper;
}

bool parser_core::at_words(std::initializer_list<std::string_view> upper) const {
  int ahead = 0;
  for (auto word : upper)
    if (!at_word(word, ahead++)) return false;
  return true;
}

bool parser_core::at_symbol(std::string_view symbol, int ahead) const {
  const auto& t = peek(ahead);
  return t.kind == token_kind::symbol && t.text == symbol;
}

bool parser_core::take_word(std::string_view upper) {
  if (!at_word(upper)) return false;
  take();
  return true;
}

bool parser_core::take_words(std::initializer_list<std::string_view> upper) {
  if (!at_words(upper)) return false;
  next_ += upper.size();
  return true;
}

bool parser_core::take_symbol(std::string_view symbol) {
  if (!at_symbol(symbol)) return false;
  take();
  return true;
}

status parser_core::expect_word(std::string_view upper) { return take_word(upper) ? ok() : syntax_error({upper}); }
status parser_core::expect_symbol(std::string_view symbol) { return take_symbol(symbol) ? ok() : syntax_error({symbol}); }

status parser_core::expect_end() {
  if (peek().kind == token_kind::end) return ok();
  return syntax_error({"FROM", "WHERE", "GROUP BY", "HAVING", "ORDER BY", "LIMIT"});
}

status parser_core::syntax_error(std::initializer_list<std::string_view> expected) const {
  const auto& t = peek();
  if (t.kind == token_kind::end) {
    std::string message = "Syntax error at or near end of input.";
    if (expected.size() == 1) message += " Missing '" + std::string(*expected.begin()) + "'.";
    return {errc::parse_syntax, message, t.position};
  }
  std::string shown = source_.text.substr(t.begin, std::min(t.end - t.begin, 60));
  std::string message = "Syntax error at or near '" + shown + "'.";
  if (t.kind == token_kind::word) {
    for (auto word : expected) {
      auto head = word.substr(0, word.find(' '));
      if (head.size() > 2 && t.upper != head && edit_distance(t.upper, head) <= 2) message += " Did you mean " + std::string(word) + "?";
    }
  }
  if (expected.size() == 1) message += " Expected '" + std::string(*expected.begin()) + "'.";
  return {errc::parse_syntax, message, t.position};
}

status parser_core::refuse(std::string_view what, const token& where) const {
  return {errc::unsupported_feature, std::string(what) + (what.ends_with('s') || what.ends_with("(OVER)") ? " are" : " is") +
                                         " not supported", where.position};
}

result<std::string> parser_core::parse_name(std::string_view what) {
  const auto& t = peek();
  if (t.kind != token_kind::word && t.kind != token_kind::quoted_name) return syntax_error();
  return take().text;
}

result<std::string> parser_core::parse_qualified_name(std::string_view what) {
  const token first = peek();
  if (first.kind == token_kind::word && is_clause_word(first.upper)) return syntax_error();
  SLUICE_ASSIGN_OR_RETURN(auto name, parse_name(what));
  if (at_symbol(".")) return refuse("a name with a catalog or database", first);
  return name;
}

result<std::string> parser_core::parse_type() {
  int begin = peek().begin;
  const token first = peek();
  if (first.kind != token_kind::word) return syntax_error();
  take();
  int nested = 0;
  while (at_symbol("<") || at_symbol("(") || nested > 0) {
    if (peek().kind == token_kind::end) return syntax_error();
    if (at_symbol("<>") && nested == 0) break;
    if (at_symbol("<") || at_symbol("(")) ++nested;
    if (at_symbol(">") || at_symbol(")")) --nested;
    take();
    if (nested == 0 && (at_symbol("(") || at_symbol("<"))) break;
  }
  int end = tokens_[next_ - 1].end;
  return source_.text.substr(begin, end - begin);
}

std::string parser_core::text_from(const token& first) const { return source_.text.substr(first.begin); }

} // namespace internal

namespace {

result<internal::parser_core> open_parser(const source_text& source) {
  SLUICE_ASSIGN_OR_RETURN(auto tokens, lex(source));
  return internal::parser_core(source, std::move(tokens));
}

} // namespace

result<statement> parse_statement(const source_text& source) {
  SLUICE_ASSIGN_OR_RETURN(auto parser, open_parser(source));
  return parser.parse_statement();
}

result<query_ptr> parse_query(const source_text& source) {
  SLUICE_ASSIGN_OR_RETURN(auto parser, open_parser(source));
  SLUICE_ASSIGN_OR_RETURN(auto out, parser.parse_query());
  SLUICE_RETURN_IF_ERROR(parser.expect_end());
  return out;
}

result<expression_ptr> parse_expression(const source_text& source) {
  SLUICE_ASSIGN_OR_RETURN(auto parser, open_parser(source));
  SLUICE_ASSIGN_OR_RETURN(auto out, parser.parse_expression());
  SLUICE_RETURN_IF_ERROR(parser.expect_end());
  return out;
}

} // namespace sluice::sql
