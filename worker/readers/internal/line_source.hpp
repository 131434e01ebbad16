#pragma once
/// The lines of a split in chunks of whole lines. A line starts behind a '\n' or '\r' (so "\r\n" gives an empty line,
/// which no reader counts). Memory stays below max_record_bytes + 2 * morsel_bytes.
#include <memory>
#include <string>

#include "worker/readers/internal/split_file.hpp"

namespace sluice::readers {

/// Bytes from a position on.
class byte_stream {
public:
  virtual ~byte_stream() = default;
  /// Up to `length` bytes; 0 at the end.
  virtual result<std::size_t> read(char* buffer, std::size_t length) = 0;
};

enum class compression { none, gzip, zlib, zstd, bzip2 };
/// By option `compression` (or `codec`) and the name's suffix. Error: unsupported_feature.
result<compression> compression_of(const plan::option_map& options, const std::string& path);

/// The file's bytes from `offset` on, decompressed.
result<std::unique_ptr<byte_stream>> open_bytes(split_file& file, compression codec, std::int64_t offset);

/// Whole lines [begin, end), the last one perhaps without its end; 64 readable bytes and a zero follow.
struct line_chunk {
  char* begin = nullptr;
  char* end = nullptr;
  std::int64_t offset = 0;  ///< of begin in the (decompressed) file
  bool oversized = false;   ///< the beginning of one line beyond max_record_bytes
};

class line_source {
public:
  /// `whole`: one chunk with everything (multiLine).
  line_source(std::unique_ptr<byte_stream> bytes, std::int64_t begin, std::int64_t end, const reader_options& options, bool whole);
  static constexpr std::int64_t no_end = INT64_MAX;
  static constexpr std::size_t oversized_prefix = 1024;

  /// False at the end of the split. The chunk stays valid until the next call.
  result<bool> next(line_chunk& chunk);

private:
  std::int64_t position() const noexcept { return start_ + static_cast<std::int64_t>(filled_); }
  char* at(std::size_t i) noexcept { return buffer_.get() + i; }
  void reserve(std::size_t bytes);
  void drop_front(std::size_t bytes);
  status fill(std::size_t wanted);
  status skip_to_first_line();
  result<bool> discard_line(line_chunk& chunk);
  std::size_t cut(std::size_t searched);
  bool finish_at_split_end();

  std::unique_ptr<byte_stream> bytes_;
  std::int64_t end_;        // no line starts at or behind it
  reader_options options_;
  bool whole_;
  bool skip_first_;
  bool at_end_ = false;     // nothing more to read
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t filled_ = 0;
  std::size_t given_ = 0;   // handed out by the last next()
  std::int64_t start_;      // offset of the buffer's first byte
  std::string oversized_;
};

} // namespace sluice::readers
