#pragma once
/// What every actor of the coordinator is handed: the outside world, the settings and its neighbours. One struct
/// instead of parameter lists; shared and immutable once the actors run.
#include "coordinator/actors/control_plane.hpp"

namespace sluice::actors {

struct actor_environment {
  control_options options;
  surroundings world;
  std::string owner;  ///< names this process in claims, for people

  microseconds now() const { return world.clock->monotonic(); }
};
using environment_ptr = std::shared_ptr<const actor_environment>;

} // namespace sluice::actors
