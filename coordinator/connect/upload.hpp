#pragma once
/// AddArtifacts: rows of large local relations, which clients send ahead of their plans.
#include <functional>

#include "coordinator/connect/session.hpp"
#include "proto/spark/connect/base.grpc.pb.h"

namespace sluice::connect {

using session_opener = std::function<result<session_ptr>(const spark::connect::AddArtifactsRequest&)>;

/// Receives one call's messages; gRPC owns the answer until it is done with it.
grpc::ServerReadReactor<spark::connect::AddArtifactsRequest>* receive_artifacts(spark::connect::AddArtifactsResponse& reply, session_opener open);

} // namespace sluice::connect
