#include "coordinator/connect/results.hpp"

#include <arrow/api.h>
#include <arrow/util/byte_size.h>

#include "common/data/ipc.hpp"
#include "proto/spark/connect/base.pb.h"

namespace sluice::connect {
namespace {

constexpr std::int64_t chunk_bytes = 4 << 20;
constexpr std::int64_t most_rows = 200'000;

arrow::FieldVector zoned_fields(const arrow::FieldVector& fields, const std::string& zone);

/// The engine's type with the session's zone.
data::type_ptr zoned(const data::type_ptr& type, const std::string& zone) {
  switch (type->id()) {
    case arrow::Type::TIMESTAMP:
      return static_cast<const arrow::TimestampType&>(*type).timezone().empty() ? type : arrow::timestamp(arrow::TimeUnit::MICRO, zone);
    case arrow::Type::STRUCT: return arrow::struct_(zoned_fields(type->fields(), zone));
    case arrow::Type::LIST: return arrow::list(zoned_fields(type->fields(), zone).front());
    case arrow::Type::MAP: {
      auto entries = zoned_fields(type->field(0)->type()->fields(), zone);
      return std::make_shared<arrow::MapType>(entries[0], entries[1]);
    }
    default: return type;
  }
}

arrow::FieldVector zoned_fields(const arrow::FieldVector& fields, const std::string& zone) {
  arrow::FieldVector out;
  for (const auto& field : fields) out.push_back(field->WithType(zoned(field->type(), zone)));
  return out;
}

/// The same memory under a type of the same shape.
std::shared_ptr<arrow::ArrayData> retyped(const std::shared_ptr<arrow::ArrayData>& data, const data::type_ptr& type) {
  if (data->type->Equals(*type)) return data;
  auto out = data->Copy();
  out->type = type;
  for (std::size_t i = 0; i < out->child_data.size(); ++i)
    out->child_data[i] = retyped(out->child_data[i], type->field(static_cast<int>(i))->type());
  return out;
}

} // namespace

result_chunks::result_chunks(data::schema_ptr schema, std::vector<data::batch_ptr> batches, const std::string& time_zone)
  : schema_(std::move(schema)), batches_(std::move(batches)) {
  shown_ = arrow::schema(zoned_fields(schema_->fields(), time_zone));
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  for (const auto& batch : batches_) {
    rows += batch->num_rows();
    auto size = arrow::util::ReferencedBufferSize(*batch);
    bytes += size.ok() ? *size : arrow::util::TotalBufferSize(*batch);
  }
  rows_per_chunk_ = rows == 0 || bytes <= chunk_bytes ? most_rows : std::max<std::int64_t>(1, rows * chunk_bytes / bytes);
  rows_per_chunk_ = std::min(rows_per_chunk_, most_rows);
}

/// The next rows, out of as many batches as it takes.
result<data::batch_ptr> result_chunks::gather() {
  std::vector<data::batch_ptr> parts;
  std::int64_t rows = 0;
  while (at_ < batches_.size() && rows < rows_per_chunk_) {
    auto& batch = batches_[at_];
    auto take = std::min(rows_per_chunk_ - rows, batch->num_rows() - row_);
    if (take > 0) parts.push_back(row_ == 0 && take == batch->num_rows() ? batch : batch->Slice(row_, take));
    rows += take;
    row_ += take;
    if (row_ < batch->num_rows()) break;
    batch.reset();
    row_ = 0;
    ++at_;
  }
  while (at_ < batches_.size() && batches_[at_]->num_rows() == 0) ++at_;
  if (parts.size() == 1) return parts.front();
  auto whole = parts.empty() ? arrow::RecordBatch::MakeEmpty(schema_) : arrow::ConcatenateRecordBatches(parts);
  if (!whole.ok()) return status(errc::internal, "rows cannot be joined: " + whole.status().ToString());
  return *whole;
}

status result_chunks::next(spark::connect::ExecutePlanResponse& out) {
  SLUICE_ASSIGN_OR_RETURN(auto batch, gather());
  std::vector<std::shared_ptr<arrow::ArrayData>> columns;
  for (int i = 0; i < batch->num_columns(); ++i) columns.push_back(retyped(batch->column_data(i), shown_->field(i)->type()));
  auto shown = arrow::RecordBatch::Make(shown_, batch->num_rows(), std::move(columns));
  SLUICE_ASSIGN_OR_RETURN(auto bytes, data::encode_batches(shown_, {shown}));
  auto& message = *out.mutable_arrow_batch();
  message.set_row_count(batch->num_rows());
  message.set_start_offset(rows_sent_);
  message.set_data(bytes->data(), static_cast<std::size_t>(bytes->size()));
  rows_sent_ += batch->num_rows();
  done_ = at_ >= batches_.size();
  return ok();
}

data::batch_ptr text_row(const std::string& column, const std::string& text) {
  auto schema = arrow::schema({arrow::field(column, arrow::utf8(), false)});
  auto value = arrow::MakeArrayFromScalar(arrow::StringScalar(text), 1);
  return arrow::RecordBatch::Make(schema, 1, {value.ok() ? *value : nullptr});
}

} // namespace sluice::connect
