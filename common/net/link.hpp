#pragma once
/// Links between nodes: ordered, reliable while they last, full duplex. Two implementations: gRPC (one bidirectional stream per link)
/// and in-process. A frame is a serialized proto::link_message and a body that is never copied into Protobuf.
/// Thread rules: send and close may be called from any thread and never block; handlers run on a library thread (or the sender's, in
/// process) and must only hand over to an actor.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/status.hpp"
#include "common/data/types.hpp"

namespace grpc {
class Channel;
class Service;
} // namespace grpc

namespace sluice::net {

struct security;  // common/net/security.hpp
using security_ptr = std::shared_ptr<const security>;

struct frame {
  std::string header;                        ///< serialized proto::link_message
  std::shared_ptr<arrow::Buffer> body;       ///< may be null
};

struct link_limits {
  std::size_t control_frame_bytes = 1 << 20;
  std::size_t data_frame_bytes = 16 << 20;
  std::size_t unsent_bytes = 64 << 20;       ///< a link whose peer does not read is closed with limit_exceeded beyond this
};

class link {
public:
  virtual ~link() = default;
  /// Queues a frame. After the link has closed it is dropped (the closed handler tells).
  virtual void send(frame message) = 0;
  /// Ends the link; the peer's closed handler runs.
  virtual void close(status reason) = 0;
  virtual std::string peer() const = 0;      ///< address for messages
};
using link_ptr = std::shared_ptr<link>;

/// What happens on a link. `on_closed` comes exactly once, last.
struct link_handler {
  std::function<void(frame)> on_frame;
  std::function<void(status)> on_closed;
};

/// Called for each incoming link; returns its handler. The link may be used at once.
using accept_handler = std::function<link_handler(link_ptr)>;

/// Accepts links. Destroying it closes all of them.
class listener {
public:
  virtual ~listener() = default;
  virtual std::string address() const = 0;   ///< "host:port" with the real port
  /// A channel to the listener's own services within this process (`sluice local`).
  virtual std::shared_ptr<grpc::Channel> channel() = 0;
};

/// How nodes reach one another: gRPC in clusters, memory in `sluice local` and in tests.
class transport {
public:
  virtual ~transport() = default;
  /// "host:port"; port 0 takes a free one. Errors: address_in_use, insecure_listen, invalid_argument.
  /// `services` (owned by the caller, outliving the listener) are served on the same port.
  virtual result<std::unique_ptr<listener>> listen(const std::string& address, accept_handler accept,
                                                   std::vector<grpc::Service*> services = {}) = 0;
  /// Starts connecting to a coordinator; `on_closed` tells when it fails (unreachable, unauthenticated, insecure_listen) or ends. Frames
  /// sent meanwhile are queued.
  virtual link_ptr connect(const std::string& address, link_handler handler) = 0;
  /// The same to a worker's data address. Secured links demand of each other to belong to the same cluster.
  virtual link_ptr connect_worker(const std::string& address, link_handler handler) { return connect(address, std::move(handler)); }
  /// Told once by a coordinator before it listens; a worker's transport learns its cluster from the coordinator it connects to.
  virtual void set_cluster(const std::string&) {}
};

/// Without `security` links are plain, and both ends of each must be loopback addresses.
std::shared_ptr<transport> grpc_transport(link_limits limits = {}, security_ptr security = nullptr);
/// Where others reach a node that listens on `listening`: `advertise` (its port 0 stands for the one listened on) or, if that is empty,
/// the address itself. Error: invalid_setting when that says "all addresses of this machine", which is none that others could use.
result<std::string> reachable_address(const std::string& listening, const std::string& advertise);

/// Addresses are names within this object ("local:1"); frames are delivered in the sender's thread.
std::shared_ptr<transport> in_process_transport();

} // namespace sluice::net
