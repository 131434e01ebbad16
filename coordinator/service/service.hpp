#pragma once
/// The gRPC service of proto/sluice/service.proto over the coordinator's actors. Owned by the node; serves from gRPC's
/// threads, which only translate and hand over. Errors travel as gRPC statuses with a serialized proto::error_detail in
/// their details.
#include <cstdint>
#include <memory>
#include <string>

#include "coordinator/actors/control_plane.hpp"

namespace grpc {
class Service;
} // namespace grpc

namespace sluice::service {

struct server_facts {
  std::string version;
  std::int64_t pid = 0;
  std::string connect_address;  ///< empty until Spark Connect is served
};

class coordinator_service {
public:
  static std::unique_ptr<coordinator_service> make(actors::control_plane& plane, server_facts facts);
  virtual ~coordinator_service() = default;
  virtual grpc::Service* service() = 0;
  /// Ends running job streams with `unreachable`, so that the server can shut down at once.
  virtual void shut_down() = 0;
};

} // namespace sluice::service
