#include "common/exec/aggregate_output.hpp"

#include <arrow/api.h>

#include <numeric>

#include "common/exec/internal/policy_accumulator.hpp"

namespace sluice::exec {
namespace {

/// Up to this many slices a window is merged slice by slice.
constexpr std::int64_t few_slices = 4;

std::vector<data::type_ptr> types_of_keys(const plan::aggregation& aggregation) {
  std::vector<data::type_ptr> types;
  for (const auto& key : aggregation.keys) types.push_back(key->type);
  return types;
}

status take_over(aggregate_states& to, std::uint32_t row, const slice_state& from) {
  to.assign(*from.states, std::span(&from.row, 1), &row);
  return ok();
}
status merge_in(aggregate_states& to, std::uint32_t row, const slice_state& from) {
  return to.absorb(*from.states, std::span(&from.row, 1), &row);
}

} // namespace

void append_windows(const slice_grid& grid, std::int64_t slice, std::vector<std::int64_t>& windows) {
  auto newest = grid.newest_window(slice);
  auto window = grid.oldest_window(slice);
  if (!windows.empty() && windows.back() >= window) {
    if (windows.back() >= newest) return;
    window = windows.back() + grid.slide();
  }
  for (; window < newest; window += grid.slide()) windows.push_back(window);
  windows.push_back(newest);
}

aggregate_output::aggregate_output(const plan::aggregation& aggregation, batch_sink sink, std::size_t batch_rows,
                                   aggregate_states merged, aggregate_states scratch)
    : schema_(aggregation.output), windowed_(aggregation.window.has_value()), encoder_(types_of_keys(aggregation)),
      sink_(std::move(sink)), batch_rows_(batch_rows), merged_(std::move(merged)), scratch_(std::move(scratch)) {
  if (const auto& window = aggregation.window) grid_ = {window->size_us, window->slide_us, window->start_us};
}

result<aggregate_output> aggregate_output::make(const plan::aggregation& aggregation, const expr::options& session,
                                                batch_sink sink, std::size_t batch_rows) {
  SLUICE_ASSIGN_OR_RETURN(auto merged, aggregate_states::make(aggregation.calls, session));
  SLUICE_ASSIGN_OR_RETURN(auto scratch, aggregate_states::make(aggregation.calls, session));
  auto columns = aggregation.keys.size() + (aggregation.window ? 1 : 0) + aggregation.calls.size();
  if (!aggregation.output || static_cast<std::size_t>(aggregation.output->num_fields()) != columns)
    return status(errc::invalid_plan, "the output of an aggregation does not fit its keys and calls");
  return aggregate_output(aggregation, std::move(sink), batch_rows, std::move(merged), std::move(scratch));
}

result<std::uint32_t> aggregate_output::new_row(std::string_view key, std::int64_t window) {
  if (key_ends_.size() >= batch_rows_) SLUICE_RETURN_IF_ERROR(emit());
  auto row = static_cast<std::uint32_t>(key_ends_.size());
  key_bytes_.append(key);
  key_ends_.push_back(key_bytes_.size());
  if (windowed_) windows_.push_back(window);
  merged_.resize(row + 1);
  return row;
}

status aggregate_output::add(std::string_view key, const slice_state& state) {
  SLUICE_ASSIGN_OR_RETURN(auto row, new_row(key, 0));
  return take_over(merged_, row, state);
}

status aggregate_output::add_default() { return new_row({}, 0).error(); }

status aggregate_output::add_windows(std::string_view key, std::span<const slice_state> slices,
                                     std::span<const std::int64_t> windows) {
  return grid_.slices_per_window() <= few_slices ? merge_directly(key, slices, windows) : merge_two_stacks(key, slices, windows);
}

status aggregate_output::merge_directly(std::string_view key, std::span<const slice_state> slices,
                                        std::span<const std::int64_t> windows) {
  std::size_t low = 0;
  for (auto window : windows) {
    while (low < slices.size() && slices[low].slice < window) ++low;
    SLUICE_ASSIGN_OR_RETURN(auto row, new_row(key, window));
    for (auto i = low; i < slices.size() && slices[i].slice < window + grid_.size(); ++i)
      SLUICE_RETURN_IF_ERROR(i == low ? take_over(merged_, row, slices[i]) : merge_in(merged_, row, slices[i]));
  }
  return ok();
}

status aggregate_output::merge_two_stacks(std::string_view key, std::span<const slice_state> slices,
                                          std::span<const std::int64_t> windows) {
  std::size_t low = 0, high = 0;       // the slices of the window
  std::size_t back = 0, border = 0;    // suffixes exist for [back, border); the front's total is [border, high)
  bool front = false;
  for (auto window : windows) {
    while (low < slices.size() && slices[low].slice < window) ++low;
    auto end = std::max(high, low);
    while (end < slices.size() && slices[end].slice < window + grid_.size()) ++end;
    if (low >= border) {
      scratch_.resize(std::max(scratch_.size(), end - low + 1));
      for (auto i = end; i-- > low;) {
        auto row = static_cast<std::uint32_t>(i - low + 1), next = row + 1;
        SLUICE_RETURN_IF_ERROR(take_over(scratch_, row, slices[i]));
        if (i + 1 < end) SLUICE_RETURN_IF_ERROR(scratch_.absorb(scratch_, std::span(&next, 1), &row));
      }
      back = low, border = end, front = false;
    } else {
      for (auto i = high; i < end; ++i, front = true)
        SLUICE_RETURN_IF_ERROR(front ? merge_in(scratch_, 0, slices[i]) : take_over(scratch_, 0, slices[i]));
    }
    high = end;
    SLUICE_ASSIGN_OR_RETURN(auto row, new_row(key, window));
    if (low >= end) continue;
    SLUICE_RETURN_IF_ERROR(take_over(merged_, row, {0, &scratch_, static_cast<std::uint32_t>(low - back + 1)}));
    if (front) SLUICE_RETURN_IF_ERROR(merge_in(merged_, row, {0, &scratch_, 0}));
  }
  return ok();
}

status aggregate_output::emit() {
  if (key_ends_.empty()) return ok();
  auto count = key_ends_.size();
  std::vector<std::string_view> keys;
  for (std::size_t i = 0, begin = 0; i < count; begin = key_ends_[i++])
    keys.push_back(std::string_view(key_bytes_).substr(begin, key_ends_[i] - begin));
  SLUICE_ASSIGN_OR_RETURN(auto columns, encoder_.decode(keys));
  if (windowed_) {
    const auto& type = schema_->field(static_cast<int>(columns.size()))->type();
    SLUICE_ASSIGN_OR_RETURN(auto starts, make_fixed_array<std::int64_t>(type->field(0)->type(), count,
                                                                        [&](auto i) { return windows_[i]; }));
    SLUICE_ASSIGN_OR_RETURN(auto ends, make_fixed_array<std::int64_t>(type->field(1)->type(), count,
                                                                      [&](auto i) { return windows_[i] + grid_.size(); }));
    columns.push_back(std::make_shared<arrow::StructArray>(type, static_cast<std::int64_t>(count), column_vector{starts, ends}));
  }
  std::vector<std::uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0u);
  SLUICE_RETURN_IF_ERROR(merged_.append_finished(rows, columns));
  auto batch = arrow::RecordBatch::Make(schema_, static_cast<std::int64_t>(count), std::move(columns));
  rows_ += static_cast<std::int64_t>(count);
  key_bytes_.clear();
  key_ends_.clear();
  windows_.clear();
  merged_.resize(0);
  return sink_(std::move(batch));
}

status aggregate_output::finish() { return emit(); }

} // namespace sluice::exec
