#pragma once
/// Result rows on standard output: table, json (one object per line), csv (RFC 4180).
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "common/base/status.hpp"
#include "common/data/types.hpp"

namespace sluice::cli {

enum class row_format { table, json, csv };

/// Prints the blocks of one result: json and csv as they come, a table when it is complete (its widths need all rows).
class row_printer {
public:
  explicit row_printer(row_format format, std::FILE* out = stdout);
  ~row_printer();
  /// `ipc`: an Arrow IPC stream. Error: corrupt_file.
  status add(const std::string& ipc, const std::string& time_zone);
  /// Ends the result. As Spark's console does, tables cut their cells to `truncate` characters and show `max_rows` rows, saying so, if
  /// these are not 0.
  void finish(std::size_t truncate = 0, std::size_t max_rows = 0);

private:
  void print_header(const arrow::Schema& schema);
  void print_rows(const arrow::RecordBatch& batch, const std::string& time_zone);

  row_format format_;
  std::FILE* out_;
  bool header_printed_ = false;
  struct table_content;
  std::unique_ptr<table_content> table_;
};

/// One CSV field: quoted when it holds a quote, comma or line end, or is empty (a null is nothing at all).
std::string csv_field(const std::string& text);

} // namespace sluice::cli
