#pragma once
/// Casts to string, value by value. Keeps the zone between values: use one writer for many rows. Not thread safe.
#include <string>

#include "common/expr/expr.hpp"
#include "common/expr/zone.hpp"

namespace sluice::expr {

class text_writer {
public:
  /// An unknown zone counts as UTC.
  explicit text_writer(const std::string& time_zone);
  /// CAST(value AS STRING) of a value that is not null.
  void append(std::string& out, const arrow::Array& array, std::int64_t row);

private:
  void append_nested(std::string& out, const arrow::Array& array, std::int64_t row);
  void append_interval(std::string& out, const arrow::Array& array, std::int64_t row);

  zone_cursor zone_;
};

} // namespace sluice::expr
