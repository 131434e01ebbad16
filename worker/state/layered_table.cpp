#include "worker/state/layered_table.hpp"

#include <arrow/api.h>
#include <fmt/format.h>

#include <limits>

#include "common/base/seeded_bug.hpp"
#include "common/data/keys.hpp"
#include "worker/state/internal/window_count.hpp"

namespace sluice::state {
namespace {

std::string describe(const layer_id& layer) { return fmt::format("batch {} attempt '{}'", layer.batch, layer.attempt); }

} // namespace

layered_table::layered_table(const plan::aggregation& aggregation, plan::output_mode mode, expr::eval_context context,
                             table_options options, exec::aggregate_states overlay)
    : aggregation_(aggregation), mode_(mode), context_(std::move(context)), options_(std::move(options)),
      windowed_(aggregation.window.has_value()), groups_(aggregation, context_.session, options_),
      windows_of_group_(options_.num_key_groups), building_(std::move(overlay)) {
  if (const auto& window = aggregation.window) grid_ = {window->size_us, window->slide_us, window->start_us};
}

status layered_table::noted(status done) {
  broken_ = broken_ || done.code() == errc::state_missing;
  return done;
}

void layered_table::discard_overlay() {
  building_.clear();
  order_.clear();
  overlay_ = overlay_phase::none;
  rows_received_ = new_windows_ = touched_windows_ = 0;
}

status layered_table::begin(const layer_id& base, const layer_id& building) {
  if (broken_) return {errc::state_missing, "the spilled state was damaged"};
  if (loading_) return {errc::state_missing, fmt::format("the state at {} is not loaded completely", describe(committed_id_))};
  if (overlay_ == overlay_phase::prepared && (overlay_id_ == base || (SLUICE_BUG(reuse_local_store) && overlay_id_.batch == base.batch)))
    promote_overlay();
  else if (committed_id_ == base)
    SLUICE_BUG(keep_dropped_overlay) ? void() : discard_overlay();
  else
    return {errc::state_missing, fmt::format("the state at {} is not here, but {}", describe(base), describe(committed_id_))};
  overlay_ = overlay_phase::building;
  overlay_id_ = building;
  return ok();
}

layered_table::key_place layered_table::committed_key(std::uint16_t group, std::uint64_t hash, std::string_view key) const {
  const auto* layer = groups_.find(group);
  auto index = layer ? layer->find(hash, key) : state_layer::none;
  return index == state_layer::none ? key_place{} : key_place{layer, index};
}

/// Reads the spilled keys that a block touches for the first time.
status layered_table::bring_in(const state_rows& rows) {
  std::vector<wanted_key> keys;
  for (std::int64_t i = 0; i < rows.count; ++i) {
    auto group = rows.groups[i];
    if (!known(group)) return {errc::protocol, fmt::format("key group {} of {}", group, options_.num_key_groups)};
    if (groups_.spilled(group)) keys.push_back({group, rows.keys->GetView(i)});
  }
  return keys.empty() ? ok() : groups_.bring_in(keys);
}

status layered_table::find_rows(const state_rows& rows, std::vector<std::uint32_t>& targets, std::vector<base_copy>& copies) {
  for (std::int64_t i = 0; i < rows.count; ++i) {
    auto group = rows.groups[i];
    std::string_view key = rows.keys->GetView(i);
    auto hash = data::key_hash(key);
    auto index = building_.find_or_add(hash, key, group);
    bool added = false;
    auto slice = rows.slice(i);
    targets[static_cast<std::size_t>(i)] = building_.row_of(index, slice, added);
    if (!added) continue;
    auto base = committed_key(group, hash, key);
    if (!base.layer) continue;
    if (const auto* row = base.layer->entry(base.index).slices.find(slice))
      copies.push_back({base.layer, row->row, targets[static_cast<std::size_t>(i)]});
  }
  return ok();
}

void layered_table::copy_base_rows(const std::vector<base_copy>& copies) {
  std::vector<std::uint32_t> sources, targets;
  for (std::size_t begin = 0; begin < copies.size();) {
    auto end = begin;
    sources.clear(), targets.clear();
    for (; end < copies.size() && copies[end].from == copies[begin].from; ++end)
      sources.push_back(copies[end].source), targets.push_back(copies[end].target);
    building_.states().assign(copies[begin].from->states(), sources, targets.data());
    begin = end;
  }
}

status layered_table::merge(const data::batch_ptr& block) {
  if (overlay_ != overlay_phase::building) return {errc::stale_attempt, "rows for an attempt that builds no state"};
  SLUICE_ASSIGN_OR_RETURN(auto rows, groups_.codec().read_block(block));
  SLUICE_RETURN_IF_ERROR(noted(bring_in(rows)));
  std::vector<std::uint32_t> targets(static_cast<std::size_t>(rows.count));
  std::vector<base_copy> copies;
  SLUICE_RETURN_IF_ERROR(find_rows(rows, targets, copies));
  building_.states().resize(building_.num_rows());
  copy_base_rows(copies);
  rows_received_ += rows.count;
  if (rows.count == 0) return ok();
  return building_.states().merge(rows.columns, targets.data());
}

/// Keys of the overlay by key group and key.
std::vector<std::uint32_t> layered_table::overlay_order() const {
  std::vector<std::uint32_t> order(building_.num_keys());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    auto left = building_.entry(a).group, right = building_.entry(b).group;
    return left != right ? left < right : building_.bytes_of(a) < building_.bytes_of(b);
  });
  return order;
}

void layered_table::count_overlay() {
  new_windows_ = touched_windows_ = 0;
  for (std::uint32_t i = 0; i < building_.num_keys(); ++i) {
    const auto& entry = building_.entry(i);
    auto existing = committed_key(entry.group, entry.hash, building_.bytes_of(i)).slices();
    if (!windowed_) {
      ++touched_windows_;
      new_windows_ += existing.empty();
      continue;
    }
    touched_windows_ += count_windows(grid_, entry.slices.view());
    new_windows_ += count_new_windows(grid_, existing, entry.slices.view());
  }
}

result<prepare_result> layered_table::prepare(const std::vector<std::uint16_t>& snapshot_groups, bool touched_output,
                                              bool whole_output) {
  if (overlay_ != overlay_phase::building) return status(errc::stale_attempt, "no state is being built");
  prepare_result out;
  auto order = overlay_order();
  count_overlay();
  std::vector<std::uint32_t> rows(building_.num_rows());
  for (std::uint32_t i = 0; i < rows.size(); ++i) rows[i] = i;
  SLUICE_RETURN_IF_ERROR(building_.states().check(rows));
  SLUICE_RETURN_IF_ERROR(noted(write_sections(order, snapshot_groups, out)));
  if (touched_output || whole_output) {
    SLUICE_ASSIGN_OR_RETURN(auto output, exec::aggregate_output::make(aggregation_, context_.session, [&](auto batch) {
                              out.output.push_back(std::move(batch));
                              return ok();
                            }));
    SLUICE_RETURN_IF_ERROR(noted(whole_output ? write_whole(true, {}, output) : write_touched(order, output)));
    SLUICE_RETURN_IF_ERROR(output.finish());
  }
  out.rows_received = rows_received_;
  out.state_rows = committed_windows_ + new_windows_;
  out.rows_updated = touched_windows_;
  out.bytes = static_cast<std::int64_t>(groups_.bytes() + building_.bytes());
  overlay_ = overlay_phase::prepared;
  order_ = std::move(order);
  return out;
}

void layered_table::promote_overlay() {
  const auto order = std::move(order_);
  std::vector<std::uint32_t> sources, targets;
  for (std::size_t begin = 0; begin < order.size();) {
    auto group = building_.entry(order[begin]).group;
    auto made = groups_.find_or_make(group);
    SLUICE_CHECK(made.ok());
    auto& table = **made;
    sources.clear(), targets.clear();
    auto end = begin;
    for (; end < order.size() && building_.entry(order[end]).group == group; ++end) {
      const auto& entry = building_.entry(order[end]);
      auto key = table.find_or_add(entry.hash, building_.bytes_of(order[end]), group);
      windows_of_group_[group] += windowed_ ? count_new_windows(grid_, table.slices(key), entry.slices.view())
                                            : static_cast<std::int64_t>(table.slices(key).empty());
      for (const auto& item : entry.slices.view()) {
        bool added = false;
        targets.push_back(table.row_of(key, item.slice, added));
        sources.push_back(item.row);
      }
    }
    table.states().resize(table.num_rows());
    table.states().assign(building_.states(), sources, targets.data());
    groups_.touched(group);
    begin = end;
  }
  committed_windows_ += new_windows_;
  committed_id_ = overlay_id_;
  discard_overlay();
  groups_.shrink();
}

void layered_table::promote(const layer_id& layer) {
  if (overlay_ == overlay_phase::prepared && overlay_id_ == layer) promote_overlay();
}

void layered_table::drop(const layer_id& layer) {
  if (overlay_ != overlay_phase::none && overlay_id_ == layer && !SLUICE_BUG(keep_dropped_overlay)) discard_overlay();
}

void layered_table::reset(const layer_id& base) {
  discard_overlay();
  groups_.clear();
  committed_id_ = base;
  loading_ = true;
  committed_windows_ = 0;
  std::fill(windows_of_group_.begin(), windows_of_group_.end(), 0);
  broken_ = false;
}

status layered_table::load(std::uint16_t group, bool snapshot, std::string_view bytes) {
  if (!known(group)) return {errc::corrupt_file, fmt::format("key group {} of {}", group, options_.num_key_groups)};
  SLUICE_ASSIGN_OR_RETURN(auto batches, groups_.codec().read_section(bytes));
  if (snapshot) {
    committed_windows_ -= std::exchange(windows_of_group_[group], 0);
    SLUICE_RETURN_IF_ERROR(noted(groups_.forget(group)));
  }
  for (const auto& rows : batches) SLUICE_RETURN_IF_ERROR(noted(load_rows(group, rows)));
  groups_.shrink();
  return ok();
}

status layered_table::load_rows(std::uint16_t group, const state_rows& rows) {
  if (groups_.spilled(group)) {
    std::vector<wanted_key> keys;
    for (std::int64_t i = 0; i < rows.count; ++i) keys.push_back({group, rows.keys->GetView(i)});
    SLUICE_RETURN_IF_ERROR(groups_.bring_in(keys));
  }
  SLUICE_ASSIGN_OR_RETURN(auto* table, groups_.find_or_make(group));
  std::vector<std::uint32_t> targets(static_cast<std::size_t>(rows.count));
  std::int64_t windows = 0;
  for (std::int64_t i = 0; i < rows.count; ++i) {
    std::string_view key = rows.keys->GetView(i);
    auto index = table->find_or_add(data::key_hash(key), key, group);
    slice_row item{rows.slice(i), 0};
    auto existing = table->slices(index);
    windows += windowed_ ? count_new_windows(grid_, existing, std::span(&item, 1)) : existing.empty();
    bool added = false;
    auto& row = targets[static_cast<std::size_t>(i)] = table->row_of(index, item.slice, added);
    if (!added && row < table->states().size()) table->states().clear(row);
  }
  windows_of_group_[group] += windows;
  committed_windows_ += windows;
  table->states().resize(table->num_rows());
  if (rows.count > 0) SLUICE_RETURN_IF_ERROR(table->states().merge(rows.columns, targets.data()));
  groups_.touched(group);
  return ok();
}

status layered_table::read(const layer_id& at, const std::vector<std::uint16_t>& groups,
                           const std::function<status(data::batch_ptr)>& sink) {
  if (broken_) return {errc::state_missing, "the spilled state was damaged"};
  if (loading_) return {errc::state_missing, fmt::format("the state at {} is not loaded completely", describe(committed_id_))};
  auto with_overlay = overlay_ == overlay_phase::prepared && overlay_id_ == at;
  if (!with_overlay && committed_id_ != at)
    return {errc::state_missing, fmt::format("the table at {} is not here, but {}", describe(at), describe(committed_id_))};
  SLUICE_ASSIGN_OR_RETURN(auto output, exec::aggregate_output::make(aggregation_, context_.session, sink));
  SLUICE_RETURN_IF_ERROR(noted(write_whole(with_overlay, groups, output)));
  SLUICE_RETURN_IF_ERROR(output.finish());
  auto has_default = aggregation_.keys.empty() && !windowed_;
  auto owner = groups.empty() || std::find(groups.begin(), groups.end(), 0) != groups.end();
  if (!has_default || !owner || output.rows() > 0) return ok();
  SLUICE_RETURN_IF_ERROR(output.add_default());
  return output.finish();
}

result<std::unique_ptr<aggregate_table>> aggregate_table::make(const plan::aggregation& aggregation, plan::output_mode mode,
                                                               expr::eval_context context, table_options options) {
  if (options.num_key_groups == 0 || options.num_key_groups > 32768)
    return status(errc::invalid_plan, "the number of key groups is outside 1..32768");
  SLUICE_ASSIGN_OR_RETURN(auto overlay, exec::aggregate_states::make(aggregation.calls, context.session));
  return std::unique_ptr<aggregate_table>(
      std::make_unique<layered_table>(aggregation, mode, std::move(context), std::move(options), std::move(overlay)));
}

} // namespace sluice::state
