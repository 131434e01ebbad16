#include "coordinator/actors/result_objects.hpp"

#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>
#include <charconv>
#include <cstdio>

#include "common/data/ipc.hpp"
#include "common/exec/pipeline.hpp"
#include "common/expr/text.hpp"
#include "common/storage/durable.hpp"
#include "common/storage/path.hpp"

namespace sluice::actors {
namespace {

constexpr std::size_t trailer_bytes = 16;

} // namespace

std::int64_t bytes_of(const std::vector<data::batch_ptr>& batches) {
  std::int64_t bytes = 0;
  for (const auto& batch : batches) bytes += arrow::util::TotalBufferSize(*batch);
  return bytes;
}

result<std::vector<data::batch_ptr>> read_rows_object(storage::file_system& files, const std::string& path,
                                                      std::int64_t size) {
  SLUICE_ASSIGN_OR_RETURN(auto bytes, files.read(path));
  if (static_cast<std::int64_t>(bytes.size()) != size)
    return status(errc::corrupt_file, path + " has " + std::to_string(bytes.size()) +
                                          " bytes, the commit record says " + std::to_string(size));
  SLUICE_RETURN_IF_ERROR(storage::check_trailer(bytes, path));
  bytes.resize(bytes.size() - trailer_bytes);
  auto rows = data::decode_batches(arrow::Buffer::FromString(std::move(bytes)));
  if (!rows.ok()) return std::move(rows).error().with_context(path);
  return rows;
}

result<std::vector<data::batch_ptr>> read_rows_objects(storage::file_system& files, const std::string& checkpoint,
                                                       const std::vector<query::output_object>& objects,
                                                       std::int64_t limit_bytes) {
  std::vector<data::batch_ptr> all;
  std::int64_t bytes = 0;
  for (const auto& object : objects) {
    bytes += object.size;
    if (bytes > limit_bytes)
      return status(errc::memory_limit, "the table has more than " + std::to_string(limit_bytes) + " bytes");
    SLUICE_ASSIGN_OR_RETURN(auto rows,
                            read_rows_object(files, storage::join_path(checkpoint, object.staged), object.size));
    for (auto& batch : rows) all.push_back(std::move(batch));
  }
  return all;
}

console_form console_shape(const plan::streaming_plan& plan) {
  console_form form;
  const auto& options = plan.sink.options;
  if (auto rows = options.find("numrows"); rows != options.end())
    std::from_chars(rows->second.data(), rows->second.data() + rows->second.size(), form.num_rows);
  if (auto truncate = options.find("truncate"); truncate != options.end())
    form.truncate = truncate->second != "false" && truncate->second != "FALSE";
  form.num_rows = std::max<std::int64_t>(form.num_rows, 0);
  return form;
}

result<std::shared_ptr<arrow::Buffer>> console_batch(storage::file_system& files, const plan::streaming_plan& plan,
                                                     const query::commit& record) {
  SLUICE_ASSIGN_OR_RETURN(auto rows, read_rows_objects(files, plan.checkpoint, record.output, 1LL << 30));
  auto shown = console_shape(plan).num_rows + 1;
  if (!plan.sort.empty() || plan.limit) {
    expr::eval_context context{plan.session, record.batch_time_us};
    auto limit = plan.limit ? std::min(*plan.limit, shown) : shown;
    SLUICE_ASSIGN_OR_RETURN(auto sorted, exec::sort_and_limit(plan.sort, limit, rows, plan.output, context));
    rows = {std::move(sorted)};
  }
  std::vector<data::batch_ptr> kept;
  for (const auto& batch : rows) {
    auto slice = batch->Slice(0, std::min(shown, batch->num_rows()));
    shown -= slice->num_rows();
    kept.push_back(std::move(slice));
  }
  return data::encode_batches(plan.output, kept);
}

void print_console(const plan::streaming_plan& plan, std::int64_t batch, const std::shared_ptr<arrow::Buffer>& rows) {
  auto batches = data::decode_batches(rows);
  if (!batches.ok()) return;
  std::string text = "-- query " + plan.name + ", batch " + std::to_string(batch) + "\n";
  for (const auto& piece : *batches) {
    for (std::int64_t row = 0; row < piece->num_rows(); ++row) {
      expr::append_json_row(text, *piece, row, plan.session.time_zone, expr::json_style::cli);
      text += '\n';
    }
  }
  std::fwrite(text.data(), 1, text.size(), console_stream);
  std::fflush(console_stream);
}

} // namespace sluice::actors
