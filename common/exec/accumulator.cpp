#include "common/exec/accumulator.hpp"

#include "common/exec/internal/policy_accumulator.hpp"

namespace sluice::exec {
namespace {

struct registry_line {
  std::string_view name;
  function_factory make;
};

constexpr registry_line registry[] = {
    {"count", make_count},           {"count_if", make_count_if},   {"sum", make_sum},
    {"avg", make_avg},               {"mean", make_avg},            {"min", make_min_max},
    {"max", make_min_max},           {"first", make_first_last},    {"first_value", make_first_last},
    {"any_value", make_first_last},  {"last", make_first_last},     {"last_value", make_first_last},
    {"stddev", make_variance},       {"std", make_variance},        {"stddev_samp", make_variance},
    {"stddev_pop", make_variance},   {"variance", make_variance},   {"var_samp", make_variance},
    {"var_pop", make_variance},      {"collect_list", make_collect}, {"array_agg", make_collect},
    {"collect_set", make_collect},   {"max_by", make_extreme_by},    {"min_by", make_extreme_by},
    {"percentile", make_values},     {"percentile_approx", make_values}, {"mode", make_values},
    {"listagg", make_values},        {"skewness", make_moment},      {"kurtosis", make_moment},
    {"bit_and", make_bits},          {"bit_or", make_bits},          {"bit_xor", make_bits},
    {"corr", make_pair_statistic},   {"covar_pop", make_pair_statistic}, {"covar_samp", make_pair_statistic},
    {"regr_count", make_pair_statistic}, {"regr_avgx", make_pair_statistic}, {"regr_avgy", make_pair_statistic},
    {"regr_sxx", make_pair_statistic}, {"regr_syy", make_pair_statistic}, {"regr_sxy", make_pair_statistic},
    {"regr_slope", make_pair_statistic}, {"regr_intercept", make_pair_statistic}, {"regr_r2", make_pair_statistic},
    {"approx_count_distinct", make_approx_count},
};

result<made_function> find_function(const plan::aggregate_call& call, const expr::options& session) {
  for (const auto& line : registry)
    if (line.name == call.function) return line.make(call, session);
  return status(errc::unresolved_function, fmt::format("no aggregate function is called {}", call.function));
}

} // namespace

result<field_vector> state_fields(const plan::aggregate_call& call) {
  SLUICE_ASSIGN_OR_RETURN(auto made, find_function(call, {}));
  return std::move(made.fields);
}

result<std::unique_ptr<accumulator>> make_accumulator(const plan::aggregate_call& call, const expr::options& session) {
  SLUICE_ASSIGN_OR_RETURN(auto made, find_function(call, session));
  return made.make();
}

result<aggregate_states> aggregate_states::make(const std::vector<plan::aggregate_call>& calls,
                                                const expr::options& session) {
  aggregate_states all;
  for (const auto& call : calls) {
    SLUICE_ASSIGN_OR_RETURN(auto made, find_function(call, session));
    all.calls_.push_back(made.make());
    all.widths_.push_back(made.fields.size());
    all.num_columns_ += made.fields.size();
  }
  return all;
}

void aggregate_states::resize(std::size_t groups) {
  for (auto& call : calls_) call->resize(groups);
  size_ = groups;
}

std::size_t aggregate_states::bytes() const {
  std::size_t total = 0;
  for (const auto& call : calls_) total += call->bytes();
  return total;
}

status aggregate_states::merge(std::span<const data::array_ptr> columns, const std::uint32_t* groups) {
  std::size_t column = 0;
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    SLUICE_RETURN_IF_ERROR(calls_[i]->merge(columns.subspan(column, widths_[i]), groups));
    column += widths_[i];
  }
  return ok();
}

status aggregate_states::absorb(const aggregate_states& from, std::span<const std::uint32_t> source,
                                const std::uint32_t* target) {
  for (std::size_t i = 0; i < calls_.size(); ++i)
    SLUICE_RETURN_IF_ERROR(calls_[i]->absorb(*from.calls_[i], source, target));
  return ok();
}

void aggregate_states::assign(const aggregate_states& from, std::span<const std::uint32_t> source,
                              const std::uint32_t* target) {
  for (std::size_t i = 0; i < calls_.size(); ++i) calls_[i]->assign(*from.calls_[i], source, target);
}

void aggregate_states::clear(std::uint32_t group) {
  for (auto& call : calls_) call->clear(group);
}

status aggregate_states::append_state(std::span<const std::uint32_t> groups, std::vector<data::array_ptr>& out) const {
  for (const auto& call : calls_) {
    SLUICE_ASSIGN_OR_RETURN(auto columns, call->state(groups));
    for (auto& column : columns) out.push_back(std::move(column));
  }
  return ok();
}

status aggregate_states::append_finished(std::span<const std::uint32_t> groups, std::vector<data::array_ptr>& out) const {
  for (const auto& call : calls_) {
    SLUICE_ASSIGN_OR_RETURN(auto column, call->finish(groups));
    out.push_back(std::move(column));
  }
  return ok();
}

status aggregate_states::check(std::span<const std::uint32_t> groups) const {
  for (const auto& call : calls_) SLUICE_RETURN_IF_ERROR(call->check(groups));
  return ok();
}

} // namespace sluice::exec
