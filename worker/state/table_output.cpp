/// What the table writes: sections and output rows.
#include <fmt/format.h>

#include <limits>

#include "common/data/keys.hpp"
#include "worker/state/layered_table.hpp"

namespace sluice::state {
namespace {

constexpr auto absent = state_layer::none;
constexpr auto first_time = std::numeric_limits<std::int64_t>::min();
constexpr auto last_time = std::numeric_limits<std::int64_t>::max();

} // namespace

/// Slices of a key in [from, until) through both layers: the overlay's rows win.
void layered_table::gather_slices(const key_place& committed, std::uint32_t overlay_key, std::int64_t from, std::int64_t until,
                                  std::vector<exec::slice_state>& out) const {
  out.clear();
  auto older = committed.slices();
  std::span<const slice_row> newer;
  if (overlay_key != absent) newer = building_.slices(overlay_key);
  auto before = [](const slice_row& a, std::int64_t b) { return a.slice < b; };
  auto left = std::lower_bound(older.begin(), older.end(), from, before);
  auto right = std::lower_bound(newer.begin(), newer.end(), from, before);
  auto inside = [&](auto at, auto end) { return at != end && (at->slice < until || until == last_time); };
  while (inside(left, older.end()) || inside(right, newer.end())) {
    auto take_newer = inside(right, newer.end()) && (!inside(left, older.end()) || right->slice <= left->slice);
    if (!take_newer) {
      out.push_back({left->slice, &committed.layer->states(), left->row});
      ++left;
      continue;
    }
    if (inside(left, older.end()) && left->slice == right->slice) ++left;
    out.push_back({right->slice, &building_.states(), right->row});
    ++right;
  }
}

/// Keys of a group in order, through both layers. `overlay_keys`: those of the group, in order.
status layered_table::visit_group(std::uint16_t group, std::span<const std::uint32_t> overlay_keys,
                                  const key_visitor& visit) const {
  std::size_t next = 0;
  SLUICE_RETURN_IF_ERROR(groups_.visit(group, [&](std::string_view key, const state_layer& layer, std::uint32_t index) {
    for (; next < overlay_keys.size() && building_.bytes_of(overlay_keys[next]) < key; ++next)
      SLUICE_RETURN_IF_ERROR(visit(building_.bytes_of(overlay_keys[next]), {}, overlay_keys[next]));
    auto both = next < overlay_keys.size() && building_.bytes_of(overlay_keys[next]) == key;
    return visit(key, {&layer, index}, both ? overlay_keys[next++] : absent);
  }));
  for (; next < overlay_keys.size(); ++next)
    SLUICE_RETURN_IF_ERROR(visit(building_.bytes_of(overlay_keys[next]), {}, overlay_keys[next]));
  return ok();
}

result<section> layered_table::delta_section(std::uint16_t group, std::span<const std::uint32_t> keys) const {
  std::vector<std::string_view> names;
  std::vector<std::int64_t> slices;
  std::vector<std::uint32_t> rows;
  for (auto key : keys)
    for (const auto& item : building_.slices(key)) {
      names.push_back(building_.bytes_of(key));
      slices.push_back(item.slice);
      rows.push_back(item.row);
    }
  std::vector<data::array_ptr> columns;
  SLUICE_RETURN_IF_ERROR(building_.states().append_state(rows, columns));
  SLUICE_ASSIGN_OR_RETURN(auto bytes, groups_.codec().write_section(names, slices, std::move(columns)));
  return section{group, false, std::move(bytes), static_cast<std::int64_t>(rows.size())};
}

result<section> layered_table::snapshot_section(std::uint16_t group, std::span<const std::uint32_t> overlay_keys) const {
  SLUICE_ASSIGN_OR_RETURN(auto whole, groups_.new_layer());  // a copy: spilled rows are in memory block by block only
  std::vector<std::int64_t> slices;
  std::vector<std::uint32_t> key_of_row, rows;
  std::vector<exec::slice_state> found;
  SLUICE_RETURN_IF_ERROR(visit_group(group, overlay_keys, [&](std::string_view key, const key_place& committed, auto overlay) {
    gather_slices(committed, overlay, first_time, last_time, found);
    auto index = whole.find_or_add(data::key_hash(key), key, group);
    for (const auto& item : found) {
      bool added = false;
      auto row = whole.row_of(index, item.slice, added);
      whole.states().resize(whole.num_rows());
      whole.states().assign(*item.states, std::span(&item.row, 1), &row);
      slices.push_back(item.slice);
      key_of_row.push_back(index);
      rows.push_back(row);
    }
    return ok();
  }));
  std::vector<std::string_view> names;
  for (auto index : key_of_row) names.push_back(whole.bytes_of(index));
  std::vector<data::array_ptr> columns;
  SLUICE_RETURN_IF_ERROR(whole.states().append_state(rows, columns));
  SLUICE_ASSIGN_OR_RETURN(auto bytes, groups_.codec().write_section(names, slices, std::move(columns)));
  return section{group, true, std::move(bytes), static_cast<std::int64_t>(rows.size())};
}

/// Where the keys of `group` stand in the overlay's order.
std::span<const std::uint32_t> layered_table::keys_of_group(const std::vector<std::uint32_t>& order, std::uint16_t group) const {
  auto first = std::lower_bound(order.begin(), order.end(), group,
                                [&](std::uint32_t key, std::uint16_t value) { return building_.entry(key).group < value; });
  auto last = first;
  while (last != order.end() && building_.entry(*last).group == group) ++last;
  return {first, last};
}

status layered_table::write_sections(const std::vector<std::uint32_t>& order, const std::vector<std::uint16_t>& snapshots,
                                     prepare_result& result) const {
  auto wanted = snapshots;
  for (auto group : wanted)
    if (!known(group)) return {errc::protocol, fmt::format("a snapshot of key group {}", group)};
  for (auto key : order)
    if (wanted.empty() || wanted.back() != building_.entry(key).group) wanted.push_back(building_.entry(key).group);
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  for (auto group : wanted) {
    auto keys = keys_of_group(order, group);
    auto whole = std::find(snapshots.begin(), snapshots.end(), group) != snapshots.end();
    if (keys.empty() && groups_.empty(group)) continue;
    auto made = whole ? snapshot_section(group, keys) : delta_section(group, keys);
    if (!made.ok()) return std::move(made).error();
    result.sections.push_back(std::move(*made));
  }
  return ok();
}

status layered_table::write_touched(const std::vector<std::uint32_t>& order, exec::aggregate_output& output) const {
  std::vector<std::int64_t> windows;
  std::vector<exec::slice_state> slices;
  for (auto key : order) {
    auto bytes = building_.bytes_of(key);
    const auto& entry = building_.entry(key);
    if (!windowed_) {
      SLUICE_RETURN_IF_ERROR(output.add(bytes, {0, &building_.states(), entry.slices.view()[0].row}));
      continue;
    }
    windows.clear();
    for (const auto& item : entry.slices.view()) exec::append_windows(grid_, item.slice, windows);
    gather_slices(committed_key(entry.group, entry.hash, bytes), key, windows.front(),
                  windows.back() + grid_.size(), slices);
    SLUICE_RETURN_IF_ERROR(output.add_windows(bytes, slices, windows));
  }
  return ok();
}

status layered_table::write_whole(bool with_overlay, const std::vector<std::uint16_t>& groups,
                                  exec::aggregate_output& output) const {
  auto order = with_overlay ? overlay_order() : std::vector<std::uint32_t>{};
  std::vector<std::int64_t> windows;
  std::vector<exec::slice_state> slices;
  std::vector<bool> wanted(options_.num_key_groups);
  for (auto group : groups)
    if (known(group)) wanted[group] = true;
  for (std::uint32_t group = 0; group < options_.num_key_groups; ++group) {
    auto id = static_cast<std::uint16_t>(group);
    if (!groups.empty() && !wanted[group]) continue;
    auto visit = [&](std::string_view key, const key_place& committed, std::uint32_t overlay) {
      gather_slices(committed, overlay, first_time, last_time, slices);
      if (!windowed_) return output.add(key, slices[0]);
      windows.clear();
      for (const auto& item : slices) exec::append_windows(grid_, item.slice, windows);
      return output.add_windows(key, slices, windows);
    };
    SLUICE_RETURN_IF_ERROR(visit_group(id, keys_of_group(order, id), visit));
  }
  return ok();
}

} // namespace sluice::state
