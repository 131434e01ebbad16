#pragma once
#include <caf/fwd.hpp>

#include "worker/actors/interfaces.hpp"

namespace sluice::worker {

/// Spawns the actor that writes; detached if the options say so.
io_actor spawn_io(caf::actor_system& system, surroundings_ptr world, control_actor control);

} // namespace sluice::worker
