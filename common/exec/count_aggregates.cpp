#include "common/exec/internal/policy_accumulator.hpp"

namespace sluice::exec {
namespace {

/// count(*), count(a, b, …) and count_if(c): a number of rows.
struct count_policy {
  struct state {
    std::int64_t count = 0;
  };
  bool only_true = false;

  status update(state* states, const update_rows& rows) {
    if (rows.args.size() <= 1 && !only_true) {
      for_rows(rows, rows.args.empty() ? nullptr : rows.args[0].get(), [&](auto, auto group) { ++states[group].count; });
      return ok();
    }
    if (only_true) {
      if (rows.args[0]->type_id() != arrow::Type::BOOL) return ok();
      const auto& flags = static_cast<const arrow::BooleanArray&>(*rows.args[0]);
      for_rows(rows, &flags, [&](auto i, auto group) { states[group].count += flags.Value(i); });
      return ok();
    }
    for_rows(rows, nullptr, [&](auto i, auto group) {
      bool all = true;
      for (const auto& arg : rows.args) all = all && arg->IsValid(i);
      states[group].count += all;
    });
    return ok();
  }
  status combine(state& into, const state& other) const {
    into.count += other.count;
    return ok();
  }
  auto reader(state_columns columns) const {
    return [values = fixed_values<std::int64_t>(*columns[0])](std::int64_t i) { return state{values[i]}; };
  }
  result<column_vector> store(const picked<state>& groups) const {
    SLUICE_ASSIGN_OR_RETURN(auto column, finish(groups));
    return column_vector{std::move(column)};
  }
  result<data::array_ptr> finish(const picked<state>& groups) const {
    return make_fixed_array<std::int64_t>(arrow::int64(), groups.size(), [&](std::size_t i) { return groups[i].count; });
  }
  field_vector fields() const { return {arrow::field("count", arrow::int64())}; }
};

} // namespace

result<made_function> make_count(const plan::aggregate_call& call, const expr::options&) {
  return function_of(count_policy{});
}

result<made_function> make_count_if(const plan::aggregate_call& call, const expr::options&) {
  if (call.args.size() != 1) return status(errc::wrong_num_args, "count_if takes one argument");
  auto id = call.args[0]->type->id();
  if (id != arrow::Type::BOOL && id != arrow::Type::NA) return unsupported_argument(call);
  return function_of(count_policy{true});
}

} // namespace sluice::exec
