#include "common/expr/json_text.hpp"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <unicode/utf8.h>

#include <cmath>

#include "common/expr/calendar.hpp"
#include "common/expr/coercion.hpp"
#include "common/expr/datetime_text.hpp"

namespace sluice::expr {

namespace {

void append_base64(std::string& out, std::string_view bytes) {
  constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k)
      three = three << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k > bytes.size() ? '=' : alphabet[three >> (18 - 6 * k) & 63];
  }
}

void append_escaped(std::string& out, unsigned char c) {
  constexpr char hex[] = "0123456789ABCDEF";
  switch (c) {
    case '"': out += "\\\""; break;
    case '\\': out += "\\\\"; break;
    case '\n': out += "\\n"; break;
    case '\r': out += "\\r"; break;
    case '\t': out += "\\t"; break;
    case '\b': out += "\\b"; break;
    case '\f': out += "\\f"; break;
    default:
      out += "\\u00";
      out += hex[c >> 4];
      out += hex[c & 15];
  }
}

/// Length of the valid UTF-8 sequence at `i`, or 0.
std::int32_t sequence_length(std::string_view text, std::size_t i) {
  std::int32_t at = 0;
  UChar32 point;
  const auto size = static_cast<std::int32_t>(std::min<std::size_t>(text.size() - i, 4));
  U8_NEXT(reinterpret_cast<const std::uint8_t*>(text.data() + i), at, size, point);
  return point < 0 ? 0 : at;
}

} // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x80) {
      const auto length = sequence_length(text, i);
      if (length == 0)
        out += "\xef\xbf\xbd";
      else
        out.append(text, i, length);
      i += std::max(length, 1);
      continue;
    }
    if (c < 0x20 || c == '"' || c == '\\')
      append_escaped(out, c);
    else
      out += static_cast<char>(c);
    ++i;
  }
  out += '"';
}

json_writer::json_writer(const std::string& time_zone, json_style style)
  : zone_(find_zone(time_zone).ok() ? *find_zone(time_zone) : zone{}), text_(time_zone), style_(style) {}

void json_writer::append_time(std::string& out, const arrow::Array& array, std::int64_t row) {
  const auto value = static_cast<const arrow::TimestampArray&>(array).Value(row);
  const bool ntz = is_ntz(*array.type());
  const auto offset = ntz ? 0 : zone_.offset_at(value);
  const auto local = ntz ? value : zone_.to_local(value);
  out += '"';
  if (style_ == json_style::cli) {
    append_timestamp(out, local, 'T');
  } else {
    const auto start = out.size();
    append_timestamp(out, local, 'T');
    out.resize(std::min(out.size(), out.find('.', start)));
    const auto millis = floor_mod(local, us_per_second) / 1000;
    out += '.';
    out += static_cast<char>('0' + millis / 100);
    out += static_cast<char>('0' + millis / 10 % 10);
    out += static_cast<char>('0' + millis % 10);
  }
  if (!ntz)
    out += offset_text(offset / us_per_second);
  out += '"';
}

void json_writer::append_member(std::string& out, bool& first, const std::string& name, const arrow::Array& array, std::int64_t row) {
  if (style_ == json_style::spark && array.IsNull(row))
    return;
  if (!first)
    out += ',';
  first = false;
  append_json_string(out, name);
  out += ':';
  append(out, array, row);
}

void json_writer::append_fields(std::string& out, const arrow::Array& parent, std::int64_t row) {
  const auto& fields = static_cast<const arrow::StructArray&>(parent);
  bool first = true;
  out += '{';
  for (int f = 0; f < fields.num_fields(); ++f)
    append_member(out, first, fields.type()->field(f)->name(), *fields.field(f), row);
  out += '}';
}

void json_writer::append_list(std::string& out, const arrow::Array& array, std::int64_t row) {
  const auto& list = static_cast<const arrow::ListArray&>(array);
  out += '[';
  for (auto i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
    if (i > list.value_offset(row))
      out += ',';
    append(out, *list.values(), i);
  }
  out += ']';
}

void json_writer::append_map(std::string& out, const arrow::Array& array, std::int64_t row) {
  const auto& map = static_cast<const arrow::MapArray&>(array);
  out += '{';
  for (auto i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
    if (i > map.value_offset(row))
      out += ',';
    std::string key;
    text_.append(key, *map.keys(), i);
    append_json_string(out, key);
    out += ':';
    append(out, *map.items(), i);
  }
  out += '}';
}

void json_writer::append(std::string& out, const arrow::Array& array, std::int64_t row) {
  if (array.IsNull(row)) {
    out += "null";
    return;
  }
  bool quoted = false;
  switch (array.type_id()) {
    case arrow::Type::STRING: return append_json_string(out, static_cast<const arrow::StringArray&>(array).GetView(row));
    case arrow::Type::BINARY:
      out += '"';
      append_base64(out, static_cast<const arrow::BinaryArray&>(array).GetView(row));
      out += '"';
      return;
    case arrow::Type::TIMESTAMP: return append_time(out, array, row);
    case arrow::Type::STRUCT: return append_fields(out, array, row);
    case arrow::Type::LIST: return append_list(out, array, row);
    case arrow::Type::MAP: return append_map(out, array, row);
    case arrow::Type::FLOAT: quoted = !std::isfinite(static_cast<const arrow::FloatArray&>(array).Value(row)); break;
    case arrow::Type::DOUBLE: quoted = !std::isfinite(static_cast<const arrow::DoubleArray&>(array).Value(row)); break;
    case arrow::Type::DATE32: case arrow::Type::INTERVAL_MONTH_DAY_NANO: quoted = true; break;
    default: break;
  }
  if (quoted)
    out += '"';
  text_.append(out, array, row);
  if (quoted)
    out += '"';
}

void json_writer::append_row(std::string& out, const arrow::RecordBatch& batch, std::int64_t row) {
  bool first = true;
  out += '{';
  for (int c = 0; c < batch.num_columns(); ++c)
    append_member(out, first, batch.schema()->field(c)->name(), *batch.column(c), row);
  out += '}';
}

} // namespace sluice::expr
