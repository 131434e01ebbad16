#include <arrow/array.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <xxhash.h>

#include "common/data/key_layout.hpp"
#include "common/data/keys.hpp"

namespace sluice::data {

namespace {

using key_layout::escaped_zero;
using key_layout::null_mark;
using key_layout::store;
using key_layout::swap_bytes;
using key_layout::text_end;
using key_layout::value_mark;

bool can_group(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::NA: case arrow::Type::BOOL: case arrow::Type::INT8: case arrow::Type::INT16: case arrow::Type::INT32:
    case arrow::Type::INT64: case arrow::Type::FLOAT: case arrow::Type::DOUBLE: case arrow::Type::STRING:
    case arrow::Type::BINARY: case arrow::Type::DATE32: case arrow::Type::TIMESTAMP: case arrow::Type::DECIMAL128:
      return true;
    case arrow::Type::STRUCT: case arrow::Type::LIST:
      for (const auto& child : type.fields())
        if (!can_group(*child->type()))
          return false;
      return true;
    default: return false;
  }
}

void store_decimal(char* to, const std::uint8_t* value) {
  std::uint64_t low;
  std::int64_t high;
  std::memcpy(&low, value, 8);
  std::memcpy(&high, value + 8, 8);
  store(to, high);
  low = swap_bytes(low);
  std::memcpy(to + 8, &low, 8);
}

template <class T>
void append_number(std::string& out, T value) {
  char bytes[sizeof(T)];
  store(bytes, value);
  out.append(bytes, sizeof bytes);
}

void append_text(std::string& out, std::string_view text) {
  for (char c : text) {
    out += c;
    if (c == '\0')
      out += escaped_zero;
  }
  out += text_end;
}

/// Any value, one at a time: nested types and their children.
void append_value(std::string& out, const arrow::Array& array, std::int64_t row) {
  if (array.IsNull(row)) {
    out += null_mark;
    return;
  }
  out += value_mark;
  switch (array.type_id()) {
    case arrow::Type::BOOL: out += static_cast<const arrow::BooleanArray&>(array).Value(row) ? '\x01' : '\x00'; break;
    case arrow::Type::INT8: append_number(out, static_cast<const arrow::Int8Array&>(array).Value(row)); break;
    case arrow::Type::INT16: append_number(out, static_cast<const arrow::Int16Array&>(array).Value(row)); break;
    case arrow::Type::INT32: append_number(out, static_cast<const arrow::Int32Array&>(array).Value(row)); break;
    case arrow::Type::DATE32: append_number(out, static_cast<const arrow::Date32Array&>(array).Value(row)); break;
    case arrow::Type::INT64: append_number(out, static_cast<const arrow::Int64Array&>(array).Value(row)); break;
    case arrow::Type::TIMESTAMP: append_number(out, static_cast<const arrow::TimestampArray&>(array).Value(row)); break;
    case arrow::Type::FLOAT: append_number(out, static_cast<const arrow::FloatArray&>(array).Value(row)); break;
    case arrow::Type::DOUBLE: append_number(out, static_cast<const arrow::DoubleArray&>(array).Value(row)); break;
    case arrow::Type::STRING: case arrow::Type::BINARY:
      append_text(out, static_cast<const arrow::BinaryArray&>(array).GetView(row));
      break;
    case arrow::Type::DECIMAL128: {
      char bytes[16];
      store_decimal(bytes, static_cast<const arrow::Decimal128Array&>(array).GetValue(row));
      out.append(bytes, 16);
      break;
    }
    case arrow::Type::STRUCT:
      for (const auto& child : static_cast<const arrow::StructArray&>(array).fields())
        append_value(out, *child, row);
      break;
    case arrow::Type::LIST: {
      const auto& list = static_cast<const arrow::ListArray&>(array);
      for (auto i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
        out += value_mark;
        append_value(out, *list.values(), i);
      }
      out += '\x00';
      break;
    }
    default: break;
  }
}

/// One column of a key: first adds its bytes per row to `sizes`, then writes behind every row's cursor.
class key_column {
public:
  explicit key_column(const arrow::Array& array) : array_(array), has_nulls_(array.null_count() > 0) {}

  void add_sizes(std::uint64_t* sizes);
  void write(char* base, std::uint32_t* cursors) const;

private:
  bool null(std::int64_t row) const { return has_nulls_ && array_.IsNull(row); }
  int fixed_width() const;
  void write_text(char* base, std::uint32_t* cursors) const;
  template <class T>
  void write_numbers(char* base, std::uint32_t* cursors) const;
  template <class Write>
  void write_fixed(char* base, std::uint32_t* cursors, std::uint32_t width, Write&& write_one) const;

  const arrow::Array& array_;
  bool has_nulls_;
  bool has_zero_ = false;             ///< text: some byte must be escaped
  std::string nested_;                ///< nested: the values, one after the other
  std::vector<std::uint64_t> nested_ends_;
};

int key_column::fixed_width() const {
  switch (array_.type_id()) {
    case arrow::Type::NA: return 0;
    case arrow::Type::BOOL: case arrow::Type::INT8: return 1;
    case arrow::Type::INT16: return 2;
    case arrow::Type::INT32: case arrow::Type::DATE32: case arrow::Type::FLOAT: return 4;
    case arrow::Type::INT64: case arrow::Type::TIMESTAMP: case arrow::Type::DOUBLE: return 8;
    case arrow::Type::DECIMAL128: return 16;
    default: return -1;
  }
}

void key_column::add_sizes(std::uint64_t* sizes) {
  const auto rows = array_.length();
  if (auto width = fixed_width(); width >= 0) {
    if (array_.type_id() == arrow::Type::NA)
      has_nulls_ = true;
    for (std::int64_t i = 0; i < rows; ++i)
      sizes[i] += null(i) ? 1 : 1 + width;
    return;
  }
  if (array_.type_id() == arrow::Type::STRING || array_.type_id() == arrow::Type::BINARY) {
    const auto& text = static_cast<const arrow::BinaryArray&>(array_);
    const auto total = rows == 0 ? 0 : text.value_offset(rows) - text.value_offset(0);
    has_zero_ = total > 0 && std::memchr(text.value_data()->data() + text.value_offset(0), 0, total) != nullptr;
    for (std::int64_t i = 0; i < rows; ++i) {
      if (null(i)) {
        sizes[i] += 1;
        continue;
      }
      sizes[i] += 2 + text.value_length(i);
      if (has_zero_)
        for (char c : text.GetView(i))
          sizes[i] += c == '\0';
    }
    return;
  }
  nested_ends_.resize(rows);
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto before = nested_.size();
    append_value(nested_, array_, i);
    nested_ends_[i] = nested_.size();
    sizes[i] += nested_.size() - before;
  }
}

template <class Write>
void key_column::write_fixed(char* base, std::uint32_t* cursors, std::uint32_t width, Write&& write_one) const {
  const auto rows = array_.length();
  for (std::int64_t i = 0; i < rows; ++i) {
    char* to = base + cursors[i];
    if (null(i)) {
      *to = null_mark;
      cursors[i] += 1;
    } else {
      *to = value_mark;
      write_one(to + 1, i);
      cursors[i] += 1 + width;
    }
  }
}

template <class T>
void key_column::write_numbers(char* base, std::uint32_t* cursors) const {
  const T* values = array_.data()->GetValues<T>(1);
  write_fixed(base, cursors, sizeof(T), [values](char* to, std::int64_t i) { store(to, values[i]); });
}

void key_column::write_text(char* base, std::uint32_t* cursors) const {
  const auto& text = static_cast<const arrow::BinaryArray&>(array_);
  const auto rows = array_.length();
  for (std::int64_t i = 0; i < rows; ++i) {
    char* to = base + cursors[i];
    if (null(i)) {
      *to = null_mark;
      cursors[i] += 1;
      continue;
    }
    *to++ = value_mark;
    auto value = text.GetView(i);
    if (!has_zero_) {
      std::memcpy(to, value.data(), value.size());
      to += value.size();
    } else {
      for (char c : value) {
        *to++ = c;
        if (c == '\0')
          *to++ = escaped_zero;
      }
    }
    *to++ = text_end;
    cursors[i] = static_cast<std::uint32_t>(to - base);
  }
}

void key_column::write(char* base, std::uint32_t* cursors) const {
  switch (array_.type_id()) {
    case arrow::Type::NA: return write_fixed(base, cursors, 0, [](char*, std::int64_t) {});
    case arrow::Type::BOOL: {
      const auto& values = static_cast<const arrow::BooleanArray&>(array_);
      return write_fixed(base, cursors, 1, [&](char* to, std::int64_t i) { *to = values.Value(i) ? '\x01' : '\x00'; });
    }
    case arrow::Type::INT8: return write_numbers<std::int8_t>(base, cursors);
    case arrow::Type::INT16: return write_numbers<std::int16_t>(base, cursors);
    case arrow::Type::INT32: case arrow::Type::DATE32: return write_numbers<std::int32_t>(base, cursors);
    case arrow::Type::INT64: case arrow::Type::TIMESTAMP: return write_numbers<std::int64_t>(base, cursors);
    case arrow::Type::FLOAT: return write_numbers<float>(base, cursors);
    case arrow::Type::DOUBLE: return write_numbers<double>(base, cursors);
    case arrow::Type::DECIMAL128: {
      const auto& values = static_cast<const arrow::Decimal128Array&>(array_);
      return write_fixed(base, cursors, 16, [&](char* to, std::int64_t i) { store_decimal(to, values.GetValue(i)); });
    }
    case arrow::Type::STRING: case arrow::Type::BINARY: return write_text(base, cursors);
    default: break;
  }
  for (std::int64_t i = 0; i < array_.length(); ++i) {
    const auto from = i == 0 ? 0 : nested_ends_[i - 1];
    std::memcpy(base + cursors[i], nested_.data() + from, nested_ends_[i] - from);
    cursors[i] += static_cast<std::uint32_t>(nested_ends_[i] - from);
  }
}

} // namespace

key_encoder::key_encoder(std::vector<type_ptr> types) : types_(std::move(types)) {}

status key_encoder::encode(const std::vector<array_ptr>& columns, std::string& bytes, std::vector<std::uint32_t>& offsets) const {
  if (columns.size() != types_.size())
    return {errc::internal, "key encoder: wrong number of columns"};
  const std::int64_t rows = columns.empty() ? 0 : columns[0]->length();
  std::vector<std::uint64_t> sizes(rows, 0);
  std::vector<key_column> writers;
  writers.reserve(columns.size());
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (!same_type(*columns[c]->type(), *types_[c]) || columns[c]->length() != rows)
      return {errc::internal, "key encoder: column " + std::to_string(c) + " is " + type_name(*columns[c]->type())};
    if (!can_group(*types_[c]))
      return {errc::unsupported_feature, "values of type " + type_name(*types_[c]) + " cannot be grouped"};
    writers.emplace_back(*columns[c]).add_sizes(sizes.data());
  }
  offsets.resize(rows + 1);
  std::uint64_t end = bytes.size();
  std::vector<std::uint32_t> cursors(rows);
  for (std::int64_t i = 0; i < rows; ++i) {
    offsets[i] = cursors[i] = static_cast<std::uint32_t>(end);
    end += sizes[i];
  }
  if (end > std::numeric_limits<std::uint32_t>::max())
    return {errc::memory_limit, "the keys of one batch exceed 4 GiB"};
  offsets[rows] = static_cast<std::uint32_t>(end);
  bytes.resize(end);
  for (const auto& writer : writers)
    writer.write(bytes.data(), cursors.data());
  return ok();
}

std::uint64_t key_hash(std::string_view encoded) noexcept { return XXH3_64bits(encoded.data(), encoded.size()); }

} // namespace sluice::data
