#pragma once
/// proto::link_message to frames and back. Pure, any thread. Sources include "proto/sluice/link.pb.h" themselves.
///
///   net::send(*link, message, block_bytes);
///   proto::link_message message;
///   SLUICE_RETURN_IF_ERROR(net::decode(frame, message));
#include "common/net/link.hpp"

namespace sluice::proto {
class link_message;
class failure;
} // namespace sluice::proto

namespace sluice::net {

frame encode(const proto::link_message& message, std::shared_ptr<arrow::Buffer> body = nullptr);
/// Error protocol for bytes that are no message.
status decode(const frame& bytes, proto::link_message& message);
/// encode and send.
void send(link& to, const proto::link_message& message, std::shared_ptr<arrow::Buffer> body = nullptr);

/// A status as it travels, and back. `worker`: who noticed it.
void set_failure(proto::failure& out, const status& error, const std::string& worker);
status failure_status(const proto::failure& failure);

} // namespace sluice::net
