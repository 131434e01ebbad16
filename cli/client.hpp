#pragma once
/// A connection to a coordinator: connects at once or says within a second that nobody answers.
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>

#include "cli/failure.hpp"
#include "common/config/settings.hpp"
#include "proto/sluice/service.grpc.pb.h"

namespace sluice::cli {

using stub_ptr = std::unique_ptr<proto::coordinator::Stub>;

/// Errors: unreachable, invalid_argument (an address that is not host:port), invalid_setting (files that cannot be used),
/// unauthenticated and insecure_listen as net::connect_channel gives them.
result<stub_ptr> connect(const std::string& address, const config::security_settings& files,
                         std::chrono::milliseconds patience = std::chrono::milliseconds{800});

/// The error a failed call carries: our error_detail if the coordinator packed one, else what gRPC says.
failure failure_of(const grpc::Status& status, const std::string& address);

/// One unary call: request in, reply out.
template <class Request, class Reply>
grpc::Status call(proto::coordinator::Stub& stub,
                  grpc::Status (proto::coordinator::Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
                  const Request& request, Reply& reply, std::chrono::seconds patience = std::chrono::seconds{30}) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + patience);
  return (stub.*method)(&context, request, &reply);
}

} // namespace sluice::cli
