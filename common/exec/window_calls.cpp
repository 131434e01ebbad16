// The window functions themselves: numbers of rows, values of other rows, aggregates over frames.
#include <arrow/api.h>

#include <algorithm>

#include "common/exec/aggregate_input.hpp"
#include "common/exec/internal/evaluate_column.hpp"
#include "common/exec/internal/policy_accumulator.hpp"
#include "common/exec/internal/rows.hpp"
#include "common/exec/internal/window_calls.hpp"

namespace sluice::exec {
namespace {

constexpr std::int64_t rows_at_once = 1024;  ///< states held at a time

result<std::vector<data::array_ptr>> arguments(const plan::aggregate_call& call, const arrow::RecordBatch& rows, const expr::eval_context& context) {
  std::vector<data::array_ptr> out;
  for (const auto& arg : call.args) {
    SLUICE_ASSIGN_OR_RETURN(auto column, evaluate_column(*arg, rows, context));
    out.push_back(std::move(column));
  }
  return out;
}

/// An integer constant's value.
result<std::int64_t> constant(const arrow::Array& values) {
  if (values.length() == 0) return std::int64_t{1};
  if (values.IsNull(0)) return status(errc::datatype_mismatch, "a window function's offset is null");
  std::int64_t out = 0;
  bool fits = visit_numbers(values, [&](auto* numbers) { out = static_cast<std::int64_t>(numbers[0]); });
  if (!fits) return status(errc::invalid_plan, "a window function's offset is no number");
  return out;
}

// ---- numbers of rows

template <class T, class F>
result<data::array_ptr> per_row(const data::type_ptr& type, const sorted_window& window, F&& value) {
  std::vector<T> values(window.peer_begin.size());
  for (const auto& partition : window.partitions) {
    std::int64_t distinct = 0;
    for (auto i = partition.begin; i < partition.end; ++i) {
      distinct += window.peer_begin[i] == i;
      values[i] = value(i, partition, distinct);
    }
  }
  return make_fixed_array<T>(type, values.size(), [&](std::size_t i) { return values[i]; });
}

result<data::array_ptr> row_numbers(const std::string& function, const sorted_window& window) {
  using rows = partition_rows;
  if (function == "row_number")
    return per_row<std::int32_t>(arrow::int32(), window, [](auto i, const rows& p, auto) { return static_cast<std::int32_t>(i - p.begin + 1); });
  if (function == "rank")
    return per_row<std::int32_t>(arrow::int32(), window,
                                 [&](auto i, const rows& p, auto) { return static_cast<std::int32_t>(window.peer_begin[i] - p.begin + 1); });
  if (function == "dense_rank")
    return per_row<std::int32_t>(arrow::int32(), window, [](auto, const rows&, auto distinct) { return static_cast<std::int32_t>(distinct); });
  if (function == "percent_rank")
    return per_row<double>(arrow::float64(), window, [&](auto i, const rows& p, auto) {
      auto others = p.end - p.begin - 1;
      return others > 0 ? static_cast<double>(window.peer_begin[i] - p.begin) / static_cast<double>(others) : 0.0;
    });
  return per_row<double>(arrow::float64(), window, [&](auto i, const rows& p, auto) {
    return static_cast<double>(window.peer_end[i] - p.begin) / static_cast<double>(p.end - p.begin);
  });
}

result<data::array_ptr> tiles(std::int64_t count, const sorted_window& window) {
  if (count <= 0) return status(errc::datatype_mismatch, "the number of tiles of ntile must be greater than 0");
  return per_row<std::int32_t>(arrow::int32(), window, [&](auto i, const partition_rows& p, auto) {
    auto size = (p.end - p.begin) / count, larger = (p.end - p.begin) % count, at = i - p.begin;
    auto in_larger = larger * (size + 1);
    return static_cast<std::int32_t>(1 + (at < in_larger ? at / (size + 1) : size == 0 ? larger : larger + (at - in_larger) / size));
  });
}

// ---- values of other rows

/// The place of the `count`-th row from `from` on (step 1 or -1) within [begin, end), nulls not counted if `values` is given; -1: none.
std::int64_t nth(std::int64_t from, std::int64_t step, std::int64_t count, std::int64_t begin, std::int64_t end, const arrow::Array* values) {
  if (!values) {
    auto at = from + step * (count - 1);
    return at >= begin && at < end ? at : -1;
  }
  for (auto at = from; at >= begin && at < end; at += step)
    if (values->IsValid(at) && --count == 0) return at;
  return -1;
}

result<data::array_ptr> shifted(const plan::window_call& call, const sorted_window& window, const std::vector<data::array_ptr>& args) {
  std::int64_t offset = 1;
  if (args.size() > 1) {
    SLUICE_ASSIGN_OR_RETURN(offset, constant(*args[1]));
  }
  bool lead = (call.call.function == "lead") == (offset >= 0);
  auto distance = offset < 0 ? -offset : offset;
  const auto* skip_nulls = call.call.ignore_nulls ? args[0].get() : nullptr;
  auto count = window.rows->num_rows();
  std::vector<std::int64_t> places(static_cast<std::size_t>(count));
  bool has_default = args.size() > 2 && args[2]->null_count() < args[2]->length();
  for (const auto& partition : window.partitions)
    for (auto i = partition.begin; i < partition.end; ++i) {
      auto at = distance == 0 ? i : nth(lead ? i + 1 : i - 1, lead ? 1 : -1, distance, partition.begin, partition.end, skip_nulls);
      places[i] = at < 0 && has_default ? count + i : at;
    }
  if (!has_default) return take_values(*args[0], places);
  auto both = arrow::Concatenate({args[0], args[2]});
  if (!both.ok()) return status(errc::memory_limit, both.status().ToString());
  return take_values(**both, places);
}

result<data::array_ptr> in_frame(const plan::window_call& call, const row_frames& frames, const std::vector<data::array_ptr>& args) {
  std::int64_t count = 1;
  if (args.size() > 1) {
    SLUICE_ASSIGN_OR_RETURN(count, constant(*args[1]));
  }
  if (count <= 0) return status(errc::datatype_mismatch, "the offset of nth_value must be greater than 0");
  bool last = call.call.function == "last";
  const auto* skip_nulls = call.call.ignore_nulls ? args[0].get() : nullptr;
  std::vector<std::int64_t> places(frames.lower.size());
  for (std::size_t i = 0; i < places.size(); ++i)
    places[i] = nth(last ? frames.upper[i] - 1 : frames.lower[i], last ? -1 : 1, count, frames.lower[i], frames.upper[i], skip_nulls);
  return take_values(*args[0], places);
}

// ---- aggregates

class frame_aggregator {
public:
  frame_aggregator(accumulator& states, const aggregate_columns::call& columns) : states_(states), columns_(columns) {}

  result<data::array_ptr> run(const row_frames& frames) {
    std::vector<data::array_ptr> pieces;
    auto rows = static_cast<std::int64_t>(frames.lower.size());
    for (std::int64_t begin = 0; begin < rows || pieces.empty(); begin += rows_at_once) {
      std::vector<std::uint32_t> groups;
      SLUICE_RETURN_IF_ERROR(fill(frames, begin, std::min(rows, begin + rows_at_once), groups));
      SLUICE_ASSIGN_OR_RETURN(auto values, states_.finish(groups));
      pieces.push_back(std::move(values));
      if (rows == 0) break;
    }
    if (pieces.size() == 1) return pieces[0];
    auto whole = arrow::Concatenate(pieces);
    if (!whole.ok()) return status(errc::memory_limit, whole.status().ToString());
    return *whole;
  }

private:
  /// States of rows [begin, end); rows with equal frames share one, a frame that only grows goes on from the one before.
  status fill(const row_frames& frames, std::int64_t begin, std::int64_t end, std::vector<std::uint32_t>& groups) {
    // the last state of the piece before is kept in the group behind all others
    constexpr auto carried = static_cast<std::uint32_t>(rows_at_once);
    states_.resize(rows_at_once + 1);
    for (auto i = begin; i < end; ++i) {
      auto lower = frames.lower[i], upper = std::max(frames.lower[i], frames.upper[i]);
      bool goes_on = has_last_ && lower == last_lower_ && upper >= last_upper_;
      if (goes_on && upper == last_upper_ && last_group_ != carried) {
        groups.push_back(last_group_);
        continue;
      }
      auto group = static_cast<std::uint32_t>(i - begin);
      states_.clear(group);
      if (goes_on) states_.assign(states_, std::span(&last_group_, 1), &group);
      auto status = update(goes_on ? last_upper_ : lower, upper, group);
      if (!status.ok()) return status;
      has_last_ = true;
      last_lower_ = lower;
      last_upper_ = upper;
      last_group_ = group;
      groups.push_back(group);
    }
    if (has_last_ && last_group_ != carried) {
      states_.assign(states_, std::span(&last_group_, 1), &carried);
      last_group_ = carried;
    }
    return ok();
  }

  status update(std::int64_t from, std::int64_t to, std::uint32_t group) {
    if (from >= to) return ok();
    std::vector<data::array_ptr> args;
    for (const auto& column : columns_.args) args.push_back(column->Slice(from, to - from));
    std::vector<std::uint32_t> groups(static_cast<std::size_t>(to - from), group);
    if (columns_.filter) {
      auto filter = columns_.filter->Slice(from, to - from);
      groups = filtered_groups(*filter, 0, to - from, groups.data());
    }
    return states_.update({args, groups.data(), to - from, !columns_.filter, {0, 0, from}});
  }

  accumulator& states_;
  const aggregate_columns::call& columns_;
  bool has_last_ = false;
  std::int64_t last_lower_ = 0;
  std::int64_t last_upper_ = 0;
  std::uint32_t last_group_ = 0;
};

} // namespace

result<data::array_ptr> window_values(const plan::window_call& call, const row_frames& frames, const sorted_window& window,
                                      const expr::eval_context& context) {
  const auto& function = call.call.function;
  if (function == "row_number" || function == "rank" || function == "dense_rank" || function == "percent_rank" || function == "cume_dist")
    return row_numbers(function, window);
  SLUICE_ASSIGN_OR_RETURN(auto args, arguments(call.call, *window.rows, context));
  if (function == "ntile") {
    if (args.size() != 1) return status(errc::invalid_plan, "ntile takes one argument");
    SLUICE_ASSIGN_OR_RETURN(auto count, constant(*args[0]));
    return tiles(count, window);
  }
  bool places = function == "lag" || function == "lead" || function == "nth_value" || function == "first" || function == "last";
  if (places && args.empty()) return status(errc::invalid_plan, function + " takes an argument");
  if (function == "lag" || function == "lead") return shifted(call, window, args);
  if (places && !call.call.filter) return in_frame(call, frames, args);
  aggregate_columns::call columns{std::move(args), nullptr};
  if (call.call.filter) {
    SLUICE_ASSIGN_OR_RETURN(columns.filter, evaluate_column(*call.call.filter, *window.rows, context));
  }
  SLUICE_ASSIGN_OR_RETURN(auto states, make_accumulator(call.call, context.session));
  return frame_aggregator(*states, columns).run(frames);
}

} // namespace sluice::exec
