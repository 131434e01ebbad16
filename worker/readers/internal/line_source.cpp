#include "worker/readers/internal/line_source.hpp"

#include <algorithm>
#include <cstring>

#include "worker/readers/internal/json_scan.hpp"

namespace sluice::readers {

namespace {

constexpr std::int64_t tail_bytes = 64 << 10;  // read at a time to finish the line that crosses a split's end

// Length up to and with the last line end in [p + from, p + length), else 0.
std::size_t through_last_line_end(const char* p, std::size_t from, std::size_t length) {
  const auto* lf = static_cast<const char*>(memrchr(p + from, '\n', length - from));
  const std::size_t behind = lf == nullptr ? from : static_cast<std::size_t>(lf - p) + 1;
  const auto* cr = static_cast<const char*>(memrchr(p + behind, '\r', length - behind));
  if (cr != nullptr) return static_cast<std::size_t>(cr - p) + 1;
  return lf == nullptr ? 0 : behind;
}

} // namespace

line_source::line_source(std::unique_ptr<byte_stream> bytes, std::int64_t begin, std::int64_t end, const reader_options& options, bool whole)
  : bytes_(std::move(bytes)), end_(end), options_(options), whole_(whole), skip_first_(begin > 0 && begin < end), at_end_(begin >= end), start_(begin > 0 ? begin - 1 : 0) {
  options_.morsel_bytes = std::max<std::size_t>(options_.morsel_bytes, 1);
}

void line_source::reserve(std::size_t bytes) {
  if (bytes + scan_padding <= capacity_) return;
  const std::size_t capacity = std::max(bytes + scan_padding, capacity_ + capacity_ / 2);
  auto bigger = std::make_unique_for_overwrite<char[]>(capacity);
  if (filled_ > 0) std::memcpy(bigger.get(), buffer_.get(), filled_);
  buffer_ = std::move(bigger);
  capacity_ = capacity;
}

void line_source::drop_front(std::size_t bytes) {
  if (bytes == 0) return;
  filled_ -= bytes;
  start_ += static_cast<std::int64_t>(bytes);
  std::memmove(at(0), at(bytes), filled_);
}

status line_source::fill(std::size_t wanted) {
  reserve(filled_ + wanted);
  SLUICE_ASSIGN_OR_RETURN(const std::size_t got, bytes_->read(at(filled_), wanted));
  filled_ += got;
  at_end_ = got == 0;
  std::memset(at(filled_), 0, scan_padding);
  return ok();
}

bool line_source::finish_at_split_end() {
  if (start_ < end_) return false;
  at_end_ = true;
  filled_ = 0;
  return true;
}

// The first line of the split starts behind the first line end at or behind the byte before the split.
status line_source::skip_to_first_line() {
  skip_first_ = false;
  while (!at_end_ && !finish_at_split_end()) {
    SLUICE_RETURN_IF_ERROR(fill(static_cast<std::size_t>(std::min<std::int64_t>(end_ - start_, tail_bytes))));
    const char* found = find_line_end(at(0), at(filled_));
    const bool there = found != at(filled_);
    drop_front(there ? static_cast<std::size_t>(found - at(0)) + 1 : filled_);
    if (there) {
      finish_at_split_end();
      break;
    }
  }
  return ok();
}

// Bytes of whole lines at the front of the buffer, 0 if there are none yet; no line ends in the first `searched` bytes.
std::size_t line_source::cut(std::size_t searched) {
  if (whole_ || at_end_ || filled_ == 0) return 0;
  if (position() < end_) return through_last_line_end(at(0), searched, filled_);
  const auto last = static_cast<std::size_t>(std::max<std::int64_t>(end_ - 1 - start_, 0));
  const char* stop = find_line_end(at(std::max(last, searched)), at(filled_));
  if (stop != at(filled_)) {
    filled_ = static_cast<std::size_t>(stop - at(0)) + 1;
    at_end_ = true;
    return filled_;
  }
  return last > searched ? through_last_line_end(at(0), searched, last) : 0;
}

// Gives the beginning of a line that is too long; the rest is read and forgotten.
result<bool> line_source::discard_line(line_chunk& chunk) {
  const std::size_t kept = std::min(filled_, oversized_prefix);
  chunk.offset = start_;
  oversized_.assign(at(0), kept);
  oversized_.append(scan_padding, '\0');
  for (;;) {
    drop_front(filled_);
    SLUICE_RETURN_IF_ERROR(fill(tail_bytes));
    if (at_end_) break;
    const char* found = whole_ ? at(filled_) : find_line_end(at(0), at(filled_));
    if (found == at(filled_)) continue;
    drop_front(static_cast<std::size_t>(found - at(0)) + 1);
    break;
  }
  finish_at_split_end();
  chunk.begin = oversized_.data();
  chunk.end = oversized_.data() + kept;
  chunk.oversized = true;
  return true;
}

result<bool> line_source::next(line_chunk& chunk) {
  drop_front(given_);
  given_ = 0;
  if (skip_first_) SLUICE_RETURN_IF_ERROR(skip_to_first_line());
  std::size_t searched = 0;
  for (;;) {
    std::size_t length = cut(searched);
    if (length == 0 && at_end_) {
      if (filled_ == 0) return false;
      length = filled_;
    }
    if (length > 0) {
      chunk = {at(0), at(length), start_, false};
      given_ = length;
      return true;
    }
    if (filled_ > options_.max_record_bytes) return discard_line(chunk);
    searched = filled_;
    const auto left = position() < end_ ? end_ - position() : tail_bytes;
    SLUICE_RETURN_IF_ERROR(fill(static_cast<std::size_t>(std::min<std::int64_t>(left, static_cast<std::int64_t>(options_.morsel_bytes)))));
  }
}

} // namespace sluice::readers
