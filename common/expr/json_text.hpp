#pragma once
/// JSON output, row by row. Keeps the zone between rows: use one writer for many rows. Not thread safe.
#include <string>

#include "common/expr/text.hpp"
#include "common/expr/text_writer.hpp"

namespace sluice::expr {

class json_writer {
public:
  json_writer(const std::string& time_zone, json_style style);
  /// Appends one value; null for a null.
  void append(std::string& out, const arrow::Array& array, std::int64_t row);
  void append_row(std::string& out, const arrow::RecordBatch& batch, std::int64_t row);

private:
  void append_fields(std::string& out, const arrow::Array& parent, std::int64_t row);
  void append_list(std::string& out, const arrow::Array& list, std::int64_t row);
  void append_map(std::string& out, const arrow::Array& map, std::int64_t row);
  void append_time(std::string& out, const arrow::Array& array, std::int64_t row);
  void append_member(std::string& out, bool& first, const std::string& name, const arrow::Array& array, std::int64_t row);

  zone_cursor zone_;
  text_writer text_;
  json_style style_;
};

/// Appends a JSON string with quotes; invalid UTF-8 is replaced by U+FFFD.
void append_json_string(std::string& out, std::string_view text);

} // namespace sluice::expr
