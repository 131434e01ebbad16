// UNION, INTERSECT and EXCEPT: the sides are matched by place or by name, their columns brought to common types.
#include <arrow/type.h>

#include <algorithm>

#include "common/plan/internal/query_analyzer.hpp"
#include "common/sql/nearest.hpp"

namespace sluice::plan::internal {
namespace {

std::string operator_name(const sql::query& query) {
  std::string out = query.set == sql::set_operator::union_ ? "UNION" : query.set == sql::set_operator::intersect ? "INTERSECT" : "EXCEPT";
  return query.set_all && query.set != sql::set_operator::union_ ? out + " ALL" : out;
}

/// The query's columns replaced by expressions over them.
void project_columns(analyzed_query& query, std::vector<expr::expr_ptr> values, scope columns) {
  std::vector<std::string> names;
  for (const auto& column : columns) names.push_back(column.name);
  query.root = make_project(query.root, std::move(values), names);
  query.columns = std::move(columns);
}

std::string ordinal_text(std::size_t i) {
  static constexpr std::string_view words[] = {"first", "second", "third"};
  return i < 3 ? std::string(words[i]) : std::to_string(i + 1) + "th";
}

expr::expr_ptr scope_value(const scope& columns, std::size_t i) {
  return expr::column(static_cast<int>(i), columns[i].type, columns[i].name, columns[i].nullable);
}

} // namespace

/// From the left, so that long chains do not nest here.
result<analyzed_query> query_analyzer::analyze_set(const sql::query& query) {
  std::vector<const sql::query*> chain{&query};
  while (chain.back()->left->set != sql::set_operator::none && chain.back()->left->with.empty()) chain.push_back(chain.back()->left.get());
  SLUICE_ASSIGN_OR_RETURN(auto left, analyze(*chain.back()->left));
  for (auto at = chain.rbegin(); at != chain.rend(); ++at) {
    SLUICE_ASSIGN_OR_RETURN(auto right, analyze(*(*at)->right));
    SLUICE_ASSIGN_OR_RETURN(left, make_set(**at, std::move(left), std::move(right)));
  }
  return left;
}

status query_analyzer::match_names(const sql::query& query, analyzed_query& left, analyzed_query& right) {
  std::vector<expr::expr_ptr> values;
  scope columns;
  std::vector<bool> used(right.columns.size(), false);
  auto missing = [&](const std::string& name, const scope& where) {
    std::string names;
    for (const auto& column : where) names += (names.empty() ? "`" : ", `") + column.name + "`";
    return status(errc::unresolved_column, "Cannot resolve column name \"" + name + "\" among (" + names + ").", query.position);
  };
  for (const auto& column : left.columns) {
    std::size_t found = right.columns.size();
    for (std::size_t i = 0; i < right.columns.size(); ++i)
      if (!used[i] && equal_names(right.columns[i].name, column.name)) {
        found = i;
        break;
      }
    if (found == right.columns.size()) {
      if (!query.allow_missing_columns) return missing(column.name, right.columns);
      values.push_back(expr::null_literal(column.type));
    } else {
      used[found] = true;
      values.push_back(scope_value(right.columns, found));
    }
    columns.push_back({"", column.name, values.back()->type, values.back()->nullable});
  }
  std::vector<expr::expr_ptr> left_values;
  scope left_columns = left.columns;
  for (std::size_t i = 0; i < left.columns.size(); ++i) left_values.push_back(scope_value(left.columns, i));
  for (std::size_t i = 0; i < right.columns.size(); ++i) {
    if (used[i]) continue;
    if (!query.allow_missing_columns) return missing(right.columns[i].name, left.columns);
    const auto& column = right.columns[i];
    values.push_back(scope_value(right.columns, i));
    columns.push_back({"", column.name, column.type, column.nullable});
    left_values.push_back(expr::null_literal(column.type));
    left_columns.push_back({"", column.name, column.type, true});
  }
  if (left_columns.size() > left.columns.size()) project_columns(left, std::move(left_values), std::move(left_columns));
  project_columns(right, std::move(values), std::move(columns));
  return ok();
}

status query_analyzer::match_sides(const sql::query& query, analyzed_query& left, analyzed_query& right) {
  if (query.by_name) SLUICE_RETURN_IF_ERROR(match_names(query, left, right));
  auto name = operator_name(query);
  if (left.columns.size() != right.columns.size())
    return status(errc::datatype_mismatch, name + " can only be performed on inputs with the same number of columns, but the first input has " +
            std::to_string(left.columns.size()) + " columns and the second input has " + std::to_string(right.columns.size()) + " columns.",
                  query.position).with_spark_class("NUM_COLUMNS_MISMATCH");
  std::vector<expr::expr_ptr> left_values, right_values;
  bool left_changed = false, right_changed = false;
  for (std::size_t i = 0; i < left.columns.size(); ++i) {
    auto &a = left.columns[i], &b = right.columns[i];
    auto type = expr::common_type(a.type, b.type);
    if (!type.ok())
      return status(errc::datatype_mismatch, name + " can only be performed on tables with compatible column types. The " + ordinal_text(i) +
              " column of the second table is \"" + sql::to_upper(data::type_name(*b.type)) + "\" type which is not compatible with \"" +
              sql::to_upper(data::type_name(*a.type)) + "\" at the same column of the first table.", query.position).with_spark_class("INCOMPATIBLE_COLUMN_TYPE");
    for (auto* side : {&left, &right}) {
      auto value = coerced(scope_value(side->columns, i), *type, query.position, session_);
      if (!value.ok()) return value.error();
      auto& changed = side == &left ? left_changed : right_changed;
      changed = changed || (*value)->kind != expr::node_kind::column;
      (side == &left ? left_values : right_values).push_back(*std::move(value));
      side->columns[i].type = *type;
    }
  }
  if (left_changed) project_columns(left, std::move(left_values), left.columns);
  if (right_changed) project_columns(right, std::move(right_values), right.columns);
  return ok();
}

result<analyzed_query> query_analyzer::make_set(const sql::query& query, analyzed_query left, analyzed_query right) {
  SLUICE_RETURN_IF_ERROR(match_sides(query, left, right));
  auto out = std::make_shared<node>();
  bool is_union = query.set == sql::set_operator::union_;
  out->what = is_union ? node::kind::union_all : query.set == sql::set_operator::intersect ? node::kind::intersect : node::kind::except;
  out->all = query.set_all;
  analyzed_query made;
  arrow::FieldVector fields;
  for (std::size_t i = 0; i < left.columns.size(); ++i) {
    const auto &a = left.columns[i], &b = right.columns[i];
    if (!is_union && !can_group(*a.type))
      return status(errc::unsupported_feature, "The feature is not supported: Cannot have MAP type columns in DataFrame which calls set operations "
                    "(INTERSECT, EXCEPT, etc.), but the type of column `" + a.name + "` is \"" + sql::to_upper(data::type_name(*a.type)) + "\".",
                    query.position).with_spark_class("UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE");
    bool nullable = is_union ? a.nullable || b.nullable : query.set == sql::set_operator::intersect ? a.nullable && b.nullable : a.nullable;
    made.columns.push_back({"", a.name, a.type, nullable, visibility::shown, a.plan_ids});
    fields.push_back(arrow::field(a.name, a.type, nullable));
  }
  out->output = arrow::schema(std::move(fields));
  // a chain of UNION ALL is one node
  bool flat = is_union && left.root->what == node::kind::union_all;
  out->inputs = flat ? left.root->inputs : std::vector<node_ptr>{left.root};
  out->inputs.push_back(right.root);
  made.streaming = left.streaming || right.streaming;
  made.root = out;
  note(made.root, query.position);
  if (!is_union || query.set_all) return made;
  return add_distinct(std::move(made), query.position);
}

result<analyzed_query> query_analyzer::add_distinct(analyzed_query query, text_position position) {
  auto distinct = std::make_shared<node>();
  distinct->what = node::kind::aggregate;
  for (std::size_t i = 0; i < query.columns.size(); ++i) {
    const auto& column = query.columns[i];
    if (!can_group(*column.type))
      return status(errc::unsupported_feature, "DISTINCT does not support the type " + sql::to_upper(data::type_name(*column.type)), position);
    distinct->aggregate.keys.push_back(scope_value(query.columns, i));
    distinct->aggregate.key_names.push_back(column.name);
  }
  distinct->aggregate.output = distinct->output = aggregate_schema(distinct->aggregate, {});
  distinct->inputs = {query.root};
  query.root = distinct;
  distinct_.insert(query.root.get());
  note(query.root, position);
  return query;
}

} // namespace sluice::plan::internal
