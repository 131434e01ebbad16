#pragma once
/// A worker node: its actor system, data listener and actors. Used by sluice-worker and by `sluice local`.
///
///   worker::worker_options options;
///   options.coordinator = "127.0.0.1:7077";
///   SLUICE_ASSIGN_OR_RETURN(auto node, worker::node::start(options, net::grpc_transport()));
///   …
///   node->drain();   // asks to leave; finishes what runs
///   node->wait();
#include <memory>
#include <string>

#include "worker/actors/surroundings.hpp"

namespace sluice::worker {

using node_options = worker_options;

class node {
public:
  /// Starts listening and connecting; returns before the coordinator is reached (the worker keeps trying). Empty `files`, `clock` and
  /// `random` mean the system's. Errors: address_in_use, insecure_listen, invalid_argument, storage_io (data directory).
  static result<std::unique_ptr<node>> start(node_options options, std::shared_ptr<net::transport> network,
                                             std::shared_ptr<storage::file_system> files = nullptr,
                                             std::shared_ptr<clock_source> clock = nullptr,
                                             std::shared_ptr<random_source> random = nullptr);
  /// Ends the worker at once if it still runs.
  ~node();
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// Leaves the cluster: finishes running attempts (at most `drain_timeout`), then ends. Any thread; returns at once.
  void drain();
  /// Blocks until the worker has ended.
  void wait();
  const std::string& id() const;
  /// Where peers reach it.
  std::string data_address() const;

private:
  struct parts;
  explicit node(std::unique_ptr<parts> parts);
  std::unique_ptr<parts> parts_;
};

} // namespace sluice::worker
