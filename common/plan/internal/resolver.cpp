#include "common/plan/internal/resolver.hpp"

#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>

#include "common/plan/internal/statistical_aggregates.hpp"
#include "common/plan/interval.hpp"
#include "common/sql/nearest.hpp"
#include "common/sql/parser.hpp"

namespace sluice::plan::internal {
namespace {

using kind = sql::expression_kind;

constexpr int largest_expression = 100'000;

status refused(const std::string& what, text_position position) { return {errc::unsupported_feature, what, position}; }

bool same_call(const aggregate_call& a, const aggregate_call& b) {
  if (a.function != b.function || a.distinct != b.distinct || a.ignore_nulls != b.ignore_nulls || a.args.size() != b.args.size())
    return false;
  if (!a.filter != !b.filter || (a.filter && !same_expression(*a.filter, *b.filter))) return false;
  for (std::size_t i = 0; i < a.args.size(); ++i)
    if (!same_expression(*a.args[i], *b.args[i])) return false;
  return true;
}

bool is_aggregate_call(const sql::expression& node) {
  return node.kind == kind::call && !node.is_operator && !node.over && is_aggregate_function(node.text);
}

/// Text of a constant window argument: 'string' or INTERVAL ….
result<std::int64_t> window_argument(const sql::expression& node) {
  if (node.kind != kind::string_literal && node.kind != kind::interval)
    return status(errc::invalid_window, "the durations of window() must be interval texts like '10 minutes', found " + sql::to_text(node),
                  node.position);
  auto duration = parse_duration_us(node.text);
  if (!duration.ok()) return status(errc::invalid_window, duration.error().message(), node.position);
  return *duration;
}

/// int(x), string(x), …: functions that are casts. Empty for all others.
std::string type_of_cast_function(const sql::expression& node) {
  static constexpr std::string_view names[] = {"boolean", "tinyint", "smallint", "int",       "bigint", "float",
                                               "double",  "decimal", "date",     "timestamp", "string", "binary"};
  if (node.is_operator || node.star || node.distinct || node.filter || node.args.size() != 1) return {};
  return std::find(std::begin(names), std::end(names), node.text) != std::end(names) ? node.text : std::string{};
}

} // namespace

std::size_t aggregate_collector::add(aggregate_call call) {
  for (std::size_t k = 0; k < calls.size(); ++k)
    if (same_call(calls[k], call)) return k;
  calls.push_back(std::move(call));
  return calls.size() - 1;
}

bool has_aggregate(const sql::expression& node) {
  if (is_aggregate_call(node)) return true;
  for (const auto& arg : node.args)
    if (has_aggregate(*arg)) return true;
  if (!node.over) return false;
  for (const auto& key : node.over->partition_by)
    if (has_aggregate(*key)) return true;
  for (const auto& key : node.over->order_by)
    if (has_aggregate(*key.value)) return true;
  return false;
}

bool is_window_call(const sql::expression& node) { return node.kind == kind::call && !node.is_operator && node.text == "window"; }

bool has_window_call(const sql::expression& node) {
  if (is_window_call(node)) return true;
  for (const auto& arg : node.args)
    if (has_window_call(*arg)) return true;
  return false;
}

result<expr::expr_ptr> resolver::resolve(const sql::expression& node) {
  switch (node.kind) {
    case kind::name: return resolve_name(node);
    case kind::star: return status(errc::parse_syntax, "`*` may only stand in a select list or in count(*)", node.position);
    case kind::call: return resolve_call(node);
    case kind::cast: {
      SLUICE_ASSIGN_OR_RETURN(auto operand, resolve(*node.args[0]));
      auto type = data::type_from_name(node.type);
      if (!type.ok()) return std::move(type).error().with_position(node.position);
      return node.text == "try" ? expr::try_cast(std::move(operand), *type, node.position, session_)
                                : expr::cast(std::move(operand), *type, node.position, session_);
    }
    case kind::get_field: {
      SLUICE_ASSIGN_OR_RETURN(auto operand, resolve(*node.args[0]));
      return expr::call("get_field", {std::move(operand)}, node.position, session_, node.text);
    }
    case kind::get_item: {
      SLUICE_ASSIGN_OR_RETURN(auto args, resolve_args(node));
      return expr::call("get_item", std::move(args), node.position, session_);
    }
    case kind::interval: return refused("an INTERVAL that is not added to or taken from a date or timestamp is not supported", node.position);
    case kind::lambda: return refused("a lambda function here", node.position);
    case kind::scalar_subquery:
    case kind::exists:
    case kind::in_subquery: return resolve_subquery(node);
    default: return resolve_literal(node, session_);
  }
}

result<expr::expr_ptr> resolver::resolve_condition(const sql::expression& node, const std::string& place) {
  SLUICE_ASSIGN_OR_RETURN(auto condition, resolve(node));
  if (condition->type->id() == arrow::Type::NA) return expr::cast(condition, arrow::boolean(), node.position, session_);
  if (condition->type->id() != arrow::Type::BOOL)
    return status(errc::datatype_mismatch, place + " expression \"" + sql::to_text(node) + "\" of type " +
                  sql::to_upper(data::type_name(*condition->type)) + " is not a boolean.", node.position)
        .with_spark_class(place == "JOIN" ? "JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE" : "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN");
  return condition;
}

result<expr::expr_ptr> resolver::fields_of(expr::expr_ptr base, const std::vector<std::string>& parts, std::size_t from,
                                           text_position position) {
  for (auto i = from; i < parts.size(); ++i) {
    if (base->type->id() == arrow::Type::MAP) {
      auto key = expr::literal(std::make_shared<arrow::StringScalar>(parts[i]), position);
      SLUICE_ASSIGN_OR_RETURN(base, expr::call("get_item", {std::move(base), std::move(key)}, position, session_));
      continue;
    }
    SLUICE_ASSIGN_OR_RETURN(base, expr::call("get_field", {std::move(base)}, position, session_, parts[i]));
  }
  return base;
}

expr::expr_ptr resolver::window_column(text_position position) const {
  return expr::column(aggregates_->window_index(), data::window_type(aggregates_->window->time->type), "window", false, position);
}

result<expr::expr_ptr> resolver::resolve_alias(const std::string& name, text_position position) {
  expr::expr_ptr found;
  if (!aliases_) return found;
  for (const auto& alias : *aliases_) {
    if (!equal_names(alias.name, name)) continue;
    if (found && !same_expression(*found, *alias.value))
      return status(errc::ambiguous_reference, "Reference `" + name + "` is ambiguous, several columns of the select list have this name.",
                    position);
    found = alias.value;
  }
  return found;
}

/// The column that a name means, -1 for none; `used`: how many parts of the name it takes.
result<int> resolver::find_column(const scope& columns, const sql::expression& node, std::size_t& used) const {
  const auto& parts = node.parts;
  auto shown = [](const scope_column& column) {
    return column.qualifier.empty() ? "`" + column.name + "`" : "`" + column.qualifier + "`.`" + column.name + "`";
  };
  auto find = [&](auto fits) -> result<int> {
    int found = -1;
    std::string matches;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].seen == visibility::internal || !fits(columns[i])) continue;
      matches += (matches.empty() ? "" : ", ") + shown(columns[i]);
      if (found >= 0)
        return status(errc::ambiguous_reference, "Reference `" + parts[used - 1] + "` is ambiguous, could be: [" + matches + "].", node.position);
      found = static_cast<int>(i);
    }
    return found;
  };
  if (node.plan_id >= 0) {
    used = 1;
    bool known = false;
    auto has_id = [&](const scope_column& column) {
      return std::find(column.plan_ids.begin(), column.plan_ids.end(), node.plan_id) != column.plan_ids.end();
    };
    for (const auto& column : columns) known = known || has_id(column);
    if (known) {
      SLUICE_ASSIGN_OR_RETURN(int found, find([&](const scope_column& column) { return has_id(column) && equal_names(column.name, parts[0]); }));
      if (found >= 0) return found;
    }
  }
  if (parts.size() >= 2) {
    used = 2;
    SLUICE_ASSIGN_OR_RETURN(int found, find([&](const scope_column& column) {
                              return equal_names(column.qualifier, parts[0]) && equal_names(column.name, parts[1]);
                            }));
    if (found >= 0) return found;
  }
  used = 1;
  return find([&](const scope_column& column) { return column.seen == visibility::shown && equal_names(column.name, parts[0]); });
}

result<expr::expr_ptr> resolver::resolve_subquery(const sql::expression& node) {
  auto found = subqueries_ ? subqueries_->find(&node) : subquery_columns::const_iterator{};
  if (!subqueries_ || found == subqueries_->end())
    return status(errc::unsupported_feature, "a subquery in " + (place_.empty() ? "this place" : place_) + " is not supported", node.position)
        .with_spark_class("UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.UNSUPPORTED_IN_EXISTS_SUBQUERY");
  if (aggregates_ && !in_aggregate_) {  // the aggregates that IN compares have to be computed
    auto* windows = std::exchange(windows_, nullptr);
    auto args = resolve_args(node);
    windows_ = windows;
    if (!args.ok()) return args.error();
  }
  const auto& column = input_[found->second];
  return expr::column(found->second, column.type, column.name, column.nullable, node.position);
}

result<expr::expr_ptr> resolver::resolve_grouping(const sql::expression& node) {
  if (!aggregates_ || !aggregates_->has_sets || in_aggregate_)
    return status(errc::unsupported_feature, node.text + "() can only be used with GROUPING SETS, ROLLUP or CUBE.", node.position)
        .with_spark_class("UNSUPPORTED_GROUPING_EXPRESSION");
  aggregate_collector::grouping_call call;
  call.name = sql::to_text(node);
  call.type = node.text == "grouping" ? arrow::int8() : arrow::int64();
  if (node.text == "grouping" && node.args.size() != 1)
    return status(errc::wrong_num_args, "The `grouping` requires 1 parameters but the actual number is " + std::to_string(node.args.size()) + ".", node.position);
  for (const auto& arg : node.args) {
    SLUICE_ASSIGN_OR_RETURN(auto value, resolve(*arg));
    for (std::size_t k = 0; k < aggregates_->keys->size(); ++k)
      if (same_expression(*(*aggregates_->keys)[k], *value)) call.keys.push_back(static_cast<int>(k));
    if (call.keys.size() == static_cast<std::size_t>(&arg - node.args.data()))
      return status(errc::unsupported_feature, "Column of " + node.text + " (" + sql::to_text(*arg) + ") can't be found in grouping columns.", arg->position)
          .with_spark_class(node.text == "grouping" ? "GROUPING_COLUMN_MISMATCH" : "GROUPING_ID_COLUMN_MISMATCH");
  }
  bool in_order = true;
  for (std::size_t i = 0; i < call.keys.size(); ++i) in_order = in_order && call.keys[i] == static_cast<int>(i);
  bool all_keys = in_order && call.keys.size() == aggregates_->keys->size();
  if (node.text == "grouping_id" && !node.args.empty() && !all_keys)
    return status(errc::unsupported_feature, "Columns of grouping_id (" + sql::to_text(node) + ") does not match grouping columns.", node.position)
        .with_spark_class("GROUPING_ID_COLUMN_MISMATCH");
  if (node.args.empty())
    for (std::size_t k = 0; k < aggregates_->keys->size(); ++k) call.keys.push_back(static_cast<int>(k));
  auto& known = aggregates_->groupings;
  auto same = std::find_if(known.begin(), known.end(), [&](const auto& other) { return other.keys == call.keys && other.type->Equals(*call.type); });
  auto k = static_cast<int>(same - known.begin());
  auto out = expr::column(grouping_base + k, call.type, call.name, false, node.position);
  if (same == known.end()) known.push_back(std::move(call));
  return out;
}

result<expr::expr_ptr> resolver::resolve_name(const sql::expression& node) {
  const auto& parts = node.parts;
  if (auto variable = find_lambda_variable(parts[0])) return fields_of(std::move(variable), parts, 1, node.position);
  bool aliases_now = aliases_first_ && !in_aggregate_;
  if (aliases_now) {
    SLUICE_ASSIGN_OR_RETURN(auto alias, resolve_alias(parts[0], node.position));
    if (alias) return fields_of(std::move(alias), parts, 1, node.position);
  }
  std::size_t used = 0;
  SLUICE_ASSIGN_OR_RETURN(int found, find_column(input_, node, used));
  if (found >= 0) {
    const auto& column = input_[found];
    return fields_of(expr::column(found, column.type, column.name, column.nullable, node.position), parts, used, node.position);
  }
  if (!aliases_now && !in_aggregate_) {
    SLUICE_ASSIGN_OR_RETURN(auto alias, resolve_alias(parts[0], node.position));
    if (alias) return fields_of(std::move(alias), parts, 1, node.position);
  }
  bool has_window = aggregates_ && aggregates_->window && !in_aggregate_;
  if (has_window && equal_names(parts[0], "window")) return fields_of(window_column(node.position), parts, 1, node.position);
  if (outer_) {
    SLUICE_ASSIGN_OR_RETURN(int outer, find_column(*outer_, node, used));
    if (outer >= 0) {
      const auto& column = (*outer_)[outer];
      return fields_of(expr::column(outer_base + outer, column.type, column.name, column.nullable, node.position), parts, used, node.position);
    }
  }
  std::vector<std::string> more;
  if (aliases_ && !in_aggregate_)
    for (const auto& alias : *aliases_) more.push_back(alias.name);
  return unresolved(parts, input_, more, node.position);
}

result<std::vector<expr::expr_ptr>> resolver::resolve_args(const sql::expression& node) {
  std::vector<expr::expr_ptr> args;
  for (const auto& arg : node.args) {
    SLUICE_ASSIGN_OR_RETURN(auto value, resolve(*arg));
    args.push_back(std::move(value));
  }
  return args;
}

status resolver::unknown_function(const sql::expression& node) const {
  if (is_unsupported_aggregate(node.text)) return refused("the aggregate function `" + node.text + "` is not supported", node.position);
  for (std::string_view window_function : {"row_number", "rank", "dense_rank", "lag", "lead", "ntile", "percent_rank", "cume_dist", "nth_value"})
    if (node.text == window_function)
      return status(errc::unsupported_feature, "Window function `" + node.text + "` needs an OVER clause.", node.position)
          .with_spark_class("WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE");
  for (std::string_view generator : {"explode", "explode_outer", "posexplode", "posexplode_outer", "inline", "inline_outer", "stack"})
    if (node.text == generator)
      return status(errc::unsupported_feature, "The generator is not supported: outside the SELECT clause, found: " + sql::to_text(node), node.position)
          .with_spark_class("UNSUPPORTED_GENERATOR.OUTSIDE_SELECT");
  for (std::string_view later : {"session_window", "window_time"})
    if (node.text == later) return refused("the function `" + node.text + "` is not supported", node.position);
  auto names = aggregate_function_names();
  if (auto scalar = expr::nearest_function(node.text); !scalar.empty()) names.push_back(scalar);
  names.push_back("window");
  return {errc::unresolved_function, "Cannot resolve routine `" + node.text + "`" + sql::did_you_mean(node.text, names) + ".", node.position};
}

result<expr::expr_ptr> resolver::resolve_call(const sql::expression& node) {
  if (node.over) return resolve_over(node);
  if (!node.is_operator && (node.text == "grouping" || node.text == "grouping_id")) return resolve_grouping(node);
  if (is_window_call(node)) return resolve_window_use(node);
  if (is_aggregate_call(node)) return resolve_aggregate_call(node);
  bool sum = node.is_operator && node.args.size() == 2 && (node.text == "+" || node.text == "-");
  if (sum && node.args[1]->kind == kind::interval) return resolve_interval_sum(node, *node.args[0], *node.args[1]);
  if (sum && node.text == "+" && node.args[0]->kind == kind::interval) return resolve_interval_sum(node, *node.args[1], *node.args[0]);
  if (auto type = type_of_cast_function(node); !type.empty()) {
    SLUICE_ASSIGN_OR_RETURN(auto operand, resolve(*node.args[0]));
    SLUICE_ASSIGN_OR_RETURN(auto target, data::type_from_name(type));
    SLUICE_ASSIGN_OR_RETURN(auto cast, expr::cast(std::move(operand), target, node.position, session_));
    auto hidden = std::make_shared<expr::node>(*cast);
    hidden->parameter = "implicit";
    return expr::expr_ptr(std::move(hidden));
  }
  if (!node.is_operator && !expr::is_scalar_function(node.text)) return unknown_function(node);
  if (node.star) return status(errc::parse_syntax, "`*` may only stand in a select list or in count(*)", node.position);
  if (node.distinct || node.filter || node.ignore_nulls)
    return refused(std::string(node.distinct ? "DISTINCT" : node.filter ? "FILTER" : "IGNORE NULLS") + " of `" + node.text +
                   "`, which is no aggregate function, is not supported", node.position);
  if (has_lambda(node)) return resolve_higher_order(node);
  SLUICE_ASSIGN_OR_RETURN(auto args, resolve_args(node));
  if (sum) {
    auto whole = [](const expr::node& e) { return e.type->id() >= arrow::Type::INT8 && e.type->id() <= arrow::Type::INT32; };
    auto date = [](const expr::node& e) { return e.type->id() == arrow::Type::DATE32; };
    auto time = [&](const expr::node& e) { return date(e) || e.type->id() == arrow::Type::TIMESTAMP; };
    if (date(*args[0]) && whole(*args[1]))
      return expr::call(node.text == "+" ? "date_add" : "date_sub", std::move(args), node.position, session_);
    if (date(*args[1]) && whole(*args[0]) && node.text == "+")
      return expr::call("date_add", {args[1], args[0]}, node.position, session_);
    if (time(*args[0]) && time(*args[1]) && node.text == "-")
      return refused("the difference of dates or timestamps, an INTERVAL, is not supported; use datediff or unix_timestamp", node.position);
  }
  std::string parameter = node.suffix;
  if (node.is_operator && (node.text == "like" || node.text == "ilike") && args.size() == 3) {
    parameter = node.args[2]->text;  // the parser made sure that it is one character
    args.pop_back();
  }
  SLUICE_ASSIGN_OR_RETURN(auto out, expr::call(node.text, std::move(args), node.position, session_, std::move(parameter)));
  // aliases are used by reference, so that a chain of them can grow without end
  if (aliases_ && expanded_size(*out, largest_expression) > largest_expression)
    return status(errc::parse_syntax, "the expression is too large", node.position);
  return out;
}

result<expr::expr_ptr> resolver::resolve_interval_sum(const sql::expression& node, const sql::expression& time, const sql::expression& span) {
  SLUICE_ASSIGN_OR_RETURN(auto value, resolve(time));
  return interval_sum(std::move(value), node, span);
}

result<expr::expr_ptr> resolver::interval_sum(expr::expr_ptr value, const sql::expression& node, const sql::expression& span) {
  auto interval = read_ansi_interval(span.text);
  if (!interval.ok()) return std::move(interval).error().with_position(span.position);
  auto sign = node.text == "-" ? -1 : 1;
  bool is_date = value->type->id() == arrow::Type::DATE32;
  if (value->type->id() == arrow::Type::NA || (is_date && !interval->whole_days)) {
    SLUICE_ASSIGN_OR_RETURN(auto cast, expr::cast(value, data::timestamp_type(), node.position, session_));
    auto hidden = std::make_shared<expr::node>(*cast);
    hidden->parameter = "implicit";
    value = std::move(hidden);
  } else if (!is_date && value->type->id() != arrow::Type::TIMESTAMP) {
    return status(errc::datatype_mismatch, "Cannot resolve \"" + sql::to_text(node) + "\" due to data type mismatch: an INTERVAL can be added "
                  "to a DATE or a TIMESTAMP, not to " + sql::to_upper(data::type_name(*value->type)) + ".", node.position);
  }
  auto months = expr::literal(std::make_shared<arrow::Int32Scalar>(static_cast<std::int32_t>(sign * interval->months)), span.position);
  auto micros = expr::literal(std::make_shared<arrow::Int64Scalar>(sign * interval->microseconds), span.position);
  return expr::call("+interval", {std::move(value), std::move(months), std::move(micros)}, node.position, session_,
                    node.text + " " + interval->text);
}

result<expr::expr_ptr> resolver::resolve_window_use(const sql::expression& node) {
  if (!aggregates_ || !aggregates_->window || in_aggregate_)
    return refused("window() is only supported as a grouping expression (GROUP BY window(…)) and where a grouped query repeats it",
                   node.position);
  SLUICE_ASSIGN_OR_RETURN(auto wanted, resolve_window(node));
  const auto& grouped = *aggregates_->window;
  if (!same_expression(*wanted.time, *grouped.time) || wanted.size_us != grouped.size_us || wanted.slide_us != grouped.slide_us ||
      wanted.start_us != grouped.start_us)
    return status(errc::missing_aggregation, "this window(…) is not the one of GROUP BY: " + sql::to_text(node), node.position);
  return window_column(node.position);
}

result<window_spec> resolver::resolve_window(const sql::expression& node) {
  if (node.args.size() < 2 || node.args.size() > 4 || node.star)
    return status(errc::wrong_num_args, "The `window` requires [2, 3, 4] parameters but the actual number is " +
                  std::to_string(node.args.size()) + ".", node.position);
  window_spec out;
  resolver time(input_, session_);
  time.refuse_aggregates("window()", "GROUP_BY_AGGREGATE");
  SLUICE_ASSIGN_OR_RETURN(out.time, time.resolve(*node.args[0]));
  if (out.time->type->id() == arrow::Type::STRING || out.time->type->id() == arrow::Type::DATE32 || out.time->type->id() == arrow::Type::NA) {
    SLUICE_ASSIGN_OR_RETURN(out.time, expr::cast(out.time, data::timestamp_type(), node.args[0]->position, session_));
  }
  if (out.time->type->id() == arrow::Type::STRUCT) return refused("a window over a window is not supported", node.args[0]->position);
  if (out.time->type->id() != arrow::Type::TIMESTAMP)
    return status(errc::datatype_mismatch, "the first argument of window() must be a TIMESTAMP, not " +
                  sql::to_upper(data::type_name(*out.time->type)), node.args[0]->position);
  SLUICE_ASSIGN_OR_RETURN(out.size_us, window_argument(*node.args[1]));
  out.slide_us = out.size_us;
  if (node.args.size() > 2) {
    SLUICE_ASSIGN_OR_RETURN(out.slide_us, window_argument(*node.args[2]));
  }
  if (node.args.size() > 3) {
    SLUICE_ASSIGN_OR_RETURN(out.start_us, window_argument(*node.args[3]));
  }
  auto bad = [&](std::size_t arg, const std::string& why) {
    return status(errc::invalid_window, why, node.args[std::min(arg, node.args.size() - 1)]->position);
  };
  if (out.size_us <= 0) return bad(1, "the window duration (" + duration_text(out.size_us) + ") must be greater than 0");
  if (out.slide_us <= 0) return bad(2, "the slide duration (" + duration_text(out.slide_us) + ") must be greater than 0");
  if (out.slide_us > out.size_us)
    return bad(2, "the slide duration (" + duration_text(out.slide_us) + ") must be less than or equal to the window duration (" +
                      duration_text(out.size_us) + ")");
  if (out.start_us >= out.slide_us || out.start_us <= -out.slide_us)
    return bad(3, "the absolute value of start time (" + duration_text(out.start_us) + ") must be less than the slide duration (" +
                      duration_text(out.slide_us) + ")");
  return out;
}

result<expr::expr_ptr> resolver::resolve_aggregate_call(const sql::expression& node) {
  if (in_aggregate_)
    return status(errc::unsupported_feature, "It is not allowed to use an aggregate function in the argument of another aggregate function.",
                  node.position).with_spark_class("NESTED_AGGREGATE_FUNCTION");
  if (!aggregates_)
    return status(place_class_ == "GROUP_BY_AGGREGATE" ? errc::group_by_aggregate : errc::unsupported_feature,
                  "Aggregate functions are not allowed in " + (place_.empty() ? "this place" : place_) + ": " + sql::to_text(node),
                  node.position).with_spark_class(place_class_.empty() ? "UNSUPPORTED_FEATURE" : place_class_);
  if (node.star && node.text != "count")
    return status(errc::wrong_num_args, "`*` may only be the argument of count", node.position);
  if (node.star && node.distinct) return refused("count(DISTINCT *) is not supported", node.position);
  if (node.text == "count" && node.args.empty() && !node.star)
    return status(errc::wrong_num_args, "The `count` requires at least one argument.", node.position);
  in_aggregate_ = true;
  auto args = resolve_args(node);
  result<expr::expr_ptr> filter = expr::expr_ptr{};
  if (args.ok() && node.filter) filter = resolve_condition(*node.filter, "FILTER");
  in_aggregate_ = false;
  if (!args.ok()) return args.error();
  if (!filter.ok()) return filter.error();
  // count(1) is count(*): a constant that is not null counts every row
  if (node.text == "count" && !node.distinct && args->size() == 1 && (*args)[0]->kind == expr::node_kind::literal && !(*args)[0]->nullable)
    args->clear();
  auto written = *args;
  SLUICE_ASSIGN_OR_RETURN(auto call, resolve_aggregate(node.text, *std::move(args), node.position, session_));
  call.filter = *filter;
  call.distinct = node.distinct && call.function != "min" && call.function != "max" && call.function != "collect_set";
  if (node.ignore_nulls) {
    if (call.function != "first" && call.function != "last")
      return refused("IGNORE NULLS of `" + node.text + "` is not supported", node.position);
    call.ignore_nulls = true;
  }
  auto type = call.type;
  bool nullable = is_nullable(call);
  auto shown = call;  // Spark names a column by the function as it was written
  shown.function = node.text == "array_agg" ? "collect_list" : node.text;
  shown.distinct = node.distinct;
  show_arguments(node.text, std::move(written), shown);
  auto text = to_sql(shown);
  auto k = aggregates_->add(std::move(call));
  return expr::column(aggregates_->call_index(k), type, text, nullable, node.position);
}

} // namespace sluice::plan::internal
