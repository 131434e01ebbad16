#pragma once
/// From a policy (the four parts of one function over its state struct) to an accumulator.
///
/// struct policy {
///   struct state { … };                                        // default: the empty group
///   status update(state* states, const update_rows& rows);
///   status combine(state& into, const state& other) const;
///   auto reader(columns) const -> callable (row) -> state;     // state columns in
///   result<vector<array_ptr>> store(rows<state>) const;        // state columns out
///   result<array_ptr> finish(rows<state>) const;
///   static size_t heap_bytes(const state&);                    // beyond sizeof(state); 0 for plain structs
///   vector<field> fields() const;
/// };
#include <arrow/api.h>
#include <fmt/format.h>

#include <cstring>
#include <functional>
#include <type_traits>

#include "common/exec/accumulator.hpp"

namespace sluice::exec {

/// States picked by index: what store and finish see.
template <class State>
struct picked {
  const State* states;
  std::span<const std::uint32_t> groups;
  std::size_t size() const { return groups.size(); }
  const State& operator[](std::size_t i) const { return states[groups[i]]; }
};

using state_columns = std::span<const data::array_ptr>;
using column_vector = std::vector<data::array_ptr>;
using field_vector = std::vector<std::shared_ptr<arrow::Field>>;

/// Calls f(row, group) for each row that has a group and a non-null `arg` (null pointer: no argument).
template <class F>
inline void for_rows(const update_rows& rows, const arrow::Array* arg, F&& f) {
  auto nulls = arg != nullptr && arg->null_count() > 0;
  if (rows.dense && !nulls) {
    for (std::int64_t i = 0; i < rows.count; ++i) f(i, rows.groups[i]);
    return;
  }
  for (std::int64_t i = 0; i < rows.count; ++i) {
    if (rows.groups[i] == no_group || (nulls && arg->IsNull(i))) continue;
    f(i, rows.groups[i]);
  }
}

/// An array of fixed width T of any type with that layout.
template <class T, class Value, class Valid>
result<data::array_ptr> make_fixed_array(const data::type_ptr& type, std::size_t count, Value&& value, Valid&& valid) {
  auto values = arrow::AllocateBuffer(static_cast<std::int64_t>(count * sizeof(T)));
  auto bits = arrow::AllocateEmptyBitmap(static_cast<std::int64_t>(count));
  if (!values.ok() || !bits.ok()) return status(errc::memory_limit, "no memory for aggregate columns");
  auto* target = reinterpret_cast<T*>((*values)->mutable_data());
  auto* bitmap = (*bits)->mutable_data();
  std::int64_t nulls = 0;
  for (std::size_t i = 0; i < count; ++i) {
    auto present = static_cast<bool>(valid(i));
    T item = present ? static_cast<T>(value(i)) : T{};
    std::memcpy(target + i, &item, sizeof(T));
    if (present)
      bitmap[i / 8] |= static_cast<std::uint8_t>(1u << (i % 8));
    else
      ++nulls;
  }
  return arrow::MakeArray(arrow::ArrayData::Make(type, static_cast<std::int64_t>(count),
                                                 {nulls ? std::shared_ptr<arrow::Buffer>(std::move(*bits)) : nullptr,
                                                  std::shared_ptr<arrow::Buffer>(std::move(*values))},
                                                 nulls));
}
template <class T, class Value>
result<data::array_ptr> make_fixed_array(const data::type_ptr& type, std::size_t count, Value&& value) {
  return make_fixed_array<T>(type, count, value, [](std::size_t) { return true; });
}

/// The value buffer of a fixed-width array, at its offset.
template <class T>
const T* fixed_values(const arrow::Array& array) {
  return array.data()->template GetValues<T>(1);
}

/// Calls f(pointer to values) with the C type of a numeric array; false for any other type.
template <class F>
bool visit_numbers(const arrow::Array& array, F&& f) {
  switch (array.type_id()) {
    case arrow::Type::INT8: f(fixed_values<std::int8_t>(array)); return true;
    case arrow::Type::INT16: f(fixed_values<std::int16_t>(array)); return true;
    case arrow::Type::INT32: f(fixed_values<std::int32_t>(array)); return true;
    case arrow::Type::INT64: f(fixed_values<std::int64_t>(array)); return true;
    case arrow::Type::FLOAT: f(fixed_values<float>(array)); return true;
    case arrow::Type::DOUBLE: f(fixed_values<double>(array)); return true;
    default: return false;
  }
}

inline bool holds_integers(const arrow::DataType& type) {
  return type.id() == arrow::Type::INT8 || type.id() == arrow::Type::INT16 || type.id() == arrow::Type::INT32 ||
         type.id() == arrow::Type::INT64;
}
inline bool holds_floats(const arrow::DataType& type) {
  return type.id() == arrow::Type::FLOAT || type.id() == arrow::Type::DOUBLE;
}

inline __int128 load_int128(const void* bytes) {
  __int128 value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

template <class Policy>
class policy_accumulator final : public accumulator {
public:
  using state_type = typename Policy::state;
  explicit policy_accumulator(Policy policy) : policy_(std::move(policy)) {}

  void resize(std::size_t groups) override {
    if (groups > states_.capacity()) states_.reserve(std::max(groups, states_.capacity() * 2));
    states_.resize(groups);
  }
  std::size_t bytes() const override {
    auto total = states_.capacity() * sizeof(state_type);
    if constexpr (!std::is_trivially_copyable_v<state_type>) {  // an estimate from a sample: must not cost a pass
      auto step = std::max<std::size_t>(1, states_.size() / 64);
      for (std::size_t i = 0; i < states_.size(); i += step) total += Policy::heap_bytes(states_[i]) * step;
    }
    return total;
  }
  status update(const update_rows& rows) override { return policy_.update(states_.data(), rows); }
  status merge(state_columns columns, const std::uint32_t* groups) override {
    auto read = policy_.reader(columns);
    auto count = columns[0]->length();
    for (std::int64_t i = 0; i < count; ++i) SLUICE_RETURN_IF_ERROR(policy_.combine(states_[groups[i]], read(i)));
    return ok();
  }
  status absorb(const accumulator& from, std::span<const std::uint32_t> source, const std::uint32_t* target) override {
    const auto& other = static_cast<const policy_accumulator&>(from).states_;
    for (std::size_t i = 0; i < source.size(); ++i)
      SLUICE_RETURN_IF_ERROR(policy_.combine(states_[target[i]], other[source[i]]));
    return ok();
  }
  void assign(const accumulator& from, std::span<const std::uint32_t> source, const std::uint32_t* target) override {
    const auto& other = static_cast<const policy_accumulator&>(from).states_;
    for (std::size_t i = 0; i < source.size(); ++i) states_[target[i]] = other[source[i]];
  }
  void clear(std::uint32_t group) override { states_[group] = state_type{}; }
  result<column_vector> state(std::span<const std::uint32_t> groups) const override {
    return policy_.store(picked<state_type>{states_.data(), groups});
  }
  result<data::array_ptr> finish(std::span<const std::uint32_t> groups) const override {
    return policy_.finish(picked<state_type>{states_.data(), groups});
  }

  status check(std::span<const std::uint32_t> groups) const override {
    if constexpr (requires { policy_.check(picked<state_type>{}); })
      return policy_.check(picked<state_type>{states_.data(), groups});
    return ok();
  }

private:
  Policy policy_;
  std::vector<state_type> states_;
};

template <class Policy>
std::unique_ptr<accumulator> accumulate_with(Policy policy) {
  return std::make_unique<policy_accumulator<Policy>>(std::move(policy));
}

/// One line of the registry: makes the accumulator, or only tells the state columns (`fields`).
struct made_function {
  field_vector fields;
  std::function<std::unique_ptr<accumulator>()> make;
};
template <class Policy>
made_function function_of(Policy policy) {
  auto fields = policy.fields();
  return {std::move(fields), [policy] { return accumulate_with(policy); }};
}
using function_factory = result<made_function> (*)(const plan::aggregate_call&, const expr::options&);

result<made_function> make_count(const plan::aggregate_call& call, const expr::options& session);
result<made_function> make_count_if(const plan::aggregate_call& call, const expr::options& session);
result<made_function> make_sum(const plan::aggregate_call& call, const expr::options& session);
result<made_function> make_avg(const plan::aggregate_call& call, const expr::options& session);
result<made_function> make_variance(const plan::aggregate_call& call, const expr::options& session);
result<made_function> make_min_max(const plan::aggregate_call& call, const expr::options& session);
result<made_function> make_first_last(const plan::aggregate_call& call, const expr::options& session);
result<made_function> make_extreme_by(const plan::aggregate_call& call, const expr::options& session);
result<made_function> make_values(const plan::aggregate_call& call, const expr::options& session);
result<made_function> make_moment(const plan::aggregate_call& call, const expr::options& session);
result<made_function> make_bits(const plan::aggregate_call& call, const expr::options& session);
result<made_function> make_pair_statistic(const plan::aggregate_call& call, const expr::options& session);
result<made_function> make_approx_count(const plan::aggregate_call& call, const expr::options& session);
result<made_function> make_collect(const plan::aggregate_call& call, const expr::options& session);

inline status unsupported_argument(const plan::aggregate_call& call) {
  auto type = call.args.empty() ? std::string("nothing") : data::type_name(*call.args[0]->type);
  return {errc::unsupported_feature, fmt::format("{} over {}", call.function, type)};
}

} // namespace sluice::exec
