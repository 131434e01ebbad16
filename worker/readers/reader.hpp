#pragma once
/// Bytes of a split to record batches of the requested columns. A split is a byte range of one file; a reader takes the
/// lines that start inside it. Owned by one slot actor; not thread safe; blocks on file reads only.
#include <cstdint>
#include <memory>
#include <string>

#include "common/plan/plan.hpp"
#include "common/storage/file_system.hpp"

namespace sluice::readers {

struct split {
  std::int32_t ordinal = 0;
  std::string path;
  std::int64_t offset = 0;
  std::int64_t length = 0;
  std::int64_t file_size = 0;  ///< from the intent: exactly this many bytes are the file's content
  std::int64_t mtime_us = 0;
  std::uint64_t inode = 0;
};

struct read_counts {
  std::int64_t records = 0;  ///< rows_read: parsed + bad
  std::int64_t parsed = 0;
  std::int64_t bad = 0;
  std::int64_t bytes = 0;
};

struct reader_options {
  std::size_t morsel_bytes = 256 << 10;   ///< input per next()
  std::size_t max_record_bytes = 8 << 20;
  int max_depth = 1000;                   ///< of nested values, as in Spark
};

class split_reader {
public:
  virtual ~split_reader() = default;
  /// Next rows (schema: the source's used columns), null at the end. Errors: source_file_changed, source_file_missing,
  /// source_file_unreadable, malformed_record (FAILFAST), each with file and line or byte.
  virtual result<data::batch_ptr> next() = 0;
  virtual const read_counts& counts() const = 0;
};

/// Opens a reader for the source's format. Checks size, modification time and inode against the split first.
result<std::unique_ptr<split_reader>> open(const plan::file_source& source, const split& part, const expr::eval_context& context,
                                           storage::file_system& files, const reader_options& options = {});

/// Whether files of this format can be cut into byte ranges (lines of json, csv and text without compression: yes; gzip, parquet: no).
bool is_splittable(const plan::file_source& source, const std::string& path);

} // namespace sluice::readers
