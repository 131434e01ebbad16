#include "worker/state/internal/group_store.hpp"

#include <arrow/api.h>

#include "common/base/misbehave.hpp"
#include "common/data/keys.hpp"

namespace sluice::state {
namespace {

/// Adds rows [begin, end) of a section to a layer.
status add_rows(const state_rows& rows, std::int64_t begin, std::int64_t end, std::uint16_t group, state_layer& layer) {
  std::vector<std::uint32_t> targets;
  for (auto i = begin; i < end; ++i) {
    std::string_view key = rows.keys->GetView(i);
    bool added = false;
    targets.push_back(layer.row_of(layer.find_or_add(data::key_hash(key), key, group), rows.slice(i), added));
  }
  layer.states().resize(layer.num_rows());
  std::vector<data::array_ptr> columns;
  for (const auto& column : rows.columns) columns.push_back(column->Slice(begin, end - begin));
  return targets.empty() ? ok() : layer.states().merge(columns, targets.data());
}

/// The rows of one key in a section that is sorted by key.
std::pair<std::int64_t, std::int64_t> rows_of_key(const state_rows& rows, std::string_view key) {
  std::int64_t low = 0, high = rows.count;
  while (low < high) {
    auto middle = (low + high) / 2;
    if (std::string_view(rows.keys->GetView(middle)) < key)
      low = middle + 1;
    else
      high = middle;
  }
  auto end = low;
  while (end < rows.count && rows.keys->GetView(end) == key) ++end;
  return {low, end};
}

} // namespace

std::vector<std::uint32_t> keys_in_order(const state_layer& layer) {
  std::vector<std::uint32_t> order(layer.num_keys());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return layer.bytes_of(a) < layer.bytes_of(b); });
  return order;
}

group_store::group_store(const plan::aggregation& aggregation, const expr::options& session, const table_options& options)
    : calls_(aggregation.calls), session_(session), memory_bytes_(options.memory_bytes),
      block_bytes_(options.spill_block_bytes), codec_(aggregation),
      spill_(options.spill_directory, options.spill_environment), groups_(options.num_key_groups),
      group_bytes_(options.num_key_groups), last_used_(options.num_key_groups) {}

result<state_layer> group_store::new_layer() const {
  SLUICE_ASSIGN_OR_RETURN(auto states, exec::aggregate_states::make(calls_, session_));
  return state_layer(std::move(states));
}

result<state_layer*> group_store::find_or_make(std::uint16_t group) {
  if (!groups_[group]) {
    SLUICE_ASSIGN_OR_RETURN(auto layer, new_layer());
    groups_[group] = std::make_unique<state_layer>(std::move(layer));
  }
  return groups_[group].get();
}

status group_store::bring_in(std::vector<wanted_key>& keys) {
  std::sort(keys.begin(), keys.end(), [](const auto& a, const auto& b) { return std::tie(a.group, a.key) < std::tie(b.group, b.key); });
  std::string bytes;
  std::vector<state_rows> decoded;
  std::pair<std::uint16_t, std::ptrdiff_t> current{0, -1};
  for (const auto& item : keys) {
    auto index = spill_.find(item.group, item.key);
    if (index < 0) continue;
    SLUICE_ASSIGN_OR_RETURN(auto* layer, find_or_make(item.group));
    if (layer->find(data::key_hash(item.key), item.key) != state_layer::none) continue;
    if (current != std::pair{item.group, index}) {
      decoded.clear();
      SLUICE_ASSIGN_OR_RETURN(bytes, spill_.read(item.group, static_cast<std::size_t>(index)));
      SLUICE_ASSIGN_OR_RETURN(decoded, codec_.read_section(bytes));
      current = {item.group, index};
    }
    for (const auto& rows : decoded) {
      auto [begin, end] = rows_of_key(rows, item.key);
      if (begin != end) SLUICE_RETURN_IF_ERROR(add_rows(rows, begin, end, item.group, *layer));
    }
  }
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (i == 0 || keys[i].group != keys[i - 1].group) touched(keys[i].group);
  return ok();
}

void group_store::touched(std::uint16_t group) {
  auto now = groups_[group] ? groups_[group]->bytes() : 0;
  bytes_ += now - group_bytes_[group];
  group_bytes_[group] = now;
  last_used_[group] = ++uses_;
}

void group_store::shrink() {
  if (!spill_.enabled()) return;
  bool everything = misbehave::here(misbehave::point::spill_now);
  if (bytes_ <= memory_bytes_ && !everything) return;
  std::vector<std::uint16_t> coldest;
  for (std::uint32_t group = 0; group < groups_.size(); ++group)
    if (groups_[group] && groups_[group]->num_keys() > 0) coldest.push_back(static_cast<std::uint16_t>(group));
  std::sort(coldest.begin(), coldest.end(), [&](auto a, auto b) { return last_used_[a] < last_used_[b]; });
  for (auto group : coldest) {
    if (bytes_ <= memory_bytes_ / 4 * 3 && !everything) return;
    if (!spill_group(group).ok()) return;
  }
}

/// Rows of a spilled block, but for keys that memory hides.
status group_store::load_block(std::uint16_t group, std::size_t index, state_layer& into, const state_layer* hidden_by) const {
  SLUICE_ASSIGN_OR_RETURN(auto bytes, spill_.read(group, index));
  SLUICE_ASSIGN_OR_RETURN(auto decoded, codec_.read_section(bytes));
  for (const auto& rows : decoded)
    for (std::int64_t begin = 0, end = 0; begin < rows.count; begin = end) {
      std::string_view key = rows.keys->GetView(begin);
      while (end < rows.count && rows.keys->GetView(end) == key) ++end;
      if (hidden_by && hidden_by->find(data::key_hash(key), key) != state_layer::none) continue;
      SLUICE_RETURN_IF_ERROR(add_rows(rows, begin, end, group, into));
    }
  return ok();
}

std::size_t group_store::rows_per_block(const state_layer& layer) const {
  auto row_bytes = std::max<std::size_t>(16, layer.bytes() / std::max<std::size_t>(1, layer.num_rows()));
  return std::max<std::size_t>(1, block_bytes_ / row_bytes);
}

result<std::vector<spill_store::new_block>> group_store::pack(const state_layer& layer, std::span<const std::uint32_t> order) const {
  std::vector<spill_store::new_block> blocks;
  auto limit = rows_per_block(layer);
  for (std::size_t begin = 0; begin < order.size();) {
    std::vector<std::string_view> keys;
    std::vector<std::int64_t> slices;
    std::vector<std::uint32_t> rows;
    auto end = begin;
    for (; end < order.size() && rows.size() < limit; ++end)
      for (const auto& item : layer.slices(order[end])) {
        keys.push_back(layer.bytes_of(order[end]));
        slices.push_back(item.slice);
        rows.push_back(item.row);
      }
    std::vector<data::array_ptr> columns;
    SLUICE_RETURN_IF_ERROR(layer.states().append_state(rows, columns));
    SLUICE_ASSIGN_OR_RETURN(auto bytes, codec_.write_section(keys, slices, std::move(columns)));
    blocks.push_back({std::string(keys.front()), std::move(bytes)});
    begin = end;
  }
  return blocks;
}

/// Writes the group's memory into its run: blocks that have keys in memory are read, merged and cut anew; the others stay.
status group_store::spill_group(std::uint16_t group) {
  auto& memory = *groups_[group];
  std::vector<bool> dirty(spill_.blocks(group).size());
  auto block_of = [&](std::string_view key) { return std::max<std::ptrdiff_t>(0, spill_.find(group, key)); };
  for (std::uint32_t i = 0; i < memory.num_keys() && !dirty.empty(); ++i)
    dirty[static_cast<std::size_t>(block_of(memory.bytes_of(i)))] = true;
  for (std::size_t i = 0; i < dirty.size(); ++i)
    if (dirty[i]) SLUICE_RETURN_IF_ERROR(load_block(group, i, memory, &memory));
  auto order = keys_in_order(memory);
  if (dirty.empty()) {
    SLUICE_ASSIGN_OR_RETURN(auto blocks, pack(memory, order));
    SLUICE_RETURN_IF_ERROR(spill_.replace(group, 0, 0, std::move(blocks)));
  }
  auto end = order.size();
  for (auto i = dirty.size(); i-- > 0;) {  // from the back: the indexes before stay right
    if (!dirty[i]) continue;
    auto begin = end;
    while (begin > 0 && static_cast<std::size_t>(block_of(memory.bytes_of(order[begin - 1]))) == i) --begin;
    SLUICE_ASSIGN_OR_RETURN(auto blocks, pack(memory, std::span(order).subspan(begin, end - begin)));
    SLUICE_RETURN_IF_ERROR(spill_.replace(group, i, i + 1, std::move(blocks)));
    end = begin;
  }
  groups_[group].reset();
  bytes_ -= group_bytes_[group];
  group_bytes_[group] = 0;
  return ok();
}

status group_store::visit(std::uint16_t group, const visitor& visit) const {
  const auto* memory = groups_[group].get();
  auto order = memory ? keys_in_order(*memory) : std::vector<std::uint32_t>{};
  std::size_t next = 0;
  const auto& blocks = spill_.blocks(group);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    SLUICE_ASSIGN_OR_RETURN(auto paged, new_layer());
    SLUICE_RETURN_IF_ERROR(load_block(group, i, paged, memory));
    for (auto key : keys_in_order(paged)) {
      auto bytes = paged.bytes_of(key);
      for (; next < order.size() && memory->bytes_of(order[next]) < bytes; ++next)
        SLUICE_RETURN_IF_ERROR(visit(memory->bytes_of(order[next]), *memory, order[next]));
      SLUICE_RETURN_IF_ERROR(visit(bytes, paged, key));
    }
  }
  for (; next < order.size(); ++next) SLUICE_RETURN_IF_ERROR(visit(memory->bytes_of(order[next]), *memory, order[next]));
  return ok();
}

status group_store::forget(std::uint16_t group) {
  groups_[group].reset();
  touched(group);
  return spill_.forget(group);
}

void group_store::clear() {
  for (auto& group : groups_) group.reset();
  std::fill(group_bytes_.begin(), group_bytes_.end(), 0);
  bytes_ = 0;
  spill_.wipe();
}

} // namespace sluice::state
