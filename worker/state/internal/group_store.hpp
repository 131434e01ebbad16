#pragma once
/// Committed rows by key group: in memory, and beyond the budget in spilled blocks. A key that is in memory is there with all its
/// slices and hides what is spilled of it.
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "common/exec/slices.hpp"
#include "worker/state/aggregate_table.hpp"
#include "worker/state/internal/row_codec.hpp"
#include "worker/state/internal/spill_store.hpp"
#include "worker/state/internal/state_layer.hpp"

namespace sluice::state {

/// One key to bring into memory.
struct wanted_key {
  std::uint16_t group;
  std::string_view key;
};

class group_store {
public:
  group_store(const plan::aggregation& aggregation, const expr::options& session, const table_options& options);

  /// The memory of a group, or null while it has none.
  const state_layer* find(std::uint16_t group) const noexcept { return groups_[group].get(); }
  result<state_layer*> find_or_make(std::uint16_t group);
  bool spilled(std::uint16_t group) const { return !spill_.blocks(group).empty(); }
  bool empty(std::uint16_t group) const { return !spilled(group) && (!groups_[group] || groups_[group]->num_keys() == 0); }
  std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(groups_.size()); }
  std::size_t bytes() const noexcept { return bytes_; }
  const row_codec& codec() const noexcept { return codec_; }
  result<state_layer> new_layer() const;

  /// Reads what is spilled of the keys. Sorts `keys`. Error: state_missing.
  status bring_in(std::vector<wanted_key>& keys);
  /// To be called after rows of a group were added: keeps the count of bytes, marks it as used.
  void touched(std::uint16_t group);
  /// Spills the groups that were not used for longest until the budget holds. What cannot be written stays in memory.
  void shrink();
  /// All keys of a group in order, each with the layer that has its rows. The layer lives during the call only.
  using visitor = std::function<status(std::string_view key, const state_layer& layer, std::uint32_t index)>;
  status visit(std::uint16_t group, const visitor& visit) const;
  status forget(std::uint16_t group);
  void clear();

private:
  status load_block(std::uint16_t group, std::size_t index, state_layer& into, const state_layer* hidden_by) const;
  status spill_group(std::uint16_t group);
  std::size_t rows_per_block(const state_layer& layer) const;
  result<std::vector<spill_store::new_block>> pack(const state_layer& layer, std::span<const std::uint32_t> keys) const;

  std::vector<plan::aggregate_call> calls_;
  expr::options session_;
  std::size_t memory_bytes_;
  std::size_t block_bytes_;
  row_codec codec_;
  spill_store spill_;
  std::vector<std::unique_ptr<state_layer>> groups_;
  std::vector<std::size_t> group_bytes_;
  std::vector<std::uint64_t> last_used_;
  std::uint64_t uses_ = 0;
  std::size_t bytes_ = 0;
};

/// Indexes of a layer's keys in the order of the keys.
std::vector<std::uint32_t> keys_in_order(const state_layer& layer);

} // namespace sluice::state
