// Joins, set operations, grouping, and the shaping operators.
#include <arrow/type.h>

#include "coordinator/connect/internal/frames.hpp"

namespace sluice::connect {
namespace {

using wire_join = spark::connect::Join;

result<sql::join_kind> kind_of(const wire_join& join) {
  switch (join.join_type()) {
    case wire_join::JOIN_TYPE_UNSPECIFIED:
    case wire_join::JOIN_TYPE_INNER: return sql::join_kind::inner;
    case wire_join::JOIN_TYPE_FULL_OUTER: return sql::join_kind::full_outer;
    case wire_join::JOIN_TYPE_LEFT_OUTER: return sql::join_kind::left_outer;
    case wire_join::JOIN_TYPE_RIGHT_OUTER: return sql::join_kind::right_outer;
    case wire_join::JOIN_TYPE_LEFT_ANTI: return sql::join_kind::left_anti;
    case wire_join::JOIN_TYPE_LEFT_SEMI: return sql::join_kind::left_semi;
    case wire_join::JOIN_TYPE_CROSS: return sql::join_kind::cross;
    default: return lacking("join type " + std::to_string(join.join_type()));
  }
}

sql::expression_ptr whole_number(std::int64_t value) {
  sql::expression number;
  number.kind = sql::expression_kind::number;
  number.text = std::to_string(value);
  return std::make_shared<const sql::expression>(std::move(number));
}

} // namespace

frame_result join_of(const wire_join& join, const relation_translator& translate) {
  SLUICE_ASSIGN_OR_RETURN(auto left, translate(join.left()));
  SLUICE_ASSIGN_OR_RETURN(auto right, translate(join.right()));
  sql::relation from;
  from.what = sql::relation::kind::join;
  SLUICE_ASSIGN_OR_RETURN(from.join, kind_of(join));
  from.left = std::make_shared<const sql::relation>(relation_of(std::move(left)));
  from.right = std::make_shared<const sql::relation>(relation_of(std::move(right)));
  from.using_columns.assign(join.using_columns().begin(), join.using_columns().end());
  if (join.has_join_condition()) {
    SLUICE_ASSIGN_OR_RETURN(from.on, value_of(join.join_condition()));
  }
  return frame{select_all(std::move(from)), "", -1};
}

frame_result set_operation_of(const spark::connect::SetOperation& operation, const relation_translator& translate) {
  using wire = spark::connect::SetOperation;
  SLUICE_ASSIGN_OR_RETURN(auto left, translate(operation.left_input()));
  SLUICE_ASSIGN_OR_RETURN(auto right, translate(operation.right_input()));
  auto query = std::make_shared<sql::query>();
  switch (operation.set_op_type()) {
    case wire::SET_OP_TYPE_INTERSECT: query->set = sql::set_operator::intersect; break;
    case wire::SET_OP_TYPE_UNION: query->set = sql::set_operator::union_; break;
    case wire::SET_OP_TYPE_EXCEPT: query->set = sql::set_operator::except; break;
    default: return status(errc::invalid_plan, "a set operation without its kind");
  }
  query->set_all = operation.is_all();
  query->by_name = operation.by_name();
  query->allow_missing_columns = operation.allow_missing_columns();
  query->left = std::move(left.query);
  query->right = std::move(right.query);
  return frame{std::move(query), "", -1};
}

frame_result offset_of(const spark::connect::Offset& offset, const relation_translator& translate) {
  SLUICE_ASSIGN_OR_RETURN(auto input, translate(offset.input()));
  auto name = input.alias;
  auto query = over(std::move(input));
  query->offset = whole_number(std::max(offset.offset(), 0));
  return frame{std::move(query), std::move(name), -1};
}

frame_result deduplicate_of(const spark::connect::Deduplicate& wanted, const relation_translator& translate) {
  if (wanted.within_watermark()) return lacking("dropDuplicatesWithinWatermark");
  SLUICE_ASSIGN_OR_RETURN(auto input, translate(wanted.input()));
  auto name = input.alias;
  auto query = over(std::move(input));
  if (wanted.all_columns_as_keys() || wanted.column_names().empty())
    query->distinct = true;
  else
    query->distinct_on.assign(wanted.column_names().begin(), wanted.column_names().end());
  return frame{std::move(query), std::move(name), -1};
}

namespace {

/// Sets of indexes into the keys: of rollup the prefixes, of cube all subsets, both from the longest down.
std::vector<std::vector<int>> sets_of(spark::connect::Aggregate::GroupType type, int keys) {
  std::vector<std::vector<int>> out;
  if (type == spark::connect::Aggregate::GROUP_TYPE_ROLLUP) {
    for (int length = keys; length >= 0; --length) {
      auto& set = out.emplace_back();
      for (int i = 0; i < length; ++i) set.push_back(i);
    }
    return out;
  }
  for (unsigned left_out = 0; left_out < (1U << keys); ++left_out) {
    auto& set = out.emplace_back();
    for (int i = 0; i < keys; ++i)
      if ((left_out >> (keys - 1 - i) & 1U) == 0) set.push_back(i);
  }
  return out;
}

frame_result pivot_of(const spark::connect::Aggregate& aggregate, frame input) {
  sql::pivot_clause pivot;
  pivot.group_by.emplace();
  for (const auto& expression : aggregate.grouping_expressions()) {
    SLUICE_ASSIGN_OR_RETURN(auto key, key_of(expression));
    pivot.group_by->push_back(std::move(key));
  }
  for (const auto& expression : aggregate.aggregate_expressions()) {
    SLUICE_ASSIGN_OR_RETURN(auto item, item_of(expression));
    pivot.aggregates.push_back(std::move(item));
  }
  SLUICE_ASSIGN_OR_RETURN(auto column, value_of(aggregate.pivot().col()));
  pivot.columns.push_back(std::move(column));
  if (aggregate.pivot().values().empty()) return lacking("pivot without a list of values");
  for (const auto& literal : aggregate.pivot().values()) {
    spark::connect::Expression value;
    *value.mutable_literal() = literal;
    SLUICE_ASSIGN_OR_RETURN(auto item, item_of(value));
    pivot.values.push_back(std::move(item));
  }
  sql::relation from;
  from.what = sql::relation::kind::pivot;
  from.left = std::make_shared<const sql::relation>(relation_of(std::move(input)));
  from.pivot = std::make_shared<const sql::pivot_clause>(std::move(pivot));
  return frame{select_all(std::move(from)), "", -1};
}

} // namespace

frame_result aggregate_of(const spark::connect::Aggregate& aggregate, const relation_translator& translate) {
  using type = spark::connect::Aggregate;
  SLUICE_ASSIGN_OR_RETURN(auto input, translate(aggregate.input()));
  if (aggregate.group_type() == type::GROUP_TYPE_PIVOT) return pivot_of(aggregate, std::move(input));
  if (aggregate.group_type() == type::GROUP_TYPE_GROUPING_SETS) return lacking("groupingSets");
  auto query = over(std::move(input));
  query->items.clear();
  for (const auto& expression : aggregate.grouping_expressions()) {
    SLUICE_ASSIGN_OR_RETURN(auto item, item_of(expression));
    SLUICE_ASSIGN_OR_RETURN(auto key, key_of(expression));
    query->items.push_back(std::move(item));
    query->group_by.push_back(std::move(key));
  }
  for (const auto& expression : aggregate.aggregate_expressions()) {
    SLUICE_ASSIGN_OR_RETURN(auto item, item_of(expression));
    query->items.push_back(std::move(item));
  }
  auto keys = static_cast<int>(query->group_by.size());
  bool sets = aggregate.group_type() == type::GROUP_TYPE_ROLLUP || aggregate.group_type() == type::GROUP_TYPE_CUBE;
  if (sets && keys > 12) return lacking("a rollup or cube of more than 12 columns");
  if (sets && keys > 0) query->grouping_sets = sets_of(aggregate.group_type(), keys);
  if (query->items.empty()) return lacking("an aggregation without columns");
  return frame{std::move(query), "", -1};
}

frame_result unpivot_of(const spark::connect::Unpivot& unpivot, const relation_translator& translate) {
  SLUICE_ASSIGN_OR_RETURN(auto input, translate(unpivot.input()));
  sql::unpivot_clause clause;
  clause.ids.emplace();
  for (const auto& expression : unpivot.ids()) {
    SLUICE_ASSIGN_OR_RETURN(auto value, value_of(expression));
    clause.ids->push_back(std::move(value));
  }
  for (const auto& expression : unpivot.values().values()) {
    SLUICE_ASSIGN_OR_RETURN(auto value, value_of(expression));
    clause.columns.push_back({{std::move(value)}, {}});
  }
  clause.variable_name = unpivot.variable_column_name();
  clause.value_names = {unpivot.value_column_name()};
  clause.include_nulls = true;
  sql::relation from;
  from.what = sql::relation::kind::unpivot;
  from.left = std::make_shared<const sql::relation>(relation_of(std::move(input)));
  from.unpivot = std::make_shared<const sql::unpivot_clause>(std::move(clause));
  return frame{select_all(std::move(from)), "", -1};
}

frame_result sample_of(const spark::connect::Sample& sample, const relation_translator& translate) {
  if (sample.with_replacement()) return lacking("sample with replacement");
  SLUICE_ASSIGN_OR_RETURN(auto input, translate(sample.input()));
  sql::relation from;
  from.what = sql::relation::kind::sample;
  from.left = std::make_shared<const sql::relation>(relation_of(std::move(input)));
  from.sample = {sample.lower_bound(), sample.upper_bound(), {}};
  if (sample.has_seed()) from.sample.seed = sample.seed();
  return frame{select_all(std::move(from)), "", -1};
}

} // namespace sluice::connect
