#pragma once
/// The aggregate table: committed rows by key group, and one overlay that is first building, then prepared.
/// Since `begin` promotes or drops a prepared overlay, there are never two overlays at once.
#include <map>
#include <optional>

#include "common/exec/aggregate_output.hpp"
#include "worker/state/aggregate_table.hpp"
#include "worker/state/internal/row_codec.hpp"
#include "worker/state/internal/state_layer.hpp"

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

  result<state_layer*> table_of(std::uint16_t group);
  result<state_layer> new_layer() const;
  void discard_overlay();
  void promote_overlay();
  std::uint32_t committed_key(std::uint16_t group, std::uint64_t hash, std::string_view key) const;
  std::span<const slice_row> committed_slices(const key_entry& entry, std::string_view key) const;
  status find_rows(const state_rows& rows, std::vector<std::uint32_t>& targets, std::vector<base_copy>& copies);
  void copy_base_rows(const std::vector<base_copy>& copies);
  std::vector<std::uint32_t> overlay_order() const;
  std::span<const std::uint32_t> keys_of_group(const std::vector<std::uint32_t>& order, std::uint16_t group) const;
  result<section> delta_section(std::uint16_t group, std::span<const std::uint32_t> keys) const;
  result<section> snapshot_section(std::uint16_t group, std::span<const std::uint32_t> overlay_keys) const;
  status write_sections(const std::vector<std::uint32_t>& order, const std::vector<std::uint16_t>& snapshots,
                        prepare_result& result) const;
  status write_touched(const std::vector<std::uint32_t>& order, exec::aggregate_output& output) const;
  void gather_slices(std::uint16_t group, std::uint32_t committed_key, std::uint32_t overlay_key, std::int64_t from,
                     std::int64_t until, std::vector<exec::slice_state>& out) const;
  using key_visitor = std::function<status(std::string_view key, std::uint32_t committed_key, std::uint32_t overlay_key)>;
  status visit_group(std::uint16_t group, std::span<const std::uint32_t> overlay_keys, const key_visitor& visit) const;
  status write_whole(bool with_overlay, const std::vector<std::uint16_t>& groups, exec::aggregate_output& output) const;
  void count_overlay();
  bool known(std::uint16_t group) const noexcept { return group < options_.num_key_groups; }

  plan::aggregation aggregation_;
  plan::output_mode mode_;
  expr::eval_context context_;
  table_options options_;
  row_codec codec_;
  bool windowed_;
  exec::slice_grid grid_;
  std::vector<std::unique_ptr<state_layer>> groups_;  ///< null until the group's first row
  layer_id committed_id_;
  std::int64_t committed_windows_ = 0;
  std::size_t committed_bytes_ = 0;

  state_layer building_;
  overlay_phase overlay_ = overlay_phase::none;
  layer_id overlay_id_;
  std::int64_t rows_received_ = 0;
  std::int64_t new_windows_ = 0;
  std::int64_t touched_windows_ = 0;
};

} // namespace sluice::state
