#pragma once
/// A channel to a coordinator's service, for programs that call it (the sluice command). Any thread; blocks while connecting.
///
///   SLUICE_ASSIGN_OR_RETURN(auto channel, net::connect_channel("10.0.0.1:7077", security));
///   auto stub = proto::coordinator::NewStub(channel);
#include <chrono>
#include <memory>
#include <string>

#include "common/net/security.hpp"

namespace grpc {
class Channel;
} // namespace grpc

namespace sluice::net {

/// Connects and, with `security`, proves that both sides know the token; every call of the channel carries the proof. Messages of any
/// size are received: the coordinator is trusted by then.
/// Errors: invalid_argument (no address), insecure_listen (another host without security), unreachable (nobody listens there),
/// unauthenticated (one side does not admit the other; the text says why as far as it is known).
result<std::shared_ptr<grpc::Channel>> connect_channel(const std::string& address, const security_ptr& security,
                                                       std::chrono::milliseconds patience);

} // namespace sluice::net
