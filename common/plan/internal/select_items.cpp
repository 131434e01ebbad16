// The select list: `*`, names of columns, generators.
#include <arrow/type.h>

#include <algorithm>

#include "common/plan/internal/select_state.hpp"
#include "common/sql/nearest.hpp"
#include "common/sql/parser.hpp"

namespace sluice::plan::internal {
namespace {

using sql_kind = sql::expression_kind;

/// Without an alias a computed column is named by its text, which shows what Spark shows ("unix_timestamp(time, yyyy-MM-dd HH:mm:ss)").
template <class Item>
void name_by_value(Item& item) {
  auto kind = item.written->kind;
  if (item.has_alias || kind == sql_kind::name || kind == sql_kind::get_field || is_window_call(*item.written)) return;
  bool casts_name = kind == sql_kind::cast && item.written->text.empty() && item.written->args[0]->kind == sql_kind::name &&
                    !item.value->args.empty() && item.value->args[0]->kind == expr::node_kind::column;
  item.name = casts_name ? item.written->args[0]->parts.back() : expr::to_sql(*item.value);
}

std::string item_name(const sql::select_item& item) {
  if (!item.alias.empty()) return item.alias;
  if (is_window_call(*item.value)) return "window";
  if (item.value->kind == sql_kind::get_field) return item.value->text;
  return sql::to_text(*item.value);
}

bool is_generator_call(const sql::expression& node) {
  return node.kind == sql_kind::call && !node.is_operator && !node.over && is_generator(node.text);
}

bool holds_generator(const sql::expression& node) {
  if (is_generator_call(node)) return true;
  return std::any_of(node.args.begin(), node.args.end(), [](const auto& arg) { return holds_generator(*arg); });
}

} // namespace

status query_analyzer::expand_star(select& s, const sql::select_item& item) {
  const auto& star = *item.value;
  const auto& qualifier = star.parts;
  bool any = false;
  std::vector<bool> excepted(star.args.size(), false);
  for (std::size_t i = 0; i < s.input.columns.size(); ++i) {
    const auto& column = s.input.columns[i];
    if (column.seen == visibility::internal) continue;
    if (column.seen == visibility::qualified && !s.bare_star && star.plan_id < 0) continue;
    if (!qualifier.empty() && !(qualifier.size() == 1 && equal_names(column.qualifier, qualifier[0]))) continue;
    const auto& ids = column.plan_ids;
    if (star.plan_id >= 0 && std::find(ids.begin(), ids.end(), star.plan_id) == ids.end()) continue;
    any = true;
    bool left_out = false;
    for (std::size_t k = 0; k < star.args.size(); ++k)
      if (equal_names(star.args[k]->parts.back(), column.name)) left_out = excepted[k] = true;
    if (left_out) continue;
    select::item made;
    made.name = column.name;
    made.column = static_cast<int>(i);
    made.has_alias = true;
    made.position = star.position;
    made.seen = s.bare_star ? column.seen : visibility::shown;
    s.items.push_back(std::move(made));
  }
  for (std::size_t k = 0; k < excepted.size(); ++k)
    if (!excepted[k]) return unresolved(star.args[k]->parts, s.input.columns, {}, star.args[k]->position);
  if (any) return ok();
  if (qualifier.empty())
    return s.input.columns.empty() && s.root->what == node::kind::one_row
               ? status(errc::unresolved_column, "`*` needs a relation in FROM", star.position)
               : ok();
  std::vector<std::string> names;
  for (const auto& column : s.input.columns)
    if (names.empty() || names.back() != column.qualifier) names.push_back(column.qualifier);
  return status(errc::unresolved_column, "`" + qualifier[0] + ".*`: no relation has this name" + sql::did_you_mean(qualifier[0], names),
                star.position).with_spark_class("CANNOT_RESOLVE_STAR_EXPAND");
}

status query_analyzer::expand_items(select& s, const sql::query& query) {
  bool one_star = query.items.size() == 1 && query.items[0].value->kind == sql_kind::star;
  s.bare_star = one_star && query.items[0].value->parts.empty() && query.items[0].value->args.empty() &&
                query.items[0].value->plan_id < 0 && !s.grouped && !query.distinct && query.distinct_on.empty();
  for (const auto& item : query.items) {
    if (item.value->kind == sql_kind::star) {
      SLUICE_RETURN_IF_ERROR(expand_star(s, item));
      continue;
    }
    select::item made;
    made.name = item_name(item);
    made.written = item.value.get();
    made.has_alias = !item.alias.empty();
    made.position = item.value->position;
    made.aliases = item.aliases;
    if (made.aliases.empty() && made.has_alias) made.aliases = {item.alias};
    s.items.push_back(std::move(made));
  }
  return ok();
}

resolver query_analyzer::item_resolver(select& s, bool windows) {
  resolver out(s.input.columns, session_);
  if (s.grouped) out.allow_aggregates(s.collector);
  out.use_subqueries(s.subqueries);
  if (windows) out.use_windows(s.windows);
  return out;
}

status query_analyzer::resolve_items(select& s) {
  std::vector<select::item> out;
  for (auto& item : s.items) {
    auto first = out.size();
    if (!item.written) {
      const auto& column = s.input.columns[item.column];
      item.value = expr::column(item.column, column.type, column.name, column.nullable, item.position);
      out.push_back(std::move(item));
    } else if (is_generator_call(*item.written)) {
      SLUICE_RETURN_IF_ERROR(resolve_generator(s, item, out));
    } else {
      if (holds_generator(*item.written))
        return status(errc::unsupported_feature, "The generator is not supported: nested in expressions: " + sql::to_text(*item.written),
                      item.position).with_spark_class("UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS");
      if (item.aliases.size() > 1)
        return {errc::parse_syntax, "several aliases need a function that makes several columns", item.position};
      auto items = item_resolver(s);
      items.use_aliases(s.aliases, false);
      auto value = items.resolve(*item.written);
      if (!value.ok()) return value.error();
      item.value = *std::move(value);
      name_by_value(item);
      out.push_back(std::move(item));
    }
    for (auto i = first; i < out.size(); ++i)
      if (out[i].seen == visibility::shown) s.aliases.push_back({out[i].name, out[i].value});
  }
  s.items = std::move(out);
  return ok();
}

status query_analyzer::resolve_generator(select& s, const select::item& item, std::vector<select::item>& out) {
  auto values = item_resolver(s);
  values.use_aliases(s.aliases, false);
  std::vector<expr::expr_ptr> args;
  for (const auto& arg : item.written->args) {
    auto value = values.resolve(*arg);
    if (!value.ok()) return value.error();
    args.push_back(*std::move(value));
  }
  auto made = make_generator(item.written->text, std::move(args), false, item.position, session_);
  if (!made.ok()) return made.error();
  if (!item.aliases.empty() && item.aliases.size() != made->names.size())
    return status(errc::unsupported_feature, "The number of aliases supplied does not match the number of columns output by the generator: " +
                  std::to_string(made->names.size()) + " are needed.", item.position).with_spark_class("UDTF_ALIAS_NUMBER_MISMATCH");
  if (!item.aliases.empty()) made->names = item.aliases;
  auto first = generator_base;
  for (const auto& before : s.generators) first += static_cast<int>(before.names.size());
  for (std::size_t k = 0; k < made->names.size(); ++k) {
    select::item next = item;
    next.name = made->names[k];
    next.value = expr::column(first + static_cast<int>(k), made->types[k], next.name, made->nullable[k], item.position);
    out.push_back(std::move(next));
  }
  s.generators.push_back(*std::move(made));
  return ok();
}

} // namespace sluice::plan::internal
