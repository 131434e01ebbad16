#include "worker/actors/io.hpp"

#include <caf/actor_system.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <exception>

#include "worker/actors/messages.hpp"

namespace sluice::worker {
namespace {

result<std::shared_ptr<written_batch>> write_guarded(const write_batch& order, const surroundings& world) {
  try {
    return write_objects(*order.job, order.outputs, world);
  } catch (const std::exception& error) {
    return status{errc::internal, std::string("writing failed: ") + error.what()};
  }
}

io_actor::behavior_type io_behavior(io_actor::pointer self, surroundings_ptr world, control_actor control) {
  return {
      [self, world = std::move(world), control = std::move(control)](const write_batch& order) {
        auto written = write_guarded(order, *world);
        self->send(control, written.ok() ? batch_written{order.job, std::move(*written), ok()}
                                         : batch_written{order.job, nullptr, std::move(written).error()});
      },
  };
}

} // namespace

io_actor spawn_io(caf::actor_system& system, surroundings_ptr world, control_actor control) {
  if (world->options.detached) return system.spawn<caf::detached>(io_behavior, std::move(world), std::move(control));
  return system.spawn(io_behavior, std::move(world), std::move(control));
}

} // namespace sluice::worker
