#pragma once
/// States of aggregate functions for many groups, and the registry of the functions.
///
/// A function declares four parts: update (rows into states), combine (state into state), finish (states to results) and
/// its state columns (states to Arrow and back). An accumulator holds the states of one call for groups 0..n-1; calls are
/// per array, never per row. To add a function: write a policy (internal/policy_accumulator.hpp), name it in the registry.
/// Not thread safe.
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "common/plan/plan.hpp"

namespace sluice::exec {

/// Marks a row that belongs to no group (no window, or excluded by FILTER).
inline constexpr std::uint32_t no_group = 0xffffffffu;

/// Where a row comes from; the order of first, last and collect_*.
struct row_position {
  std::int64_t batch = 0;
  std::int32_t split = 0;
  std::int64_t row = 0;
  auto operator<=>(const row_position&) const = default;
};

/// Rows for `accumulator::update`.
struct update_rows {
  std::span<const data::array_ptr> args;
  const std::uint32_t* groups = nullptr;  ///< per row; may hold no_group unless `dense`
  std::int64_t count = 0;
  bool dense = true;
  row_position first;                     ///< of row 0; the others follow
};

class accumulator {
public:
  virtual ~accumulator() = default;
  /// Groups 0..groups-1 exist afterwards; new ones are empty.
  virtual void resize(std::size_t groups) = 0;
  virtual std::size_t bytes() const = 0;
  virtual status update(const update_rows& rows) = 0;
  /// Combines row i of the state columns into groups[i].
  virtual status merge(std::span<const data::array_ptr> columns, const std::uint32_t* groups) = 0;
  /// Combines group source[i] of `from` (same call) into target[i].
  virtual status absorb(const accumulator& from, std::span<const std::uint32_t> source, const std::uint32_t* target) = 0;
  /// Copies group source[i] of `from` (same call) over target[i].
  virtual void assign(const accumulator& from, std::span<const std::uint32_t> source, const std::uint32_t* target) = 0;
  virtual void clear(std::uint32_t group) = 0;
  /// State columns of the groups, in their order.
  virtual result<std::vector<data::array_ptr>> state(std::span<const std::uint32_t> groups) const = 0;
  /// Results of the groups, in their order. Errors: arithmetic_overflow.
  virtual result<data::array_ptr> finish(std::span<const std::uint32_t> groups) const = 0;
  /// Whether `finish` would succeed; cheap.
  virtual status check(std::span<const std::uint32_t> groups) const = 0;
};

/// The state columns of a call. Errors: unresolved_function, unsupported_feature (types the function does not take).
result<std::vector<std::shared_ptr<arrow::Field>>> state_fields(const plan::aggregate_call& call);
result<std::unique_ptr<accumulator>> make_accumulator(const plan::aggregate_call& call, const expr::options& session);

/// The accumulators of all calls of an aggregation; groups are numbered alike in all of them.
class aggregate_states {
public:
  static result<aggregate_states> make(const std::vector<plan::aggregate_call>& calls, const expr::options& session);

  std::size_t size() const noexcept { return size_; }
  void resize(std::size_t groups);
  std::size_t bytes() const;
  /// `columns`: the state columns of all calls one after the other.
  status merge(std::span<const data::array_ptr> columns, const std::uint32_t* groups);
  status absorb(const aggregate_states& from, std::span<const std::uint32_t> source, const std::uint32_t* target);
  void assign(const aggregate_states& from, std::span<const std::uint32_t> source, const std::uint32_t* target);
  void clear(std::uint32_t group);
  status append_state(std::span<const std::uint32_t> groups, std::vector<data::array_ptr>& out) const;
  status append_finished(std::span<const std::uint32_t> groups, std::vector<data::array_ptr>& out) const;
  status check(std::span<const std::uint32_t> groups) const;
  accumulator& call(std::size_t index) { return *calls_[index]; }
  std::size_t num_calls() const noexcept { return calls_.size(); }
  std::size_t num_columns() const noexcept { return num_columns_; }

private:
  std::vector<std::unique_ptr<accumulator>> calls_;
  std::vector<std::size_t> widths_;
  std::size_t num_columns_ = 0;
  std::size_t size_ = 0;
};

} // namespace sluice::exec
