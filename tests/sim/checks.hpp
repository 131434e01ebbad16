#pragma once
/// Watches one query's checkpoint and sink from outside and says what is wrong with them (empty: nothing). Remembers every record it
/// has seen: records are write-once, a commit needs its intent and its predecessor, no file is read twice, what is visible in the
/// sink is what committed batches gave, and readers see committed prefixes that never go back.
#include "common/storage/memory_file_system.hpp"
#include "tests/sim/oracle.hpp"

namespace sluice::sim {

class checker {
public:
  checker(storage::memory_file_system& disk, const workload& work) : disk_(disk), work_(work), oracle_(work) {}

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
  const row_bag& expected(std::int64_t last);
  /// What a reader found: must be the result after some committed batch, and not before what an earlier reader saw.
  std::string reader_saw(const row_bag& rows);
  /// What somebody who follows a console query was shown as batch `batch`.
  std::string console_showed(std::int64_t batch, const row_bag& rows);
  std::int64_t reads() const { return reads_; }

private:
  std::string read_records(const std::string& folder, std::map<std::int64_t, std::string>& known);
  std::string inspect_sink(bool complete);
  const std::vector<std::string>& inputs_of(std::int64_t batch);
  void learn(std::int64_t last);

  storage::memory_file_system& disk_;
  const workload work_;
  oracle oracle_;
  std::map<std::int64_t, std::string> intents_;  ///< bytes by batch
  std::map<std::int64_t, std::string> commits_;
  std::map<std::int64_t, std::pair<std::string, std::vector<std::string>>> inputs_;  ///< paths by batch, with the intent they are from
  std::int64_t seen_ = -1;  ///< the least batch that explains what readers saw
  std::int64_t reads_ = 0;
};

} // namespace sluice::sim
