#pragma once
/// Rows of one chunk as plain column memory, reused from chunk to chunk; `finish` copies it into Arrow arrays.
/// A row is written at index `rows` and counts only once committed, so a row that fails half-way costs nothing.
#include <arrow/api.h>

#include <memory>
#include <string>
#include <vector>

#include "worker/readers/internal/json_tree.hpp"

namespace sluice::readers {

enum class column_kind : std::uint8_t { int8, int16, int32, int64, timestamp, float32, float64, boolean, text, built, corrupt };

/// A value that is converted when the chunk is done: times in texts, decimals, nested values.
struct deferred_value {
  std::int32_t row;
  const char* begin;
  const char* end;
};

struct json_column {
  std::string name;
  data::type_ptr type;
  column_kind kind = column_kind::built;
  bool plain_times = false;   ///< parse_plain_timestamp may be tried
  bool local_is_utc = false;
  bool zones = false;
  bool has_nulls = false;     ///< some valid[i] may be 0
  std::size_t width = 0;
  std::unique_ptr<std::uint8_t[]> valid;  ///< all 1 unless has_nulls
  std::unique_ptr<char[]> values;         ///< rows of `width` bytes
  std::unique_ptr<std::int32_t[]> ends;   ///< text: row i is bytes [ends[i], ends[i + 1])
  std::unique_ptr<char[]> bytes;
  std::vector<deferred_value> deferred;   ///< by row; within a row in the order of the text

  template <class T>
  T* as() noexcept { return reinterpret_cast<T*>(values.get()); }
  void set_null(std::size_t row) noexcept {
    valid[row] = 0;
    has_nulls = true;
    if (ends) ends[row + 1] = ends[row];
    else if (values) std::memset(values.get() + row * width, 0, width);
  }
  void defer(std::size_t row, const char* begin, const char* end) {
    set_null(row);
    deferred.push_back({static_cast<std::int32_t>(row), begin, end});
  }
};

class json_columns {
public:
  json_columns(const arrow::Schema& schema, const std::string& corrupt_name, const time_parser& times, const tree_converter& trees);

  /// Makes room for what `bytes` bytes of text can hold and forgets all rows.
  void reset(std::size_t bytes);
  std::vector<json_column>& columns() noexcept { return columns_; }
  const std::vector<json_column>& columns() const noexcept { return columns_; }
  int find(std::string_view name) const noexcept;  ///< column read from a member of this name, or -1

  std::size_t rows = 0;
  /// Marks the row at `rows` malformed.
  void mark_bad() noexcept { bad_[rows] = 1; any_bad_ = true; }
  /// Marks all rows from `first` on.
  void mark_bad_from(std::size_t first) noexcept {
    std::memset(bad_.get() + first, 1, rows - first);
    any_bad_ = true;
  }
  bool is_bad(std::size_t row) const noexcept { return bad_[row] != 0; }
  /// All columns null in the row at `rows`; drops what was deferred for it.
  void clear_row() noexcept;
  /// Forgets the row at `rows`, so that it may be written anew.
  void forget_row() noexcept;
  /// Remembers the text of the row at `rows` (only when asked for by `track`).
  void set_line(const char* begin, const char* end) noexcept {
    if (track_) lines_[rows] = {begin, end};
  }
  void track(bool on) noexcept { track_ = track_ || on; }
  bool wants_lines() const noexcept { return track_; }
  std::pair<const char*, const char*> line(std::size_t row) const noexcept { return lines_[row]; }

  /// Converts what was deferred; marks rows bad where that fails. Then `num_bad` is final.
  status resolve();
  std::size_t num_bad() const noexcept;
  /// Arrays of the rows (after resolve).
  result<data::batch_ptr> finish(const data::schema_ptr& schema);

private:
  void allocate(std::size_t rows, std::size_t bytes);
  status resolve_times(json_column& column);
  status resolve_built(json_column& column, std::shared_ptr<arrow::Array>& array);
  result<data::array_ptr> finish_fixed(json_column& column) const;
  result<data::array_ptr> finish_boolean(json_column& column) const;
  result<data::array_ptr> finish_text(json_column& column) const;
  result<data::array_ptr> finish_corrupt() const;

  std::vector<json_column> columns_;
  const time_parser& times_;
  const tree_converter& trees_;
  int corrupt_ = -1;
  bool track_ = false;
  bool any_bad_ = false;
  std::size_t capacity_rows_ = 0;
  std::size_t capacity_bytes_ = 0;
  std::unique_ptr<std::uint8_t[]> bad_;
  std::unique_ptr<std::pair<const char*, const char*>[]> lines_;
  std::vector<std::shared_ptr<arrow::Array>> built_;
};

} // namespace sluice::readers
