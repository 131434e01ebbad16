#include "worker/readers/internal/json_columns.hpp"

#include "common/data/arrow_status.hpp"
#include "worker/readers/internal/json_scalar.hpp"
#include "worker/readers/internal/utf8.hpp"

namespace sluice::readers {

namespace {

column_kind kind_of(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::INT8: return column_kind::int8;
    case arrow::Type::INT16: return column_kind::int16;
    case arrow::Type::INT32: return column_kind::int32;
    case arrow::Type::INT64: return column_kind::int64;
    case arrow::Type::TIMESTAMP: return column_kind::timestamp;
    case arrow::Type::FLOAT: return column_kind::float32;
    case arrow::Type::DOUBLE: return column_kind::float64;
    case arrow::Type::BOOL: return column_kind::boolean;
    case arrow::Type::STRING: return column_kind::text;
    default: return column_kind::built;
  }
}

std::size_t width_of(column_kind kind) {
  switch (kind) {
    case column_kind::int8: case column_kind::boolean: return 1;
    case column_kind::int16: return 2;
    case column_kind::int32: case column_kind::float32: return 4;
    case column_kind::int64: case column_kind::timestamp: case column_kind::float64: return 8;
    default: return 0;
  }
}

result<std::shared_ptr<arrow::Buffer>> copied(const void* from, std::size_t bytes) {
  SLUICE_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> buffer,
                          data::from_arrow(arrow::AllocateBuffer(static_cast<std::int64_t>(bytes)), errc::memory_limit));
  if (bytes > 0) std::memcpy(buffer->mutable_data(), from, bytes);
  return buffer;
}

// Bytes of 0 and 1 to a bitmap.
result<std::shared_ptr<arrow::Buffer>> packed(const std::uint8_t* flags, std::size_t rows, std::int64_t& zeros) {
  SLUICE_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> buffer,
                          data::from_arrow(arrow::AllocateBuffer(static_cast<std::int64_t>((rows + 7) / 8)), errc::memory_limit));
  zeros = 0;
  for (std::size_t i = 0; i < rows; i += 8) {
    unsigned bits = 0;
    const std::size_t n = std::min<std::size_t>(8, rows - i);
    for (std::size_t j = 0; j < n; ++j) bits |= static_cast<unsigned>(flags[i + j] != 0) << j;
    zeros += static_cast<std::int64_t>(n) - __builtin_popcount(bits);
    buffer->mutable_data()[i / 8] = static_cast<std::uint8_t>(bits);
  }
  return buffer;
}

struct validity {
  std::shared_ptr<arrow::Buffer> bitmap;
  std::int64_t nulls = 0;
};

result<validity> validity_of(const json_column& column, std::size_t rows) {
  validity found;
  if (!column.has_nulls) return found;
  SLUICE_ASSIGN_OR_RETURN(found.bitmap, packed(column.valid.get(), rows, found.nulls));
  if (found.nulls == 0) found.bitmap.reset();
  return found;
}

} // namespace

json_columns::json_columns(const arrow::Schema& schema, const std::string& corrupt_name, const time_parser& times,
                           const tree_converter& trees)
  : times_(times), trees_(trees), built_(static_cast<std::size_t>(schema.num_fields())) {
  for (int i = 0; i < schema.num_fields(); ++i) {
    json_column column;
    column.name = schema.field(i)->name();
    column.type = schema.field(i)->type();
    column.kind = kind_of(*column.type);
    if (column.name == corrupt_name && column.kind == column_kind::text) {
      column.kind = column_kind::corrupt;
      corrupt_ = i;
    }
    column.width = width_of(column.kind);
    if (column.kind == column_kind::timestamp) {
      column.zones = !static_cast<const arrow::TimestampType&>(*column.type).timezone().empty();
      column.plain_times = times.plain_allowed(*column.type);
      column.local_is_utc = times.local_is_utc(*column.type);
    }
    columns_.push_back(std::move(column));
  }
  track_ = corrupt_ >= 0;
}

int json_columns::find(std::string_view name) const noexcept {
  for (std::size_t i = columns_.size(); i-- > 0;)
    if (columns_[i].name == name && columns_[i].kind != column_kind::corrupt) return static_cast<int>(i);
  return -1;
}

void json_columns::allocate(std::size_t rows_wanted, std::size_t bytes) {
  if (rows_wanted > capacity_rows_) {
    capacity_rows_ = rows_wanted + rows_wanted / 4;
    bad_ = std::make_unique<std::uint8_t[]>(capacity_rows_);
    any_bad_ = false;
    if (track_) lines_ = std::make_unique_for_overwrite<std::pair<const char*, const char*>[]>(capacity_rows_);
    for (auto& column : columns_) {
      column.valid = std::make_unique_for_overwrite<std::uint8_t[]>(capacity_rows_);
      std::memset(column.valid.get(), 1, capacity_rows_);
      column.has_nulls = false;
      if (column.width > 0) column.values = std::make_unique_for_overwrite<char[]>(capacity_rows_ * column.width);
      if (column.kind != column_kind::text) continue;
      column.ends = std::make_unique_for_overwrite<std::int32_t[]>(capacity_rows_ + 1);
      column.ends[0] = 0;
    }
  }
  if (bytes > capacity_bytes_) {
    capacity_bytes_ = bytes + bytes / 4;
    for (auto& column : columns_)
      if (column.kind == column_kind::text) column.bytes = std::make_unique_for_overwrite<char[]>(capacity_bytes_ + scan_padding);
  }
}

void json_columns::reset(std::size_t bytes) {
  for (auto& column : columns_) {
    if (column.has_nulls) std::memset(column.valid.get(), 1, rows + 1);
    column.has_nulls = false;
    column.deferred.clear();
  }
  if (any_bad_) std::memset(bad_.get(), 0, rows + 1);
  any_bad_ = false;
  rows = 0;
  allocate(bytes / 2 + 2, bytes);
}

void json_columns::clear_row() noexcept {
  for (auto& column : columns_) {
    column.set_null(rows);
    while (!column.deferred.empty() && column.deferred.back().row == static_cast<std::int32_t>(rows)) column.deferred.pop_back();
  }
}

void json_columns::forget_row() noexcept {
  for (auto& column : columns_) {
    column.valid[rows] = 1;
    while (!column.deferred.empty() && column.deferred.back().row == static_cast<std::int32_t>(rows)) column.deferred.pop_back();
  }
  bad_[rows] = 0;
}

status json_columns::resolve() {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    auto& column = columns_[i];
    if (column.kind == column_kind::built) SLUICE_RETURN_IF_ERROR(resolve_built(column, built_[i]));
    else if (!column.deferred.empty()) SLUICE_RETURN_IF_ERROR(resolve_times(column));
  }
  return ok();
}

status json_columns::resolve_times(json_column& column) {
  arrow::StringBuilder builder;
  for (const auto& value : column.deferred)
    SLUICE_RETURN_IF_ERROR(data::from_arrow(builder.Append(decoded_string(value.begin, value.end))));
  data::array_ptr texts;
  SLUICE_RETURN_IF_ERROR(data::from_arrow(builder.Finish(&texts)));
  SLUICE_ASSIGN_OR_RETURN(const auto parsed, times_.parse(column.type, texts));
  const auto& times = static_cast<const arrow::TimestampArray&>(*parsed);
  for (std::size_t i = 0; i < column.deferred.size(); ++i) {
    const auto row = static_cast<std::size_t>(column.deferred[i].row);
    if (times.IsNull(static_cast<std::int64_t>(i))) {
      bad_[row] = 1, any_bad_ = true;
      continue;
    }
    column.as<std::int64_t>()[row] = times.Value(static_cast<std::int64_t>(i));
    column.valid[row] = 1;
  }
  return ok();
}

status json_columns::resolve_built(json_column& column, std::shared_ptr<arrow::Array>& array) {
  std::unique_ptr<arrow::ArrayBuilder> builder;
  SLUICE_RETURN_IF_ERROR(data::from_arrow(arrow::MakeBuilder(arrow::default_memory_pool(), column.type, &builder)));
  auto next = column.deferred.begin();
  for (std::size_t row = 0; row < rows; ++row) {
    json_tree kept;
    for (; next != column.deferred.end() && next->row == static_cast<std::int32_t>(row); ++next) {
      json_tree tree;
      SLUICE_ASSIGN_OR_RETURN(const auto done, trees_.convert(next->begin, next->end, column.type, tree));
      if (done != conversion::good) bad_[row] = 1, any_bad_ = true;
      if (done != conversion::bad) kept = std::move(tree);
    }
    SLUICE_RETURN_IF_ERROR(tree_converter::append(*builder, *column.type, kept));
  }
  return data::from_arrow(builder->Finish(&array));
}

std::size_t json_columns::num_bad() const noexcept {
  if (!any_bad_) return 0;
  std::size_t count = 0;
  for (std::size_t i = 0; i < rows; ++i) count += bad_[i];
  return count;
}

result<data::array_ptr> json_columns::finish_fixed(json_column& column) const {
  SLUICE_ASSIGN_OR_RETURN(auto valid, validity_of(column, rows));
  SLUICE_ASSIGN_OR_RETURN(auto values, copied(column.values.get(), rows * column.width));
  return arrow::MakeArray(arrow::ArrayData::Make(column.type, static_cast<std::int64_t>(rows), {valid.bitmap, values}, valid.nulls));
}

result<data::array_ptr> json_columns::finish_boolean(json_column& column) const {
  SLUICE_ASSIGN_OR_RETURN(auto valid, validity_of(column, rows));
  std::int64_t ignored = 0;
  SLUICE_ASSIGN_OR_RETURN(auto values, packed(column.as<std::uint8_t>(), rows, ignored));
  return arrow::MakeArray(arrow::ArrayData::Make(column.type, static_cast<std::int64_t>(rows), {valid.bitmap, values}, valid.nulls));
}

result<data::array_ptr> json_columns::finish_text(json_column& column) const {
  SLUICE_ASSIGN_OR_RETURN(auto valid, validity_of(column, rows));
  SLUICE_ASSIGN_OR_RETURN(auto ends, copied(column.ends.get(), (rows + 1) * sizeof(std::int32_t)));
  SLUICE_ASSIGN_OR_RETURN(auto bytes, copied(column.bytes.get(), static_cast<std::size_t>(column.ends[rows])));
  return arrow::MakeArray(arrow::ArrayData::Make(column.type, static_cast<std::int64_t>(rows), {valid.bitmap, ends, bytes}, valid.nulls));
}

result<data::array_ptr> json_columns::finish_corrupt() const {
  arrow::StringBuilder builder;
  for (std::size_t row = 0; row < rows; ++row) {
    if (bad_[row] == 0) {
      SLUICE_RETURN_IF_ERROR(data::from_arrow(builder.AppendNull()));
      continue;
    }
    const auto [begin, end] = lines_[row];
    SLUICE_RETURN_IF_ERROR(data::from_arrow(builder.Append(valid_utf8({begin, static_cast<std::size_t>(end - begin)}))));
  }
  data::array_ptr array;
  SLUICE_RETURN_IF_ERROR(data::from_arrow(builder.Finish(&array)));
  return array;
}

result<data::batch_ptr> json_columns::finish(const data::schema_ptr& schema) {
  std::vector<data::array_ptr> arrays;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    auto& column = columns_[i];
    result<data::array_ptr> array = built_[i];
    if (column.kind == column_kind::corrupt) array = finish_corrupt();
    else if (column.kind == column_kind::text) array = finish_text(column);
    else if (column.kind == column_kind::boolean) array = finish_boolean(column);
    else if (column.kind != column_kind::built) array = finish_fixed(column);
    if (!array.ok()) return std::move(array).error();
    arrays.push_back(std::move(array).value());
  }
  return arrow::RecordBatch::Make(schema, static_cast<std::int64_t>(rows), std::move(arrays));
}

} // namespace sluice::readers
