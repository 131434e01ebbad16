#pragma once
/// Texts of one chunk's CSV values, column by column, and their conversion to Arrow arrays by Spark's rules for CSV.
#include <memory>
#include <string>
#include <vector>

#include "worker/readers/internal/csv_record.hpp"
#include "worker/readers/internal/json_times.hpp"

namespace sluice::readers {

struct csv_column {
  int token = 0;    ///< position in a record
  int output = -1;  ///< position in the batch, -1: parsed only to judge the record
  data::type_ptr type;
};

class csv_columns {
public:
  csv_columns(std::vector<csv_column> columns, csv_format format, time_parser times);

  /// Error: unsupported_feature for a type that CSV cannot hold.
  static status supported(const std::string& name, const data::type_ptr& type);

  void reset();
  /// Adds a record; values that are not there are null.
  status add(const std::vector<csv_token>& tokens);
  /// The column as its type; sets bad[row] where a text cannot be read.
  result<data::array_ptr> convert(std::size_t column, std::vector<std::uint8_t>& bad) const;
  const std::vector<csv_column>& columns() const noexcept { return columns_; }

private:
  struct texts {
    std::string bytes;
    std::vector<std::int32_t> ends;
    std::vector<std::uint8_t> valid;
  };
  result<data::array_ptr> as_texts(const texts& from, const data::type_ptr& type) const;
  bool is_null(const csv_token& token) const noexcept { return token.null || token.text == format_.null_value; }

  std::vector<csv_column> columns_;
  csv_format format_;
  time_parser times_;
  std::vector<texts> texts_;
};

} // namespace sluice::readers
