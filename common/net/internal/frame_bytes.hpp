#pragma once
/// A frame on the wire: [u32 little endian: length of the header][header][body]. The body is shared, not copied, when sending.
#include <grpcpp/support/byte_buffer.h>

#include "common/net/link.hpp"

namespace sluice::net {

std::size_t frame_size(const frame& message);
grpc::ByteBuffer to_bytes(frame message);
/// Errors: protocol, limit_exceeded.
result<frame> from_bytes(const grpc::ByteBuffer& bytes, const link_limits& limits);

} // namespace sluice::net
