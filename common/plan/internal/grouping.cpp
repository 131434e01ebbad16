// GROUP BY, grouping sets, HAVING: from a grouped SELECT to an aggregation and expressions over its columns.
#include <arrow/array/array_base.h>
#include <arrow/array/util.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>
#include <charconv>

#include "common/plan/internal/select_state.hpp"
#include "common/sql/nearest.hpp"
#include "common/sql/parser.hpp"

namespace sluice::plan::internal {

using sql_kind = sql::expression_kind;

std::optional<std::int64_t> ordinal_of(const sql::expression& node) {
  if (node.kind != sql_kind::number || !node.suffix.empty()) return std::nullopt;
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(node.text.data(), node.text.data() + node.text.size(), value);
  if (error != std::errc() || end != node.text.data() + node.text.size()) return std::nullopt;
  return value;
}

status ordinal_out_of_range(const std::string& clause, std::int64_t ordinal, std::size_t items, text_position position) {
  return status(errc::group_by_position, clause + " position " + std::to_string(ordinal) + " is not in select list (valid range is [1, " +
                std::to_string(items) + "]).", position)
      .with_spark_class(clause == "GROUP BY" ? "GROUP_BY_POS_OUT_OF_RANGE" : "ORDER_BY_POS_OUT_OF_RANGE");
}

result<const sql::expression*> query_analyzer::group_target(select& s, const sql::expression& written) {
  auto item_target = [&](const select::item& item) -> result<const sql::expression*> {
    if (item.written && has_aggregate(*item.written))
      return status(errc::group_by_aggregate, "GROUP BY may not hold an aggregate function: " + sql::to_text(*item.written), written.position);
    return item.written;
  };
  if (auto ordinal = ordinal_of(written)) {
    if (*ordinal < 1 || *ordinal > static_cast<std::int64_t>(s.items.size()))
      return ordinal_out_of_range("GROUP BY", *ordinal, s.items.size(), written.position);
    const auto& item = s.items[*ordinal - 1];
    if (!item.written)
      return status(errc::unsupported_feature, "a GROUP BY ordinal that points to a column of `*` is not supported; write its name",
                    written.position);
    return item_target(item);
  }
  if (written.kind != sql_kind::name || written.parts.size() != 1) return &written;
  for (const auto& column : s.input.columns)
    if (column.seen == visibility::shown && equal_names(column.name, written.parts[0])) return &written;
  for (const auto& item : s.items)
    if (item.written && equal_names(item.name, written.parts[0])) return item_target(item);
  return &written;
}

/// The key's place; -1 for the window.
result<int> query_analyzer::resolve_key(select& s, const sql::query& query, const sql::expression& written) {
  SLUICE_ASSIGN_OR_RETURN(const auto* found, group_target(s, written));
  const auto& target = *found;
  resolver keys(s.input.columns, session_);
  keys.refuse_aggregates("GROUP BY", "GROUP_BY_AGGREGATE");
  keys.use_subqueries(s.subqueries);
  if (is_window_call(target)) {
    SLUICE_ASSIGN_OR_RETURN(auto window, keys.resolve_window(target));
    auto& have = s.collector.window;
    bool same = have && same_expression(*have->time, *window.time) && have->size_us == window.size_us && have->slide_us == window.slide_us &&
                have->start_us == window.start_us;
    if (have && !same)
      return status(errc::unsupported_feature, "Multiple time/session window expressions would result in a cartesian product of rows, therefore "
                    "they are currently not supported.", target.position);
    if (!query.grouping_sets.empty()) return status(errc::unsupported_feature, "window() in grouping sets is not supported", target.position);
    have = std::move(window);
    return -1;
  }
  if (has_window_call(target))
    return status(errc::unsupported_feature, "window() inside of another grouping expression is not supported; group by window(…) itself",
                  target.position);
  SLUICE_ASSIGN_OR_RETURN(auto key, keys.resolve(target));
  if (!can_group(*key->type))
    return status(errc::datatype_mismatch, "The expression \"" + sql::to_text(target) + "\" cannot be used as a grouping expression because its "
                  "data type " + sql::to_upper(data::type_name(*key->type)) + " is not an orderable data type.", target.position)
        .with_spark_class("GROUP_EXPRESSION_TYPE_IS_NOT_ORDERABLE");
  for (std::size_t k = 0; k < s.keys.size(); ++k)
    if (same_expression(*s.keys[k], *key)) return static_cast<int>(k);
  s.keys.push_back(std::move(key));
  s.key_names.push_back(sql::to_text(target));
  return static_cast<int>(s.keys.size()) - 1;
}

status query_analyzer::resolve_keys(select& s, const sql::query& query) {
  std::vector<int> places;
  for (const auto& written : query.group_by) {
    auto place = resolve_key(s, query, *written);
    if (!place.ok()) return place.error();
    places.push_back(*place);
  }
  for (const auto& set : query.grouping_sets) {
    std::vector<int> keys;
    for (int i : set)
      if (std::find(keys.begin(), keys.end(), places[i]) == keys.end()) keys.push_back(places[i]);
    s.grouping_sets.push_back(std::move(keys));
  }
  s.collector.keys = &s.keys;
  s.collector.has_sets = !s.grouping_sets.empty();
  if (!query.group_by_all) return ok();
  for (const auto& item : s.items) {
    if (!item.written)
      return {errc::unsupported_feature, "GROUP BY ALL with `*` is not supported", item.position};
    if (has_aggregate(*item.written)) continue;
    auto place = resolve_key(s, query, *item.written);
    if (!place.ok()) return place.error();
  }
  return ok();
}

status query_analyzer::resolve_grouped(select& s, const sql::query& query) {
  s.collector.num_inputs = static_cast<int>(s.input.columns.size());
  SLUICE_RETURN_IF_ERROR(resolve_keys(s, query));
  SLUICE_RETURN_IF_ERROR(add_correlated_keys(s));
  SLUICE_RETURN_IF_ERROR(resolve_items(s));
  if (query.having) {
    auto having = item_resolver(s, false);
    having.use_aliases(s.aliases, true);
    auto condition = having.resolve_condition(*query.having, "HAVING");
    if (!condition.ok()) return condition.error();
    s.having = *std::move(condition);
  }
  SLUICE_RETURN_IF_ERROR(resolve_order(s, query));
  return add_aggregate(s, query);
}

/// A correlated subquery that aggregates does so per value of what its WHERE compares with the outer query.
status query_analyzer::add_correlated_keys(select& s) {
  for (const auto& part : s.correlated) {
    bool equality = part->kind == expr::node_kind::call && (part->name == "=" || part->name == "<=>") && part->args.size() == 2;
    const expr::expr_ptr* own = nullptr;
    if (equality && !has_outer(*part->args[0])) own = &part->args[0];
    else if (equality && !has_outer(*part->args[1])) own = &part->args[1];
    if (!own || !s.grouping_sets.empty() || s.collector.window)
      return status(errc::unsupported_feature, "Unsupported subquery expression: Correlated column is not allowed in predicate: " + expr::to_sql(*part),
                    part->position).with_spark_class("UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.CORRELATED_COLUMN_IS_NOT_ALLOWED_IN_PREDICATE");
    bool known = std::any_of(s.keys.begin(), s.keys.end(), [&](const auto& key) { return same_expression(*key, **own); });
    if (known) continue;
    s.keys.push_back(*own);
    s.key_names.push_back(expr::to_sql(**own));
  }
  return ok();
}

result<expr::expr_ptr> query_analyzer::over_groups(const select& s, const expr::expr_ptr& expression) const {
  int num_keys = static_cast<int>(s.keys.size());
  bool sets = !s.grouping_sets.empty();
  int num_grouping = sets ? 1 + static_cast<int>(s.collector.groupings.size()) : 0;
  int first_call = num_keys + num_grouping + (s.collector.window ? 1 : 0);
  int first_late = first_call + static_cast<int>(s.collector.calls.size());
  expr::expr_ptr missing;
  auto out = rewrite(expression, [&](const expr::expr_ptr& at) -> expr::expr_ptr {
    if (at->kind == expr::node_kind::literal) return at;
    for (int k = 0; k < num_keys; ++k)
      if (same_expression(*s.keys[k], *at)) return expr::column(k, at->type, s.key_names[k], at->nullable || sets, at->position);
    if (at->kind != expr::node_kind::column) return nullptr;
    if (at->index >= outer_base) return at;
    if (at->index >= grouping_base) return moved_column(*at, num_keys + 1 + at->index - grouping_base);
    if (at->index >= window_base) return at;
    for (std::size_t k = 0; k < s.late.size(); ++k)
      if (at->index == s.late[k].column) return moved_column(*at, first_late + static_cast<int>(k));
    if (at->index == s.collector.window_index()) return expr::column(num_keys, at->type, at->name, at->nullable, at->position);
    if (at->index > s.collector.window_index())
      return expr::column(first_call + at->index - s.collector.call_index(0), at->type, s.call_names[at->index - s.collector.call_index(0)],
                          at->nullable, at->position);
    if (!missing) missing = at;
    return at;
  });
  if (missing)
    return status(errc::missing_aggregation, "The non-aggregating expression \"" + missing->name + "\" is based on columns which are not participating "
                  "in the GROUP BY clause. Add the columns or the expression to the GROUP BY, aggregate the expression, or use \"any_value(" +
                  missing->name + ")\" if you do not care which of the values within a group is returned.", missing->position);
  return out;
}

/// Each row once per grouping set, with null for the keys that the set has not; the aggregation's keys become those columns.
void query_analyzer::add_grouping_sets(select& s, aggregation& what) {
  int width = s.root->output->num_fields();
  auto expand = std::make_shared<node>();
  expand->what = node::kind::expand;
  auto fields = s.root->output->fields();
  for (std::size_t k = 0; k < s.keys.size(); ++k) fields.push_back(arrow::field(s.key_names[k], s.keys[k]->type, true));
  fields.push_back(arrow::field("spark_grouping_id", arrow::int64(), false));
  for (const auto& grouping : s.collector.groupings) fields.push_back(arrow::field(grouping.name, grouping.type, false));
  for (std::size_t index = 0; index < s.grouping_sets.size(); ++index) {
    const auto& set = s.grouping_sets[index];
    auto has = [&](int key) { return std::find(set.begin(), set.end(), key) != set.end(); };
    std::vector<expr::expr_ptr> row;
    for (int i = 0; i < width; ++i) row.push_back(column_of(*s.root, i));
    for (std::size_t k = 0; k < s.keys.size(); ++k) row.push_back(has(static_cast<int>(k)) ? s.keys[k] : expr::null_literal(s.keys[k]->type));
    // equal sets stay apart, as in Spark
    row.push_back(expr::literal(std::make_shared<arrow::Int64Scalar>(static_cast<std::int64_t>(index))));
    for (const auto& grouping : s.collector.groupings) {
      std::int64_t bits = 0;
      for (int key : grouping.keys) bits = bits * 2 + (has(key) ? 0 : 1);
      if (grouping.type->id() == arrow::Type::INT8) row.push_back(expr::literal(std::make_shared<arrow::Int8Scalar>(static_cast<std::int8_t>(bits))));
      else row.push_back(expr::literal(std::make_shared<arrow::Int64Scalar>(bits)));
    }
    expand->projections.push_back(std::move(row));
  }
  expand->output = arrow::schema(std::move(fields));
  expand->inputs = {s.root};
  s.root = expand;
  what.keys.clear();
  what.key_names.clear();
  for (int i = width; i < expand->output->num_fields(); ++i) {
    what.keys.push_back(column_of(*expand, i));
    what.key_names.push_back(expand->output->field(i)->name());
  }
}

status query_analyzer::all_over_groups(select& s) {
  auto replace = [&](expr::expr_ptr& value) -> status {
    auto over = over_groups(s, value);
    if (!over.ok()) return over.error();
    value = *std::move(over);
    return ok();
  };
  for (auto& item : s.items) SLUICE_RETURN_IF_ERROR(replace(item.value));
  for (auto& order : s.orders) SLUICE_RETURN_IF_ERROR(replace(order.value));
  for (auto& part : s.correlated) SLUICE_RETURN_IF_ERROR(replace(part));
  for (auto& generator : s.generators) SLUICE_RETURN_IF_ERROR(replace(generator.node.value));
  for (auto& entry : s.windows.entries) {
    for (auto& key : entry.partition) SLUICE_RETURN_IF_ERROR(replace(key));
    for (auto& key : entry.order) SLUICE_RETURN_IF_ERROR(replace(key.expression));
    for (auto& arg : entry.call.call.args) SLUICE_RETURN_IF_ERROR(replace(arg));
    if (entry.call.call.filter) SLUICE_RETURN_IF_ERROR(replace(entry.call.call.filter));
    if (entry.call.lower.value) SLUICE_RETURN_IF_ERROR(replace(entry.call.lower.value));
    if (entry.call.upper.value) SLUICE_RETURN_IF_ERROR(replace(entry.call.upper.value));
  }
  if (s.having) SLUICE_RETURN_IF_ERROR(replace(s.having));
  return ok();
}

namespace {

/// What an aggregate gives for no rows: 0 for counts, else null (an empty array for collect_*).
expr::expr_ptr value_of_nothing(const aggregate_call& call) {
  if (is_nullable(call)) return expr::null_literal(call.type);
  if (call.type->id() == arrow::Type::INT64) return expr::literal(std::make_shared<arrow::Int64Scalar>(0));
  if (call.type->id() == arrow::Type::LIST) {
    auto empty = arrow::MakeEmptyArray(call.type->field(0)->type());
    if (empty.ok()) return expr::literal(std::make_shared<arrow::ListScalar>(*empty, call.type));
  }
  return expr::null_literal(call.type);
}

} // namespace

status query_analyzer::add_aggregate(select& s, const sql::query& query) {
  auto out = std::make_shared<node>();
  out->what = node::kind::aggregate;
  auto& what = out->aggregate;
  what.keys = s.keys;
  what.window = s.collector.window;
  what.calls = s.collector.calls;
  auto& call_names = s.call_names;
  for (const auto& call : what.calls) call_names.push_back(to_sql(call));
  // columns that the select list takes as they are get its names
  for (const auto& item : s.items) {
    for (std::size_t k = 0; k < s.keys.size(); ++k)
      if (same_expression(*s.keys[k], *item.value)) s.key_names[k] = item.name;
    bool is_call = item.value->kind == expr::node_kind::column && item.value->index > s.collector.window_index() && item.value->index < window_base;
    if (is_call && item.value->index - s.collector.call_index(0) < static_cast<int>(call_names.size()))
      call_names[item.value->index - s.collector.call_index(0)] = item.name;
  }
  what.key_names = s.key_names;
  if (!s.grouping_sets.empty()) add_grouping_sets(s, what);
  what.output = aggregate_schema(what, call_names);
  out->output = what.output;
  out->inputs = {s.root};
  s.root = out;
  auto position = !query.group_by.empty() ? query.group_by[0]->position : s.items.empty() ? query.position : s.items[0].position;
  note(s.root, position);
  bool whole = query.group_by.empty() && !query.group_by_all && !s.items.empty() && !s.collector.window;
  if (s.outer && whole && !s.having) {
    auto& calls = s.collector.calls;
    s.empty_value = rewrite(s.items[0].value, [&](const expr::expr_ptr& at) -> expr::expr_ptr {
      bool is_call = at->kind == expr::node_kind::column && at->index >= s.collector.call_index(0) &&
                     at->index < s.collector.call_index(calls.size());
      if (is_call) return value_of_nothing(calls[at->index - s.collector.call_index(0)]);
      return at->kind == expr::node_kind::column ? expr::null_literal(at->type) : nullptr;
    });
  }
  SLUICE_RETURN_IF_ERROR(all_over_groups(s));
  SLUICE_RETURN_IF_ERROR(attach_late(s));
  if (s.having) s.root = make_filter(s.root, s.having);
  return ok();
}

} // namespace sluice::plan::internal
