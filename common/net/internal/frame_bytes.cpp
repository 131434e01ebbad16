#include "common/net/internal/frame_bytes.hpp"

#include <arrow/buffer.h>
#include <grpcpp/support/slice.h>

#include <cstring>

namespace sluice::net {
namespace {

constexpr std::size_t prefix_bytes = 4;

/// Memory of a received slice as an Arrow buffer.
class slice_buffer : public arrow::Buffer {
public:
  slice_buffer(grpc::Slice slice, std::size_t offset)
      : arrow::Buffer(slice.begin() + offset, static_cast<std::int64_t>(slice.size() - offset)), slice_(std::move(slice)) {}

private:
  grpc::Slice slice_;
};

void release_body(void* held) { delete static_cast<std::shared_ptr<arrow::Buffer>*>(held); }

void put_length(std::uint8_t* out, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) out[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

std::uint32_t get_length(const std::uint8_t* in) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value |= static_cast<std::uint32_t>(in[i]) << (8 * i);
  return value;
}

/// Reads over the slices of a message in order.
class slice_cursor {
public:
  explicit slice_cursor(const std::vector<grpc::Slice>& slices) : slices_(slices) {}

  void copy(std::uint8_t* out, std::size_t length) {
    while (length > 0) {
      const auto& slice = slices_[index_];
      std::size_t take = std::min(length, slice.size() - offset_);
      std::memcpy(out, slice.begin() + offset_, take);
      out += take, length -= take, offset_ += take;
      if (offset_ == slice.size()) ++index_, offset_ = 0;
    }
  }

  /// The rest: shared if it lies in one well-aligned slice, else copied together.
  result<std::shared_ptr<arrow::Buffer>> rest(std::size_t length) {
    if (index_ + 1 == slices_.size() && reinterpret_cast<std::uintptr_t>(slices_[index_].begin() + offset_) % 64 == 0)
      return std::shared_ptr<arrow::Buffer>(std::make_shared<slice_buffer>(slices_[index_], offset_));
    auto made = arrow::AllocateBuffer(static_cast<std::int64_t>(length));
    if (!made.ok()) return status{errc::memory_limit, "no memory for a received block"};
    std::shared_ptr<arrow::Buffer> buffer = std::move(made).ValueOrDie();
    copy(buffer->mutable_data(), length);
    return buffer;
  }

private:
  const std::vector<grpc::Slice>& slices_;
  std::size_t index_ = 0;
  std::size_t offset_ = 0;
};

} // namespace

std::size_t frame_size(const frame& message) {
  return prefix_bytes + message.header.size() + (message.body ? static_cast<std::size_t>(message.body->size()) : 0);
}

grpc::ByteBuffer to_bytes(frame message) {
  grpc::Slice head(prefix_bytes + message.header.size());
  auto* out = const_cast<std::uint8_t*>(head.begin());
  put_length(out, static_cast<std::uint32_t>(message.header.size()));
  std::memcpy(out + prefix_bytes, message.header.data(), message.header.size());
  if (!message.body || message.body->size() == 0) return grpc::ByteBuffer(&head, 1);
  auto* data = const_cast<std::uint8_t*>(message.body->data());
  auto size = static_cast<std::size_t>(message.body->size());
  auto* held = new std::shared_ptr<arrow::Buffer>(std::move(message.body));
  grpc::Slice slices[2] = {std::move(head), grpc::Slice(data, size, &release_body, held)};
  return grpc::ByteBuffer(slices, 2);
}

result<frame> from_bytes(const grpc::ByteBuffer& bytes, const link_limits& limits) {
  std::vector<grpc::Slice> slices;
  if (!bytes.Dump(&slices).ok()) return status{errc::protocol, "a peer sent bytes that cannot be read"};
  std::erase_if(slices, [](const grpc::Slice& slice) { return slice.size() == 0; });
  std::size_t left = bytes.Length();
  if (left < prefix_bytes) return status{errc::protocol, "a peer sent a frame that is too short"};
  slice_cursor cursor(slices);
  std::uint8_t prefix[prefix_bytes];
  cursor.copy(prefix, prefix_bytes);
  left -= prefix_bytes;
  std::size_t header = get_length(prefix);
  if (header > left) return status{errc::protocol, "a peer sent a frame whose header is longer than the frame"};
  if (header > limits.control_frame_bytes) return status{errc::limit_exceeded, "a peer sent a header longer than the limit"};
  frame out;
  out.header.resize(header);
  cursor.copy(reinterpret_cast<std::uint8_t*>(out.header.data()), header);
  left -= header;
  if (left > limits.data_frame_bytes) return status{errc::limit_exceeded, "a peer sent a body longer than the limit"};
  if (left > 0) {
    SLUICE_ASSIGN_OR_RETURN(out.body, cursor.rest(left));
  }
  return out;
}

} // namespace sluice::net
