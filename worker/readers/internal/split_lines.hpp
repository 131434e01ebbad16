#pragma once
/// The lines of one split of a text format: the checked file, its decompressed bytes, and chunks of whole lines.
#include <memory>

#include "worker/readers/internal/line_source.hpp"

namespace sluice::readers {

class split_lines {
public:
  /// `whole`: one chunk with everything; that, and compressed files, are read from the beginning to the end. Errors: those of
  /// split_file::open and open_bytes.
  static result<split_lines> open(const split& part, storage::file_system& files, compression codec, const reader_options& options,
                                  bool whole);

  /// False at the end, where the file is checked once more. The chunk stays valid until the next call.
  result<bool> next(line_chunk& chunk);
  split_file& file() noexcept { return *file_; }
  const std::string& path() const noexcept { return file_->path(); }
  /// Of the first byte that may start a line; 0 unless a split begins inside a file.
  std::int64_t begin() const noexcept { return begin_; }

private:
  std::unique_ptr<split_file> file_;
  std::unique_ptr<line_source> lines_;
  std::int64_t begin_ = 0;
};

} // namespace sluice::readers
