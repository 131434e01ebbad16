#pragma once
/// One staged file being written: counts and checksums what goes into it.
#include <memory>
#include <string>

#include "worker/sinks/staged_writer.hpp"

struct XXH3_state_s;

namespace sluice::sinks {

class output_file {
public:
  /// Error: sink_write with the path (also if the file exists).
  static result<std::unique_ptr<output_file>> create(const std::string& path, storage::file_system& files);
  output_file();
  ~output_file();

  status append(std::string_view bytes);
  /// fsync and close; size and checksum of all bytes.
  result<staged_file> finish(std::int64_t rows);
  std::int64_t size() const noexcept { return size_; }
  const std::string& path() const noexcept { return path_; }

private:
  status failed(status error) const;

  std::string path_;
  std::unique_ptr<storage::writable_file> file_;
  XXH3_state_s* hash_;
  std::int64_t size_ = 0;
};

} // namespace sluice::sinks
