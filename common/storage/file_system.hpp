#pragma once
/// The only way to files for checkpoints, sinks, intents and sources. Implementations: POSIX, and an in-memory one with
/// faults and crashes for tests. Calls block: call them from I/O actors, never from control actors. Thread safe.
/// Errors: no_such_file, file_exists, disk_full, storage_io (message names the path and errno's text).
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/environment.hpp"
#include "common/base/status.hpp"

namespace sluice::storage {

struct file_info {
  std::string path;
  std::int64_t size = 0;
  std::int64_t mtime_us = 0;  ///< modification time, microseconds since 1970 UTC
  std::uint64_t inode = 0;
  bool is_directory = false;
};

/// A new file being written in order. Destroyed without `sync` and `close`, its content is unspecified.
class writable_file {
public:
  virtual ~writable_file() = default;
  virtual status append(std::string_view bytes) = 0;
  /// fsync. After an error the file must be abandoned: never retry on the same file (the kernel drops the pages).
  virtual status sync() = 0;
  virtual status close() = 0;
};

/// A file open for reading at any position. Keeps the opened file even when its name is removed or replaced meanwhile.
/// One user at a time.
class readable_file {
public:
  virtual ~readable_file() = default;
  /// Of the opened file itself (fstat), not of what its name points to now.
  virtual result<file_info> stat() = 0;
  /// Reads up to `length` bytes at `offset` into `buffer`; fewer only at the end of the file (0 at or behind it).
  virtual result<std::size_t> read_at(std::int64_t offset, char* buffer, std::size_t length) = 0;
};

class file_system {
public:
  virtual ~file_system() = default;
  virtual result<std::unique_ptr<writable_file>> create(const std::string& path) = 0;  ///< O_EXCL: file_exists if it is there
  virtual result<std::string> read(const std::string& path) = 0;
  virtual result<std::string> read_range(const std::string& path, std::int64_t offset, std::int64_t length) = 0;
  virtual result<std::unique_ptr<readable_file>> open_for_read(const std::string& path) = 0;
  virtual status link(const std::string& from, const std::string& to) = 0;    ///< fails with file_exists, never replaces
  virtual status rename(const std::string& from, const std::string& to) = 0;  ///< replaces
  virtual status remove(const std::string& path) = 0;
  virtual status make_directories(const std::string& path) = 0;
  virtual status sync_directory(const std::string& path) = 0;
  virtual result<file_info> stat(const std::string& path) = 0;
  /// Entries of a directory (names in `path` joined to the directory), in name order.
  virtual result<std::vector<file_info>> list(const std::string& directory) = 0;
};

std::shared_ptr<file_system> posix_file_system();

} // namespace sluice::storage
