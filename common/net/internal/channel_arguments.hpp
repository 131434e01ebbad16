#pragma once
/// What all gRPC servers and channels between nodes have in common: limits, keep-alive and error reports.
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "common/net/link.hpp"
#include "common/net/security.hpp"

namespace sluice::net {

/// What to do about a refused address, for error texts.
inline constexpr const char* all_files_text =
    "set security.ca-file, security.cert-file, security.key-file and security.token-file (docs/security.md)";

/// Frame sizes, keep-alive, the time a handshake may take, the size of headers.
void set_server_arguments(grpc::ServerBuilder& builder, const link_limits& limits);

/// A channel with a connection of its own. With `security` it is TLS and whoever answers must act as `peer`; without it is plain.
/// `per_call` (may be null) adds to what each call carries; only with `security`.
std::shared_ptr<grpc::Channel> make_channel(const std::string& address, const link_limits& limits, const security* security, role peer,
                                            std::shared_ptr<grpc::CallCredentials> per_call = nullptr);

/// A call ends if it has not succeeded within the time a handshake may take.
void set_handshake_deadline(grpc::ClientContext& context);

grpc::ByteBuffer empty_message();

/// Puts what gRPC has to say about failed handshakes into the log, some lines a second at most. Once per process; later calls do nothing.
void report_grpc_errors();

} // namespace sluice::net
