// Relations that are made from others or from nothing: VALUES, table functions, LATERAL VIEW, PIVOT, UNPIVOT, TABLESAMPLE.
#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>

#include "common/plan/internal/query_analyzer.hpp"
#include "common/sql/nearest.hpp"
#include "common/sql/parser.hpp"

namespace sluice::plan::internal {
namespace {

using tree = sql::expression_ptr;
using sql_kind = sql::expression_kind;

node_ptr one_row() {
  auto leaf = std::make_shared<node>();
  leaf->what = node::kind::one_row;
  leaf->output = arrow::schema({});
  return leaf;
}

/// Every row of the input once per projection.
node_ptr make_expand(node_ptr input, std::vector<std::vector<expr::expr_ptr>> projections, const std::vector<std::string>& names,
                     const std::vector<data::type_ptr>& types) {
  auto out = std::make_shared<node>();
  out->what = node::kind::expand;
  arrow::FieldVector fields;
  for (std::size_t i = 0; i < names.size(); ++i) {
    bool nullable = std::any_of(projections.begin(), projections.end(), [&](const auto& p) { return p[i]->nullable; });
    fields.push_back(arrow::field(names[i], types[i], nullable));
  }
  out->output = arrow::schema(std::move(fields));
  out->projections = std::move(projections);
  out->inputs = {std::move(input)};
  return out;
}

scope columns_of_node(const node& at) {
  scope out;
  for (const auto& field : at.output->fields()) out.push_back({"", field->name(), field->type(), field->nullable()});
  return out;
}

tree name_of(const std::string& name, text_position position) {
  sql::expression out;
  out.kind = sql_kind::name;
  out.parts = {name};
  out.position = position;
  return std::make_shared<const sql::expression>(std::move(out));
}

tree call_of(const std::string& function, std::vector<tree> args, text_position position, bool is_operator) {
  sql::expression out;
  out.kind = sql_kind::call;
  out.text = function;
  out.args = std::move(args);
  out.is_operator = is_operator;
  out.position = position;
  return std::make_shared<const sql::expression>(std::move(out));
}

void names_in(const sql::expression& node, std::vector<std::string>& out) {
  if (node.kind == sql_kind::name) out.push_back(node.parts.back());
  for (const auto& arg : node.args) names_in(*arg, out);
  if (node.filter) names_in(*node.filter, out);
}

} // namespace

result<analyzed_query> query_analyzer::analyze_values(const sql::relation& from) {
  std::vector<std::vector<expr::expr_ptr>> rows;
  scope none;
  auto width = from.rows.empty() ? 0 : from.rows[0].size();
  for (const auto& row : from.rows) {
    if (row.size() != width)
      return status(errc::parse_syntax, "Invalid inline table. Inline table expected " + std::to_string(width) + " columns but found " +
                    std::to_string(row.size()) + " columns in a row.", from.position)
          .with_spark_class("INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH");
    std::vector<expr::expr_ptr> values;
    for (const auto& written : row) {
      resolver value(none, session_);
      value.refuse_aggregates("VALUES", "INVALID_INLINE_TABLE.CANNOT_EVALUATE_EXPRESSION_IN_INLINE_TABLE");
      SLUICE_ASSIGN_OR_RETURN(auto resolved, value.resolve(*written));
      values.push_back(std::move(resolved));
    }
    rows.push_back(std::move(values));
  }
  std::vector<std::string> names;
  std::vector<data::type_ptr> types;
  for (std::size_t c = 0; c < width; ++c) {
    auto type = rows[0][c]->type;
    for (const auto& row : rows) {
      auto common = expr::common_type(type, row[c]->type);
      if (!common.ok())
        return status(errc::datatype_mismatch, "Invalid inline table. Found incompatible types in the column `col" + std::to_string(c + 1) +
                      "` for inline table.", from.position).with_spark_class("INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES_IN_INLINE_TABLE");
      type = *common;
    }
    for (auto& row : rows) {
      SLUICE_ASSIGN_OR_RETURN(row[c], coerced(row[c], type, from.position, session_));
    }
    names.push_back("col" + std::to_string(c + 1));
    types.push_back(type);
  }
  analyzed_query out;
  out.root = make_expand(one_row(), std::move(rows), names, types);
  out.columns = columns_of_node(*out.root);
  return out;
}

result<analyzed_query> query_analyzer::analyze_function(const sql::relation& from) {
  if (from.name == "range") return analyze_range(from);
  if (is_generator(from.name)) {
    analyzed_query input;
    input.root = one_row();
    auto function = from;
    function.column_aliases.clear();
    return generate_over(std::move(input), function, false);
  }
  return status(errc::unresolved_function, "Could not resolve `" + from.name + "` to a table-valued function." +
                sql::did_you_mean(from.name, {"range", "explode", "explode_outer", "posexplode", "posexplode_outer", "inline", "inline_outer", "stack"}),
                from.position).with_spark_class("UNRESOLVABLE_TABLE_VALUED_FUNCTION");
}

result<analyzed_query> query_analyzer::analyze_range(const sql::relation& from) {
  std::vector<std::int64_t> numbers;
  scope none;
  for (const auto& arg : from.args) {
    resolver value(none, session_);
    SLUICE_ASSIGN_OR_RETURN(auto resolved, value.resolve(*arg));
    SLUICE_ASSIGN_OR_RETURN(resolved, coerced(resolved, arrow::int64(), arg->position, session_));
    auto row = arrow::RecordBatch::Make(arrow::schema({}), 1, std::vector<data::array_ptr>{});
    SLUICE_ASSIGN_OR_RETURN(auto values, expr::evaluate(*resolved, *row, {session_, 0}));
    if (values->IsNull(0)) return status(errc::datatype_mismatch, "the arguments of range() must not be null", arg->position);
    numbers.push_back(static_cast<const arrow::Int64Array&>(*values).Value(0));
  }
  if (numbers.empty() || numbers.size() > 4)
    return status(errc::wrong_num_args, "The `range` requires [1, 2, 3, 4] parameters but the actual number is " + std::to_string(numbers.size()) + ".",
                  from.position);
  auto leaf = std::make_shared<node>();
  leaf->what = node::kind::range;
  leaf->range.end = numbers[numbers.size() == 1 ? 0 : 1];
  if (numbers.size() > 1) leaf->range.start = numbers[0];
  if (numbers.size() > 2) leaf->range.step = numbers[2];
  if (leaf->range.step == 0) return status(errc::datatype_mismatch, "the step of range() must not be 0", from.args[2]->position);
  leaf->output = arrow::schema({arrow::field("id", arrow::int64(), false)});
  analyzed_query out;
  out.root = leaf;
  out.columns = columns_of_node(*leaf);
  return out;
}

result<analyzed_query> query_analyzer::analyze_lateral_view(const sql::relation& from) {
  SLUICE_ASSIGN_OR_RETURN(auto input, analyze_relation(*from.left));
  if (!is_generator(from.name))
    return status(errc::unresolved_function, "Cannot resolve routine `" + from.name + "` as a generator.", from.position);
  return generate_over(std::move(input), from, from.outer);
}

/// Grouped by the pivot columns, too, then one column per value and aggregate.
result<analyzed_query> query_analyzer::analyze_pivot(const sql::relation& from) {
  const auto& pivot = *from.pivot;
  SLUICE_ASSIGN_OR_RETURN(auto input, analyze_relation(*from.left));
  auto groups = pivot.group_by.value_or(std::vector<tree>{});
  if (!pivot.group_by) {
    std::vector<std::string> used;
    for (const auto& item : pivot.aggregates) names_in(*item.value, used);
    for (const auto& column : pivot.columns) names_in(*column, used);
    for (const auto& column : input.columns) {
      bool is_used = std::any_of(used.begin(), used.end(), [&](const auto& name) { return equal_names(name, column.name); });
      if (!is_used && column.seen == visibility::shown) groups.push_back(name_of(column.name, from.position));
    }
  }
  auto source = "\x01pivot" + std::to_string(++made_up_);
  tables_.push_back({source, std::move(input)});
  sql::query inner, outer;
  inner.position = outer.position = from.position;
  inner.from = sql::relation{};
  inner.from->name = source;
  inner.from->position = from.position;
  auto take = [&](sql::query& query, tree value, std::string name) {
    query.items.push_back({std::move(value), std::move(name), from.position, {}});
  };
  for (const auto& group : groups) {
    inner.group_by.push_back(group);
    take(inner, group, "");
    auto name = group->kind == sql_kind::name ? group->parts.back() : sql::to_text(*group);
    outer.group_by.push_back(name_of(name, group->position));
    take(outer, outer.group_by.back(), name);
  }
  for (std::size_t k = 0; k < pivot.columns.size(); ++k) {
    inner.group_by.push_back(pivot.columns[k]);
    take(inner, pivot.columns[k], "__pivot_" + std::to_string(k));
  }
  for (std::size_t k = 0; k < pivot.aggregates.size(); ++k) {
    if (!has_aggregate(*pivot.aggregates[k].value))
      return status(errc::parse_syntax, "Aggregate expression required for pivot, but " + sql::to_text(*pivot.aggregates[k].value) + " did not appear in any "
                    "aggregate function.", pivot.aggregates[k].position).with_spark_class("UNSUPPORTED_FEATURE.PIVOT_TYPE");
    take(inner, pivot.aggregates[k].value, "__value_" + std::to_string(k));
  }
  for (const auto& value : pivot.values) {
    bool is_row = value.value->kind == sql_kind::call && value.value->text == "struct";
    auto parts = is_row ? value.value->args : std::vector<tree>{value.value};
    if (parts.size() != pivot.columns.size())
      return status(errc::datatype_mismatch, "Invalid pivot value '" + sql::to_text(*value.value) + "': it does not match the pivot columns.", value.position)
          .with_spark_class("PIVOT_VALUE_DATA_TYPE_MISMATCH");
    tree same;
    std::string text;
    for (std::size_t k = 0; k < parts.size(); ++k) {
      auto equal = call_of("<=>", {name_of("__pivot_" + std::to_string(k), value.position), parts[k]}, value.position, true);
      same = same ? call_of("and", {same, equal}, value.position, true) : equal;
      auto shown = parts[k]->kind == sql_kind::null_literal ? std::string("null") : sql::to_text(*parts[k]);
      text += (k ? ", " : "") + shown;
    }
    if (parts.size() > 1) text = "{" + text + "}";
    if (!value.alias.empty()) text = value.alias;
    for (std::size_t k = 0; k < pivot.aggregates.size(); ++k) {
      const auto& item = pivot.aggregates[k];
      sql::expression first;
      first.kind = sql_kind::call;
      first.text = "first";
      first.args = {name_of("__value_" + std::to_string(k), value.position)};
      first.filter = same;
      first.position = value.position;
      auto name = pivot.aggregates.size() == 1 ? text : text + "_" + (item.alias.empty() ? sql::to_text(*item.value) : item.alias);
      take(outer, std::make_shared<const sql::expression>(std::move(first)), name);
    }
  }
  sql::relation grouped;
  grouped.what = sql::relation::kind::subquery;
  grouped.subquery = std::make_shared<const sql::query>(std::move(inner));
  grouped.position = from.position;
  outer.from = std::move(grouped);
  auto out = analyze(outer);
  tables_.pop_back();
  return out;
}

result<analyzed_query> query_analyzer::analyze_unpivot(const sql::relation& from) {
  const auto& unpivot = *from.unpivot;
  SLUICE_ASSIGN_OR_RETURN(auto input, analyze_relation(*from.left));
  resolver names(input.columns, session_);
  auto place = [&](const expr::expr_ptr& value) { return value->kind == expr::node_kind::column ? value->index : -1; };
  std::vector<expr::expr_ptr> ids;
  struct entry {
    std::vector<expr::expr_ptr> values;
    std::string name;
  };
  std::vector<entry> entries;
  std::vector<bool> used(input.columns.size(), false);
  for (const auto& column : unpivot.columns) {
    entry next;
    for (const auto& written : column.values) {
      SLUICE_ASSIGN_OR_RETURN(auto value, names.resolve(*written));
      if (auto i = place(value); i >= 0) used[i] = true;
      next.name += (next.name.empty() ? "" : "_") + sql::to_text(*written);
      next.values.push_back(std::move(value));
    }
    if (!column.alias.empty()) next.name = column.alias;
    if (next.values.size() != unpivot.value_names.size())
      return status(errc::datatype_mismatch, "All unpivot value columns must have the same size as there are value column names (" +
                    std::to_string(unpivot.value_names.size()) + ").", from.position).with_spark_class("UNPIVOT_VALUE_SIZE_MISMATCH");
    entries.push_back(std::move(next));
  }
  if (unpivot.ids) {
    for (const auto& written : *unpivot.ids) {
      SLUICE_ASSIGN_OR_RETURN(auto value, names.resolve(*written));
      if (auto i = place(value); i >= 0) used[i] = true;
      ids.push_back(std::move(value));
    }
  }
  for (std::size_t i = 0; i < input.columns.size(); ++i) {
    const auto& column = input.columns[i];
    if (used[i] || column.seen != visibility::shown) continue;
    auto value = expr::column(static_cast<int>(i), column.type, column.name, column.nullable);
    if (!unpivot.ids) ids.push_back(std::move(value));
    else if (unpivot.columns.empty()) entries.push_back({{std::move(value)}, column.name});
  }
  if (entries.empty())
    return status(errc::datatype_mismatch, "UNPIVOT requires all given columns to be columns, and at least one.", from.position)
        .with_spark_class("UNPIVOT_REQUIRES_VALUE_COLUMNS");
  std::vector<std::string> output;
  std::vector<data::type_ptr> types;
  for (const auto& id : ids) {
    output.push_back(id->name);
    types.push_back(id->type);
  }
  output.push_back(unpivot.variable_name);
  types.push_back(arrow::utf8());
  for (std::size_t k = 0; k < unpivot.value_names.size(); ++k) {
    auto type = entries[0].values[k]->type;
    for (const auto& next : entries) {
      auto common = expr::common_type(type, next.values[k]->type);
      if (!common.ok())
        return status(errc::datatype_mismatch, "Unpivot value columns must share a least common type, some types do not: \"" +
                      sql::to_upper(data::type_name(*type)) + "\", \"" + sql::to_upper(data::type_name(*next.values[k]->type)) + "\".", from.position)
            .with_spark_class("UNPIVOT_VALUE_DATA_TYPE_MISMATCH");
      type = *common;
    }
    for (auto& next : entries) {
      SLUICE_ASSIGN_OR_RETURN(next.values[k], coerced(next.values[k], type, from.position, session_));
    }
    output.push_back(unpivot.value_names[k]);
    types.push_back(type);
  }
  std::vector<std::vector<expr::expr_ptr>> projections;
  for (const auto& next : entries) {
    auto row = ids;
    row.push_back(expr::literal(std::make_shared<arrow::StringScalar>(next.name)));
    row.insert(row.end(), next.values.begin(), next.values.end());
    projections.push_back(std::move(row));
  }
  analyzed_query out;
  out.streaming = input.streaming;
  out.root = make_expand(input.root, std::move(projections), output, types);
  note(out.root, from.position);
  if (!unpivot.include_nulls) {
    expr::expr_ptr some;
    for (std::size_t k = 0; k < unpivot.value_names.size(); ++k) {
      SLUICE_ASSIGN_OR_RETURN(auto filled, expr::call("is_not_null", {column_of(*out.root, static_cast<int>(ids.size() + 1 + k))}, from.position, session_));
      if (some) {
        SLUICE_ASSIGN_OR_RETURN(some, expr::call("or", {some, filled}, from.position, session_));
      } else {
        some = std::move(filled);
      }
    }
    out.root = make_filter(out.root, std::move(some));
  }
  out.columns = columns_of_node(*out.root);
  return out;
}

result<analyzed_query> query_analyzer::analyze_sample(const sql::relation& from) {
  SLUICE_ASSIGN_OR_RETURN(auto input, analyze_relation(*from.left));
  auto out = std::make_shared<node>();
  out->what = node::kind::sample;
  out->output = input.root->output;
  out->sample_from = from.sample.lower;
  out->sample_to = from.sample.upper;
  out->seed = from.sample.seed.value_or(0);
  out->inputs = {input.root};
  input.root = out;
  note(input.root, from.position);
  return input;
}

} // namespace sluice::plan::internal
