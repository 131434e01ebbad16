#pragma once
/// One try at a batch: who does what, what came back, and whether it adds up. Pure.
#include <set>

#include "coordinator/query/records.hpp"

namespace sluice::query {

/// What must be known to turn reports into a commit record.
struct commit_context {
  std::string query;
  std::string previous_hash;
  std::int64_t batch_time_us = 0;
  watermark_map watermarks;
  std::string sink_path;       ///< empty: output is internal, below the checkpoint
  std::string sink_extension;
  std::string checkpoint;
};

class batch_attempt {
public:
  struct share {
    placed_worker worker;
    std::set<std::int32_t> splits;
    std::set<std::uint32_t> groups;
    std::shared_ptr<const prepared_report> report;
  };

  attempt_ref ref;
  layer base;
  std::string staging;   ///< where staged objects must lie
  std::size_t num_splits = 0;
  bool stateful = false;
  std::vector<share> shares;
  std::int64_t started_us = 0;        ///< monotonic
  std::int64_t last_progress_us = 0;

  share* find(const std::string& worker);
  bool complete() const;
  std::vector<worker_id> workers() const;
  /// Judges one worker's report against its share and keeps it. A repeated report changes nothing. Error: protocol.
  status accept(std::shared_ptr<const prepared_report> report);
  /// Judges all reports together and makes the record of the batch. Error: protocol.
  result<commit> make_commit(const commit_context& context) const;
  /// Slowest worker per stage, in microseconds.
  std::map<std::string, std::int64_t> stage_times() const;
};

/// Key groups to write whole in the next batch: those whose deltas outweigh their snapshot or whose chain is long, the worst
/// first, a few per batch so that no batch pays for all.
std::vector<std::uint32_t> choose_snapshots(const std::map<std::uint32_t, std::vector<extent>>& groups, std::uint32_t num_groups);

} // namespace sluice::query
