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

// ---- queries

result<query_ptr> parser_core::parse_query() {
  depth_guard guard(*this);
  if (!guard.fine() || depth_ > 200) return status(errc::parse_syntax, "the query is nested too deep", here());
  std::vector<common_table> with;
  if (at_word("WITH")) {
    SLUICE_ASSIGN_OR_RETURN(with, parse_with());
  }
  return parse_select(std::move(with));
}

result<std::vector<common_table>> parser_core::parse_with() {
  take();
  if (at_word("RECURSIVE")) return refuse("WITH RECURSIVE", peek());
  std::vector<common_table> out;
  do {
    common_table table;
    table.position = here();
    SLUICE_ASSIGN_OR_RETURN(table.name, parse_name("a name"));
    if (take_symbol("(")) {
      do {
        SLUICE_ASSIGN_OR_RETURN(auto column, parse_name("a column"));
        table.columns.push_back(std::move(column));
      } while (take_symbol(","));
      SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
    }
    take_word("AS");
    SLUICE_RETURN_IF_ERROR(expect_symbol("("));
    SLUICE_ASSIGN_OR_RETURN(table.body, parse_query());
    SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
    out.push_back(std::move(table));
  } while (take_symbol(","));
  return out;
}

result<query_ptr> parser_core::parse_select(std::vector<common_table> with) {
  query out;
  out.with = std::move(with);
  out.position = here();
  if (at_word("VALUES") || at_word("TABLE") || at_word("MAP") || at_word("REDUCE")) return refuse(peek().upper + " as a query", peek());
  if (at_symbol("(")) {
    if (at_word("SELECT", 1)) return refuse("a query in parentheses", peek());
    return syntax_error({"SELECT"});
  }
  SLUICE_RETURN_IF_ERROR(expect_word("SELECT"));
  if (take_word("DISTINCT")) out.distinct = true;
  else if (at_word("ALL") && !at_symbol(",", 1)) take();
  if (at_word("TRANSFORM") && at_symbol("(", 1)) return refuse("SELECT TRANSFORM", peek());
  do {
    SLUICE_ASSIGN_OR_RETURN(auto item, parse_select_item());
    out.items.push_back(std::move(item));
  } while (take_symbol(","));
  if (take_word("FROM")) {
    SLUICE_ASSIGN_OR_RETURN(out.from, parse_relation());
  }
  if (take_word("WHERE")) {
    SLUICE_ASSIGN_OR_RETURN(out.where, parse_expression());
  }
  if (at_word("GROUP")) SLUICE_RETURN_IF_ERROR(parse_group_by(out));
  if (take_word("HAVING")) {
    SLUICE_ASSIGN_OR_RETURN(out.having, parse_expression());
  }
  SLUICE_RETURN_IF_ERROR(parse_tail(out));
  return std::make_shared<const query>(std::move(out));
}

bool parser_core::at_alias() const {
  const auto& t = peek();
  if (t.kind == token_kind::quoted_name) return true;
  return t.kind == token_kind::word && !is_clause_word(t.upper) && !(t.upper == "WINDOW" && at_word("AS", 2));
}

result<select_item> parser_core::parse_select_item() {
  select_item item;
  item.position = here();
  SLUICE_ASSIGN_OR_RETURN(item.value, parse_expression());
  if (item.value->kind == expression_kind::star) {
    if (at_word("EXCEPT") && at_symbol("(", 1)) return refuse("* EXCEPT (…)", peek());
    return item;
  }
  if (take_word("AS")) {
    if (at_symbol("(")) return refuse("several aliases AS (a, b)", peek());
    SLUICE_ASSIGN_OR_RETURN(item.alias, parse_name("an alias"));
  } else if (at_alias()) {
    SLUICE_ASSIGN_OR_RETURN(item.alias, parse_name("an alias"));
  }
  return item;
}

result<relation> parser_core::parse_relation() {
  SLUICE_ASSIGN_OR_RETURN(auto out, parse_plain_relation());
  SLUICE_RETURN_IF_ERROR(refuse_after_relation());
  return out;
}

status parser_core::parse_stream_suffix(relation& out) {
  out.is_stream = true;
  if (!at_word("WITH") || !at_symbol("(", 1)) return ok();
  take();
  auto options = parse_options();
  if (!options.ok()) return options.error();
  out.options = *std::move(options);
  return ok();
}

result<relation> parser_core::parse_plain_relation() {
  depth_guard guard(*this);
  if (!guard.fine()) return status(errc::parse_syntax, "the query is nested too deep", here());
  relation out;
  out.position = here();
  if (at_word("STREAM") && (at_symbol("(", 1) || peek(1).kind == token_kind::quoted_name ||
                            (peek(1).kind == token_kind::word && !is_clause_word(peek(1).upper)))) {
    take();
    bool parenthesised = take_symbol("(");
    if (at_word("SELECT") || at_word("WITH")) return refuse("STREAM over a subquery", peek());
    if (at_word("TABLE") && at_symbol("(", 1)) return refuse("STREAM TABLE(…)", peek());
    out.position = here();
    SLUICE_ASSIGN_OR_RETURN(out.name, parse_qualified_name("a table"));
    if (parenthesised) SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
    SLUICE_RETURN_IF_ERROR(parse_stream_suffix(out));
    SLUICE_RETURN_IF_ERROR(parse_relation_alias(out));
    return out;
  }
  if (take_symbol("(")) {
    if (at_symbol("(")) {  // ((SELECT …)): the inner one carries everything
      SLUICE_ASSIGN_OR_RETURN(out, parse_plain_relation());
    } else if (at_word("SELECT") || at_word("WITH") || at_word("VALUES")) {
      out.what = relation::kind::subquery;
      SLUICE_ASSIGN_OR_RETURN(out.subquery, parse_query());
    } else {
      SLUICE_ASSIGN_OR_RETURN(out, parse_relation());
    }
    SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
    SLUICE_RETURN_IF_ERROR(parse_relation_alias(out));
    return out;
  }
  if (at_word("VALUES")) return refuse("VALUES as a relation", peek());
  if (at_word("LATERAL")) return refuse("LATERAL", peek());
  bool is_path = peek().kind == token_kind::word && at_symbol(".", 1) && peek(2).kind == token_kind::quoted_name;
  if (is_path) {
    out.what = relation::kind::path;
    out.format = to_lower(take().text);
    take();
    out.name = take().text;
  } else {
    const token first = peek();
    SLUICE_ASSIGN_OR_RETURN(out.name, parse_qualified_name("a table"));
    if (at_symbol("(")) return refuse("the table function " + out.name, first);
  }
  SLUICE_RETURN_IF_ERROR(parse_relation_alias(out));
  return out;
}

status parser_core::parse_relation_alias(relation& out) {
  if (at_words({"FOR", "SYSTEM_TIME"}) || at_words({"FOR", "VERSION"}) || at_words({"VERSION", "AS"}) || at_words({"TIMESTAMP", "AS"}))
    return refuse("time travel", peek());
  if (!take_word("AS") && !at_alias()) return ok();
  auto name = parse_name("an alias");
  if (!name.ok()) return name.error();
  out.alias = *std::move(name);
  if (at_symbol("(")) return refuse("a column list after an alias", peek());
  return ok();
}

status parser_core::refuse_after_relation() const {
  if (at_word("WATERMARK"))
    return {errc::unsupported_feature, "WATERMARK is not supported yet", here()};
  if (at_symbol(",")) return refuse("a join (several relations in FROM)", peek());
  for (std::string_view join : {"JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "NATURAL", "SEMI", "ANTI"})
    if (at_word(join)) return refuse("JOIN", peek());
  for (std::string_view word : {"LATERAL", "PIVOT", "UNPIVOT", "TABLESAMPLE"})
    if (at_word(word)) return refuse(word, peek());
  return ok();
}

status parser_core::parse_group_by(query& out) {
  take();
  SLUICE_RETURN_IF_ERROR(expect_word("BY"));
  if (at_word("ALL") && !at_symbol(",", 1) && !at_symbol(".", 1)) {
    take();
    out.group_by_all = true;
    return ok();
  }
  do {
    for (std::string_view word : {"ROLLUP", "CUBE"})
      if (at_word(word) && at_symbol("(", 1)) return refuse(word, peek());
    if (at_words({"GROUPING", "SETS"})) return refuse("GROUPING SETS", peek());
    auto value = parse_expression();
    if (!value.ok()) return value.error();
    out.group_by.push_back(*std::move(value));
  } while (take_symbol(","));
  if (at_word("WITH") && (at_word("ROLLUP", 1) || at_word("CUBE", 1))) return refuse(peek(1).upper, peek(1));
  if (at_words({"GROUPING", "SETS"})) return refuse("GROUPING SETS", peek());
  return ok();
}

status parser_core::parse_order_by(query& out) {
  take();
  SLUICE_RETURN_IF_ERROR(expect_word("BY"));
  do {
    order_item item;
    auto value = parse_expression();
    if (!value.ok()) return value.error();
    item.value = *std::move(value);
    if (take_word("DESC")) item.ascending = false;
    else take_word("ASC");
    if (take_words({"NULLS", "FIRST"})) item.nulls_first = true;
    else if (take_words({"NULLS", "LAST"})) item.nulls_first = false;
    out.order_by.push_back(std::move(item));
  } while (take_symbol(","));
  return ok();
}

status parser_core::parse_tail(query& out) {
  for (std::string_view word : {"UNION", "EXCEPT", "INTERSECT", "MINUS", "QUALIFY"})
    if (at_word(word)) return refuse(word, peek());
  if (at_word("WINDOW") && at_word("AS", 2)) return refuse("window functions (OVER)", peek());
  if (at_word("ORDER")) SLUICE_RETURN_IF_ERROR(parse_order_by(out));
  for (std::string_view word : {"SORT", "CLUSTER", "DISTRIBUTE"})
    if (at_word(word) && at_word("BY", 1)) return refuse(std::string(word) + " BY", peek());
  if (take_word("LIMIT")) {
    if (!take_word("ALL")) {
      auto limit = parse_expression();
      if (!limit.ok()) return limit.error();
      out.limit = *std::move(limit);
    }
  }
  if (at_word("OFFSET")) return refuse("OFFSET", peek());
  return ok();
}

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
