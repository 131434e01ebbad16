#pragma once
/// Text output of a staged file, through a streaming compressor where the options ask for one.
#include "worker/sinks/internal/output_file.hpp"

namespace arrow::util {
class Compressor;
}

namespace sluice::sinks {

class compressed_output {
public:
  /// By option `compression`: none or gzip. Error: invalid_option.
  static result<compressed_output> make(const plan::option_map& options, std::unique_ptr<output_file> file);
  compressed_output(compressed_output&&) noexcept;
  ~compressed_output();

  status append(std::string_view bytes);
  result<staged_file> finish(std::int64_t rows);

private:
  explicit compressed_output(std::unique_ptr<output_file> file);
  status failed(const std::string& why) const;

  std::unique_ptr<output_file> file_;
  std::shared_ptr<arrow::util::Compressor> compressor_;
};

/// Suffix of a compression of texts: "" or ".gz". Error: invalid_option.
result<std::string> text_compression(const plan::option_map& options);

} // namespace sluice::sinks
