#pragma once
/// Watches a checkpoint and its sink from outside and says what is wrong with them (empty: nothing). Remembers every record it has
/// seen: records are write-once, a commit needs its intent and its predecessor, no file is read twice, and what is visible in the
/// sink is what committed batches gave.
#include "common/storage/memory_file_system.hpp"
#include "tests/sim/workload.hpp"

namespace sluice::sim {

class checker {
public:
  checker(storage::memory_file_system& disk, const workload& work) : disk_(disk), work_(work) {}

  /// Looks at the records after a change.
  std::string observe();
  /// After power was lost: the newest record may be gone, no other.
  std::string power_lost();
  /// The sink and the whole checkpoint.
  std::string inspect();

  std::int64_t last_commit() const { return commits_.empty() ? -1 : commits_.rbegin()->first; }
  /// Whether every input file there is belongs to a committed batch and, with a sink, is visible.
  bool all_done();
  /// What the result holds after batches 0 … `last`.
  row_bag expected(std::int64_t last);

private:
  std::string read_records(const std::string& folder, std::map<std::int64_t, std::string>& known);
  std::string inspect_sink(bool complete);
  std::vector<std::string> inputs_of(std::int64_t batch);

  storage::memory_file_system& disk_;
  const workload& work_;
  std::map<std::int64_t, std::string> intents_;  ///< bytes by batch
  std::map<std::int64_t, std::string> commits_;
};

} // namespace sluice::sim
