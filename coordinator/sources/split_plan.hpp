#pragma once
/// Files of an intent to splits: a pure function of the intent, so that a retry on other workers has the same splits.
#include <cstdint>
#include <string>
#include <vector>

#include "coordinator/sources/file_listing.hpp"

namespace sluice::sources {

/// A byte range of one file. Its reader takes the records that start inside [offset, offset + length).
struct split {
  std::int32_t ordinal = 0;
  std::string path;
  std::int64_t offset = 0;
  std::int64_t length = 0;
  std::int64_t file_size = 0;
  std::int64_t mtime_us = 0;
  std::uint64_t inode = 0;
  bool operator==(const split&) const = default;
};

inline constexpr std::int64_t default_split_bytes = 16LL << 20;

/// Files in the given order, ordinals from 0. Splittable files are cut into nearly equal ranges of at most `target_bytes`;
/// others, and empty ones, are one split.
std::vector<split> plan_splits(const std::vector<file_entry>& files, const plan::file_source& source,
                               std::int64_t target_bytes = default_split_bytes);

/// Same rule as the workers' readers: JSON lines without compression and without multiline can be cut.
bool is_splittable(const plan::file_source& source, const std::string& path);

} // namespace sluice::sources
