// Format of a "rows" object: an Arrow IPC stream (schema, batches, end), then the 16-byte trailer of common/storage/durable.hpp.
#include <arrow/api.h>

#include "common/data/ipc.hpp"
#include "common/storage/durable.hpp"
#include "worker/sinks/internal/formats.hpp"

namespace sluice::sinks {

namespace {

/// Collects the batches; they are small (a batch's output of one worker), so one object is encoded at the end.
class rows_writer : public staged_writer {
public:
  rows_writer(data::schema_ptr schema, std::unique_ptr<output_file> file) : schema_(std::move(schema)), file_(std::move(file)) {}

  status append(const data::batch_ptr& rows) override {
    if (rows->num_rows() == 0) return ok();
    rows_ += rows->num_rows();
    batches_.push_back(rows);
    return ok();
  }

  result<staged_file> finish() override {
    SLUICE_ASSIGN_OR_RETURN(const auto encoded, data::encode_batches(schema_, batches_));
    std::string bytes(reinterpret_cast<const char*>(encoded->data()), static_cast<std::size_t>(encoded->size()));
    storage::append_trailer(bytes);
    SLUICE_RETURN_IF_ERROR(file_->append(bytes));
    return file_->finish(rows_);
  }

private:
  data::schema_ptr schema_;
  std::unique_ptr<output_file> file_;
  std::vector<data::batch_ptr> batches_;
  std::int64_t rows_ = 0;
};

constexpr std::size_t trailer_bytes = 16;

} // namespace

result<std::unique_ptr<staged_writer>> make_rows_writer(const data::schema_ptr& schema, std::unique_ptr<output_file> file) {
  return std::unique_ptr<staged_writer>(std::make_unique<rows_writer>(schema, std::move(file)));
}

result<std::vector<data::batch_ptr>> read_rows(const std::string& path, storage::file_system& files) {
  SLUICE_ASSIGN_OR_RETURN(auto bytes, files.read(path));
  SLUICE_RETURN_IF_ERROR(storage::check_trailer(bytes, path));
  bytes.resize(bytes.size() - trailer_bytes);
  auto batches = data::decode_batches(arrow::Buffer::FromString(std::move(bytes)));
  if (!batches.ok()) return std::move(batches).error().with_context(path);
  return batches;
}

} // namespace sluice::sinks
