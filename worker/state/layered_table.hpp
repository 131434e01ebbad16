#pragma once
/// The aggregate table: committed rows by key group, and one overlay that is first building, then prepared.
/// Since `begin` promotes or drops a prepared overlay, there are never two overlays at once.
#include <map>
#include <optional>

#include "common/exec/aggregate_output.hpp"
#include "worker/state/aggregate_table.hpp"
#include "worker/state/internal/group_store.hpp"

namespace sluice::state {

class layered_table final : public aggregate_table {
public:
  layered_table(const plan::aggregation& aggregation, plan::output_mode mode, expr::eval_context context,
                table_options options, exec::aggregate_states overlay);

  layer_id committed() const override { return committed_id_; }
  layer_id prepared() const override { return overlay_ == overlay_phase::prepared ? overlay_id_ : committed_id_; }
  status begin(const layer_id& base, const layer_id& building) override;
  status merge(const data::batch_ptr& block) override;
  result<prepare_result> prepare(const std::vector<std::uint16_t>& snapshot_groups, bool touched_output,
                                 bool whole_output) override;
  void promote(const layer_id& layer) override;
  void drop(const layer_id& layer) override;
  void reset(const layer_id& base) override;
  status load(std::uint16_t group, bool snapshot, std::string_view bytes) override;
  void loaded() override { loading_ = false; }
  status read(const layer_id& at, const std::vector<std::uint16_t>& groups,
              const std::function<status(data::batch_ptr)>& sink) override;

private:
  enum class overlay_phase { none, building, prepared };
  /// A row of the overlay that starts as a copy of a committed row.
  struct base_copy {
    const state_layer* from;
    std::uint32_t source;
    std::uint32_t target;
  };

  void discard_overlay();
  void promote_overlay();
  /// The committed rows of a key that is in memory.
  struct key_place {
    const state_layer* layer = nullptr;  ///< null: there is no such key
    std::uint32_t index = 0;
    std::span<const slice_row> slices() const { return layer ? layer->slices(index) : std::span<const slice_row>{}; }
  };
  key_place committed_key(std::uint16_t group, std::uint64_t hash, std::string_view key) const;
  status bring_in(const state_rows& rows);
  /// Errors of the spilled state make the table unusable until `reset`.
  status noted(status done);
  status find_rows(const state_rows& rows, std::vector<std::uint32_t>& targets, std::vector<base_copy>& copies);
  void copy_base_rows(const std::vector<base_copy>& copies);
  std::vector<std::uint32_t> overlay_order() const;
  std::span<const std::uint32_t> keys_of_group(const std::vector<std::uint32_t>& order, std::uint16_t group) const;
  result<section> delta_section(std::uint16_t group, std::span<const std::uint32_t> keys) const;
  result<section> snapshot_section(std::uint16_t group, std::span<const std::uint32_t> overlay_keys) const;
  status write_sections(const std::vector<std::uint32_t>& order, const std::vector<std::uint16_t>& snapshots,
                        prepare_result& result) const;
  status write_touched(const std::vector<std::uint32_t>& order, exec::aggregate_output& output) const;
  void gather_slices(const key_place& committed, std::uint32_t overlay_key, std::int64_t from, std::int64_t until,
                     std::vector<exec::slice_state>& out) const;
  using key_visitor = std::function<status(std::string_view key, const key_place& committed, std::uint32_t overlay_key)>;
  status visit_group(std::uint16_t group, std::span<const std::uint32_t> overlay_keys, const key_visitor& visit) const;
  status write_whole(bool with_overlay, const std::vector<std::uint16_t>& groups, exec::aggregate_output& output) const;
  void count_overlay();
  status load_rows(std::uint16_t group, const state_rows& rows);
  bool known(std::uint16_t group) const noexcept { return group < options_.num_key_groups; }

  plan::aggregation aggregation_;
  plan::output_mode mode_;
  expr::eval_context context_;
  table_options options_;
  bool windowed_;
  exec::slice_grid grid_;
  group_store groups_;
  std::vector<std::int64_t> windows_of_group_;  ///< (key, window) pairs committed
  layer_id committed_id_;
  std::int64_t committed_windows_ = 0;
  bool broken_ = false;
  bool loading_ = false;  ///< between reset and loaded: rows of committed_id_ are missing

  state_layer building_;
  overlay_phase overlay_ = overlay_phase::none;
  layer_id overlay_id_;
  std::vector<std::uint32_t> order_;  ///< overlay_order() of a prepared overlay
  std::int64_t rows_received_ = 0;
  std::int64_t new_windows_ = 0;
  std::int64_t touched_windows_ = 0;
};

} // namespace sluice::state
