// What stands in FROM: tables, subqueries, VALUES, table functions, joins, LATERAL VIEW, PIVOT, UNPIVOT, TABLESAMPLE.
#include <charconv>

#include "common/sql/internal/parser_core.hpp"
#include "common/sql/nearest.hpp"

namespace sluice::sql::internal {
namespace {

constexpr int most_joined = 200;  ///< relations of one FROM

relation_ptr shared(relation from) { return std::make_shared<const relation>(std::move(from)); }

} // namespace

result<relation> parser_core::parse_from() {
  SLUICE_ASSIGN_OR_RETURN(auto out, parse_relation());
  for (int count = 1; at_symbol(","); ++count) {
    if (count == most_joined) return status(errc::parse_syntax, "FROM has too many relations", here());
    relation joined;
    joined.position = take().position;
    joined.what = relation::kind::join;
    joined.join = join_kind::cross;
    joined.lateral = take_word("LATERAL");
    joined.left = shared(std::move(out));
    SLUICE_ASSIGN_OR_RETURN(auto right, parse_relation());
    joined.right = shared(std::move(right));
    out = std::move(joined);
  }
  while (at_words({"LATERAL", "VIEW"})) {
    SLUICE_ASSIGN_OR_RETURN(out, parse_lateral_view(std::move(out)));
  }
  return parse_relation_extensions(std::move(out));
}

result<relation> parser_core::parse_relation() {
  depth_guard guard(*this);
  if (!guard.fine()) return status(errc::parse_syntax, "the query is nested too deep", here());
  if (at_word("LATERAL") && !at_word("VIEW", 1)) take();
  SLUICE_ASSIGN_OR_RETURN(auto out, parse_plain_relation());
  if (at_word("WATERMARK")) return status(errc::unsupported_feature, "WATERMARK is not supported yet", here());
  return parse_relation_extensions(std::move(out));
}

/// Joins, PIVOT and UNPIVOT after a relation, from the left.
result<relation> parser_core::parse_relation_extensions(relation out) {
  for (int count = 1;; ++count) {
    if (count == most_joined) return status(errc::parse_syntax, "FROM has too many relations", here());
    if (at_word("PIVOT")) {
      SLUICE_ASSIGN_OR_RETURN(out, parse_pivot(std::move(out)));
    } else if (at_word("UNPIVOT")) {
      SLUICE_ASSIGN_OR_RETURN(out, parse_unpivot(std::move(out)));
    } else if (at_join()) {
      SLUICE_ASSIGN_OR_RETURN(out, parse_join(std::move(out)));
    } else {
      return out;
    }
  }
}

bool parser_core::at_join() const {
  for (std::string_view word : {"JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "NATURAL", "SEMI", "ANTI"})
    if (at_word(word)) return true;
  return false;
}

result<relation> parser_core::parse_join(relation left) {
  relation out;
  out.position = here();
  out.what = relation::kind::join;
  out.left = shared(std::move(left));
  out.natural = take_word("NATURAL");
  bool is_left = take_word("LEFT");
  if (take_word("SEMI")) out.join = join_kind::left_semi;
  else if (take_word("ANTI")) out.join = join_kind::left_anti;
  else if (is_left) out.join = join_kind::left_outer;
  else if (take_word("RIGHT")) out.join = join_kind::right_outer;
  else if (take_word("FULL")) out.join = join_kind::full_outer;
  else if (take_word("CROSS")) out.join = join_kind::cross;
  else take_word("INNER");
  bool can_be_outer = out.join == join_kind::left_outer || out.join == join_kind::right_outer || out.join == join_kind::full_outer;
  if (can_be_outer) take_word("OUTER");
  SLUICE_RETURN_IF_ERROR(expect_word("JOIN"));
  out.lateral = take_word("LATERAL");
  SLUICE_ASSIGN_OR_RETURN(auto right, parse_plain_relation());
  out.right = shared(std::move(right));
  if (out.natural) return out;
  if (take_word("ON")) {
    SLUICE_ASSIGN_OR_RETURN(out.on, parse_expression());
  } else if (take_word("USING")) {
    SLUICE_ASSIGN_OR_RETURN(out.using_columns, parse_name_list());
  }
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

result<relation> parser_core::parse_stream() {
  relation out;
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

result<relation> parser_core::parse_plain_relation() {
  depth_guard guard(*this);
  if (!guard.fine()) return status(errc::parse_syntax, "the query is nested too deep", here());
  if (at_word("STREAM") && (at_symbol("(", 1) || peek(1).kind == token_kind::quoted_name ||
                            (peek(1).kind == token_kind::word && !is_clause_word(peek(1).upper))))
    return parse_stream();
  relation out;
  out.position = here();
  if (at_symbol("(")) {
    if (at_query()) {
      take();
      out.what = relation::kind::subquery;
      SLUICE_ASSIGN_OR_RETURN(out.subquery, parse_query());
    } else {
      take();
      SLUICE_ASSIGN_OR_RETURN(out, parse_relation());
    }
    SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
    SLUICE_ASSIGN_OR_RETURN(out, parse_sample(std::move(out)));
    SLUICE_RETURN_IF_ERROR(parse_relation_alias(out));
    return out;
  }
  if (at_word("VALUES")) {
    SLUICE_ASSIGN_OR_RETURN(out, parse_values());
    return out;
  }
  bool is_path = peek().kind == token_kind::word && at_symbol(".", 1) && peek(2).kind == token_kind::quoted_name;
  if (is_path) {
    out.what = relation::kind::path;
    out.format = to_lower(take().text);
    take();
    out.name = take().text;
  } else {
    SLUICE_ASSIGN_OR_RETURN(out.name, parse_qualified_name("a table"));
    if (at_symbol("(")) SLUICE_RETURN_IF_ERROR(parse_table_function(out));
  }
  SLUICE_ASSIGN_OR_RETURN(out, parse_sample(std::move(out)));
  SLUICE_RETURN_IF_ERROR(parse_relation_alias(out));
  return out;
}

status parser_core::parse_table_function(relation& out) {
  out.what = relation::kind::function;
  out.name = to_lower(out.name);
  take();
  if (take_symbol(")")) return ok();
  do {
    auto arg = parse_expression();
    if (!arg.ok()) return arg.error();
    out.args.push_back(*std::move(arg));
  } while (take_symbol(","));
  return expect_symbol(")");
}

result<relation> parser_core::parse_values() {
  relation out;
  out.position = take().position;
  out.what = relation::kind::values;
  do {
    std::vector<expression_ptr> row;
    SLUICE_ASSIGN_OR_RETURN(auto value, parse_expression());
    bool is_row = value->kind == expression_kind::call && value->suffix == "row";
    if (is_row) row = value->args;
    else row.push_back(std::move(value));
    out.rows.push_back(std::move(row));
  } while (take_symbol(","));
  SLUICE_RETURN_IF_ERROR(parse_relation_alias(out));
  return out;
}

status parser_core::parse_relation_alias(relation& out) {
  if (at_words({"FOR", "SYSTEM_TIME"}) || at_words({"FOR", "VERSION"}) || at_words({"VERSION", "AS"}) || at_words({"TIMESTAMP", "AS"}))
    return refuse("time travel", peek());
  if (!take_word("AS") && !at_alias()) return ok();
  auto name = parse_name("an alias");
  if (!name.ok()) return name.error();
  if (out.what == relation::kind::join) {  // (a JOIN b) AS t
    auto inner = std::make_shared<relation>(std::move(out));
    out = relation{};
    out.position = inner->position;
    query all;
    expression star;
    star.kind = expression_kind::star;
    star.position = inner->position;
    all.position = inner->position;
    all.items.push_back({std::make_shared<const expression>(std::move(star)), {}, inner->position, {}});
    all.from = *inner;
    out.what = relation::kind::subquery;
    out.subquery = std::make_shared<const query>(std::move(all));
  }
  out.alias = *std::move(name);
  out.transparent = false;
  if (!at_symbol("(")) return ok();
  auto columns = parse_name_list();
  if (!columns.ok()) return columns.error();
  out.column_aliases = *std::move(columns);
  return ok();
}

result<relation> parser_core::parse_lateral_view(relation left) {
  relation out;
  out.position = here();
  next_ += 2;
  out.what = relation::kind::lateral_view;
  out.outer = take_word("OUTER");
  out.left = shared(std::move(left));
  SLUICE_ASSIGN_OR_RETURN(auto name, parse_name("a function"));
  out.name = to_lower(name);
  if (!at_symbol("(")) return syntax_error({"("});
  relation function;
  function.name = out.name;
  SLUICE_RETURN_IF_ERROR(parse_table_function(function));
  out.args = std::move(function.args);
  if (!at_word("AS") && at_alias()) {
    SLUICE_ASSIGN_OR_RETURN(out.alias, parse_name("an alias"));
  }
  bool named = take_word("AS");
  if (!named && !(at_alias() && !out.alias.empty())) return out;
  do {
    SLUICE_ASSIGN_OR_RETURN(auto column, parse_name("a column"));
    out.column_aliases.push_back(std::move(column));
  } while (take_symbol(","));
  return out;
}

result<relation> parser_core::parse_pivot(relation left) {
  relation out;
  out.position = take().position;
  out.what = relation::kind::pivot;
  out.left = shared(std::move(left));
  auto pivot = std::make_shared<pivot_clause>();
  SLUICE_RETURN_IF_ERROR(expect_symbol("("));
  do {
    SLUICE_ASSIGN_OR_RETURN(auto item, parse_pivot_item("FOR"));
    pivot->aggregates.push_back(std::move(item));
  } while (take_symbol(","));
  SLUICE_RETURN_IF_ERROR(expect_word("FOR"));
  bool several = take_symbol("(");
  do {
    SLUICE_ASSIGN_OR_RETURN(auto column, parse_name_or_call());
    pivot->columns.push_back(std::move(column));
  } while (several && take_symbol(","));
  if (several) SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
  SLUICE_RETURN_IF_ERROR(expect_word("IN"));
  SLUICE_RETURN_IF_ERROR(expect_symbol("("));
  do {
    SLUICE_ASSIGN_OR_RETURN(auto item, parse_pivot_item(""));
    pivot->values.push_back(std::move(item));
  } while (take_symbol(","));
  SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
  SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
  out.pivot = std::move(pivot);
  SLUICE_RETURN_IF_ERROR(parse_relation_alias(out));
  return out;
}

/// An expression with an alias; `stop` is a word that is none.
result<select_item> parser_core::parse_pivot_item(std::string_view stop) {
  select_item item;
  item.position = here();
  SLUICE_ASSIGN_OR_RETURN(item.value, parse_expression());
  if (take_word("AS") || (at_alias() && (stop.empty() || !at_word(stop)))) {
    SLUICE_ASSIGN_OR_RETURN(item.alias, parse_name("an alias"));
  }
  return item;
}

result<std::vector<expression_ptr>> parser_core::parse_column_names(bool several) {
  std::vector<expression_ptr> out;
  if (several) SLUICE_RETURN_IF_ERROR(expect_symbol("("));
  do {
    SLUICE_ASSIGN_OR_RETURN(auto column, parse_name_or_call());
    out.push_back(std::move(column));
  } while (several && take_symbol(","));
  if (several) SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
  return out;
}

result<relation> parser_core::parse_unpivot(relation left) {
  relation out;
  out.position = take().position;
  out.what = relation::kind::unpivot;
  out.left = shared(std::move(left));
  auto unpivot = std::make_shared<unpivot_clause>();
  if (take_words({"INCLUDE", "NULLS"})) unpivot->include_nulls = true;
  else take_words({"EXCLUDE", "NULLS"});
  SLUICE_RETURN_IF_ERROR(expect_symbol("("));
  bool several = at_symbol("(");
  if (several) {
    SLUICE_ASSIGN_OR_RETURN(unpivot->value_names, parse_name_list());
  } else {
    SLUICE_ASSIGN_OR_RETURN(auto name, parse_name("a column"));
    unpivot->value_names.push_back(std::move(name));
  }
  SLUICE_RETURN_IF_ERROR(expect_word("FOR"));
  SLUICE_ASSIGN_OR_RETURN(unpivot->variable_name, parse_name("a column"));
  SLUICE_RETURN_IF_ERROR(expect_word("IN"));
  SLUICE_RETURN_IF_ERROR(expect_symbol("("));
  do {
    unpivot_clause::entry entry;
    SLUICE_ASSIGN_OR_RETURN(entry.values, parse_column_names(several));
    if (take_word("AS") || at_alias()) {
      SLUICE_ASSIGN_OR_RETURN(entry.alias, parse_name("an alias"));
    }
    unpivot->columns.push_back(std::move(entry));
  } while (take_symbol(","));
  SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
  SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
  out.unpivot = std::move(unpivot);
  SLUICE_RETURN_IF_ERROR(parse_relation_alias(out));
  return out;
}

result<relation> parser_core::parse_sample(relation input) {
  if (!at_word("TABLESAMPLE")) return input;
  relation out;
  out.position = take().position;
  if (at_word("SYSTEM") || at_word("BERNOULLI")) take();
  SLUICE_RETURN_IF_ERROR(expect_symbol("("));
  SLUICE_ASSIGN_OR_RETURN(auto amount, parse_expression());
  if (take_word("ROWS")) {  // Spark's meaning: LIMIT
    query limited;
    limited.position = out.position;
    expression star;
    star.kind = expression_kind::star;
    limited.items.push_back({std::make_shared<const expression>(std::move(star)), {}, out.position, {}});
    limited.from = std::move(input);
    limited.limit = std::move(amount);
    out.what = relation::kind::subquery;
    out.transparent = true;
    out.subquery = std::make_shared<const query>(std::move(limited));
  } else if (take_word("PERCENT")) {
    out.what = relation::kind::sample;
    double percent = 0;
    const auto& text = amount->text;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), percent);
    if (amount->kind != expression_kind::number || error != std::errc() || end != text.data() + text.size() || percent < 0 || percent > 100)
      return status(errc::parse_syntax, "a sample must have between 0 and 100 PERCENT", amount->position);
    out.sample.upper = percent / 100;
    out.left = shared(std::move(input));
  } else {
    return refuse("TABLESAMPLE in bytes or buckets", peek());
  }
  SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
  if (take_word("REPEATABLE")) {
    SLUICE_RETURN_IF_ERROR(expect_symbol("("));
    std::int64_t seed = 0;
    const token number = take();
    auto [end, error] = std::from_chars(number.text.data(), number.text.data() + number.text.size(), seed);
    if (number.kind != token_kind::number || error != std::errc() || end != number.text.data() + number.text.size()) return syntax_error();
    out.sample.seed = seed;
    SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
  }
  return out;
}

} // namespace sluice::sql::internal
