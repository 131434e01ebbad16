#pragma once
/// The query actor: the shell around the pure core of one streaming query. It turns messages, timers and finished I/O
/// into events and performs the core's actions in order; it decides nothing itself.
#include "coordinator/actors/io.hpp"
#include "coordinator/actors/messages.hpp"

namespace caf {
class actor_system;
} // namespace caf

namespace sluice::actors {

struct query_setup {
  environment_ptr environment;
  cluster_actor cluster;
  discovery_actor discovery;
  io_pool io;
  queries_actor keeper;
  query_record record;
  config::query_settings settings;
  bool look_only = false;  ///< stopped: only its table is read
  bool by_hand = false;    ///< a person starts it, as opposed to a coordinator that comes up
};

query_actor spawn_query(caf::actor_system& system, query_setup setup);

} // namespace sluice::actors
