// Joins of relations: ON, USING, NATURAL, and generators beside a relation.
#include <arrow/type.h>

#include <algorithm>

#include "common/plan/internal/query_analyzer.hpp"
#include "common/sql/nearest.hpp"

namespace sluice::plan::internal {
namespace {

using spec_kind = join_spec::kind;

spec_kind kind_of(sql::join_kind what) {
  switch (what) {
    case sql::join_kind::left_outer: return spec_kind::left_outer;
    case sql::join_kind::right_outer: return spec_kind::right_outer;
    case sql::join_kind::full_outer: return spec_kind::full_outer;
    case sql::join_kind::left_semi: return spec_kind::left_semi;
    case sql::join_kind::left_anti: return spec_kind::left_anti;
    default: return spec_kind::inner;
  }
}

bool is_one_sided(spec_kind what) { return what == spec_kind::left_semi || what == spec_kind::left_anti; }

enum class side { none, left, right, both };

side side_of(const expr::node& value, int left) {
  std::vector<int> used;
  expr::collect_columns(value, used);
  bool from_left = false, from_right = false;
  for (int i : used) (i < left ? from_left : from_right) = true;
  return from_left ? (from_right ? side::both : side::left) : from_right ? side::right : side::none;
}

/// The place of the only shown column of that name; an error if there is none or several.
result<int> using_column(const scope& columns, const std::string& name, const char* which, text_position position) {
  int found = -1;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].seen != visibility::shown || !equal_names(columns[i].name, name)) continue;
    if (found >= 0)
      return status(errc::ambiguous_reference, "Reference `" + name + "` is ambiguous on the " + which + " side of the join.", position);
    found = static_cast<int>(i);
  }
  if (found >= 0) return found;
  std::string names;
  for (const auto& column : columns)
    if (column.seen == visibility::shown) names += (names.empty() ? "`" : ", `") + column.name + "`";
  return status(errc::unresolved_column, "USING column `" + name + "` cannot be resolved on the " + which + " side of the join. The " + which +
                "-side columns: [" + names + "].", position).with_spark_class("UNRESOLVED_USING_COLUMN_FOR_JOIN");
}

} // namespace

void split_condition(const expr::expr_ptr& condition, int left, join_spec& into) {
  std::vector<expr::expr_ptr> parts, rest;
  split_conjuncts(condition, parts);
  for (const auto& part : parts) {
    bool equality = part->kind == expr::node_kind::call && (part->name == "=" || part->name == "<=>") && part->args.size() == 2;
    if (equality && can_group(*part->args[0]->type) && data::same_type(*part->args[0]->type, *part->args[1]->type)) {
      auto first = side_of(*part->args[0], left), second = side_of(*part->args[1], left);
      bool swapped = first == side::right && second == side::left;
      if (swapped || (first == side::left && second == side::right)) {
        auto shift = [&](int i) { return i - left; };
        into.keys.push_back({part->args[swapped ? 1 : 0], move_columns(part->args[swapped ? 0 : 1], shift), part->name == "<=>"});
        continue;
      }
    }
    rest.push_back(part);
  }
  if (into.condition) rest.insert(rest.begin(), into.condition);
  into.condition = join_conjuncts(rest);
}

analyzed_query query_analyzer::make_join(analyzed_query left, analyzed_query right, join_spec spec, text_position position) {
  bool left_nullable = spec.what == spec_kind::right_outer || spec.what == spec_kind::full_outer;
  bool right_nullable = spec.what == spec_kind::left_outer || spec.what == spec_kind::full_outer;
  auto out = std::make_shared<node>();
  out->what = node::kind::join;
  out->inputs = {left.root, right.root};
  analyzed_query made;
  made.streaming = left.streaming || right.streaming;
  for (auto& column : left.columns) {
    column.nullable = column.nullable || left_nullable;
    made.columns.push_back(std::move(column));
  }
  if (!is_one_sided(spec.what)) {
    for (auto& column : right.columns) {
      column.nullable = column.nullable || right_nullable;
      made.columns.push_back(std::move(column));
    }
  }
  arrow::FieldVector fields;
  for (const auto& column : made.columns) fields.push_back(arrow::field(column.name, column.type, column.nullable));
  out->output = arrow::schema(std::move(fields));
  out->join = std::move(spec);
  made.root = out;
  note(made.root, position);
  return made;
}

result<analyzed_query> query_analyzer::analyze_join(const sql::relation& from) {
  SLUICE_ASSIGN_OR_RETURN(auto left, analyze_relation(*from.left));
  bool generates = from.right->what == sql::relation::kind::function && is_generator(from.right->name);
  if (generates && from.lateral) {
    if (from.on || !from.using_columns.empty() || (kind_of(from.join) != spec_kind::inner && from.join != sql::join_kind::left_outer))
      return status(errc::unsupported_feature, "a LATERAL join with a function has no condition here", from.position);
    return generate_over(std::move(left), *from.right, false);  // LEFT makes no difference, as in Spark
  }
  join_spec spec;
  spec.what = kind_of(from.join);
  if (from.lateral) return analyze_lateral_join(from, std::move(left), std::move(spec));
  SLUICE_ASSIGN_OR_RETURN(auto right, analyze_relation(*from.right));
  if (from.natural || !from.using_columns.empty()) return join_using(from, std::move(left), std::move(right));
  if (from.on) {
    scope both = left.columns;
    both.insert(both.end(), right.columns.begin(), right.columns.end());
    resolver on(both, session_);
    on.refuse_aggregates("ON", "UNSUPPORTED_EXPR_FOR_OPERATOR");
    SLUICE_ASSIGN_OR_RETURN(auto condition, on.resolve_condition(*from.on, "JOIN"));
    split_condition(condition, static_cast<int>(left.columns.size()), spec);
  }
  return make_join(std::move(left), std::move(right), std::move(spec), from.position);
}

/// A subquery that sees the columns on its left, in its WHERE: a join on these conditions.
result<analyzed_query> query_analyzer::analyze_lateral_join(const sql::relation& from, analyzed_query left, join_spec spec) {
  bool fits = from.right->what == sql::relation::kind::subquery && (spec.what == spec_kind::inner || spec.what == spec_kind::left_outer) &&
              !from.natural && from.using_columns.empty() && !from.on;
  if (!fits) return status(errc::unsupported_feature, "this LATERAL join is not supported", from.position);
  SLUICE_ASSIGN_OR_RETURN(auto right, analyze(*from.right->subquery, &left.columns, false));
  if (right.empty_value) return status(errc::unsupported_feature, "a LATERAL subquery that aggregates is not supported", from.position);
  auto correlated = std::exchange(right.correlated, {});
  int width = static_cast<int>(left.columns.size());
  for (auto& column : right.columns) column.qualifier = from.right->alias;
  for (const auto& part : correlated)
    split_condition(move_columns(part, [&](int i) { return i >= outer_base ? i - outer_base : width + i; }), width, spec);
  return make_join(std::move(left), std::move(right), std::move(spec), from.position);
}

result<analyzed_query> query_analyzer::join_using(const sql::relation& from, analyzed_query left, analyzed_query right) {
  auto names = from.using_columns;
  if (from.natural)
    for (const auto& a : left.columns)
      for (const auto& b : right.columns)
        if (a.seen == visibility::shown && b.seen == visibility::shown && equal_names(a.name, b.name)) names.push_back(a.name);
  join_spec spec;
  spec.what = kind_of(from.join);
  int width = static_cast<int>(left.columns.size());
  std::vector<std::pair<int, int>> pairs;
  for (const auto& name : names) {
    SLUICE_ASSIGN_OR_RETURN(int a, using_column(left.columns, name, "left", from.position));
    SLUICE_ASSIGN_OR_RETURN(int b, using_column(right.columns, name, "right", from.position));
    pairs.emplace_back(a, b);
    const auto &l = left.columns[a], &r = right.columns[b];
    SLUICE_ASSIGN_OR_RETURN(auto equal, expr::call("=", {expr::column(a, l.type, l.name, l.nullable), expr::column(width + b, r.type, r.name, r.nullable)},
                                                   from.position, session_));
    split_condition(equal, width, spec);
  }
  auto what = spec.what;
  auto joined = make_join(std::move(left), std::move(right), std::move(spec), from.position);
  // the common columns first, once; what was left out can still be named with its qualifier
  std::vector<expr::expr_ptr> values;
  scope columns;
  auto add = [&](int i, visibility seen) {
    auto column = joined.columns[i];
    column.seen = std::max(column.seen, seen);
    values.push_back(expr::column(i, column.type, column.name, column.nullable));
    columns.push_back(std::move(column));
  };
  std::vector<bool> used(joined.columns.size(), false);
  for (auto [a, b] : pairs) {
    used[a] = true;
    if (!is_one_sided(what)) used[width + b] = true;
    if (what == spec_kind::full_outer) {
      const auto &l = joined.columns[a], &r = joined.columns[width + b];
      SLUICE_ASSIGN_OR_RETURN(auto value, expr::call("coalesce", {expr::column(a, l.type, l.name, true), expr::column(width + b, r.type, r.name, true)},
                                                     from.position, session_));
      columns.push_back({"", l.name, value->type, value->nullable});
      values.push_back(std::move(value));
    } else {
      add(what == spec_kind::right_outer ? width + b : a, visibility::shown);
    }
  }
  for (std::size_t i = 0; i < used.size(); ++i)
    if (!used[i]) add(static_cast<int>(i), visibility::shown);
  for (auto [a, b] : pairs) {
    if (is_one_sided(what)) break;
    if (what == spec_kind::full_outer || what == spec_kind::right_outer) add(a, visibility::qualified);
    if (what != spec_kind::right_outer) add(width + b, visibility::qualified);
  }
  std::vector<std::string> output;
  for (const auto& column : columns) output.push_back(column.name);
  joined.root = make_project(joined.root, std::move(values), output);
  joined.columns = std::move(columns);
  return joined;
}

result<analyzed_query> query_analyzer::generate_over(analyzed_query input, const sql::relation& function, bool outer) {
  resolver arguments(input.columns, session_);
  arguments.refuse_aggregates("a generator", "UNSUPPORTED_GENERATOR.OUTSIDE_SELECT");
  std::vector<expr::expr_ptr> args;
  for (const auto& arg : function.args) {
    SLUICE_ASSIGN_OR_RETURN(auto value, arguments.resolve(*arg));
    args.push_back(std::move(value));
  }
  SLUICE_ASSIGN_OR_RETURN(auto parts, make_generator(function.name, std::move(args), outer, function.position, session_));
  if (!function.column_aliases.empty()) {
    if (function.column_aliases.size() != parts.names.size())
      return status(errc::unsupported_feature, "The number of aliases supplied in the AS clause does not match the number of columns output by the "
                    "generator: " + std::to_string(parts.names.size()) + " are needed.", function.position)
          .with_spark_class("UDTF_ALIAS_NUMBER_MISMATCH");
    parts.names = function.column_aliases;
  }
  input.root = add_generator(input.root, parts, parts.names);
  note(input.root, function.position);
  for (std::size_t k = 0; k < parts.names.size(); ++k)
    input.columns.push_back({function.alias, parts.names[k], parts.types[k], parts.nullable[k]});
  return input;
}

} // namespace sluice::plan::internal
