#include <cmath>

#include "common/exec/internal/policy_accumulator.hpp"

namespace sluice::exec {
namespace {

/// Variance and standard deviation: Welford's update, Chan's merge.
struct variance_policy {
  struct state {
    std::int64_t count = 0;
    double mean = 0;
    double squares = 0;  ///< sum of squared distances from the mean
  };
  bool sample = true;
  bool root = false;

  status update(state* states, const update_rows& rows) {
    visit_numbers(*rows.args[0], [&](auto* values) {
      for_rows(rows, rows.args[0].get(), [&](auto i, auto group) {
        auto& state = states[group];
        auto value = static_cast<double>(values[i]);
        auto distance = value - state.mean;
        ++state.count;
        state.mean += distance / static_cast<double>(state.count);
        state.squares += distance * (value - state.mean);
      });
    });
    return ok();
  }
  status combine(state& into, const state& other) const {
    if (other.count == 0) return ok();
    if (into.count == 0) {
      into = other;
      return ok();
    }
    auto left = static_cast<double>(into.count), right = static_cast<double>(other.count);
    auto distance = other.mean - into.mean;
    into.count += other.count;
    into.mean += distance * (right / (left + right));
    into.squares += other.squares + distance * distance * (left * right / (left + right));
    return ok();
  }
  auto reader(state_columns columns) const {
    return [counts = fixed_values<std::int64_t>(*columns[0]), means = fixed_values<double>(*columns[1]),
            squares = fixed_values<double>(*columns[2])](std::int64_t i) {
      return state{counts[i], means[i], squares[i]};
    };
  }
  result<column_vector> store(const picked<state>& groups) const {
    auto size = groups.size();
    SLUICE_ASSIGN_OR_RETURN(auto counts, make_fixed_array<std::int64_t>(arrow::int64(), size,
                                                                        [&](std::size_t i) { return groups[i].count; }));
    SLUICE_ASSIGN_OR_RETURN(auto means, make_fixed_array<double>(arrow::float64(), size,
                                                                 [&](std::size_t i) { return groups[i].mean; }));
    SLUICE_ASSIGN_OR_RETURN(auto squares, make_fixed_array<double>(arrow::float64(), size,
                                                                   [&](std::size_t i) { return groups[i].squares; }));
    return column_vector{std::move(counts), std::move(means), std::move(squares)};
  }
  result<data::array_ptr> finish(const picked<state>& groups) const {
    auto least = sample ? 2 : 1;
    return make_fixed_array<double>(
        arrow::float64(), groups.size(),
        [&](std::size_t i) {
          auto variance = groups[i].squares / static_cast<double>(groups[i].count - (sample ? 1 : 0));
          return root ? std::sqrt(variance) : variance;
        },
        [&](std::size_t i) { return groups[i].count >= least; });
  }
  field_vector fields() const {
    return {arrow::field("count", arrow::int64()), arrow::field("mean", arrow::float64()),
            arrow::field("squares", arrow::float64())};
  }
};

} // namespace

result<made_function> make_variance(const plan::aggregate_call& call, const expr::options&) {
  if (call.args.size() != 1) return status(errc::wrong_num_args, call.function + " takes one argument");
  const auto& type = *call.args[0]->type;
  if (!holds_integers(type) && !holds_floats(type) && type.id() != arrow::Type::NA) return unsupported_argument(call);
  auto root = call.function.starts_with("std");
  auto population = call.function.ends_with("_pop");
  return function_of(variance_policy{!population, root});
}

} // namespace sluice::exec
