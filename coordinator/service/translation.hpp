#pragma once
/// Between the actors' plain structs and the messages of service.proto. Pure.
#include <grpcpp/support/status.h>

#include "coordinator/actors/control_plane.hpp"
#include "proto/sluice/service.pb.h"

namespace sluice::service {

void fill(const status& error, proto::error_detail& out);
void fill(const actors::query_summary& summary, proto::query_summary& out);
void fill(const actors::query_detail& detail, proto::query_detail& out);
void fill(const actors::worker_summary& worker, proto::worker_info& out);
proto::job_event event_of(const actors::job_event& event);
actors::job_spec job_of(const proto::job_request& request);
/// The call's status: the code nearest to the error's domain, its text, and the error_detail as details.
grpc::Status call_status(const status& error);

} // namespace sluice::service
