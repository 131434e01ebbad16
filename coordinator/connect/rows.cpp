#include "coordinator/connect/rows.hpp"

#include <arrow/api.h>
#include <arrow/compute/api.h>

#include "common/data/ipc.hpp"

namespace sluice::connect {
namespace {

constexpr std::int64_t most_rows = 50'000'000;
constexpr std::int64_t batch_rows = 65'536;

/// Arrow's variants of a type to the one that the engine takes.
data::type_ptr engine_type(const data::type_ptr& type) {
  switch (type->id()) {
    case arrow::Type::LARGE_STRING: return arrow::utf8();
    case arrow::Type::LARGE_BINARY: return arrow::binary();
    case arrow::Type::TIMESTAMP:
      return static_cast<const arrow::TimestampType&>(*type).timezone().empty() ? data::timestamp_ntz_type() : data::timestamp_type();
    default: return type;
  }
}

result<data::array_ptr> as_type(const data::array_ptr& column, const data::type_ptr& type) {
  if (column->type()->Equals(*type)) return column;
  auto cast = arrow::compute::Cast(*column, type);
  if (!cast.ok())
    return status(errc::datatype_mismatch, "a column of a local relation is " + data::type_name(*column->type()) + ", not " +
                                               data::type_name(*type));
  return *cast;
}

} // namespace

result<plan_rows> range_rows(std::int64_t start, std::int64_t end, std::int64_t step) {
  if (step == 0) return status(errc::invalid_plan, "the step of a range must not be 0");
  bool empty = step > 0 ? start >= end : start <= end;
  // differences of two 64-bit numbers fit in 128 bits
  __int128 span = static_cast<__int128>(end) - start;
  __int128 count = empty ? 0 : (span + step + (step > 0 ? -1 : 1)) / step;
  if (count > most_rows) return status(errc::unsupported_feature, "a range of more than 50000000 rows is not supported");
  plan_rows out;
  out.schema = arrow::schema({arrow::field("id", arrow::int64(), false)});
  for (std::int64_t at = 0; at < count; at += batch_rows) {
    arrow::Int64Builder builder;
    auto rows = std::min<std::int64_t>(batch_rows, static_cast<std::int64_t>(count) - at);
    auto reserved = builder.Reserve(rows);
    if (!reserved.ok()) return status(errc::memory_limit, reserved.ToString());
    for (std::int64_t i = 0; i < rows; ++i) builder.UnsafeAppend(static_cast<std::int64_t>(start + static_cast<__int128>(at + i) * step));
    auto ids = builder.Finish();
    if (!ids.ok()) return status(errc::memory_limit, ids.status().ToString());
    out.batches.push_back(arrow::RecordBatch::Make(out.schema, rows, {*ids}));
  }
  return out;
}

result<plan_rows> local_rows(const std::string& stream, data::schema_ptr schema) {
  plan_rows out;
  out.schema = std::move(schema);
  if (stream.empty()) {
    if (!out.schema) return status(errc::invalid_plan, "a local relation has neither rows nor a schema");
    return out;
  }
  SLUICE_ASSIGN_OR_RETURN(auto batches, data::decode_batches(arrow::Buffer::FromString(stream)));
  for (const auto& batch : batches) {
    if (!out.schema) {
      arrow::FieldVector fields;
      for (const auto& field : batch->schema()->fields()) fields.push_back(field->WithType(engine_type(field->type())));
      out.schema = arrow::schema(std::move(fields));
    }
    if (batch->num_columns() != out.schema->num_fields())
      return status(errc::datatype_mismatch, "a local relation has " + std::to_string(batch->num_columns()) + " columns, its schema " +
                                                 std::to_string(out.schema->num_fields()));
    std::vector<data::array_ptr> columns;
    for (int i = 0; i < batch->num_columns(); ++i) {
      SLUICE_ASSIGN_OR_RETURN(auto column, as_type(batch->column(i), out.schema->field(i)->type()));
      columns.push_back(std::move(column));
    }
    out.batches.push_back(arrow::RecordBatch::Make(out.schema, batch->num_rows(), std::move(columns)));
  }
  if (!out.schema) return status(errc::invalid_plan, "a local relation has neither rows nor a schema");
  return out;
}

} // namespace sluice::connect
