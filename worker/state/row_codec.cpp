#include "worker/state/internal/row_codec.hpp"

#include <arrow/api.h>

#include "common/data/ipc.hpp"
#include "common/exec/aggregate.hpp"
#include "common/exec/slices.hpp"

namespace sluice::state {

row_codec::row_codec(const plan::aggregation& aggregation)
    : block_(exec::block_schema(aggregation)), windowed_(aggregation.window.has_value()), window_(aggregation.window) {
  auto fields = block_->fields();
  fields.erase(fields.begin());
  section_ = arrow::schema(std::move(fields));
}

result<state_rows> row_codec::split(const data::batch_ptr& batch, const data::schema_ptr& schema, errc code) const {
  if (!batch || !batch->schema()->Equals(*schema, false))
    return status(code, "rows of aggregate state have other columns than the query's");
  state_rows rows;
  rows.batch = batch;
  rows.count = batch->num_rows();
  int next = 0;
  if (schema == block_) rows.groups = batch->column_data(next++)->GetValues<std::uint16_t>(1);
  rows.keys = static_cast<const arrow::BinaryArray*>(batch->column(next++).get());
  if (windowed_) rows.slices = batch->column_data(next++)->GetValues<std::int64_t>(1);
  for (int i = 0; i < next; ++i)
    if (batch->column(i)->null_count() > 0) return status(code, "rows of aggregate state without key");
  for (; next < batch->num_columns(); ++next) rows.columns.push_back(batch->column(next));
  if (windowed_) {
    exec::slice_grid grid(window_->size_us, window_->slide_us, window_->start_us);
    exec::slice_cursor cursor(grid);
    std::int64_t slice = 0;
    for (std::int64_t i = 0; i < rows.count; ++i)
      if (!cursor.find(rows.slices[i], slice) || slice != rows.slices[i])
        return status(code, "a row of aggregate state lies on no slice of the query's window");
  }
  return rows;
}

result<state_rows> row_codec::read_block(const data::batch_ptr& block) const { return split(block, block_, errc::protocol); }

result<std::vector<state_rows>> row_codec::read_section(std::string_view bytes) const {
  auto buffer = std::make_shared<arrow::Buffer>(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                                static_cast<std::int64_t>(bytes.size()));
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % 8 != 0) buffer = arrow::Buffer::FromString(std::string(bytes));
  SLUICE_ASSIGN_OR_RETURN(auto batches, data::decode_batches(buffer));
  std::vector<state_rows> all;
  for (const auto& batch : batches) {
    SLUICE_ASSIGN_OR_RETURN(auto rows, split(batch, section_, errc::corrupt_file));
    all.push_back(std::move(rows));
  }
  return all;
}

result<std::string> row_codec::write_section(std::span<const std::string_view> keys, std::span<const std::int64_t> slices,
                                             std::vector<data::array_ptr> columns) const {
  std::vector<data::array_ptr> all(windowed_ ? 2 : 1);
  arrow::BinaryBuilder key_builder;
  auto done = key_builder.Reserve(static_cast<std::int64_t>(keys.size()));
  for (std::size_t i = 0; done.ok() && i < keys.size(); ++i) done = key_builder.Append(keys[i]);
  if (done.ok()) done = key_builder.Finish(&all[0]);
  if (windowed_ && done.ok()) {
    arrow::Int64Builder slice_builder;
    done = slice_builder.AppendValues(slices.data(), static_cast<std::int64_t>(slices.size()));
    if (done.ok()) done = slice_builder.Finish(&all[1]);
  }
  if (!done.ok()) return status(errc::memory_limit, done.ToString());
  for (auto& column : columns) all.push_back(std::move(column));
  auto batch = arrow::RecordBatch::Make(section_, static_cast<std::int64_t>(keys.size()), std::move(all));
  SLUICE_ASSIGN_OR_RETURN(auto buffer, data::encode_batches(section_, {batch}));
  return std::string(buffer->ToString());
}

} // namespace sluice::state
