#pragma once
/// The discovery actor: one watch over the folders of all queries. It only says that something may have changed; the
/// queries list for themselves. Owns no thread and arms no timer while nobody watches.
#include "coordinator/actors/messages.hpp"

namespace caf {
class actor_system;
} // namespace caf

namespace sluice::actors {

discovery_actor spawn_discovery(caf::actor_system& system, environment_ptr environment);

} // namespace sluice::actors
