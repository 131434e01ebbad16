#include <arrow/api.h>
#include <arrow/io/interfaces.h>
#include <arrow/util/compression.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include "worker/sinks/internal/formats.hpp"

namespace sluice::sinks {

namespace {

constexpr std::int64_t rows_per_group = 1 << 20;

/// The staged file as Arrow wants it; keeps our status for the caller.
class parquet_output : public arrow::io::OutputStream {
public:
  explicit parquet_output(std::unique_ptr<output_file> file) : file_(std::move(file)) { set_mode(arrow::io::FileMode::WRITE); }

  arrow::Status Close() override { return closed_ = true, arrow::Status::OK(); }
  bool closed() const override { return closed_; }
  arrow::Result<std::int64_t> Tell() const override { return file_->size(); }
  using arrow::io::OutputStream::Write;
  arrow::Status Write(const void* data, std::int64_t size) override {
    failure_ = file_->append({static_cast<const char*>(data), static_cast<std::size_t>(size)});
    return failure_.ok() ? arrow::Status::OK() : arrow::Status::IOError(failure_.message());
  }

  output_file& file() { return *file_; }
  status failure() const { return failure_; }

private:
  std::unique_ptr<output_file> file_;
  bool closed_ = false;
  status failure_;
};

class parquet_writer : public staged_writer {
public:
  explicit parquet_writer(std::unique_ptr<output_file> file) : output_(std::make_shared<parquet_output>(std::move(file))) {}

  status start(const data::schema_ptr& schema, arrow::Compression::type codec) {
    return guarded([&] {
      parquet::WriterProperties::Builder properties;
      properties.compression(codec)->max_row_group_length(rows_per_group)->enable_store_decimal_as_integer();
      parquet::ArrowWriterProperties::Builder arrow_properties;
      arrow_properties.set_use_threads(false);
      auto opened = parquet::arrow::FileWriter::Open(*schema, arrow::default_memory_pool(), output_, properties.build(), arrow_properties.build());
      if (!opened.ok()) return opened.status();
      writer_ = std::move(*opened);
      return arrow::Status::OK();
    });
  }

  status append(const data::batch_ptr& rows) override {
    if (rows->num_rows() == 0) return ok();
    rows_ += rows->num_rows();
    return guarded([&] { return writer_->WriteRecordBatch(*rows); });
  }

  result<staged_file> finish() override {
    SLUICE_RETURN_IF_ERROR(guarded([&] { return writer_->Close(); }));
    return output_->file().finish(rows_);
  }

private:
  template <class Work>
  status guarded(const Work& work) {
    std::string message;
    try {
      const arrow::Status done = work();
      if (done.ok()) return ok();
      message = done.message();
    } catch (const std::exception& error) {
      message = error.what();
    }
    if (!output_->failure().ok()) return output_->failure();
    return {errc::sink_write, "cannot write Parquet to " + output_->file().path() + ": " + message};
  }

  std::shared_ptr<parquet_output> output_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  std::int64_t rows_ = 0;
};

struct parquet_codec {
  std::string_view name;
  std::string_view suffix;
  arrow::Compression::type type;
};
constexpr parquet_codec parquet_codecs[] = {{"snappy", ".snappy", arrow::Compression::SNAPPY},
                                            {"none", "", arrow::Compression::UNCOMPRESSED},
                                            {"uncompressed", "", arrow::Compression::UNCOMPRESSED},
                                            {"gzip", ".gz", arrow::Compression::GZIP},
                                            {"zstd", ".zstd", arrow::Compression::ZSTD},
                                            {"lz4", ".lz4raw", arrow::Compression::LZ4},
                                            {"lz4_raw", ".lz4raw", arrow::Compression::LZ4}};

result<parquet_codec> parquet_codec_of(const plan::option_map& options) {
  const auto name = option_or(options, "compression", "snappy");
  for (const auto& codec : parquet_codecs)
    if (codec.name == name) return codec;
  return status{errc::invalid_option,
                "option compression of a parquet sink cannot be '" + name + "'; it takes snappy, none, gzip, zstd or lz4"};
}

} // namespace

result<std::string> parquet_compression(const plan::option_map& options) {
  SLUICE_ASSIGN_OR_RETURN(const auto codec, parquet_codec_of(options));
  return std::string{codec.suffix};
}

result<std::unique_ptr<staged_writer>> make_parquet_writer(const plan::option_map& options, const data::schema_ptr& schema,
                                                           std::unique_ptr<output_file> file) {
  SLUICE_ASSIGN_OR_RETURN(const auto codec, parquet_codec_of(options));
  auto writer = std::make_unique<parquet_writer>(std::move(file));
  SLUICE_RETURN_IF_ERROR(writer->start(schema, codec.type));
  return std::unique_ptr<staged_writer>(std::move(writer));
}

} // namespace sluice::sinks
