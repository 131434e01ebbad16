#pragma once
/// Values as text: Spark's cast to string, and JSON as Spark's writer and `sluice sql --format json` print it.
#include <string>

#include "common/expr/expr.hpp"

namespace sluice::expr {

/// CAST(value AS STRING) of row `row`: "null" never appears for a null; the caller prints what it wants for nulls.
std::string to_text(const arrow::Array& array, std::int64_t row, const std::string& time_zone);

enum class json_style {
  spark,  ///< what Spark's JSON sink writes: null fields left out, timestamps "2016-07-26T03:00:00.000Z" in the zone
  cli     ///< nulls kept, timestamps ISO 8601 with offset ("2016-07-26T03:00:00Z"), NaN and infinities as strings
};
/// Appends one JSON value / one object for a row (fields in schema order).
void append_json_value(std::string& out, const arrow::Array& array, std::int64_t row, const std::string& time_zone, json_style style);
void append_json_row(std::string& out, const arrow::RecordBatch& batch, std::int64_t row, const std::string& time_zone, json_style style);

} // namespace sluice::expr
