#pragma once
/// State of one aggregation on one slot: (key group, key, slice) -> aggregate columns, in three layers:
/// committed, at most one prepared overlay, at most one building overlay. One table per key group, made with its first row.
/// Owned by one slot actor; not thread safe. Overlays and extents hold absolute values and tombstones.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/ids.hpp"
#include "common/plan/plan.hpp"

namespace leveldb {
class Env;
}

namespace sluice::state {

/// Which committed or prepared version of the state: the batch and the attempt that made it. batch -1: empty.
struct layer_id {
  std::int64_t batch = -1;
  std::string attempt;
  auto operator<=>(const layer_id&) const = default;
};

/// Bytes of one key group as they go into a state object (Arrow IPC, sorted by key and slice).
struct section {
  std::uint16_t group = 0;
  bool snapshot = false;
  std::string bytes;
  std::int64_t rows = 0;
};

struct prepare_result {
  std::vector<section> sections;        ///< by key group; only groups this batch touched (or asked as snapshot)
  std::vector<data::batch_ptr> output;  ///< update mode or when asked: aggregation output rows of touched (key, window)s, by key group and key
  std::int64_t rows_received = 0;
  std::int64_t state_rows = 0;          ///< Spark's numRowsTotal: per (key, window)
  std::int64_t rows_updated = 0;        ///< per (key, window)
  std::int64_t bytes = 0;               ///< memory held
};

struct table_options {
  std::uint32_t num_key_groups = 128;
  std::size_t memory_bytes = 256 << 20;  ///< beyond it cold key ranges spill
  std::string spill_directory;           ///< worker-local, of this table alone; wiped at start; empty: no spilling
  std::size_t spill_block_bytes = 64 << 10;
  leveldb::Env* spill_environment = nullptr;  ///< files of the spilled state; null: the system's
};

class aggregate_table {
public:
  static result<std::unique_ptr<aggregate_table>> make(const plan::aggregation& aggregation, plan::output_mode mode,
                                                       expr::eval_context context, table_options options);
  virtual ~aggregate_table() = default;

  virtual layer_id committed() const = 0;
  virtual layer_id prepared() const = 0;  ///< = committed() without a prepared overlay
  /// Starts the building overlay for `building` on `base`: promotes the prepared overlay if it is `base`, drops it if the committed
  /// layer is `base`. Error state_missing if neither is: restore first. A building overlay left over is dropped.
  virtual status begin(const layer_id& base, const layer_id& building) = 0;
  /// Merges partial rows (block_schema).
  virtual status merge(const data::batch_ptr& block) = 0;
  /// Turns the building overlay into the prepared one. `whole_output`: output all rows of the table (complete mode into a sink that
  /// needs them), else only touched ones when `touched_output`.
  virtual result<prepare_result> prepare(const std::vector<std::uint16_t>& snapshot_groups, bool touched_output, bool whole_output) = 0;
  virtual void promote(const layer_id& layer) = 0;   ///< no-op unless it is the prepared one
  virtual void drop(const layer_id& layer) = 0;      ///< building or prepared overlay of an abandoned attempt
  /// Forgets everything; then `load` per section, oldest first, and `loaded` make `base`. In between the table is at no version: begin
  /// and read answer state_missing.
  virtual void reset(const layer_id& base) = 0;
  virtual status load(std::uint16_t group, bool snapshot, std::string_view bytes) = 0;
  virtual void loaded() = 0;
  /// Calls `sink` with the aggregation's output rows (whole table at `at`, which is the committed or prepared layer) in batches.
  /// `groups`: only these key groups. Error state_missing if `at` is neither.
  virtual status read(const layer_id& at, const std::vector<std::uint16_t>& groups,
                      const std::function<status(data::batch_ptr)>& sink) = 0;
};

} // namespace sluice::state
