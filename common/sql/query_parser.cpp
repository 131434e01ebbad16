// Queries: WITH, SELECT and its clauses, VALUES, set operations.
#include <algorithm>

#include "common/sql/internal/parser_core.hpp"
#include "common/sql/nearest.hpp"
#include "common/sql/parser.hpp"

namespace sluice::sql::internal {
namespace {

constexpr int deepest_query = 200;
constexpr int longest_chain = 300;      ///< of set operations
constexpr std::size_t most_sets = 4096; ///< of GROUPING SETS

expression_ptr star_expression(text_position position) {
  expression star;
  star.kind = expression_kind::star;
  star.position = position;
  return std::make_shared<const expression>(std::move(star));
}

/// SELECT * FROM (query), whose columns keep what they are.
query select_all_of(query_ptr inner, text_position position) {
  query out;
  out.position = position;
  out.items.push_back({star_expression(position), {}, position, {}});
  relation from;
  from.what = relation::kind::subquery;
  from.transparent = true;
  from.subquery = std::move(inner);
  from.position = position;
  out.from = std::move(from);
  return out;
}

} // namespace

result<query_ptr> parser_core::parse_query() {
  depth_guard guard(*this);
  if (!guard.fine() || depth_ > deepest_query) return status(errc::parse_syntax, "the query is nested too deep", here());
  std::vector<common_table> with;
  if (at_word("WITH")) {
    SLUICE_ASSIGN_OR_RETURN(with, parse_with());
  }
  auto position = here();
  bool plain = at_word("SELECT") || at_word("FROM");
  SLUICE_ASSIGN_OR_RETURN(auto body, parse_set_operation());
  plain = plain && body->set == set_operator::none;
  query out = *body;
  if (at_tail()) {
    if (!plain) out = select_all_of(std::move(body), position);
    SLUICE_RETURN_IF_ERROR(parse_tail(out));
  }
  if (!with.empty()) {
    if (!out.with.empty()) out = select_all_of(std::make_shared<const query>(std::move(out)), position);
    out.with = std::move(with);
  }
  return std::make_shared<const query>(std::move(out));
}

bool parser_core::at_query() const {
  int ahead = 0;
  while (at_symbol("(", ahead)) ++ahead;
  for (std::string_view word : {"SELECT", "WITH", "VALUES"})
    if (at_word(word, ahead)) return true;
  return at_word("FROM", ahead) || (at_word("TABLE", ahead) && peek(ahead + 1).kind == token_kind::word);
}

result<std::vector<common_table>> parser_core::parse_with() {
  take();
  if (at_word("RECURSIVE")) return refuse("WITH RECURSIVE", peek());
  std::vector<common_table> out;
  do {
    common_table table;
    table.position = here();
    SLUICE_ASSIGN_OR_RETURN(table.name, parse_name("a name"));
    if (at_symbol("(")) {
      SLUICE_ASSIGN_OR_RETURN(table.columns, parse_name_list());
    }
    take_word("AS");
    SLUICE_RETURN_IF_ERROR(expect_symbol("("));
    SLUICE_ASSIGN_OR_RETURN(table.body, parse_query());
    SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
    out.push_back(std::move(table));
  } while (take_symbol(","));
  return out;
}

result<std::vector<std::string>> parser_core::parse_name_list() {
  std::vector<std::string> out;
  SLUICE_RETURN_IF_ERROR(expect_symbol("("));
  do {
    SLUICE_ASSIGN_OR_RETURN(auto name, parse_name("a column"));
    out.push_back(std::move(name));
  } while (take_symbol(","));
  SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
  return out;
}

/// UNION and EXCEPT from the left; INTERSECT binds closer.
result<query_ptr> parser_core::parse_set_operation() {
  SLUICE_ASSIGN_OR_RETURN(auto left, parse_intersection());
  for (int length = 0; at_word("UNION") || at_word("EXCEPT") || at_word("MINUS"); ++length) {
    if (length == longest_chain) return status(errc::parse_syntax, "the query has too many set operations", here());
    auto what = at_word("UNION") ? set_operator::union_ : set_operator::except;
    SLUICE_ASSIGN_OR_RETURN(left, parse_set_side(std::move(left), what));
  }
  return left;
}

result<query_ptr> parser_core::parse_intersection() {
  SLUICE_ASSIGN_OR_RETURN(auto left, parse_query_term());
  for (int length = 0; at_word("INTERSECT"); ++length) {
    if (length == longest_chain) return status(errc::parse_syntax, "the query has too many set operations", here());
    SLUICE_ASSIGN_OR_RETURN(left, parse_set_side(std::move(left), set_operator::intersect));
  }
  return left;
}

result<query_ptr> parser_core::parse_set_side(query_ptr left, set_operator what) {
  query out;
  out.position = take().position;
  out.set = what;
  if (take_word("ALL")) out.set_all = true;
  else take_word("DISTINCT");
  if (take_words({"BY", "NAME"})) return refuse("UNION BY NAME", peek());
  out.left = std::move(left);
  if (what == set_operator::intersect) {
    SLUICE_ASSIGN_OR_RETURN(out.right, parse_query_term());
  } else {
    SLUICE_ASSIGN_OR_RETURN(out.right, parse_intersection());
  }
  return std::make_shared<const query>(std::move(out));
}

result<query_ptr> parser_core::parse_query_term() {
  if (at_symbol("(")) {
    take();
    SLUICE_ASSIGN_OR_RETURN(auto inner, parse_query());
    SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
    return inner;
  }
  query out;
  out.position = here();
  if (at_word("MAP") || at_word("REDUCE")) return refuse(peek().upper + " as a query", peek());
  if (at_word("VALUES")) {
    SLUICE_ASSIGN_OR_RETURN(out.from, parse_values());
    out.items.push_back({star_expression(out.position), {}, out.position, {}});
    return std::make_shared<const query>(std::move(out));
  }
  if (take_word("TABLE")) {
    relation from;
    from.position = here();
    SLUICE_ASSIGN_OR_RETURN(from.name, parse_qualified_name("a table"));
    out.from = std::move(from);
    out.items.push_back({star_expression(out.position), {}, out.position, {}});
    return std::make_shared<const query>(std::move(out));
  }
  return parse_select();
}

result<query_ptr> parser_core::parse_select() {
  query out;
  out.position = here();
  if (at_word("FROM")) return refuse("a query that begins with FROM", peek());
  SLUICE_RETURN_IF_ERROR(expect_word("SELECT"));
  while (at_symbol("/") && at_symbol("*", 1)) return syntax_error();
  if (take_word("DISTINCT")) out.distinct = true;
  else if (at_word("ALL") && !at_symbol(",", 1)) take();
  if (at_word("TRANSFORM") && at_symbol("(", 1) && at_word("USING", 3)) return refuse("SELECT TRANSFORM", peek());
  do {
    SLUICE_ASSIGN_OR_RETURN(auto item, parse_select_item());
    out.items.push_back(std::move(item));
  } while (take_symbol(","));
  if (take_word("FROM")) {
    SLUICE_ASSIGN_OR_RETURN(out.from, parse_from());
  }
  if (take_word("WHERE")) {
    SLUICE_ASSIGN_OR_RETURN(out.where, parse_expression());
  }
  if (at_word("GROUP")) SLUICE_RETURN_IF_ERROR(parse_group_by(out));
  if (take_word("HAVING")) {
    SLUICE_ASSIGN_OR_RETURN(out.having, parse_expression());
  }
  if (at_word("QUALIFY")) return refuse("QUALIFY", peek());
  if (at_word("WINDOW") && at_word("AS", 2)) SLUICE_RETURN_IF_ERROR(parse_windows(out));
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
    if (at_word("EXCEPT") && at_symbol("(", 1)) {
      take();
      expression star = *item.value;
      SLUICE_RETURN_IF_ERROR(expect_symbol("("));
      do {
        SLUICE_ASSIGN_OR_RETURN(auto name, parse_name_or_call());
        star.args.push_back(std::move(name));
      } while (take_symbol(","));
      SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
      item.value = std::make_shared<const expression>(std::move(star));
    }
    return item;
  }
  if (take_word("AS")) {
    if (at_symbol("(")) {
      SLUICE_ASSIGN_OR_RETURN(item.aliases, parse_name_list());
      return item;
    }
    SLUICE_ASSIGN_OR_RETURN(item.alias, parse_name("an alias"));
  } else if (at_alias()) {
    SLUICE_ASSIGN_OR_RETURN(item.alias, parse_name("an alias"));
  }
  return item;
}

// ---- clauses

/// A list of grouping sets: one for an expression, those of ROLLUP, CUBE and GROUPING SETS.
result<parser_core::set_list> parser_core::parse_grouping_element() {
  bool rollup = at_word("ROLLUP"), cube = at_word("CUBE");
  if ((rollup || cube) && at_symbol("(", 1)) {
    take();
    SLUICE_RETURN_IF_ERROR(expect_symbol("("));
    set_list parts;
    do {
      SLUICE_ASSIGN_OR_RETURN(auto part, parse_grouping_set());
      parts.push_back(std::move(part));
    } while (take_symbol(","));
    SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
    return combine_sets(parts, cube);
  }
  if (at_words({"GROUPING", "SETS"})) {
    next_ += 2;
    SLUICE_RETURN_IF_ERROR(expect_symbol("("));
    set_list sets;
    do {
      bool nested = (at_word("ROLLUP") || at_word("CUBE")) && at_symbol("(", 1);
      if (nested || at_words({"GROUPING", "SETS"})) {
        SLUICE_ASSIGN_OR_RETURN(auto inner, parse_grouping_element());
        sets.insert(sets.end(), inner.begin(), inner.end());
      } else {
        SLUICE_ASSIGN_OR_RETURN(auto set, parse_grouping_set());
        sets.push_back(std::move(set));
      }
    } while (take_symbol(","));
    SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
    return sets;
  }
  SLUICE_ASSIGN_OR_RETURN(auto value, parse_expression());
  return set_list{{std::move(value)}};
}

/// ROLLUP: the prefixes, longest first; CUBE: all subsets.
result<parser_core::set_list> parser_core::combine_sets(const set_list& parts, bool cube) const {
  set_list out;
  if (cube && parts.size() > 12) return status(errc::parse_syntax, "CUBE has too many grouping sets", here());
  auto count = cube ? std::size_t{1} << parts.size() : parts.size() + 1;
  for (std::size_t k = 0; k < count; ++k) {
    std::vector<expression_ptr> set;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      bool in = cube ? !(k >> (parts.size() - 1 - i) & 1) : i < parts.size() - k;
      if (in) set.insert(set.end(), parts[i].begin(), parts[i].end());
    }
    out.push_back(std::move(set));
  }
  return out;
}

result<std::vector<expression_ptr>> parser_core::parse_grouping_set() {
  std::vector<expression_ptr> out;
  if (!at_symbol("(")) {
    SLUICE_ASSIGN_OR_RETURN(auto value, parse_expression());
    return std::vector<expression_ptr>{std::move(value)};
  }
  auto start = next_;
  take();
  if (take_symbol(")")) return out;
  do {
    SLUICE_ASSIGN_OR_RETURN(auto value, parse_expression());
    out.push_back(std::move(value));
  } while (take_symbol(","));
  SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
  if (at_symbol(",") || at_symbol(")")) return out;
  next_ = start;  // (a) + 1: the parenthesis was part of an expression
  SLUICE_ASSIGN_OR_RETURN(auto value, parse_expression());
  return std::vector<expression_ptr>{std::move(value)};
}

status parser_core::parse_group_by(query& out) {
  take();
  SLUICE_RETURN_IF_ERROR(expect_word("BY"));
  if (at_word("ALL") && !at_symbol(",", 1) && !at_symbol(".", 1)) {
    take();
    out.group_by_all = true;
    return ok();
  }
  std::vector<set_list> elements;
  bool has_sets = false;
  do {
    has_sets = has_sets || at_words({"GROUPING", "SETS"}) || ((at_word("ROLLUP") || at_word("CUBE")) && at_symbol("(", 1));
    auto element = parse_grouping_element();
    if (!element.ok()) return element.error();
    elements.push_back(*std::move(element));
  } while (take_symbol(","));
  bool rollup = at_words({"WITH", "ROLLUP"}), cube = at_words({"WITH", "CUBE"});
  bool all_sets = at_words({"GROUPING", "SETS"});  // GROUP BY a, b GROUPING SETS (…)
  if (rollup || cube || all_sets) {
    if (has_sets) return syntax_error();
    has_sets = true;
    if (all_sets) {
      for (const auto& element : elements) SLUICE_RETURN_IF_ERROR(add_grouping(out, element[0][0]));
      auto sets = parse_grouping_element();
      if (!sets.ok()) return sets.error();
      elements = {*std::move(sets)};
    } else {
      next_ += 2;
      set_list parts;
      for (const auto& element : elements) parts.push_back(element[0]);
      auto sets = combine_sets(parts, cube);
      if (!sets.ok()) return sets.error();
      elements = {*std::move(sets)};
    }
  }
  if (!has_sets) {
    for (const auto& element : elements) out.group_by.push_back(element[0][0]);
    return ok();
  }
  return cross_sets(elements, out);
}

status parser_core::add_grouping(query& out, const expression_ptr& value) const {
  for (const auto& have : out.group_by)
    if (to_text(*have) == to_text(*value)) return ok();
  if (out.group_by.size() >= 64) return {errc::parse_syntax, "grouping sets have more than 64 expressions", value->position};
  out.group_by.push_back(value);
  return ok();
}

/// GROUP BY a, ROLLUP (b), CUBE (c): every combination of one set of each.
status parser_core::cross_sets(const std::vector<set_list>& elements, query& out) const {
  set_list sets{{}};
  for (const auto& element : elements) {
    set_list next;
    if (sets.size() * element.size() > most_sets) return {errc::parse_syntax, "there are too many grouping sets", here()};
    for (const auto& left : sets)
      for (const auto& right : element) {
        next.push_back(left);
        next.back().insert(next.back().end(), right.begin(), right.end());
      }
    sets = std::move(next);
  }
  for (const auto& set : sets)
    for (const auto& value : set) SLUICE_RETURN_IF_ERROR(add_grouping(out, value));
  for (const auto& set : sets) {
    std::vector<int> indexes;
    for (const auto& value : set)
      for (std::size_t i = 0; i < out.group_by.size(); ++i)
        if (to_text(*out.group_by[i]) == to_text(*value)) indexes.push_back(static_cast<int>(i));
    out.grouping_sets.push_back(std::move(indexes));
  }
  return ok();
}

result<std::vector<order_item>> parser_core::parse_order_items() {
  std::vector<order_item> out;
  do {
    order_item item;
    SLUICE_ASSIGN_OR_RETURN(item.value, parse_expression());
    if (take_word("DESC")) item.ascending = false;
    else take_word("ASC");
    if (take_words({"NULLS", "FIRST"})) item.nulls_first = true;
    else if (take_words({"NULLS", "LAST"})) item.nulls_first = false;
    out.push_back(std::move(item));
  } while (take_symbol(","));
  return out;
}

status parser_core::parse_order_by(query& out) {
  take();
  SLUICE_RETURN_IF_ERROR(expect_word("BY"));
  auto items = parse_order_items();
  if (!items.ok()) return items.error();
  out.order_by = *std::move(items);
  return ok();
}

status parser_core::parse_windows(query& out) {
  take();
  do {
    auto name = parse_name("a window");
    if (!name.ok()) return name.error();
    SLUICE_RETURN_IF_ERROR(expect_word("AS"));
    auto definition = parse_window_definition();
    if (!definition.ok()) return definition.error();
    definition->name = *std::move(name);
    out.windows.push_back(*std::move(definition));
  } while (take_symbol(","));
  return ok();
}

bool parser_core::at_tail() const {
  for (std::string_view word : {"ORDER", "SORT", "CLUSTER", "DISTRIBUTE"})
    if (at_word(word) && at_word("BY", 1)) return true;
  return at_word("ORDER") || at_word("LIMIT") || at_word("OFFSET");
}

status parser_core::parse_tail(query& out) {
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
  if (take_word("OFFSET")) {
    auto offset = parse_expression();
    if (!offset.ok()) return offset.error();
    out.offset = *std::move(offset);
  }
  return ok();
}

} // namespace sluice::sql::internal
