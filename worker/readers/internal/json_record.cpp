#include "worker/readers/internal/json_record.hpp"

#include "worker/readers/internal/json_scalar.hpp"
#include "worker/readers/internal/utf8.hpp"

namespace sluice::readers {

namespace {

bool valid_range(const char* begin, const char* end) { return is_valid_utf8({begin, static_cast<std::size_t>(end - begin)}); }

} // namespace

// Checks the object at `p` to its end and notes the wanted members; null if it is broken.
const char* json_record_parser::find_members(const char* p) {
  members_.clear();
  p = skip_blanks(p + 1, grammar_);
  if (*p == '}') return p + 1;
  for (;;) {
    if (*p != '"' && *p != '\'') return nullptr;
    bool escaped = false;
    const char* key = p;
    p = skip_string(p + 1, *p, escaped);
    if (p == nullptr) return nullptr;
    const int column = escaped ? columns_.find(decoded_string(key, p))
                               : columns_.find({key + 1, static_cast<std::size_t>(p - key - 2)});
    p = skip_blanks(p, grammar_);
    if (*p != ':') return nullptr;
    const char* value = skip_blanks(p + 1, grammar_);
    p = skip_value(value, grammar_, 1);
    if (p == nullptr) return nullptr;
    if (column >= 0) members_.push_back({column, value, p});
    p = skip_blanks(p, grammar_);
    if (*p == '}') return p + 1;
    if (*p != ',') return nullptr;
    p = skip_blanks(p + 1, grammar_);
  }
}

bool json_record_parser::parse(const char* begin, const char* end, bool check_utf8) {
  const char* p = begin;
  if (end - p >= 3 && std::memcmp(p, "\xef\xbb\xbf", 3) == 0) p += 3;
  p = skip_blanks(p, grammar_);
  if (p >= end) return false;
  if (*p == '[') return parse_array(p, begin, end, check_utf8);
  if (*p == '{') {
    const char* behind = find_members(p);
    if (behind != nullptr && behind <= end && (!check_utf8 || valid_range(p, behind))) return add_row(begin, end);
  }
  add_bad(begin, end);
  return false;
}

bool json_record_parser::parse_array(const char* p, const char* begin, const char* end, bool check_utf8) {
  const char* behind = skip_value(p, grammar_, 0);
  if (behind == nullptr || behind > end || (check_utf8 && !valid_range(p, behind))) {
    add_bad(begin, end);
    return false;
  }
  std::vector<const char*> objects;
  for (p = skip_blanks(p + 1, grammar_); *p != ']';) {
    if (*p != '{') {
      add_bad(begin, end);
      return false;
    }
    objects.push_back(p);
    p = skip_blanks(skip_value(p, grammar_, 0), grammar_);
    if (*p == ',') p = skip_blanks(p + 1, grammar_);
  }
  bool good = true;
  const std::size_t first = columns_.rows;
  for (const char* object : objects) {
    find_members(object);
    good = add_row(begin, end) && good;
  }
  // One malformed element makes the whole record malformed, though its readable values stay.
  if (!good) columns_.mark_bad_from(first);
  return false;
}

void json_record_parser::add_bad(const char* begin, const char* end) {
  columns_.clear_row();
  columns_.set_line(begin, end);
  columns_.mark_bad();
  ++columns_.rows;
}

bool json_record_parser::add_row(const char* begin, const char* end) {
  columns_.clear_row();
  columns_.set_line(begin, end);
  bool good = true;
  for (const auto& found : members_)
    good = convert(columns_.columns()[static_cast<std::size_t>(found.column)], columns_.rows, found.begin, found.end) && good;
  if (!good) columns_.mark_bad();
  ++columns_.rows;
  return good;
}

bool json_record_parser::convert(json_column& column, std::size_t row, const char* begin, const char* end) {
  if (column.kind == column_kind::built) {
    column.defer(row, begin, end);
    return true;
  }
  if (token_of(begin) == token::null) {
    while (!column.deferred.empty() && column.deferred.back().row == static_cast<std::int32_t>(row)) column.deferred.pop_back();
    column.set_null(row);
    return true;
  }
  bool good = false;
  switch (column.kind) {
    case column_kind::text: good = convert_text(column, row, begin, end); break;
    case column_kind::timestamp: return convert_timestamp(column, row, begin, end);
    case column_kind::float32: {
      float value = 0;
      good = parse_float(begin, end, value);
      if (good) column.as<float>()[row] = value;
      break;
    }
    case column_kind::float64: {
      double value = 0;
      good = parse_double(begin, end, value);
      if (good) column.as<double>()[row] = value;
      break;
    }
    case column_kind::boolean:
      good = token_of(begin) == token::boolean;
      if (good) column.as<std::uint8_t>()[row] = *begin == 't';
      break;
    default: good = convert_integer(column, row, begin, end);
  }
  if (good) column.valid[row] = 1;
  return good;
}

bool json_record_parser::convert_integer(json_column& column, std::size_t row, const char* begin, const char* end) {
  std::int64_t value = 0;
  if (!parse_long(begin, end, value) || !fits_integer(column.type->id(), value)) return false;
  switch (column.kind) {
    case column_kind::int8: column.as<std::int8_t>()[row] = static_cast<std::int8_t>(value); break;
    case column_kind::int16: column.as<std::int16_t>()[row] = static_cast<std::int16_t>(value); break;
    case column_kind::int32: column.as<std::int32_t>()[row] = static_cast<std::int32_t>(value); break;
    default: column.as<std::int64_t>()[row] = value;
  }
  return true;
}

// Anything that is no string is read as the bytes it was written with.
bool json_record_parser::convert_text(json_column& column, std::size_t row, const char* begin, const char* end) {
  char* out = column.bytes.get() + column.ends[row];
  char* stop = out;
  if (token_of(begin) == token::string) {
    stop = decode_string(begin, end, out);
  } else {
    std::memcpy(out, begin, static_cast<std::size_t>(end - begin));
    stop += end - begin;
  }
  column.ends[row + 1] = column.ends[row] + static_cast<std::int32_t>(stop - out);
  return true;
}

bool json_record_parser::convert_timestamp(json_column& column, std::size_t row, const char* begin, const char* end) {
  std::int64_t value = 0;
  const token kind = token_of(begin);
  if (kind == token::string && end - begin > 2) {
    if (!column.plain_times || !parse_plain_timestamp(begin + 1, end - 1, column.local_is_utc, column.zones, value)) {
      column.defer(row, begin, end);
      return true;
    }
  } else if (kind == token::number && column.zones && parse_long(begin, end, value)) {
    value = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) * 1000000u);  // wraps, as Spark's does
  } else {
    return false;
  }
  while (!column.deferred.empty() && column.deferred.back().row == static_cast<std::int32_t>(row)) column.deferred.pop_back();
  column.as<std::int64_t>()[row] = value;
  column.valid[row] = 1;
  return true;
}

} // namespace sluice::readers
