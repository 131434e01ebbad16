// f(…) OVER (…): the function, its partitions and order, and its frame.
#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <limits>

#include <algorithm>

#include "common/plan/internal/resolver.hpp"
#include "common/plan/internal/statistical_aggregates.hpp"
#include "common/sql/nearest.hpp"
#include "common/sql/parser.hpp"

namespace sluice::plan::internal {
namespace {

using bound_kind = sql::frame_bound::kind;

struct ranking {
  std::string_view name;
  bool whole;  ///< its value is an int, else a double
};
constexpr ranking rankings[] = {{"row_number", true}, {"rank", true}, {"dense_rank", true}, {"ntile", true}, {"percent_rank", false}, {"cume_dist", false}};

const ranking* find_ranking(const std::string& name) {
  for (const auto& one : rankings)
    if (one.name == name) return &one;
  return nullptr;
}

bool is_shift(const std::string& name) { return name == "lag" || name == "lead"; }

std::string bound_text(const sql::frame_bound& bound) {
  switch (bound.what) {
    case bound_kind::unbounded_preceding: return "UNBOUNDED PRECEDING";
    case bound_kind::preceding: return sql::to_text(*bound.value) + " PRECEDING";
    case bound_kind::current_row: return "CURRENT ROW";
    case bound_kind::following: return sql::to_text(*bound.value) + " FOLLOWING";
    case bound_kind::unbounded_following: return "UNBOUNDED FOLLOWING";
  }
  return "";
}

/// Spark's text of the window, which is part of the column's name.
std::string window_text(const window_collector::entry& entry, const std::string& frame) {
  std::string out;
  auto add = [&](const std::string& piece) { out += (out.empty() ? "" : " ") + piece; };
  for (std::size_t i = 0; i < entry.partition.size(); ++i) add((i ? ", " : "PARTITION BY ") + expr::to_sql(*entry.partition[i]));
  std::string cleaned;
  for (std::size_t at = 0; at < out.size(); ++at)
    if (!(out[at] == ' ' && at + 1 < out.size() && out[at + 1] == ',')) cleaned += out[at];
  out = cleaned;
  std::string order;
  for (const auto& key : entry.order)
    order += (order.empty() ? "ORDER BY " : ", ") + expr::to_sql(*key.expression) + (key.ascending ? " ASC" : " DESC") +
             (key.nulls_first ? " NULLS FIRST" : " NULLS LAST");
  if (!order.empty()) add(order);
  add(frame);
  return "(" + out + ")";
}

status needs_order(const std::string& function, text_position position) {
  return status(errc::unsupported_feature, "Window function " + function + "() requires window to be ordered, please add ORDER BY clause. For example SELECT " +
                function + "()(value_expr) OVER (PARTITION BY window_partition ORDER BY window_ordering) from table.", position)
      .with_spark_class("WINDOW_FUNCTION_FRAME_NOT_ORDERED");
}

} // namespace

result<sql::window_definition> resolver::find_window(const sql::window_definition& over) const {
  if (over.name.empty()) return over;
  for (const auto& known : *windows_->named) {
    if (!equal_names(known.name, over.name)) continue;
    auto out = known;
    out.name.clear();
    if (!over.partition_by.empty()) out.partition_by = over.partition_by;
    if (!over.order_by.empty()) out.order_by = over.order_by;
    if (over.frame) out.frame = over.frame;
    return out;
  }
  return status(errc::parse_syntax, "Window specification " + over.name + " is not defined in the WINDOW clause.", over.position)
      .with_spark_class("MISSING_WINDOW_SPECIFICATION");
}

result<expr::expr_ptr> resolver::resolve_over(const sql::expression& node) {
  if (!windows_ || in_aggregate_)
    return status(errc::unsupported_feature, "It is not allowed to use window functions inside " + (in_aggregate_ ? "an aggregate function" : place_.empty() ? "this place" : place_ + " clause") +
                  ": " + sql::to_text(node), node.position).with_spark_class(place_.empty() ? "UNSUPPORTED_EXPR_FOR_OPERATOR" : "WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE");
  SLUICE_ASSIGN_OR_RETURN(auto over, find_window(*node.over));
  auto* windows = std::exchange(windows_, nullptr);  // not inside of one another
  window_collector::entry entry;
  entry.position = node.position;
  auto resolved = [&]() -> status {
    for (const auto& key : over.partition_by) {
      auto value = resolve(*key);
      if (!value.ok()) return value.error();
      entry.partition.push_back(*std::move(value));
    }
    for (const auto& key : over.order_by) {
      auto value = resolve(*key.value);
      if (!value.ok()) return value.error();
      entry.order.push_back({*std::move(value), key.ascending, key.nulls_first.value_or(key.ascending)});
    }
    SLUICE_RETURN_IF_ERROR(resolve_window_call(node, entry));
    return resolve_frame(over, node, entry);
  }();
  windows_ = windows;
  SLUICE_RETURN_IF_ERROR(resolved);
  auto k = static_cast<int>(windows_->entries.size());
  auto out = expr::column(window_base + k, entry.call.call.type, entry.name, entry.nullable, node.position);
  windows_->entries.push_back(std::move(entry));
  return out;
}

status resolver::resolve_window_call(const sql::expression& node, window_collector::entry& out) {
  auto& call = out.call.call;
  call.function = node.text;
  call.ignore_nulls = node.ignore_nulls;
  if (node.distinct)
    return status(errc::unsupported_feature, "Distinct window functions are not supported: " + sql::to_text(node), node.position)
        .with_spark_class("DISTINCT_WINDOW_FUNCTION_UNSUPPORTED");
  auto args = resolve_args(node);
  if (!args.ok()) return args.error();
  auto wrong = [&](const std::string& wanted) {
    return status(errc::wrong_num_args, "The `" + node.text + "` requires " + wanted + " parameters but the actual number is " +
                  std::to_string(node.args.size()) + ".", node.position);
  };
  if (const auto* ranking = find_ranking(node.text)) {
    bool tile = node.text == "ntile";
    if (tile ? args->size() > 1 : !args->empty()) return wrong(tile ? "[0, 1]" : "0");
    if (out.order.empty()) return needs_order(node.text, node.position);
    if (tile && args->empty()) args->push_back(expr::literal(std::make_shared<arrow::Int32Scalar>(1)));
    call.args = *std::move(args);
    call.type = ranking->whole ? arrow::int32() : arrow::float64();
    out.nullable = false;
    return ok();
  }
  if (is_shift(node.text) || node.text == "nth_value") {
    std::size_t most = is_shift(node.text) ? 3 : 2;
    if (args->empty() || args->size() > most || (most == 2 && args->size() != 2)) return wrong(most == 3 ? "[1, 2, 3]" : "2");
    if (is_shift(node.text) && out.order.empty()) return needs_order(node.text, node.position);
    if (args->size() > 1 && !expr::is_constant(*(*args)[1]))
      return status(errc::datatype_mismatch, "Offset expression " + expr::to_sql(*(*args)[1]) + " must be a literal.", node.position)
          .with_spark_class("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT");
    if (args->size() == 1) args->push_back(expr::literal(std::make_shared<arrow::Int32Scalar>(1)));
    call.type = (*args)[0]->type;
    if (args->size() > 2) {
      auto fallback = coerced((*args)[2], call.type, node.position, session_);
      if (!fallback.ok()) return fallback.error();
      (*args)[2] = *std::move(fallback);
    } else if (is_shift(node.text)) {
      args->push_back(expr::null_literal(call.type));
    }
    call.args = *std::move(args);
    return ok();
  }
  if (!is_aggregate_function(node.text)) {
    if (expr::is_scalar_function(node.text))
      return status(errc::unsupported_feature, "Expression " + sql::to_text(node) + " not supported within a window function.", node.position)
          .with_spark_class("UNSUPPORTED_EXPR_FOR_WINDOW");
    return unknown_function(node);
  }
  if (node.star) args->clear();
  if (node.text == "count" && !node.star && args->empty()) return wrong("> 0");
  out.written = *args;
  auto resolved = resolve_aggregate(node.text, *std::move(args), node.position, session_);
  if (!resolved.ok()) return resolved.error();
  bool ignores = call.ignore_nulls || resolved->ignore_nulls;
  call = *std::move(resolved);
  call.ignore_nulls = ignores;
  if (node.filter) {
    auto filter = resolve_condition(*node.filter, "FILTER");
    if (!filter.ok()) return filter.error();
    call.filter = *std::move(filter);
  }
  out.nullable = is_nullable(call);
  return ok();
}

status resolver::resolve_frame(const sql::window_definition& over, const sql::expression& node, window_collector::entry& out) {
  sql::window_frame frame;
  frame.lower.what = bound_kind::unbounded_preceding;
  frame.rows = out.order.empty();
  if (out.order.empty()) frame.upper.what = bound_kind::unbounded_following;
  bool fixed = find_ranking(node.text) || is_shift(node.text);
  std::string text;
  if (fixed) {
    frame.rows = true;
    frame.upper.what = bound_kind::current_row;
    if (node.text == "cume_dist") frame.rows = false;
    if (is_shift(node.text)) {
      auto offset = expr::to_sql(*out.call.call.args[1]);
      if (node.text == "lag") offset = offset.starts_with("-") ? offset.substr(1) : "-" + offset;
      text = "ROWS BETWEEN " + offset + " FOLLOWING AND " + offset + " FOLLOWING";
    }
  } else if (over.frame) {
    frame = *over.frame;
  }
  out.call.rows = frame.rows;
  auto lower = resolve_bound(frame.lower, frame, true, out, over.position);
  if (!lower.ok()) return lower.error();
  auto upper = resolve_bound(frame.upper, frame, false, out, over.position);
  if (!upper.ok()) return upper.error();
  out.call.lower = *std::move(lower);
  out.call.upper = *std::move(upper);
  if (frame.lower.what == bound_kind::unbounded_following || frame.upper.what == bound_kind::unbounded_preceding)
    return status(errc::datatype_mismatch, "the window frame ends before it begins", over.position)
        .with_spark_class("DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_INVALID_BOUND");
  if (text.empty()) text = std::string(frame.rows ? "ROWS" : "RANGE") + " BETWEEN " + bound_text(frame.lower) + " AND " + bound_text(frame.upper);
  auto shown = out.call.call;
  shown.function = node.text;
  auto filter = std::exchange(shown.filter, nullptr);
  show_arguments(node.text, out.written, shown);
  std::string function = node.text;
  if (find_ranking(node.text) && node.text != "ntile") function += "()";
  else function = to_sql(shown);
  if (shown.ignore_nulls) function += " ignore nulls";
  if (filter) function += " FILTER (WHERE " + expr::to_sql(*filter) + ")";
  out.name = function + " OVER " + window_text(out, text);
  return ok();
}

result<frame_bound> resolver::resolve_bound(const sql::frame_bound& bound, const sql::window_frame& frame, bool is_lower,
                                            const window_collector::entry& in, text_position position) {
  frame_bound out;
  using kind = frame_bound::kind;
  switch (bound.what) {
    case bound_kind::unbounded_preceding: out.what = kind::unbounded_preceding; return out;
    case bound_kind::unbounded_following: out.what = kind::unbounded_following; return out;
    case bound_kind::current_row: return out;
    default: break;
  }
  out.what = kind::offset;
  bool preceding = bound.what == bound_kind::preceding;
  auto wrong = [&](const std::string& why, const char* spark_class) {
    return status(errc::datatype_mismatch, "the window frame's bound " + sql::to_text(*bound.value) + " " + why, position).with_spark_class(spark_class);
  };
  if (frame.rows) {
    SLUICE_ASSIGN_OR_RETURN(auto value, resolve(*bound.value));
    if (!expr::is_constant(*value) || value->type->id() < arrow::Type::INT8 || value->type->id() > arrow::Type::INT64)
      return wrong("must be a constant number of rows", "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE");
    SLUICE_ASSIGN_OR_RETURN(value, coerced(value, arrow::int64(), position, session_));
    auto row = arrow::RecordBatch::Make(arrow::schema({}), 1, std::vector<data::array_ptr>{});
    SLUICE_ASSIGN_OR_RETURN(auto number, expr::evaluate(*value, *row, {session_, 0}));
    if (number->IsNull(0)) return wrong("must not be null", "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE");
    auto rows = static_cast<const arrow::Int64Array&>(*number).Value(0);
    constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
    rows = std::clamp(rows, -most, most);
    out.rows = preceding ? -rows : rows;
    return out;
  }
  if (in.order.size() != 1)
    return wrong("of a RANGE frame needs exactly one ORDER BY expression",
                 in.order.empty() ? "DATATYPE_MISMATCH.RANGE_FRAME_WITHOUT_ORDER" : "DATATYPE_MISMATCH.RANGE_FRAME_MULTI_ORDER");
  const auto& key = in.order[0];
  // key ± offset, in the direction of the order
  bool minus = preceding == key.ascending;
  if (bound.value->kind == sql::expression_kind::interval) {
    sql::expression stand_in;
    stand_in.kind = sql::expression_kind::call;
    stand_in.is_operator = true;
    stand_in.text = minus ? "-" : "+";
    stand_in.position = position;
    SLUICE_ASSIGN_OR_RETURN(out.value, interval_sum(key.expression, stand_in, *bound.value));
  } else {
    SLUICE_ASSIGN_OR_RETURN(auto offset, resolve(*bound.value));
    bool date = key.expression->type->id() == arrow::Type::DATE32;
    SLUICE_ASSIGN_OR_RETURN(out.value, expr::call(date ? (minus ? "date_sub" : "date_add") : minus ? "-" : "+", {key.expression, offset}, position, session_));
  }
  auto fitted = coerced(out.value, key.expression->type, position, session_);
  if (!fitted.ok()) return wrong("does not fit the order's type", "DATATYPE_MISMATCH.RANGE_FRAME_INVALID_TYPE");
  out.value = *std::move(fitted);
  return out;
}

} // namespace sluice::plan::internal
