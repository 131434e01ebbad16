#pragma once
/// The keeper of queries: all queries the coordinator knows, running or not, their records and their actors.
#include "coordinator/actors/io.hpp"
#include "coordinator/actors/messages.hpp"

namespace caf {
class actor_system;
} // namespace caf

namespace sluice::actors {

struct queries_setup {
  environment_ptr environment;
  cluster_actor cluster;
  discovery_actor discovery;
  io_pool io;
  std::vector<query_record> records;  ///< what the query directory held; those that should run are taken up
};

queries_actor spawn_queries(caf::actor_system& system, queries_setup setup);

} // namespace sluice::actors
