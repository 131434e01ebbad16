#include "common/net/message.hpp"

#include <google/protobuf/io/coded_stream.h>

#include "proto/sluice/link.pb.h"

namespace sluice::net {
namespace {

constexpr int max_depth = 32;  ///< of nested messages; those of the protocol need 4

} // namespace

frame encode(const proto::link_message& message, std::shared_ptr<arrow::Buffer> body) {
  frame out;
  message.SerializeToString(&out.header);
  out.body = std::move(body);
  return out;
}

status decode(const frame& bytes, proto::link_message& message) {
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.header.data()), static_cast<int>(bytes.header.size()));
  in.SetRecursionLimit(max_depth);
  if (!message.ParseFromCodedStream(&in) || !in.ConsumedEntireMessage()) return {errc::protocol, "a peer sent bytes that are no message"};
  if (message.kind_case() == proto::link_message::KIND_NOT_SET)
    return {errc::protocol, "a peer sent a message of a kind this version does not know"};
  return ok();
}

void send(link& to, const proto::link_message& message, std::shared_ptr<arrow::Buffer> body) {
  to.send(encode(message, std::move(body)));
}

void set_failure(proto::failure& out, const status& error, const std::string& worker) {
  out.set_code(static_cast<int>(error.code()));
  out.set_message(error.message());
  out.set_worker(worker);
}

status failure_status(const proto::failure& failure) {
  if (failure.code() == 0) return ok();
  return {info(static_cast<errc>(failure.code())).code, failure.message()};
}

} // namespace sluice::net
