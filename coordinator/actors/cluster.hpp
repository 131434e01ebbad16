#pragma once
/// The cluster actor: registry of workers and switchboard of their links (interfaces.hpp says what it takes).
#include "coordinator/actors/messages.hpp"

namespace caf {
class actor_system;
} // namespace caf

namespace sluice::actors {

cluster_actor spawn_cluster(caf::actor_system& system, environment_ptr environment, std::string cluster_id);

/// Handler for incoming links: decodes the header on the library's thread and hands the frame to the actor.
net::accept_handler accept_for(cluster_actor cluster);

} // namespace sluice::actors
