#pragma once
/// Directories of records named by plain numbers (temporary files beside them begin with a dot).
#include <algorithm>
#include <charconv>
#include <vector>

#include "common/storage/file_system.hpp"
#include "common/storage/path.hpp"

namespace sluice::query {

/// The number a record's file name says, or -1 for any other file.
inline std::int64_t record_number(const std::string& path) {
  const auto name = storage::base_name(path);
  std::int64_t number = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size() || std::to_string(number) != name) return -1;
  return number;
}

/// Numbers of the records in a directory, ascending; empty if there is no such directory.
inline result<std::vector<std::int64_t>> list_records(storage::file_system& files, const std::string& directory) {
  std::vector<std::int64_t> numbers;
  auto entries = files.list(directory);
  if (!entries.ok() && entries.code() == errc::no_such_file) return numbers;
  if (!entries.ok()) return entries.error();
  for (const auto& entry : *entries)
    if (const auto number = record_number(entry.path); number >= 0) numbers.push_back(number);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

} // namespace sluice::query
