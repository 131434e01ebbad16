// Subqueries in expressions. Each is joined to the rows of its SELECT and leaves one column, so that an expression may hold it
// anywhere: a scalar subquery its value, EXISTS and IN a boolean.
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>

#include "common/plan/internal/select_state.hpp"
#include "common/sql/nearest.hpp"
#include "common/sql/parser.hpp"

namespace sluice::plan::internal {
namespace {

using sql_kind = sql::expression_kind;
using spec_kind = join_spec::kind;

bool is_subquery(const sql::expression& node) {
  return node.kind == sql_kind::scalar_subquery || node.kind == sql_kind::exists || node.kind == sql_kind::in_subquery;
}

/// All subqueries of an expression, not those inside of others. Of a grouped SELECT: `early` those that the aggregation reads.
void find_subqueries(const sql::expression& node, bool grouped, bool inside, std::vector<const sql::expression*>& early,
                     std::vector<const sql::expression*>& late) {
  bool aggregate = inside || (node.kind == sql_kind::call && !node.is_operator && !node.over && is_aggregate_function(node.text));
  if (is_subquery(node)) (grouped && !inside ? late : early).push_back(&node);
  for (const auto& arg : node.args) find_subqueries(*arg, grouped, aggregate, early, late);
  if (node.filter) find_subqueries(*node.filter, grouped, aggregate, early, late);
}

/// NOT IN as a condition of its own knows "unknown"; anywhere else IN gives true or false, as in Spark.
void find_null_aware(const sql::expression& node, std::set<const sql::expression*>& out) {
  if (node.kind != sql_kind::call || !node.is_operator) return;
  if (node.text == "and")
    for (const auto& arg : node.args) find_null_aware(*arg, out);
  if (node.text == "not" && node.args[0]->kind == sql_kind::in_subquery) out.insert(node.args[0].get());
}

node_ptr make_join_node(node_ptr left, node_ptr right, join_spec spec, arrow::FieldVector fields) {
  auto out = std::make_shared<node>();
  out->what = node::kind::join;
  out->join = std::move(spec);
  out->inputs = {std::move(left), std::move(right)};
  out->output = arrow::schema(std::move(fields));
  return out;
}

} // namespace

status query_analyzer::attach_subqueries(select& s, const sql::query& query) {
  std::vector<const sql::expression*> early, late;
  if (query.where) find_subqueries(*query.where, false, false, early, late);
  if (query.where) find_null_aware(*query.where, s.null_aware);
  if (query.having) find_null_aware(*query.having, s.null_aware);
  for (const auto& key : query.group_by) find_subqueries(*key, false, false, early, late);
  for (const auto& item : query.items) find_subqueries(*item.value, s.grouped, false, early, late);
  if (query.having) find_subqueries(*query.having, true, false, early, late);
  for (const auto& order : query.order_by) find_subqueries(*order.value, s.grouped, false, early, late);
  for (const auto* written : early) SLUICE_RETURN_IF_ERROR(attach_subquery(s, *written));
  // those above the aggregation get their places now, so that expressions can be resolved
  for (const auto* written : late) {
    auto inner = analyze_subquery(s, *written);
    if (!inner.ok()) return inner.error();
    scope_column column{"", sql::to_text(*written), arrow::boolean(), written->kind != sql_kind::exists, visibility::internal};
    if (written->kind == sql_kind::scalar_subquery && !(*inner)->columns.empty()) column.type = (*inner)->columns[0].type;
    s.late.push_back({written, static_cast<int>(s.input.columns.size())});
    s.subqueries[written] = s.late.back().column;
    s.input.columns.push_back(std::move(column));
  }
  return ok();
}

/// Analysed once, however often it is asked for.
result<const analyzed_query*> query_analyzer::analyze_subquery(select& s, const sql::expression& written) {
  auto known = s.analyzed.find(&written);
  if (known == s.analyzed.end()) {
    SLUICE_ASSIGN_OR_RETURN(auto inner, analyze(*written.subquery, &s.input.columns, false));
    known = s.analyzed.emplace(&written, std::move(inner)).first;
  }
  return &known->second;
}

status query_analyzer::attach_subquery(select& s, const sql::expression& written) {
  if (s.subqueries.contains(&written)) return ok();
  scope_column column;
  auto joined = join_subquery(s, s.root, written, false, column);
  if (!joined.ok()) return joined.error();
  s.root = *std::move(joined);
  s.input.root = s.root;
  s.subqueries[&written] = static_cast<int>(s.input.columns.size());
  s.input.columns.push_back(std::move(column));
  return ok();
}

status query_analyzer::attach_late(select& s) {
  for (const auto& subquery : s.late) {
    scope_column column;
    auto joined = join_subquery(s, s.root, *subquery.written, true, column);
    if (!joined.ok()) return joined.error();
    s.root = *std::move(joined);
  }
  return ok();
}

/// The rows of `root` with the subquery's column behind; `late`: the root is the aggregation, not the input.
result<node_ptr> query_analyzer::join_subquery(select& s, const node_ptr& root, const sql::expression& written, bool late, scope_column& column) {
  SLUICE_ASSIGN_OR_RETURN(const auto* analyzed, analyze_subquery(s, written));
  const auto& inner = *analyzed;
  int width = root->output->num_fields();
  join_spec spec;
  auto outer_value = [&](const expr::expr_ptr& value) -> result<expr::expr_ptr> { return late ? over_groups(s, value) : value; };
  for (const auto& part : inner.correlated) {
    // own columns move behind the left side, then the outer ones take their places
    auto own = move_columns(part, [&](int i) { return i >= outer_base ? i : window_base + i; });
    status failed = ok();
    auto whole = rewrite(own, [&](const expr::expr_ptr& at) -> expr::expr_ptr {
      if (at->kind != expr::node_kind::column) return nullptr;
      if (at->index < outer_base) return moved_column(*at, width + at->index - window_base);
      auto value = outer_value(moved_column(*at, at->index - outer_base));
      if (!value.ok()) failed = value.error();
      return value.ok() ? *value : at;
    });
    SLUICE_RETURN_IF_ERROR(failed);
    split_condition(whole, width, spec);
  }
  auto visible = static_cast<std::size_t>(std::count_if(inner.columns.begin(), inner.columns.end(), [](const auto& c) { return c.seen == visibility::shown; }));
  auto fields = root->output->fields();
  column.seen = visibility::internal;
  column.name = sql::to_text(written);
  if (written.kind == sql_kind::exists) {
    spec.what = spec_kind::mark;
    column.type = arrow::boolean();
    column.nullable = false;
    fields.push_back(arrow::field(column.name, column.type, false));
    return make_join_node(root, inner.root, std::move(spec), std::move(fields));
  }
  auto wanted = written.kind == sql_kind::in_subquery ? written.args.size() : 1;
  if (visible != wanted) {
    bool scalar = written.kind == sql_kind::scalar_subquery;
    return status(scalar ? errc::datatype_mismatch : errc::datatype_mismatch,
                  scalar ? "Invalid subquery: Scalar subquery must return only one column, but found " + std::to_string(visible) + "."
                         : "The number of columns in the left hand side of an IN subquery (" + std::to_string(wanted) +
                               ") does not match the number of columns in the output of subquery (" + std::to_string(visible) + ").",
                  written.position)
        .with_spark_class(scalar ? "INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN" : "DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH");
  }
  if (written.kind == sql_kind::in_subquery) {
    spec.what = spec_kind::mark;
    spec.null_aware = s.null_aware.contains(&written);
    resolver values(s.input.columns, session_);
    if (late) values.allow_aggregates(s.collector);
    values.use_subqueries(s.subqueries);
    std::vector<expr::expr_ptr> equal;
    column.nullable = false;
    for (std::size_t k = 0; k < wanted; ++k) {
      SLUICE_ASSIGN_OR_RETURN(auto left, values.resolve(*written.args[k]));
      SLUICE_ASSIGN_OR_RETURN(left, outer_value(left));
      const auto& right = inner.columns[k];
      column.nullable = column.nullable || left->nullable || right.nullable;
      SLUICE_ASSIGN_OR_RETURN(auto same, expr::call("=", {left, expr::column(width + static_cast<int>(k), right.type, right.name, right.nullable)},
                                                    written.position, session_));
      equal.push_back(std::move(same));
    }
    join_spec single;
    if (equal.size() == 1 && !spec.condition) split_condition(equal[0], width, single);
    if (single.keys.size() == 1) spec.in = std::move(single.keys[0]);
    else {
      if (spec.condition) equal.insert(equal.begin(), spec.condition);
      spec.condition = join_conjuncts(equal);
    }
    column.type = arrow::boolean();
    fields.push_back(arrow::field(column.name, column.type, column.nullable));
    return make_join_node(root, inner.root, std::move(spec), std::move(fields));
  }
  if (late && !inner.correlated.empty())
    return status(errc::unsupported_feature, "The correlated scalar subquery '" + sql::to_text(written) + "' is neither present in GROUP BY, nor in an "
                  "aggregate function.", written.position).with_spark_class("SCALAR_SUBQUERY_IS_IN_GROUP_BY_OR_AGGREGATE_FUNCTION");
  // a scalar subquery
  column.type = inner.columns[0].type;
  column.nullable = true;
  if (inner.correlated.empty()) {
    auto single = std::make_shared<node>();
    single->what = node::kind::single_row;
    single->output = arrow::schema({arrow::field(column.name, column.type, true)});
    single->inputs = {inner.root};
    fields.push_back(single->output->field(0));
    return make_join_node(root, single, std::move(spec), std::move(fields));
  }
  spec.what = spec_kind::left_outer;
  spec.single = true;
  auto value_place = width;
  std::vector<expr::expr_ptr> right;
  std::vector<std::string> names;
  for (int i = 0; i < inner.root->output->num_fields(); ++i) {
    right.push_back(column_of(*inner.root, i));
    names.push_back(inner.root->output->field(i)->name());
  }
  right.push_back(expr::literal(std::make_shared<arrow::BooleanScalar>(true)));
  names.push_back("__matched");
  auto side = make_project(inner.root, std::move(right), names);
  for (const auto& field : side->output->fields()) fields.push_back(field->WithNullable(true));
  auto joined = make_join_node(root, side, std::move(spec), std::move(fields));
  std::vector<expr::expr_ptr> values;
  names.clear();
  for (int i = 0; i < width; ++i) {
    values.push_back(column_of(*joined, i));
    names.push_back(joined->output->field(i)->name());
  }
  auto value = column_of(*joined, value_place);
  bool has_default = inner.empty_value && !(inner.empty_value->kind == expr::node_kind::literal && inner.empty_value->nullable);
  if (has_default) {
    auto matched = column_of(*joined, joined->output->num_fields() - 1);
    SLUICE_ASSIGN_OR_RETURN(auto unmatched, expr::call("is_null", {matched}, written.position, session_));
    SLUICE_ASSIGN_OR_RETURN(value, expr::call("case", {unmatched, inner.empty_value, value}, written.position, session_));
  }
  values.push_back(std::move(value));
  names.push_back(column.name);
  return make_project(joined, std::move(values), names);
}

} // namespace sluice::plan::internal
