#include "common/exec/batch_aggregate.hpp"

#include <arrow/api.h>

#include <algorithm>
#include <numeric>

#include "common/data/keys.hpp"
#include "common/exec/aggregate_output.hpp"
#include "common/exec/internal/group_index.hpp"
#include "common/exec/internal/policy_accumulator.hpp"

namespace sluice::exec {
namespace {

class batch_aggregator {
public:
  batch_aggregator(const plan::aggregation& aggregation, const expr::eval_context& context, aggregate_states states)
      : input_(aggregation, context), encoder_(input_.key_types()), states_(std::move(states)), seen_(aggregation.calls.size()) {
    if (const auto& window = aggregation.window) grid_ = {window->size_us, window->slide_us, window->start_us};
    for (const auto& call : aggregation.calls) by_window_ = by_window_ || (call.distinct && aggregation.window);
  }

  status add(const arrow::RecordBatch& batch, std::int32_t number) {
    if (batch.num_rows() == 0) return ok();
    SLUICE_ASSIGN_OR_RETURN(auto columns, input_.evaluate(batch));
    std::string keys;
    std::vector<std::uint32_t> offsets(static_cast<std::size_t>(batch.num_rows()) + 1, 0);
    if (!columns.keys.empty()) SLUICE_RETURN_IF_ERROR(encoder_.encode(columns.keys, keys, offsets));
    auto passes = by_window_ ? (grid_.size() + grid_.slide() - 1) / grid_.slide() : 1;
    std::vector<std::uint32_t> groups(static_cast<std::size_t>(batch.num_rows()));
    for (std::int64_t pass = 0; pass < passes; ++pass) {
      SLUICE_RETURN_IF_ERROR(find_groups(columns, keys, offsets, pass, groups));
      states_.resize(index_.size());
      SLUICE_RETURN_IF_ERROR(update(columns, groups, {0, number, 0}));
    }
    return ok();
  }

  std::int64_t bytes() const {
    auto total = index_.bytes() + states_.bytes();
    for (const auto& seen : seen_) total += seen.bytes();
    return static_cast<std::int64_t>(total);
  }

  status write(aggregate_output& output) {
    const auto& aggregation = input_.aggregation();
    if (!aggregation.window) {
      for (std::uint32_t i = 0; i < index_.size(); ++i)
        SLUICE_RETURN_IF_ERROR(output.add(index_.key(i), {0, &states_, i}));
      if (aggregation.keys.empty() && index_.size() == 0) SLUICE_RETURN_IF_ERROR(output.add_default());
      return output.finish();
    }
    std::vector<std::uint32_t> order(index_.size());
    std::iota(order.begin(), order.end(), 0u);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      auto relation = index_.key(a).compare(index_.key(b));
      return relation != 0 ? relation < 0 : index_[a].slice < index_[b].slice;
    });
    for (std::size_t begin = 0; begin < order.size();) {
      auto end = begin;
      std::vector<slice_state> slices;
      std::vector<std::int64_t> windows;
      for (; end < order.size() && index_.key(order[end]) == index_.key(order[begin]); ++end) {
        slices.push_back({index_[order[end]].slice, &states_, order[end]});
        if (!by_window_) append_windows(grid_, slices.back().slice, windows);
      }
      SLUICE_RETURN_IF_ERROR(by_window_ ? write_windows(index_.key(order[begin]), slices, output)
                                        : output.add_windows(index_.key(order[begin]), slices, windows));
      begin = end;
    }
    return output.finish();
  }

private:
  static status write_windows(std::string_view key, const std::vector<slice_state>& states, aggregate_output& output) {
    for (const auto& state : states)
      SLUICE_RETURN_IF_ERROR(output.add_windows(key, std::span(&state, 1), std::span(&state.slice, 1)));
    return ok();
  }

  /// The slice of a time, or with DISTINCT its `pass`-th window. False: none.
  bool place_of(std::int64_t time, std::int64_t pass, slice_cursor& cursor, std::int64_t& place, bool& out_of_range) const {
    if (!cursor.find(time, place)) {
      out_of_range = true;
      return false;
    }
    if (!by_window_) return true;
    place = grid_.newest_window(time) - pass * grid_.slide();
    return time < place + grid_.size();
  }

  status find_groups(const aggregate_columns& columns, const std::string& keys, const std::vector<std::uint32_t>& offsets,
                     std::int64_t pass, std::vector<std::uint32_t>& groups) {
    const auto* times = columns.time ? fixed_values<std::int64_t>(*columns.time) : nullptr;
    slice_cursor cursor(grid_);
    bool out_of_range = false;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      std::int64_t place = 0;
      auto row = static_cast<std::int64_t>(i);
      auto falls_out = times && (columns.time->IsNull(row) || !place_of(times[i], pass, cursor, place, out_of_range));
      groups[i] = falls_out ? no_group : index_.find_or_add(keys.data() + offsets[i], offsets[i + 1] - offsets[i], place);
    }
    if (out_of_range) return {errc::arithmetic_overflow, "[ARITHMETIC_OVERFLOW] a window leaves the range of timestamps"};
    return ok();
  }

  status update(const aggregate_columns& columns, const std::vector<std::uint32_t>& groups, row_position first) {
    auto count = static_cast<std::int64_t>(groups.size());
    for (std::size_t i = 0; i < columns.calls.size(); ++i) {
      const auto& call = columns.calls[i];
      auto kept = call.filter ? filtered_groups(*call.filter, 0, count, groups.data()) : groups;
      if (input_.aggregation().calls[i].distinct) SLUICE_RETURN_IF_ERROR(keep_new(i, call, kept));
      SLUICE_RETURN_IF_ERROR(states_.call(i).update({call.args, kept.data(), count, false, first}));
    }
    return ok();
  }

  /// no_group for rows whose arguments the group has had before.
  status keep_new(std::size_t index, const aggregate_columns::call& call, std::vector<std::uint32_t>& groups) {
    std::vector<data::type_ptr> types;
    for (const auto& argument : call.args) types.push_back(argument->type());
    std::string bytes;
    std::vector<std::uint32_t> offsets;
    SLUICE_RETURN_IF_ERROR(data::key_encoder(types).encode(call.args, bytes, offsets));
    auto& seen = seen_[index];
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (groups[i] == no_group) continue;
      auto before = seen.size();
      seen.find_or_add(bytes.data() + offsets[i], offsets[i + 1] - offsets[i], groups[i]);
      if (seen.size() == before) groups[i] = no_group;
    }
    return ok();
  }

  aggregate_input input_;
  data::key_encoder encoder_;
  aggregate_states states_;
  slice_grid grid_;
  group_index index_;
  std::vector<group_index> seen_;  ///< per DISTINCT call: (arguments, group)
  bool by_window_ = false;         ///< DISTINCT states cannot be merged from slices: rows go to each of their windows
};

} // namespace

result<std::vector<data::batch_ptr>> aggregate_batches(const plan::aggregation& aggregation, const batch_reader& next,
                                                       const expr::eval_context& context, const memory_check& check) {
  if (aggregation.window && (aggregation.window->slide_us <= 0 || aggregation.window->size_us < aggregation.window->slide_us))
    return status(errc::invalid_window, "a window needs 0 < slide <= size");
  SLUICE_ASSIGN_OR_RETURN(auto states, aggregate_states::make(aggregation.calls, context.session));
  batch_aggregator aggregator(aggregation, context, std::move(states));
  for (std::int32_t number = 0;; ++number) {
    SLUICE_ASSIGN_OR_RETURN(auto batch, next());
    if (!batch) break;
    SLUICE_RETURN_IF_ERROR(aggregator.add(*batch, number));
    SLUICE_RETURN_IF_ERROR(check(aggregator.bytes()));
  }
  std::vector<data::batch_ptr> out;
  SLUICE_ASSIGN_OR_RETURN(auto output, aggregate_output::make(aggregation, context.session, [&](data::batch_ptr batch) {
                            out.push_back(std::move(batch));
                            return ok();
                          }));
  SLUICE_RETURN_IF_ERROR(aggregator.write(output));
  return out;
}

} // namespace sluice::exec
