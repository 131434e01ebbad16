#include "worker/readers/internal/split_lines.hpp"

namespace sluice::readers {

result<split_lines> split_lines::open(const split& part, storage::file_system& files, compression codec, const reader_options& options,
                                      bool whole) {
  split_lines out;
  SLUICE_ASSIGN_OR_RETURN(out.file_, split_file::open(part, files));
  const bool plain = codec == compression::none && !whole;
  out.begin_ = plain ? part.offset : 0;
  const std::int64_t end = plain ? part.offset + part.length : line_source::no_end;
  SLUICE_ASSIGN_OR_RETURN(auto bytes, open_bytes(*out.file_, codec, out.begin_ > 0 ? out.begin_ - 1 : 0));
  out.lines_ = std::make_unique<line_source>(std::move(bytes), out.begin_, end, options, whole);
  return out;
}

result<bool> split_lines::next(line_chunk& chunk) {
  SLUICE_ASSIGN_OR_RETURN(const bool more, lines_->next(chunk));
  if (!more) SLUICE_RETURN_IF_ERROR(file_->check());
  return more;
}

} // namespace sluice::readers
