// What stands above a SELECT's rows: window functions, a generator, the projection, DISTINCT, ORDER BY, LIMIT and OFFSET.
#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <limits>

#include <algorithm>

#include "common/plan/internal/select_state.hpp"
#include "common/sql/nearest.hpp"
#include "common/sql/parser.hpp"

namespace sluice::plan::internal {

using sql_kind = sql::expression_kind;

status query_analyzer::resolve_order(select& s, const sql::query& query) {
  for (const auto& written : query.order_by) {
    select::order order;
    order.ascending = written.ascending;
    order.nulls_first = written.nulls_first.value_or(written.ascending);
    order.position = written.value->position;
    if (auto ordinal = ordinal_of(*written.value)) {
      if (*ordinal < 1 || *ordinal > static_cast<std::int64_t>(s.items.size()))
        return ordinal_out_of_range("ORDER BY", *ordinal, s.items.size(), order.position);
      order.ordinal = static_cast<int>(*ordinal - 1);
      order.value = s.items[order.ordinal].value;
    } else {
      auto orders = item_resolver(s, false);
      orders.use_aliases(s.aliases, true);
      auto value = orders.resolve(*written.value);
      if (!value.ok()) return value.error();
      order.value = *std::move(value);
    }
    if (!can_group(*order.value->type))
      return {errc::datatype_mismatch, "ORDER BY does not support the type " + sql::to_upper(data::type_name(*order.value->type)), order.position};
    s.orders.push_back(std::move(order));
  }
  return ok();
}

namespace {

/// Whether the expression reads only columns that are there: a window function over another one does not.
bool reads_only(const expr::node& value, int columns) {
  std::vector<int> used;
  expr::collect_columns(value, used);
  return std::all_of(used.begin(), used.end(), [&](int i) { return i < columns; });
}

} // namespace

/// One node per partitioning and order; their columns follow the input's.
status query_analyzer::add_windows(select& s) {
  auto& entries = s.windows.entries;
  std::vector<int> places(entries.size(), -1);
  auto same_window = [](const window_collector::entry& a, const window_collector::entry& b) {
    if (a.partition.size() != b.partition.size() || a.order.size() != b.order.size()) return false;
    for (std::size_t i = 0; i < a.partition.size(); ++i)
      if (!same_expression(*a.partition[i], *b.partition[i])) return false;
    for (std::size_t i = 0; i < a.order.size(); ++i)
      if (!same_expression(*a.order[i].expression, *b.order[i].expression) || a.order[i].ascending != b.order[i].ascending ||
          a.order[i].nulls_first != b.order[i].nulls_first)
        return false;
    return true;
  };
  for (std::size_t k = 0; k < entries.size(); ++k) {
    if (places[k] >= 0) continue;
    auto out = std::make_shared<node>();
    out->what = node::kind::window;
    out->window.partition = entries[k].partition;
    out->window.order = entries[k].order;
    auto fields = s.root->output->fields();
    for (std::size_t j = k; j < entries.size(); ++j) {
      if (places[j] >= 0 || !same_window(entries[k], entries[j])) continue;
      const auto& entry = entries[j];
      std::vector<expr::expr_ptr> read = entry.partition;
      read.insert(read.end(), entry.call.call.args.begin(), entry.call.call.args.end());
      for (const auto& key : entry.order) read.push_back(key.expression);
      if (entry.call.call.filter) read.push_back(entry.call.call.filter);
      for (const auto& value : read)
        if (!reads_only(*value, s.root->output->num_fields()))
          return {errc::unsupported_feature, "It is not allowed to use a window function inside another window function.", entry.position};
      places[j] = static_cast<int>(fields.size());
      fields.push_back(arrow::field(entries[j].name, entries[j].call.call.type, entries[j].nullable));
      out->window.calls.push_back(entries[j].call);
    }
    out->output = arrow::schema(std::move(fields));
    out->inputs = {s.root};
    s.root = out;
    note(s.root, entries[k].position);
  }
  if (entries.empty()) return ok();
  auto place = [&](expr::expr_ptr& value) {
    value = move_columns(value, [&](int i) { return i >= window_base && i < generator_base ? places[i - window_base] : i; });
  };
  for (auto& item : s.items) place(item.value);
  for (auto& order : s.orders) place(order.value);
  for (auto& generator : s.generators) place(generator.node.value);
  return ok();
}

status query_analyzer::add_generate(select& s) {
  if (s.generators.empty()) return ok();
  int first = s.root->output->num_fields();
  for (const auto& generator : s.generators) {
    if (!reads_only(*generator.node.value, first))
      return {errc::unsupported_feature, "a generator cannot read what another one makes", s.items.empty() ? text_position{} : s.items[0].position};
    s.root = add_generator(s.root, generator, generator.names);
    note(s.root, s.items.empty() ? text_position{} : s.items[0].position);
  }
  auto place = [&](expr::expr_ptr& value) {
    value = move_columns(value, [&](int i) { return i >= generator_base && i < grouping_base ? first + i - generator_base : i; });
  };
  for (auto& item : s.items) place(item.value);
  for (auto& order : s.orders) place(order.value);
  return ok();
}

/// Columns that conditions with the outer query need stay behind the others; the conditions then speak of these places.
status query_analyzer::carry_correlated(select& s, std::vector<expr::expr_ptr>& values, std::vector<std::string>& names) {
  for (auto& part : s.correlated) {
    part = rewrite(part, [&](const expr::expr_ptr& at) -> expr::expr_ptr {
      if (at->kind != expr::node_kind::column || at->index >= outer_base) return nullptr;
      for (std::size_t i = 0; i < values.size(); ++i)
        if (same_expression(*values[i], *at)) return moved_column(*at, static_cast<int>(i));
      values.push_back(at);
      names.push_back("__outer_" + std::to_string(values.size()));
      s.output.push_back({"", names.back(), at->type, at->nullable, visibility::internal});
      return moved_column(*at, static_cast<int>(values.size()) - 1);
    });
  }
  return ok();
}

status query_analyzer::add_projection(select& s, const sql::query& query) {
  std::vector<expr::expr_ptr> values;
  std::vector<std::string> names;
  for (const auto& item : s.items) {
    values.push_back(item.value);
    names.push_back(item.name);
    scope_column column{"", item.name, item.value->type, item.value->nullable, item.seen};
    // a column taken as it is stays known by its relation
    bool plain = item.value->kind == expr::node_kind::column && !s.grouped && item.value->index < static_cast<int>(s.input.columns.size());
    const expr::node* source = plain ? item.value.get() : nullptr;
    if (s.grouped && item.value->kind == expr::node_kind::column && item.value->index < static_cast<int>(s.keys.size()) &&
        s.keys[item.value->index]->kind == expr::node_kind::column)
      source = s.keys[item.value->index].get();
    if (source && equal_names(s.input.columns[source->index].name, item.name)) {
      column.qualifier = s.input.columns[source->index].qualifier;
      column.plan_ids = s.input.columns[source->index].plan_ids;
    }
    s.output.push_back(std::move(column));
  }
  for (const auto& item : s.items)
    if (!reads_only(*item.value, s.root->output->num_fields()))
      return {errc::unsupported_feature, "`" + item.name + "` cannot be computed here", item.position};
  auto visible = values.size();
  SLUICE_RETURN_IF_ERROR(carry_correlated(s, values, names));
  auto carried = values.size();
  if (carried > visible && (query.limit || query.offset || !query.distinct_on.empty()))
    return status(errc::unsupported_feature, "Unsupported subquery expression: a correlated subquery with LIMIT or OFFSET is not supported", query.position)
        .with_spark_class("UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.ACCESSING_OUTER_QUERY_COLUMN_IS_NOT_ALLOWED");
  auto sort = std::make_shared<node>();
  sort->what = node::kind::sort;
  for (const auto& order : s.orders) {
    auto key = rewrite(order.value, [&](const expr::expr_ptr& at) -> expr::expr_ptr {
      for (std::size_t i = 0; i < visible; ++i)
        if (at->kind != expr::node_kind::literal && same_expression(*values[i], *at))
          return std::make_shared<expr::node>(*expr::column(-2 - static_cast<int>(i), at->type, names[i], at->nullable, at->position));
      return nullptr;
    });
    if (order.ordinal >= 0) key = expr::column(-2 - order.ordinal, order.value->type, names[order.ordinal], order.value->nullable);
    // marked columns (below -1) are of the select list; any other is of the input and has to be carried along
    std::vector<int> used;
    expr::collect_columns(*key, used);
    bool hidden = std::any_of(used.begin(), used.end(), [](int i) { return i >= 0; });
    if (hidden && (query.distinct || !query.distinct_on.empty()))
      return status(errc::unresolved_column, "ORDER BY of SELECT DISTINCT may only use columns of the select list", order.position)
          .with_spark_class("UNRESOLVED_COLUMN.WITH_SUGGESTION");
    if (hidden) {
      key = expr::column(static_cast<int>(values.size()), order.value->type, expr::to_sql(*order.value), order.value->nullable, order.position);
      names.push_back("__sort_" + std::to_string(values.size()));
      values.push_back(order.value);
    } else {
      key = rewrite(key, [](const expr::expr_ptr& at) -> expr::expr_ptr {
        if (at->kind != expr::node_kind::column) return nullptr;
        return expr::column(-2 - at->index, at->type, at->name, at->nullable, at->position);
      });
    }
    sort->sort.push_back({key, order.ascending, order.nulls_first});
  }
  s.root = make_project(s.root, values, names);
  if (query.distinct) {
    auto distinct = add_distinct({s.root, s.output, false}, query.position);
    if (!distinct.ok()) return distinct.error();
    s.root = distinct->root;
  }
  if (!query.distinct_on.empty()) SLUICE_RETURN_IF_ERROR(add_distinct_on(s, query));
  if (s.orders.empty()) return ok();
  sort->inputs = {s.root};
  sort->output = s.root->output;
  s.root = sort;
  note(s.root, query.order_by[0].value->position);
  if (values.size() == carried) return ok();
  std::vector<expr::expr_ptr> shown;
  for (std::size_t i = 0; i < carried; ++i) shown.push_back(expr::column(static_cast<int>(i), values[i]->type, names[i], values[i]->nullable));
  names.resize(carried);
  // a limit belongs below the projection that drops the carried columns
  SLUICE_RETURN_IF_ERROR(add_limit(s, query));
  s.root = make_project(s.root, std::move(shown), names);
  return ok();
}

/// Groups by the named columns and keeps the first row of each group.
status query_analyzer::add_distinct_on(select& s, const sql::query& query) {
  std::vector<bool> is_key(s.output.size(), false);
  for (const auto& name : query.distinct_on) {
    bool any = false;
    for (std::size_t i = 0; i < s.output.size(); ++i) {
      if (s.output[i].seen != visibility::shown || !equal_names(s.output[i].name, name)) continue;
      any = is_key[i] = true;
      if (!can_group(*s.output[i].type))
        return {errc::unsupported_feature, "rows cannot be told apart by `" + name + "` of the type " + sql::to_upper(data::type_name(*s.output[i].type)),
                query.position};
    }
    if (!any) return unresolved({name}, s.output, {}, query.position);
  }
  auto grouped = std::make_shared<node>();
  grouped->what = node::kind::aggregate;
  auto& what = grouped->aggregate;
  std::vector<std::string> call_names;
  std::vector<int> places(s.output.size());
  int keys = static_cast<int>(std::count(is_key.begin(), is_key.end(), true));
  for (std::size_t i = 0; i < s.output.size(); ++i) {
    auto value = column_of(*s.root, static_cast<int>(i));
    if (is_key[i]) {
      places[i] = static_cast<int>(what.keys.size());
      what.keys.push_back(std::move(value));
      what.key_names.push_back(s.output[i].name);
      continue;
    }
    aggregate_call first;
    first.function = "first";
    first.type = value->type;
    first.args = {std::move(value)};
    places[i] = keys + static_cast<int>(what.calls.size());
    what.calls.push_back(std::move(first));
    call_names.push_back(s.output[i].name);
  }
  what.output = grouped->output = aggregate_schema(what, call_names);
  grouped->inputs = {s.root};
  s.root = grouped;
  distinct_.insert(s.root.get());
  note(s.root, query.position);
  std::vector<expr::expr_ptr> values;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < s.output.size(); ++i) {
    values.push_back(expr::column(places[i], s.output[i].type, s.output[i].name, s.output[i].nullable));
    names.push_back(s.output[i].name);
  }
  s.root = make_project(s.root, std::move(values), names);
  return ok();
}

/// The value of LIMIT or OFFSET: a constant whole number.
result<std::int64_t> query_analyzer::row_count(const sql::expression& written, const std::string& what) {
  auto bad = [&](const std::string& why, const std::string& spark_class) {
    return status(errc::datatype_mismatch, "The " + what + " expression " + sql::to_text(written) + " is invalid: " + why, written.position)
        .with_spark_class("INVALID_LIMIT_LIKE_EXPRESSION." + spark_class);
  };
  if (auto value = ordinal_of(written)) {
    if (*value < 0) return bad("it must be at least 0.", "IS_NEGATIVE");
    return *value;
  }
  if (written.kind == sql_kind::number && written.text.starts_with("-")) return bad("it must be at least 0.", "IS_NEGATIVE");
  scope none;
  resolver constants(none, session_);
  auto value = constants.resolve(written);
  if (!value.ok() || !expr::is_constant(**value)) return bad("it must be a constant.", "IS_UNFOLDABLE");
  if ((*value)->type->id() != arrow::Type::INT32) return bad("it must be a whole number.", "DATA_TYPE");
  auto row = arrow::RecordBatch::Make(arrow::schema({}), 1, std::vector<data::array_ptr>{});
  SLUICE_ASSIGN_OR_RETURN(auto number, expr::evaluate(**value, *row, {session_, 0}));
  if (number->IsNull(0)) return bad("it must not be null.", "IS_NULL");
  std::int64_t count = static_cast<const arrow::Int32Array&>(*number).Value(0);
  if (count < 0) return bad("it must be at least 0.", "IS_NEGATIVE");
  return count;
}

status query_analyzer::add_limit(select& s, const sql::query& query) {
  if (s.limited) return ok();
  s.limited = true;
  auto add = [&](node::kind what, std::int64_t count, text_position position) {
    auto out = std::make_shared<node>();
    out->what = what;
    out->limit = count;
    out->output = s.root->output;
    out->inputs = {s.root};
    s.root = out;
    note(s.root, position);
  };
  std::int64_t skipped = 0;
  if (query.offset) {
    auto count = row_count(*query.offset, "offset");
    if (!count.ok()) return count.error();
    skipped = *count;
  }
  if (query.limit) {
    auto count = row_count(*query.limit, "limit");
    if (!count.ok()) return count.error();
    auto most = std::numeric_limits<std::int64_t>::max() - skipped;
    add(node::kind::limit, std::min(*count, most) + skipped, query.limit->position);
  }
  if (query.offset) add(node::kind::offset, skipped, query.offset->position);
  return ok();
}

} // namespace sluice::plan::internal
