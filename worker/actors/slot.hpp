#pragma once
#include <atomic>
#include <caf/fwd.hpp>
#include <vector>

#include "worker/actors/interfaces.hpp"

namespace sluice::worker {

/// Bytes of blocks on their way between slots of this worker.
struct sibling_traffic {
  std::atomic<std::int64_t> bytes{0};
  std::atomic<int> parked{0};  ///< slots that wait for it to fall
};

/// What a slot needs besides the world: its number and its neighbours, who come once all are spawned.
struct slot_neighbours {
  control_actor control;
  std::shared_ptr<std::vector<slot_actor>> siblings;
  std::shared_ptr<sibling_traffic> traffic;
};

slot_actor spawn_slot(caf::actor_system& system, surroundings_ptr world, std::uint32_t slot, slot_neighbours neighbours);

} // namespace sluice::worker
