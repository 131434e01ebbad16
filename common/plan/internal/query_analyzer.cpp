#include "common/plan/internal/query_analyzer.hpp"

#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>
#include <charconv>

#include "common/sql/nearest.hpp"
#include "common/sql/parser.hpp"

namespace sluice::plan::internal {

using sql_kind = sql::expression_kind;

/// One SELECT under analysis. Expressions of a grouped one are in the collector's numbering until `over_groups`.
struct query_analyzer::select {
  struct item {
    std::string name;
    const sql::expression* written = nullptr;  ///< null for a column of *
    int column = -1;                           ///< of *: which
    bool has_alias = false;
    text_position position;
    expr::expr_ptr value;
  };
  analyzed_query input;
  std::vector<item> items;
  bool grouped = false;
  aggregate_collector collector;
  std::vector<expr::expr_ptr> keys;
  std::vector<std::string> key_names;
  std::vector<std::string> call_names;
  expr::expr_ptr having;
  struct order {
    expr::expr_ptr value;
    int ordinal = -1;  ///< position in the select list
    bool ascending = true;
    bool nulls_first = true;
    text_position position;
  };
  std::vector<order> orders;
  node_ptr root;
  scope output;
  bool limited = false;

  std::vector<named_expression> aliases(std::size_t count) const {
    std::vector<named_expression> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back({items[i].name, items[i].value});
    return out;
  }
};

namespace {

/// An unsigned whole number as written: an ordinal in GROUP BY and ORDER BY.
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

/// Without an alias a computed column is named by its text, which shows what Spark shows ("unix_timestamp(time, yyyy-MM-dd HH:mm:ss)").
template <class Item>
void name_by_value(Item& item) {
  auto kind = item.written->kind;
  if (item.has_alias || kind == sql_kind::name || kind == sql_kind::get_field || is_window_call(*item.written)) return;
  bool casts_name = kind == sql_kind::cast && item.written->args[0]->kind == sql_kind::name && !item.value->args.empty() &&
                    item.value->args[0]->kind == expr::node_kind::column;
  item.name = casts_name ? item.written->args[0]->parts.back() : expr::to_sql(*item.value);
}

std::string item_name(const sql::select_item& item) {
  if (!item.alias.empty()) return item.alias;
  if (is_window_call(*item.value)) return "window";
  if (item.value->kind == sql_kind::get_field) return item.value->text;
  return sql::to_text(*item.value);
}

} // namespace

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

data::schema_ptr aggregate_schema(const aggregation& what, const std::vector<std::string>& call_names) {
  arrow::FieldVector fields;
  for (std::size_t i = 0; i < what.keys.size(); ++i)
    fields.push_back(arrow::field(what.key_names[i], what.keys[i]->type, what.keys[i]->nullable));
  if (what.window) fields.push_back(arrow::field("window", data::window_type(what.window->time->type), false));
  for (std::size_t k = 0; k < what.calls.size(); ++k)
    fields.push_back(arrow::field(call_names[k], what.calls[k].type, is_nullable(what.calls[k])));
  return arrow::schema(std::move(fields));
}

result<analyzed_query> query_analyzer::analyze(const sql::query& query) {
  bool plain = query.set == sql::set_operator::none && query.distinct_on.empty() && query.grouping_sets.empty() && !query.offset;
  if (!plain) return status(errc::unsupported_feature, "set operations, grouping sets and OFFSET are not supported", query.position);
  auto outer = tables_.size();
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
  select s;
  SLUICE_ASSIGN_OR_RETURN(s.input, analyze_from(query.from));
  s.root = s.input.root;
  if (query.where) {
    resolver where(s.input.columns, session_);
    where.refuse_aggregates("WHERE", "INVALID_WHERE_CONDITION");
    SLUICE_ASSIGN_OR_RETURN(auto condition, where.resolve_condition(*query.where, "WHERE"));
    s.root = make_filter(s.root, std::move(condition));
  }
  SLUICE_RETURN_IF_ERROR(expand_items(s, query));
  s.grouped = !query.group_by.empty() || query.group_by_all || query.having;
  for (const auto& item : s.items) s.grouped = s.grouped || (item.written && has_aggregate(*item.written));
  for (const auto& order : query.order_by) s.grouped = s.grouped || has_aggregate(*order.value);
  SLUICE_RETURN_IF_ERROR(s.grouped ? resolve_grouped(s, query) : resolve_plain(s, query));
  SLUICE_RETURN_IF_ERROR(add_projection(s, query));
  SLUICE_RETURN_IF_ERROR(add_limit(s, query));
  tables_.resize(outer);
  return analyzed_query{s.root, s.output, s.input.streaming};
}

status query_analyzer::expand_items(select& s, const sql::query& query) {
  for (const auto& item : query.items) {
    if (item.value->kind != sql_kind::star) {
      s.items.push_back({item_name(item), item.value.get(), -1, !item.alias.empty(), item.value->position, nullptr});
      continue;
    }
    const auto& qualifier = item.value->parts;
    bool any = false;
    for (std::size_t i = 0; i < s.input.columns.size(); ++i) {
      const auto& column = s.input.columns[i];
      if (!qualifier.empty() && !(qualifier.size() == 1 && equal_names(column.qualifier, qualifier[0]))) continue;
      s.items.push_back({column.name, nullptr, static_cast<int>(i), true, item.value->position, nullptr});
      any = true;
    }
    if (any) continue;
    if (qualifier.empty()) return {errc::unresolved_column, "`*` needs a relation in FROM", item.value->position};
    std::vector<std::string> names;
    for (const auto& column : s.input.columns)
      if (names.empty() || names.back() != column.qualifier) names.push_back(column.qualifier);
    return {errc::unresolved_column, "`" + qualifier[0] + ".*`: no relation has this name" + sql::did_you_mean(qualifier[0], names),
            item.value->position};
  }
  return ok();
}

status query_analyzer::resolve_plain(select& s, const sql::query& query) {
  for (std::size_t i = 0; i < s.items.size(); ++i) {
    auto& item = s.items[i];
    if (!item.written) {
      const auto& column = s.input.columns[item.column];
      item.value = expr::column(item.column, column.type, column.name, column.nullable, item.position);
      continue;
    }
    auto earlier = s.aliases(i);
    resolver items(s.input.columns, session_);
    items.use_aliases(earlier, false);
    auto value = items.resolve(*item.written);
    if (!value.ok()) return value.error();
    item.value = *std::move(value);
    name_by_value(item);
  }
  return resolve_order(s, query);
}

status query_analyzer::resolve_order(select& s, const sql::query& query) {
  auto all = s.aliases(s.items.size());
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
      resolver orders(s.input.columns, session_);
      if (s.grouped) orders.allow_aggregates(s.collector);
      orders.use_aliases(all, true);
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

result<const sql::expression*> query_analyzer::group_target(select& s, const sql::query& query, const sql::expression& written) {
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
    if (equal_names(column.name, written.parts[0])) return &written;
  for (const auto& item : s.items)
    if (item.written && equal_names(item.name, written.parts[0])) return item_target(item);
  return &written;
}

status query_analyzer::resolve_key(select& s, const sql::query& query, const sql::expression& written) {
  auto found = group_target(s, query, written);
  if (!found.ok()) return found.error();
  const auto& target = **found;
  resolver keys(s.input.columns, session_);
  keys.refuse_aggregates("GROUP BY", "GROUP_BY_AGGREGATE");
  if (is_window_call(target)) {
    auto window = keys.resolve_window(target);
    if (!window.ok()) return window.error();
    auto& have = s.collector.window;
    bool same = have && same_expression(*have->time, *window->time) && have->size_us == window->size_us &&
                have->slide_us == window->slide_us && have->start_us == window->start_us;
    if (have && !same)
      return {errc::unsupported_feature, "Multiple time/session window expressions would result in a cartesian product of rows, therefore "
              "they are currently not supported.", target.position};
    have = *std::move(window);
    return ok();
  }
  if (has_window_call(target))
    return {errc::unsupported_feature, "window() inside of another grouping expression is not supported; group by window(…) itself",
            target.position};
  auto key = keys.resolve(target);
  if (!key.ok()) return key.error();
  if (!can_group(*(*key)->type))
    return status(errc::datatype_mismatch, "The expression \"" + sql::to_text(target) + "\" cannot be used as a grouping expression because its "
                  "data type " + sql::to_upper(data::type_name(*(*key)->type)) + " is not an orderable data type.", target.position)
        .with_spark_class("GROUP_EXPRESSION_TYPE_IS_NOT_ORDERABLE");
  for (const auto& have : s.keys)
    if (same_expression(*have, **key)) return ok();
  s.keys.push_back(*std::move(key));
  s.key_names.push_back(sql::to_text(target));
  return ok();
}

status query_analyzer::resolve_keys(select& s, const sql::query& query) {
  for (const auto& written : query.group_by) SLUICE_RETURN_IF_ERROR(resolve_key(s, query, *written));
  if (!query.group_by_all) return ok();
  for (const auto& item : s.items) {
    if (!item.written)
      return {errc::unsupported_feature, "GROUP BY ALL with `*` is not supported", item.position};
    if (!has_aggregate(*item.written)) SLUICE_RETURN_IF_ERROR(resolve_key(s, query, *item.written));
  }
  return ok();
}

status query_analyzer::resolve_grouped(select& s, const sql::query& query) {
  s.collector.num_inputs = static_cast<int>(s.input.columns.size());
  SLUICE_RETURN_IF_ERROR(resolve_keys(s, query));
  for (std::size_t i = 0; i < s.items.size(); ++i) {
    auto& item = s.items[i];
    if (!item.written) {
      const auto& column = s.input.columns[item.column];
      item.value = expr::column(item.column, column.type, column.name, column.nullable, item.position);
      continue;
    }
    auto earlier = s.aliases(i);
    resolver items(s.input.columns, session_);
    items.allow_aggregates(s.collector);
    items.use_aliases(earlier, false);
    auto value = items.resolve(*item.written);
    if (!value.ok()) return value.error();
    item.value = *std::move(value);
    name_by_value(item);
  }
  if (query.having) {
    auto all = s.aliases(s.items.size());
    resolver having(s.input.columns, session_);
    having.allow_aggregates(s.collector);
    having.use_aliases(all, true);
    auto condition = having.resolve_condition(*query.having, "HAVING");
    if (!condition.ok()) return condition.error();
    s.having = *std::move(condition);
  }
  SLUICE_RETURN_IF_ERROR(resolve_order(s, query));
  return add_aggregate(s, query);
}

result<expr::expr_ptr> query_analyzer::over_groups(const select& s, const expr::expr_ptr& expression) const {
  int num_keys = static_cast<int>(s.keys.size());
  int first_call = num_keys + (s.collector.window ? 1 : 0);
  expr::expr_ptr missing;
  auto out = rewrite(expression, [&](const expr::expr_ptr& at) -> expr::expr_ptr {
    if (at->kind == expr::node_kind::literal) return at;
    for (int k = 0; k < num_keys; ++k)
      if (same_expression(*s.keys[k], *at)) return expr::column(k, at->type, s.key_names[k], at->nullable, at->position);
    if (at->kind != expr::node_kind::column) return nullptr;
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

status query_analyzer::add_aggregate(select& s, const sql::query& query) {
  auto out = std::make_shared<node>();
  out->what = node::kind::aggregate;
  out->inputs = {s.root};
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
    if (item.value->kind == expr::node_kind::column && item.value->index > s.collector.window_index())
      call_names[item.value->index - s.collector.call_index(0)] = item.name;
  }
  what.key_names = s.key_names;
  what.output = aggregate_schema(what, call_names);
  out->output = what.output;
  s.root = out;
  note(s.root, query.group_by.empty() ? s.items[0].position : query.group_by[0]->position);
  auto replace = [&](expr::expr_ptr& value) -> status {
    auto over = over_groups(s, value);
    if (!over.ok()) return over.error();
    value = *std::move(over);
    return ok();
  };
  for (auto& item : s.items) SLUICE_RETURN_IF_ERROR(replace(item.value));
  for (auto& order : s.orders) SLUICE_RETURN_IF_ERROR(replace(order.value));
  if (s.having) {
    SLUICE_RETURN_IF_ERROR(replace(s.having));
    s.root = make_filter(s.root, s.having);
  }
  return ok();
}

status query_analyzer::add_projection(select& s, const sql::query& query) {
  std::vector<expr::expr_ptr> values;
  std::vector<std::string> names;
  for (const auto& item : s.items) {
    values.push_back(item.value);
    names.push_back(item.name);
    s.output.push_back({"", item.name, item.value->type, item.value->nullable});
  }
  auto visible = values.size();
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
    if (hidden && query.distinct)
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
    auto distinct = std::make_shared<node>();
    distinct->what = node::kind::aggregate;
    for (std::size_t i = 0; i < visible; ++i) {
      if (!can_group(*values[i]->type))
        return {errc::unsupported_feature, "DISTINCT does not support the type " + sql::to_upper(data::type_name(*values[i]->type)),
                s.items[i].position};
      distinct->aggregate.keys.push_back(expr::column(static_cast<int>(i), values[i]->type, names[i], values[i]->nullable));
    }
    distinct->aggregate.key_names = names;
    distinct->aggregate.output = distinct->output = aggregate_schema(distinct->aggregate, {});
    distinct->inputs = {s.root};
    s.root = distinct;
    distinct_.insert(s.root.get());
    note(s.root, query.position);
  }
  if (s.orders.empty()) return ok();
  sort->inputs = {s.root};
  sort->output = s.root->output;
  s.root = sort;
  note(s.root, query.order_by[0].value->position);
  if (values.size() == visible) return ok();
  std::vector<expr::expr_ptr> shown;
  for (std::size_t i = 0; i < visible; ++i) shown.push_back(expr::column(static_cast<int>(i), values[i]->type, names[i], values[i]->nullable));
  names.resize(visible);
  // a limit belongs below the projection that drops the carried columns
  SLUICE_RETURN_IF_ERROR(add_limit(s, query));
  s.root = make_project(s.root, std::move(shown), names);
  return ok();
}

status query_analyzer::add_limit(select& s, const sql::query& query) {
  if (!query.limit || s.limited) return ok();
  s.limited = true;
  auto bad = [&](const std::string& why, std::string spark_class) {
    return status(errc::datatype_mismatch, "The limit expression " + sql::to_text(*query.limit) + " is invalid: " + why, query.limit->position)
        .with_spark_class(std::move(spark_class));
  };
  auto value = ordinal_of(*query.limit);
  if (!value && query.limit->kind == sql_kind::number && query.limit->text.starts_with("-"))
    return bad("it must be at least 0.", "INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE");
  if (!value) return bad("it must be a whole number.", "INVALID_LIMIT_LIKE_EXPRESSION.DATA_TYPE");
  if (*value < 0) return bad("it must be at least 0.", "INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE");
  auto out = std::make_shared<node>();
  out->what = node::kind::limit;
  out->limit = *value;
  out->output = s.root->output;
  out->inputs = {s.root};
  s.root = out;
  note(s.root, query.limit->position);
  return ok();
}

} // namespace sluice::plan::internal
