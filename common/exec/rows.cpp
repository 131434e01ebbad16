#include "common/exec/internal/rows.hpp"

#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <arrow/compute/initialize.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <mutex>

namespace sluice::exec {
namespace {

status functions_ready() {
  static std::once_flag once;
  static bool ready = false;
  std::call_once(once, [] { ready = arrow::compute::Initialize().ok(); });
  return ready ? ok() : status(errc::internal, "Arrow's functions cannot be registered");
}

result<data::array_ptr> take(const arrow::Array& values, const arrow::Array& places) {
  arrow::compute::ExecContext context;
  context.set_use_threads(false);
  auto taken = arrow::compute::Take(values, places, arrow::compute::TakeOptions::NoBoundsCheck(), &context);
  if (!taken.ok()) return status(errc::memory_limit, taken.status().ToString());
  return *taken;
}

} // namespace

result<data::batch_ptr> concatenate(const std::vector<data::batch_ptr>& batches, const data::schema_ptr& schema) {
  std::vector<data::batch_ptr> filled;
  for (const auto& batch : batches)
    if (batch->num_rows() > 0) filled.push_back(batch);
  if (filled.size() == 1) return filled[0];
  if (schema->num_fields() == 0) {
    std::int64_t rows = 0;
    for (const auto& batch : filled) rows += batch->num_rows();
    return arrow::RecordBatch::Make(schema, rows, std::vector<data::array_ptr>{});
  }
  std::vector<data::array_ptr> columns;
  for (int c = 0; c < schema->num_fields(); ++c) {
    std::vector<data::array_ptr> parts;
    for (const auto& batch : filled) parts.push_back(batch->column(c));
    auto whole = parts.empty() ? arrow::MakeEmptyArray(schema->field(c)->type()) : arrow::Concatenate(parts);
    if (!whole.ok()) return status(errc::memory_limit, whole.status().ToString());
    columns.push_back(*whole);
  }
  auto rows = columns[0]->length();
  return arrow::RecordBatch::Make(schema, rows, std::move(columns));
}

result<data::array_ptr> take_values(const arrow::Array& values, const std::vector<std::int64_t>& places) {
  SLUICE_RETURN_IF_ERROR(functions_ready());
  auto count = static_cast<std::int64_t>(places.size());
  if (std::none_of(places.begin(), places.end(), [](auto place) { return place < 0; }))
    return take(values, arrow::Int64Array(count, arrow::Buffer::Wrap(places)));
  arrow::Int64Builder builder;
  auto done = builder.Reserve(count);
  if (!done.ok()) return status(errc::memory_limit, done.ToString());
  for (auto place : places) place < 0 ? builder.UnsafeAppendNull() : builder.UnsafeAppend(place);
  auto indexes = builder.Finish();
  if (!indexes.ok()) return status(errc::memory_limit, indexes.status().ToString());
  return take(values, **indexes);
}

result<data::batch_ptr> take_rows(const data::batch_ptr& batch, const std::vector<std::int64_t>& order) {
  std::vector<data::array_ptr> columns;
  for (const auto& column : batch->columns()) {
    SLUICE_ASSIGN_OR_RETURN(auto taken, take_values(*column, order));
    columns.push_back(std::move(taken));
  }
  return arrow::RecordBatch::Make(batch->schema(), static_cast<std::int64_t>(order.size()), std::move(columns));
}

std::int64_t size_of(const arrow::RecordBatch& batch) {
  auto size = arrow::util::ReferencedBufferSize(batch);
  return size.ok() ? *size : 0;
}

} // namespace sluice::exec
