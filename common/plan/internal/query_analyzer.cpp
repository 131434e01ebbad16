#include "common/plan/internal/query_analyzer.hpp"

#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>

#include "common/plan/internal/select_state.hpp"
#include "common/sql/nearest.hpp"
#include "common/sql/parser.hpp"

namespace sluice::plan::internal {

using sql_kind = sql::expression_kind;

bool can_group(const arrow::DataType& type) {
  if (type.id() == arrow::Type::MAP) return false;
  for (const auto& field : type.fields())
    if (!can_group(*field->type())) return false;
  return true;
}

node_ptr make_project(node_ptr input, std::vector<expr::expr_ptr> expressions, const std::vector<std::string>& names) {
  auto out = std::make_shared<node>();
  out->what = node::kind::project;
  out->output = schema_of(expressions, names);
  out->action = {step::kind::project, std::move(expressions), out->output};
  out->inputs = {std::move(input)};
  return out;
}

node_ptr make_filter(node_ptr input, expr::expr_ptr condition) {
  auto out = std::make_shared<node>();
  out->what = node::kind::filter;
  out->output = input->output;
  out->action = {step::kind::filter, {std::move(condition)}, out->output};
  out->inputs = {std::move(input)};
  return out;
}

expr::expr_ptr column_of(const node& input, int i) {
  const auto& field = *input.output->field(i);
  return expr::column(i, field.type(), field.name(), field.nullable());
}

data::schema_ptr aggregate_schema(const aggregation& what, const std::vector<std::string>& call_names) {
  arrow::FieldVector fields;
  for (std::size_t i = 0; i < what.keys.size(); ++i)
    fields.push_back(arrow::field(what.key_names[i], what.keys[i]->type, what.keys[i]->nullable));
  if (what.window) fields.push_back(arrow::field("window", data::window_type(what.window->time->type), false));
  for (std::size_t k = 0; k < what.calls.size(); ++k)
    fields.push_back(arrow::field(call_names[k], what.calls[k].type, is_nullable(what.calls[k])));
  return arrow::schema(std::move(fields));
}

analyzed_query query_analyzer::shown_only(analyzed_query query) const {
  bool hidden = std::any_of(query.columns.begin(), query.columns.end(), [](const auto& column) { return column.seen != visibility::shown; });
  if (!hidden || !query.correlated.empty()) return query;
  std::vector<expr::expr_ptr> values;
  std::vector<std::string> names;
  scope columns;
  for (std::size_t i = 0; i < query.columns.size(); ++i) {
    const auto& column = query.columns[i];
    if (column.seen != visibility::shown) continue;
    values.push_back(expr::column(static_cast<int>(i), column.type, column.name, column.nullable));
    names.push_back(column.name);
    columns.push_back(column);
  }
  query.root = make_project(query.root, std::move(values), names);
  query.columns = std::move(columns);
  return query;
}

result<analyzed_query> query_analyzer::analyze(const sql::query& query, const scope* outer, bool keep_hidden) {
  auto outer_tables = tables_.size();
  for (const auto& table : query.with) {
    SLUICE_ASSIGN_OR_RETURN(auto body, analyze(*table.body));
    if (!table.columns.empty()) {
      if (table.columns.size() != body.columns.size())
        return status(errc::parse_syntax, "`" + table.name + "` names " + std::to_string(table.columns.size()) + " columns but its query has " +
                      std::to_string(body.columns.size()), table.position);
      for (std::size_t i = 0; i < table.columns.size(); ++i) body.columns[i].name = table.columns[i];
    }
    tables_.push_back({sql::to_lower(table.name), std::move(body)});
  }
  auto out = query.set == sql::set_operator::none ? analyze_select(query, outer) : analyze_set(query);
  tables_.resize(outer_tables);
  if (!out.ok() || keep_hidden) return out;
  return shown_only(*std::move(out));
}

result<analyzed_query> query_analyzer::analyze_select(const sql::query& query, const scope* outer) {
  select s;
  s.outer = outer;
  SLUICE_ASSIGN_OR_RETURN(s.input, analyze_from(query.from));
  s.root = s.input.root;
  s.windows.named = &query.windows;
  s.grouped = !query.group_by.empty() || query.group_by_all || query.having;
  for (const auto& item : query.items) s.grouped = s.grouped || has_aggregate(*item.value);
  for (const auto& order : query.order_by) s.grouped = s.grouped || has_aggregate(*order.value);
  SLUICE_RETURN_IF_ERROR(attach_subqueries(s, query));
  if (query.where) {
    resolver where(s.input.columns, session_);
    where.refuse_aggregates("WHERE", "INVALID_WHERE_CONDITION");
    where.use_subqueries(s.subqueries);
    where.use_outer(s.outer);
    SLUICE_ASSIGN_OR_RETURN(auto condition, where.resolve_condition(*query.where, "WHERE"));
    if (has_outer(*condition)) {
      std::vector<expr::expr_ptr> parts, own;
      split_conjuncts(condition, parts);
      for (auto& part : parts) (has_outer(*part) ? s.correlated : own).push_back(std::move(part));
      condition = join_conjuncts(own);
    }
    if (condition) s.root = make_filter(s.root, std::move(condition));
  }
  SLUICE_RETURN_IF_ERROR(expand_items(s, query));
  if (s.grouped) {
    SLUICE_RETURN_IF_ERROR(resolve_grouped(s, query));
  } else {
    SLUICE_RETURN_IF_ERROR(resolve_items(s));
    SLUICE_RETURN_IF_ERROR(resolve_order(s, query));
  }
  SLUICE_RETURN_IF_ERROR(add_windows(s));
  SLUICE_RETURN_IF_ERROR(add_generate(s));
  SLUICE_RETURN_IF_ERROR(add_projection(s, query));
  SLUICE_RETURN_IF_ERROR(add_limit(s, query));
  return analyzed_query{s.root, std::move(s.output), s.input.streaming, std::move(s.correlated), std::move(s.empty_value)};
}

} // namespace sluice::plan::internal
