#include "common/exec/aggregate_input.hpp"

#include <arrow/api.h>

#include "common/exec/internal/evaluate_column.hpp"
#include "common/exec/internal/policy_accumulator.hpp"

namespace sluice::exec {
namespace {

bool reads_integers_itself(const std::string& function) {
  return function == "avg" || function.starts_with("stddev") || function.starts_with("var_");
}

/// CAST(integer AS DOUBLE) as its input: the functions above convert on their own.
expr::expr_ptr without_widening(const expr::expr_ptr& argument) {
  const auto& node = *argument;
  if (node.kind == expr::node_kind::call && node.name == "cast" && node.args.size() == 1 &&
      node.type->id() == arrow::Type::DOUBLE && holds_integers(*node.args[0]->type))
    return node.args[0];
  return argument;
}

} // namespace

aggregate_input::aggregate_input(const plan::aggregation& aggregation, expr::eval_context context)
    : aggregation_(aggregation), context_(std::move(context)) {
  for (auto& call : aggregation_.calls)
    if (reads_integers_itself(call.function) && !call.distinct)
      for (auto& argument : call.args) argument = without_widening(argument);
}

std::vector<data::type_ptr> aggregate_input::key_types() const {
  std::vector<data::type_ptr> types;
  for (const auto& key : aggregation_.keys) types.push_back(key->type);
  return types;
}

result<aggregate_columns> aggregate_input::evaluate(const arrow::RecordBatch& batch) const {
  aggregate_columns columns;
  for (const auto& key : aggregation_.keys) {
    SLUICE_ASSIGN_OR_RETURN(auto column, evaluate_column(*key, batch, context_));
    columns.keys.push_back(std::move(column));
  }
  if (aggregation_.window) {
    SLUICE_ASSIGN_OR_RETURN(columns.time, evaluate_column(*aggregation_.window->time, batch, context_));
    if (columns.time->type_id() != arrow::Type::TIMESTAMP)
      return status(errc::invalid_plan, "the time of a window is no timestamp");
  }
  for (const auto& call : aggregation_.calls) {
    auto& target = columns.calls.emplace_back();
    for (const auto& argument : call.args) {
      SLUICE_ASSIGN_OR_RETURN(auto column, evaluate_column(*argument, batch, context_));
      target.args.push_back(std::move(column));
    }
    if (call.filter) {
      SLUICE_ASSIGN_OR_RETURN(target.filter, evaluate_column(*call.filter, batch, context_));
    }
  }
  return columns;
}

std::vector<std::uint32_t> filtered_groups(const arrow::Array& filter, std::int64_t begin, std::int64_t count,
                                           const std::uint32_t* groups) {
  std::vector<std::uint32_t> kept(groups, groups + count);
  if (filter.type_id() != arrow::Type::BOOL) return std::vector<std::uint32_t>(count, no_group);
  const auto& flags = static_cast<const arrow::BooleanArray&>(filter);
  for (std::int64_t i = 0; i < count; ++i)
    if (flags.IsNull(begin + i) || !flags.Value(begin + i)) kept[i] = no_group;
  return kept;
}

status update_states(aggregate_states& states, const aggregate_columns& columns, std::int64_t begin, std::int64_t count,
                     const std::uint32_t* groups, bool dense, row_position first) {
  std::vector<data::array_ptr> args;
  for (std::size_t i = 0; i < columns.calls.size(); ++i) {
    const auto& call = columns.calls[i];
    args.clear();
    for (const auto& argument : call.args)
      args.push_back(begin == 0 && argument->length() == count ? argument : argument->Slice(begin, count));
    update_rows rows{args, groups, count, dense, first};
    std::vector<std::uint32_t> kept;
    if (call.filter) {
      kept = filtered_groups(*call.filter, begin, count, groups);
      rows.groups = kept.data();
      rows.dense = false;
    }
    SLUICE_RETURN_IF_ERROR(states.call(i).update(rows));
  }
  return ok();
}

} // namespace sluice::exec
