#pragma once
/// A whole coordinator inside this process: listener, service and actors. Owned by the program (sluice-coordinator) or
/// by `sluice local`; start, drain and wait are called from one thread, the rest from any.
///
///   SLUICE_ASSIGN_OR_RETURN(auto node, coordinator::node::start(options, net::grpc_transport(limits)));
///   … until it is time …
///   node->drain();
///   node->wait();
#include <memory>
#include <string>

#include "common/base/environment.hpp"
#include "common/config/settings.hpp"
#include "common/net/link.hpp"
#include "common/net/security.hpp"
#include "common/storage/file_system.hpp"

namespace sluice::coordinator {

struct node_options {
  config::coordinator_settings settings;  ///< `listen` and `data_dir` among them
  std::string version = "0.1.0";
  // The world outside; null takes the system's.
  std::shared_ptr<clock_source> clock;
  std::shared_ptr<random_source> random;
  std::shared_ptr<storage::file_system> files;
  net::security_ptr security;  ///< for Spark Connect: its certificate and tokens; null: loopback only
};

class node {
public:
  /// Locks the data directory, takes up the queries in it and listens. Errors: checkpoint_in_use (another coordinator
  /// of this host uses the data directory), address_in_use, insecure_listen, storage_io, corrupt_file.
  static result<std::unique_ptr<node>> start(node_options options, std::shared_ptr<net::transport> transport);
  virtual ~node() = default;

  /// "host:port" with the real port.
  virtual std::string address() const = 0;
  /// The same for Spark Connect; empty if it is not served.
  virtual std::string connect_address() const = 0;
  /// To the coordinator's own service, within this process.
  virtual std::shared_ptr<grpc::Channel> channel() = 0;
  /// Starts to end: no new calls, batches in flight are dropped, queries go on at the next start.
  virtual void drain() = 0;
  /// Blocks until everything has ended after drain().
  virtual void wait() = 0;
};

} // namespace sluice::coordinator
