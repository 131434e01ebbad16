#pragma once
/// Which files a file source has right now. Blocks on directory reads: call from I/O actors. Thread safe.
#include <cstdint>
#include <string>
#include <vector>

#include "common/plan/plan.hpp"
#include "common/storage/file_system.hpp"

namespace sluice::sources {

/// One input file as it goes into an intent: exactly `size` bytes of it are read.
struct file_entry {
  std::string path;
  std::int64_t size = 0;
  std::int64_t mtime_us = 0;
  std::uint64_t inode = 0;
  bool operator==(const file_entry&) const = default;
};

/// All files of the source, in path order: plain paths, directories, globs (* ? [a-z] {a,b}, also in the middle of a path);
/// options pathglobfilter and recursivefilelookup; names that start with `_` or `.` are skipped. A directory with
/// `_spark_metadata` is listed from that log alone. Subdirectories are entered only with recursivefilelookup=true.
/// Errors: path_not_found (with the path), storage_io, corrupt_file (a log that cannot be read).
result<std::vector<file_entry>> list_files(storage::file_system& files, const plan::file_source& source);

/// The directories whose changes may bring new files: what to hand to folder_watch.
std::vector<std::string> watched_folders(storage::file_system& files, const plan::file_source& source);

/// Whether `name` fits a glob pattern without slashes (Hadoop's: * ? [abc] [a-z] [^a] {x,y} and \ to quote).
bool glob_matches(std::string_view pattern, std::string_view name);

} // namespace sluice::sources
