#pragma once
/// The control actor of a worker and all it spawns.
#include <caf/fwd.hpp>

#include "worker/actors/interfaces.hpp"

namespace sluice::worker {

/// Spawns a worker: its control actor, slots and I/O. `listening` accepts the data links of peers; its handler is made by
/// `accept_peers`. The actor ends after leave_cluster, and its slots with it.
control_actor spawn_worker(caf::actor_system& system, surroundings_ptr world);

/// Handler for data links, and the address peers shall use.
net::accept_handler accept_peers(control_actor control);

/// Tells the worker where peers reach it; it connects to the coordinator then.
void go_online(const control_actor& control, std::string data_address);

} // namespace sluice::worker
