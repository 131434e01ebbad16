#pragma once
/// A file system in memory that forgets like a real one, for tests and simulation.
/// It knows which bytes of a file and which directory entries have been synced; `crash` keeps those and, by seed, any part of
/// the rest: unsynced bytes may be cut, zeroed or kept, unsynced entries may be kept or lost (a rename is atomic).
/// Thread safe. Faults (errors at the k-th call, a process that dies mid-call) come from `faulty_file_system` on top of it.
///
///   memory_file_system disk;
///   (void)disk.make_directories("/ckpt");
///   disk.crash(crash_kind::power_loss, 7);
#include <map>
#include <mutex>

#include "common/storage/file_system.hpp"

namespace sluice::storage {

/// `process`: open files are gone, what was written stays. `power_loss`: what was not synced may be gone.
enum class crash_kind { process, power_loss };

class memory_file_system final : public file_system {
public:
  /// Modification times come from `clock`; without one they count up by a microsecond per change.
  explicit memory_file_system(std::shared_ptr<clock_source> clock = nullptr);
  ~memory_file_system() override;

  /// Seed 0 with power loss drops everything that was not synced.
  void crash(crash_kind kind, std::uint64_t seed);
  /// Sets a file's content at once and durably (to corrupt it, or to lay out input). Makes its parents.
  void put(const std::string& path, std::string bytes);
  /// Every file and directory, by path.
  std::vector<file_info> everything() const;
  /// Whether the file of this name would be there, with all its bytes, after a power loss at this instant.
  bool is_durable(const std::string& path) const;

  result<std::unique_ptr<writable_file>> create(const std::string& path) override;
  result<std::string> read(const std::string& path) override;
  result<std::string> read_range(const std::string& path, std::int64_t offset, std::int64_t length) override;
  result<std::unique_ptr<readable_file>> open_for_read(const std::string& path) override;
  status link(const std::string& from, const std::string& to) override;
  status rename(const std::string& from, const std::string& to) override;
  status remove(const std::string& path) override;
  status make_directories(const std::string& path) override;
  status sync_directory(const std::string& path) override;
  result<file_info> stat(const std::string& path) override;
  result<std::vector<file_info>> list(const std::string& directory) override;

private:
  friend class memory_file;
  friend class memory_reader;
  struct inode {
    std::uint64_t number = 0;
    bool directory = false;
    std::string bytes;
    std::string synced;
    std::int64_t mtime_us = 0;
  };
  using inode_ptr = std::shared_ptr<inode>;
  using name_space = std::map<std::string, inode_ptr>;
  /// One change of names: `added` (if any) now means `node`, `removed` (if any) means nothing.
  struct change {
    std::string added, removed;
    inode_ptr node;
  };

  static void apply(name_space& names, const change& what);
  void record(change what);
  std::int64_t now();
  inode_ptr find(const std::string& path) const;
  inode_ptr make(bool directory);
  status parent_error(const std::string& path) const;
  status make_directories_locked(const std::string& path);
  file_info info_of(const std::string& path, const inode& node) const;

  mutable std::mutex mutex_;
  std::shared_ptr<clock_source> clock_;
  name_space current_;
  name_space durable_;
  std::vector<change> pending_;
  std::uint64_t next_inode_ = 2;
  std::int64_t ticks_ = 0;
  std::uint64_t generation_ = 0;
};

} // namespace sluice::storage
