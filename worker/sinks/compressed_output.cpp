#include "worker/sinks/internal/compressed_output.hpp"

#include <arrow/util/compression.h>

#include "common/data/arrow_status.hpp"
#include "worker/sinks/internal/formats.hpp"

namespace sluice::sinks {

namespace {

constexpr std::size_t step_bytes = 256 << 10;

} // namespace

result<std::string> text_compression(const plan::option_map& options) {
  const auto name = option_or(options, "compression", "none");
  if (name == "none" || name == "uncompressed") return std::string{};
  if (name == "gzip") return std::string{".gz"};
  return status{errc::invalid_option, "option compression of a file of text cannot be '" + name + "'; it takes none or gzip"};
}

compressed_output::compressed_output(std::unique_ptr<output_file> file) : file_(std::move(file)) {}
compressed_output::compressed_output(compressed_output&&) noexcept = default;
compressed_output::~compressed_output() = default;

result<compressed_output> compressed_output::make(const plan::option_map& options, std::unique_ptr<output_file> file) {
  compressed_output output(std::move(file));
  SLUICE_ASSIGN_OR_RETURN(const auto suffix, text_compression(options));
  if (!suffix.empty()) {
    SLUICE_ASSIGN_OR_RETURN(auto codec, data::from_arrow(arrow::util::Codec::Create(arrow::Compression::GZIP)));
    SLUICE_ASSIGN_OR_RETURN(output.compressor_, data::from_arrow(codec->MakeCompressor()));
  }
  return output;
}

status compressed_output::append(std::string_view bytes) {
  if (compressor_ == nullptr) return file_->append(bytes);
  std::string out(step_bytes, '\0');
  while (!bytes.empty()) {
    auto step = compressor_->Compress(static_cast<std::int64_t>(bytes.size()), reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                      static_cast<std::int64_t>(out.size()), reinterpret_cast<std::uint8_t*>(out.data()));
    if (!step.ok()) return failed(step.status().message());
    bytes.remove_prefix(static_cast<std::size_t>(step->bytes_read));
    SLUICE_RETURN_IF_ERROR(file_->append({out.data(), static_cast<std::size_t>(step->bytes_written)}));
  }
  return ok();
}

result<staged_file> compressed_output::finish(std::int64_t rows) {
  std::string out(step_bytes, '\0');
  for (bool again = compressor_ != nullptr; again;) {
    auto step = compressor_->End(static_cast<std::int64_t>(out.size()), reinterpret_cast<std::uint8_t*>(out.data()));
    if (!step.ok()) return failed(step.status().message());
    SLUICE_RETURN_IF_ERROR(file_->append({out.data(), static_cast<std::size_t>(step->bytes_written)}));
    again = step->should_retry;
  }
  return file_->finish(rows);
}

status compressed_output::failed(const std::string& why) const { return {errc::sink_write, "cannot compress " + file_->path() + ": " + why}; }

} // namespace sluice::sinks
