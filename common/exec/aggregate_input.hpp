#pragma once
/// The columns an aggregation reads from a batch: keys, time and per call arguments and filter, evaluated. Pure.
#include <optional>
#include <vector>

#include "common/exec/accumulator.hpp"

namespace sluice::exec {

/// Evaluated columns of one batch.
struct aggregate_columns {
  std::vector<data::array_ptr> keys;
  data::array_ptr time;  ///< null without window
  struct call {
    std::vector<data::array_ptr> args;
    data::array_ptr filter;  ///< boolean, or null
  };
  std::vector<call> calls;
};

class aggregate_input {
public:
  /// Casts from integers to double that a function undoes anyway are left out.
  aggregate_input(const plan::aggregation& aggregation, expr::eval_context context);
  result<aggregate_columns> evaluate(const arrow::RecordBatch& batch) const;

  const plan::aggregation& aggregation() const noexcept { return aggregation_; }
  const expr::eval_context& context() const noexcept { return context_; }
  std::vector<data::type_ptr> key_types() const;

private:
  plan::aggregation aggregation_;
  expr::eval_context context_;
};

/// `groups` with no_group where the boolean `filter` is not true.
std::vector<std::uint32_t> filtered_groups(const arrow::Array& filter, std::int64_t begin, std::int64_t count,
                                           const std::uint32_t* groups);

/// Updates the accumulators with rows [begin, begin + count) of the columns; groups[i] belongs to row begin + i.
status update_states(aggregate_states& states, const aggregate_columns& columns, std::int64_t begin, std::int64_t count,
                     const std::uint32_t* groups, bool dense, row_position first);

} // namespace sluice::exec
