#pragma once
/// The recursive-descent part (statements, queries) and the Pratt part (expressions) of the parser.
#include <functional>
#include <initializer_list>

#include "common/sql/ast.hpp"
#include "common/sql/lexer.hpp"

namespace sluice::sql::internal {

class parser_core {
public:
  parser_core(const source_text& source, std::vector<token> tokens) : source_(source), tokens_(std::move(tokens)) {}

  result<statement> parse_statement();
  result<query_ptr> parse_query();
  result<expression_ptr> parse_expression() { return parse_operand(0); }
  status expect_end();

private:
  friend class depth_guard;
  static constexpr int max_nesting = 500;  ///< of calls: must fit the stack of a build with sanitizers, too
  static constexpr int max_height = 1000;  ///< of trees: chains of operators grow without nesting
  static constexpr int max_weight = 100'000;

  // tokens
  const token& peek(int ahead = 0) const;
  const token& take() { return tokens_[next_ + 1 < tokens_.size() ? next_++ : next_]; }
  bool at_word(std::string_view upper, int ahead = 0) const;
  bool at_words(std::initializer_list<std::string_view> upper) const;
  bool at_symbol(std::string_view symbol, int ahead = 0) const;
  bool take_word(std::string_view upper);
  bool take_words(std::initializer_list<std::string_view> upper);
  bool take_symbol(std::string_view symbol);
  status expect_word(std::string_view upper);
  status expect_symbol(std::string_view symbol);
  status syntax_error(std::initializer_list<std::string_view> expected = {}) const;
  status refuse(std::string_view what, const token& where) const;
  text_position here() const { return peek().position; }
  result<std::string> parse_name(std::string_view what);
  result<std::string> parse_qualified_name(std::string_view what);
  result<std::string> parse_type();

  // expressions
  result<expression_ptr> parse_operand(int min_power);
  result<expression_ptr> parse_prefix();
  result<expression_ptr> parse_primary();
  result<expression_ptr> parse_postfix(expression_ptr left);
  result<expression_ptr> parse_predicate(expression_ptr left);
  result<expression_ptr> parse_is(expression_ptr left, const token& is);
  result<expression_ptr> parse_in(expression_ptr left, const token& in);
  result<expression_ptr> parse_like(expression_ptr left, const token& like);
  result<expression_ptr> parse_parenthesised();
  result<expression_ptr> parse_number();
  result<expression_ptr> parse_case();
  result<expression_ptr> parse_cast();
  result<expression_ptr> parse_extract();
  result<expression_ptr> parse_trim();
  result<expression_ptr> parse_substring();
  result<expression_ptr> parse_interval();
  result<expression_ptr> parse_name_or_call();
  result<expression_ptr> parse_call(std::string name, text_position position);
  result<expression_ptr> finish(expression node) const;
  result<expression_ptr> make_call(std::string name, std::vector<expression_ptr> args, text_position position,
                                   bool is_operator = true) const;
  /// The binary operator here and how many tokens it has.
  bool at_binary(int& power, std::string& name, int& tokens) const;

  result<expression_ptr> parse_argument();
  result<expression_ptr> parse_lambda();
  bool at_lambda() const;
  bool at_unit_argument(std::string_view function) const;
  result<expression_ptr> parse_subquery(expression node);
  result<expression_ptr> parse_position();
  result<expression_ptr> parse_overlay();
  status parse_call_suffix(expression& node);
  result<window_definition> parse_window_definition();
  result<frame_bound> parse_frame_bound();

  // queries
  using set_list = std::vector<std::vector<expression_ptr>>;
  result<query_ptr> parse_set_operation();
  result<query_ptr> parse_intersection();
  result<query_ptr> parse_set_side(query_ptr left, set_operator what);
  result<query_ptr> parse_query_term();
  result<query_ptr> parse_select();
  result<std::vector<common_table>> parse_with();
  result<std::vector<std::string>> parse_name_list();
  result<select_item> parse_select_item();
  result<set_list> parse_grouping_element();
  result<set_list> combine_sets(const set_list& parts, bool cube) const;
  result<std::vector<expression_ptr>> parse_grouping_set();
  status add_grouping(query& out, const expression_ptr& value) const;
  status cross_sets(const std::vector<set_list>& elements, query& out) const;
  status parse_group_by(query& out);
  result<std::vector<order_item>> parse_order_items();
  status parse_order_by(query& out);
  status parse_windows(query& out);
  status parse_tail(query& out);
  bool at_query() const;
  bool at_tail() const;
  bool at_alias() const;

  // relations
  result<relation> parse_from();
  result<relation> parse_relation();
  result<relation> parse_relation_extensions(relation out);
  result<relation> parse_plain_relation();
  result<relation> parse_stream();
  result<relation> parse_join(relation left);
  result<relation> parse_values();
  result<relation> parse_lateral_view(relation left);
  result<relation> parse_pivot(relation left);
  result<select_item> parse_pivot_item(std::string_view stop);
  result<relation> parse_unpivot(relation left);
  result<std::vector<expression_ptr>> parse_column_names(bool several);
  result<relation> parse_sample(relation input);
  status parse_table_function(relation& out);
  status parse_stream_suffix(relation& out);
  status parse_relation_alias(relation& out);
  bool at_join() const;

  // statements
  result<statement> parse_set();
  result<statement> parse_create();
  result<statement> parse_create_view(bool or_replace, const token& create);
  result<statement> parse_create_table(const token& create);
  result<statement> parse_create_streaming_table(const token& create);
  result<statement> parse_drop();
  result<std::vector<column_definition>> parse_columns();
  result<std::vector<option>> parse_options();
  result<std::string> parse_format(text_position& position);
  result<bool> parse_if_not_exists();
  status parse_table_clauses(std::string& format, text_position& format_position, std::vector<option>& options,
                             std::vector<option>& properties, bool location_allowed);
  std::string text_from(const token& first) const;

  const source_text& source_;
  std::vector<token> tokens_;
  std::size_t next_ = 0;
  int depth_ = 0;
};

/// Counts nested parses; `fine()` is false beyond the bound.
class depth_guard {
public:
  explicit depth_guard(parser_core& parser) : parser_(parser) { ++parser_.depth_; }
  ~depth_guard() { --parser_.depth_; }
  bool fine() const { return parser_.depth_ <= parser_core::max_nesting; }

private:
  parser_core& parser_;
};

/// Words that end a select list, a relation or an expression, so that they are no names there unless quoted.
bool is_clause_word(std::string_view upper);

} // namespace sluice::sql::internal
