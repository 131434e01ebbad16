#pragma once
/// The gRPC service of proto/spark/connect over the coordinator's actors, on a port of its own. Owned by the node; gRPC's
/// threads only translate and hand over. Errors travel as Spark's clients take them (errors.hpp).
///
///   SLUICE_ASSIGN_OR_RETURN(auto server, connect::server::start(plane, options));
///   … until it is time …
///   server->shut_down();
#include <memory>
#include <string>
#include <vector>

#include "common/base/secret.hpp"
#include "coordinator/actors/control_plane.hpp"

namespace sluice::connect {

struct server_options {
  std::string listen;                 ///< "host:port"; port 0 takes a free one
  std::string directory;              ///< absolute; resolves relative paths of plans
  std::shared_ptr<clock_source> clock;
  std::shared_ptr<random_source> random;
  // Beyond loopback all of these are needed; with tokens each call must carry one ("authorization: Bearer …").
  std::string certificate;            ///< PEM
  secret key;                         ///< PEM
  std::vector<secret> tokens;
};

class server {
public:
  /// Errors: address_in_use, insecure_listen, invalid_argument.
  static result<std::unique_ptr<server>> start(actors::control_plane& plane, server_options options);
  virtual ~server() = default;
  /// "host:port" with the real port.
  virtual std::string address() const = 0;
  /// Ends all calls; sessions are gone, streaming queries go on. Blocks for a moment; may be called twice.
  virtual void shut_down() = 0;
};

} // namespace sluice::connect
