#include "worker/readers/internal/parquet_reader.hpp"

#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <arrow/compute/initialize.h>
#include <arrow/io/interfaces.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>

#include <mutex>
#include <numeric>

#include "common/data/arrow_status.hpp"
#include "worker/readers/internal/scan_schema.hpp"
#include "worker/readers/internal/split_file.hpp"

namespace sluice::readers {

namespace {

constexpr std::int64_t parquet_batch_rows = 16384;

/// The split's file as Arrow wants it; keeps our status for the caller.
class parquet_input : public arrow::io::RandomAccessFile {
public:
  explicit parquet_input(split_file& file) : file_(file) { set_mode(arrow::io::FileMode::READ); }

  arrow::Status Close() override { return closed_ = true, arrow::Status::OK(); }
  bool closed() const override { return closed_; }
  arrow::Result<std::int64_t> Tell() const override { return position_; }
  arrow::Status Seek(std::int64_t position) override { return position_ = position, arrow::Status::OK(); }
  arrow::Result<std::int64_t> GetSize() override { return file_.size(); }

  arrow::Result<std::int64_t> ReadAt(std::int64_t position, std::int64_t length, void* out) override {
    auto got = file_.read_at(position, static_cast<char*>(out), static_cast<std::size_t>(length));
    if (got.ok()) return static_cast<std::int64_t>(*got);
    failure_ = std::move(got).error();
    return arrow::Status::IOError(failure_.message());
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(std::int64_t position, std::int64_t length) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(std::max<std::int64_t>(0, std::min(length, file_.size() - position))));
    ARROW_ASSIGN_OR_RAISE(const auto got, ReadAt(position, buffer->size(), buffer->mutable_data()));
    ARROW_RETURN_NOT_OK(buffer->Resize(got));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }
  arrow::Result<std::int64_t> Read(std::int64_t length, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const auto got, ReadAt(position_, length, out));
    position_ += got;
    return got;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(std::int64_t length) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, length));
    position_ += buffer->size();
    return buffer;
  }

  status failure() const { return failure_; }

private:
  split_file& file_;
  std::int64_t position_ = 0;
  bool closed_ = false;
  status failure_;
};

class parquet_reader : public split_reader {
public:
  explicit parquet_reader(data::schema_ptr schema) : schema_(std::move(schema)) {}

  status start(const split& part, storage::file_system& files) {
    SLUICE_ASSIGN_OR_RETURN(file_, split_file::open(part, files));
    if (part.offset > 0) return ok();
    counts_.bytes = part.file_size;
    input_ = std::make_shared<parquet_input>(*file_);
    return guarded([&]() -> status {
      parquet::ArrowReaderProperties properties(false);
      properties.set_batch_size(parquet_batch_rows);
      properties.set_pre_buffer(false);
      parquet::arrow::FileReaderBuilder builder;
      SLUICE_RETURN_IF_ERROR(checked(builder.Open(input_)));
      SLUICE_RETURN_IF_ERROR(checked(builder.properties(properties)->Build(&reader_)));
      std::vector<int> groups(static_cast<std::size_t>(reader_->num_row_groups()));
      std::iota(groups.begin(), groups.end(), 0);
      auto batches = reader_->GetRecordBatchReader(groups, wanted_leaves());
      SLUICE_RETURN_IF_ERROR(checked(batches.status()));
      batches_ = std::move(*batches);
      if (schema_->num_fields() == 0) rows_left_ = reader_->parquet_reader()->metadata()->num_rows();
      return ok();
    });
  }

  result<data::batch_ptr> next() override {
    if (batches_ == nullptr) return data::batch_ptr{};
    if (schema_->num_fields() == 0) return count();
    data::batch_ptr batch;
    do {
      SLUICE_RETURN_IF_ERROR(guarded([&] { return checked(batches_->ReadNext(&batch)); }));
      if (batch == nullptr) {
        SLUICE_RETURN_IF_ERROR(file_->check());
        return data::batch_ptr{};
      }
    } while (batch->num_rows() == 0);
    counted(batch->num_rows());
    return adapted(batch);
  }

  const read_counts& counts() const override { return counts_; }

private:
  template <class Work>
  status guarded(const Work& work) const {
    try {
      return work();
    } catch (const std::exception& error) {
      return unreadable(error.what());
    }
  }
  status unreadable(const std::string& why) const {
    return {errc::source_file_unreadable, "input file " + file_->path() + " cannot be read as Parquet: " + why};
  }
  status checked(const arrow::Status& done) const {
    if (done.ok()) return ok();
    if (!input_->failure().ok()) return input_->failure();
    return unreadable(done.message());
  }
  void counted(std::int64_t rows) {
    counts_.records += rows;
    counts_.parsed += rows;
  }

  std::vector<int> wanted_leaves() const {
    std::vector<int> leaves;
    const auto* columns = reader_->parquet_reader()->metadata()->schema();
    for (int i = 0; i < columns->num_columns(); ++i)
      if (schema_->GetFieldIndex(columns->GetColumnRoot(i)->name()) >= 0) leaves.push_back(i);
    return leaves;
  }

  result<data::batch_ptr> count() {
    if (rows_left_ == 0) return data::batch_ptr{};
    counted(rows_left_);
    return arrow::RecordBatch::Make(schema_, std::exchange(rows_left_, 0), std::vector<data::array_ptr>{});
  }

  result<data::batch_ptr> adapted(const data::batch_ptr& batch) const {
    std::vector<data::array_ptr> arrays;
    for (const auto& field : schema_->fields()) {
      auto array = batch->GetColumnByName(field->name());
      if (array == nullptr) {
        SLUICE_ASSIGN_OR_RETURN(array, data::from_arrow(arrow::MakeArrayOfNull(field->type(), batch->num_rows())));
      } else if (!array->type()->Equals(field->type())) {
        auto cast = arrow::compute::Cast(*array, field->type());
        if (!cast.ok())
          return unreadable("column " + field->name() + " is " + data::type_name(*array->type()) + ", not " + data::type_name(*field->type()));
        array = std::move(*cast);
      }
      arrays.push_back(std::move(array));
    }
    return arrow::RecordBatch::Make(schema_, batch->num_rows(), std::move(arrays));
  }

  data::schema_ptr schema_;
  std::unique_ptr<split_file> file_;
  std::shared_ptr<parquet_input> input_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::shared_ptr<arrow::RecordBatchReader> batches_;
  std::int64_t rows_left_ = 0;
  read_counts counts_;
};

void initialize_compute_for_parquet() {
  static std::once_flag once;
  std::call_once(once, [] { (void)arrow::compute::Initialize(); });
}

} // namespace

result<std::unique_ptr<split_reader>> open_parquet(const plan::file_source& source, const split& part, storage::file_system& files,
                                                   const reader_options&) {
  initialize_compute_for_parquet();
  SLUICE_ASSIGN_OR_RETURN(auto schema, scan_schema(source));
  auto reader = std::make_unique<parquet_reader>(std::move(schema));
  SLUICE_RETURN_IF_ERROR(reader->start(part, files));
  return std::unique_ptr<split_reader>(std::move(reader));
}

} // namespace sluice::readers
