#include "common/expr/text.hpp"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "common/expr/calendar.hpp"
#include "common/expr/coercion.hpp"
#include "common/expr/datetime_text.hpp"
#include "common/expr/json_text.hpp"
#include "common/expr/number_text.hpp"
#include "common/expr/text_writer.hpp"

namespace sluice::expr {

text_writer::text_writer(const std::string& time_zone) : zone_(find_zone(time_zone).ok() ? *find_zone(time_zone) : zone{}) {}

void text_writer::append_interval(std::string& out, const arrow::Array& array, std::int64_t row) {
  const auto value = static_cast<const arrow::MonthDayNanoIntervalArray&>(array).GetValue(row);
  out += std::to_string(value.months) + " months " + std::to_string(value.days) + " days ";
  append_decimal(out, value.nanoseconds / 1000, 6);
  out += " seconds";
}

void text_writer::append_nested(std::string& out, const arrow::Array& array, std::int64_t row) {
  auto element = [&](const arrow::Array& values, std::int64_t i) {
    if (values.IsNull(i))
      out += "null";
    else
      append(out, values, i);
  };
  if (array.type_id() == arrow::Type::STRUCT) {
    const auto& parent = static_cast<const arrow::StructArray&>(array);
    out += '{';
    for (int f = 0; f < parent.num_fields(); ++f) {
      out += f ? ", " : "";
      element(*parent.field(f), row);
    }
    out += '}';
    return;
  }
  if (array.type_id() == arrow::Type::LIST) {
    const auto& list = static_cast<const arrow::ListArray&>(array);
    out += '[';
    for (auto i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
      out += i > list.value_offset(row) ? ", " : "";
      element(*list.values(), i);
    }
    out += ']';
    return;
  }
  const auto& map = static_cast<const arrow::MapArray&>(array);
  out += '{';
  for (auto i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
    out += i > map.value_offset(row) ? ", " : "";
    element(*map.keys(), i);
    out += " -> ";
    element(*map.items(), i);
  }
  out += '}';
}

void text_writer::append(std::string& out, const arrow::Array& array, std::int64_t row) {
  switch (array.type_id()) {
    case arrow::Type::BOOL: out += static_cast<const arrow::BooleanArray&>(array).Value(row) ? "true" : "false"; break;
    case arrow::Type::INT8: append_integer(out, static_cast<const arrow::Int8Array&>(array).Value(row)); break;
    case arrow::Type::INT16: append_integer(out, static_cast<const arrow::Int16Array&>(array).Value(row)); break;
    case arrow::Type::INT32: append_integer(out, static_cast<const arrow::Int32Array&>(array).Value(row)); break;
    case arrow::Type::INT64: append_integer(out, static_cast<const arrow::Int64Array&>(array).Value(row)); break;
    case arrow::Type::FLOAT: append_float(out, static_cast<const arrow::FloatArray&>(array).Value(row)); break;
    case arrow::Type::DOUBLE: append_double(out, static_cast<const arrow::DoubleArray&>(array).Value(row)); break;
    case arrow::Type::STRING: case arrow::Type::BINARY:
      out += static_cast<const arrow::BinaryArray&>(array).GetView(row);
      break;
    case arrow::Type::DATE32: append_date(out, static_cast<const arrow::Date32Array&>(array).Value(row)); break;
    case arrow::Type::TIMESTAMP: {
      const auto value = static_cast<const arrow::TimestampArray&>(array).Value(row);
      append_timestamp(out, is_ntz(*array.type()) ? value : zone_.to_local(value));
      break;
    }
    case arrow::Type::DECIMAL128:
      append_decimal(out, array.data()->GetValues<__int128>(1)[row], shape_of(*array.type()).scale);
      break;
    case arrow::Type::STRUCT: case arrow::Type::LIST: case arrow::Type::MAP: append_nested(out, array, row); break;
    case arrow::Type::INTERVAL_MONTH_DAY_NANO: append_interval(out, array, row); break;
    case arrow::Type::NA: break;
    default: out += array.type()->ToString();
  }
}

std::string to_text(const arrow::Array& array, std::int64_t row, const std::string& time_zone) {
  std::string text;
  if (array.IsValid(row))
    text_writer{time_zone}.append(text, array, row);
  return text;
}

void append_json_value(std::string& out, const arrow::Array& array, std::int64_t row, const std::string& time_zone, json_style style) {
  json_writer{time_zone, style}.append(out, array, row);
}

void append_json_row(std::string& out, const arrow::RecordBatch& batch, std::int64_t row, const std::string& time_zone, json_style style) {
  json_writer{time_zone, style}.append_row(out, batch, row);
}

} // namespace sluice::expr
