#pragma once
/// Spilled rows: per key group a sorted run of packed blocks in LevelDB, each a section of about 64 KiB that holds whole keys.
/// A cache: wiped when opened, checksums verified; an error means that the state must be restored from the checkpoint.
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.hpp"

namespace leveldb {
class DB;
class Env;
} // namespace leveldb

namespace sluice::state {

class spill_store {
public:
  /// `environment`: null for the system's. Nothing is opened before the first write.
  spill_store(std::string directory, leveldb::Env* environment);
  ~spill_store();

  bool enabled() const noexcept { return !directory_.empty(); }
  /// One block of a group's run: its keys are from `first` to before the next block's first.
  struct block {
    std::string first;
    std::uint64_t id = 0;
  };
  /// Blocks of a group by key; empty if nothing of it is spilled.
  const std::vector<block>& blocks(std::uint16_t group) const;
  /// Index of the block that would hold the key, or -1.
  std::ptrdiff_t find(std::uint16_t group, std::string_view key) const;
  result<std::string> read(std::uint16_t group, std::size_t index) const;

  struct new_block {
    std::string first;
    std::string bytes;
  };
  /// Puts blocks in place of blocks [begin, end) of the group's run.
  status replace(std::uint16_t group, std::size_t begin, std::size_t end, std::vector<new_block> blocks);
  status forget(std::uint16_t group);
  /// Forgets everything and closes.
  void wipe();

private:
  status open();

  std::string directory_;
  leveldb::Env* environment_;
  std::unique_ptr<leveldb::DB> database_;
  std::map<std::uint16_t, std::vector<block>> runs_;
  std::uint64_t next_id_ = 0;
};

} // namespace sluice::state
