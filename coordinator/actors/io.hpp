#pragma once
/// Actors for blocking work: a few threads for files on the path of batches, others for what may wait (publishing,
/// deletes, computing results), so that nothing on the path queues behind it.
#include "coordinator/actors/messages.hpp"

namespace caf {
class actor_system;
} // namespace caf

namespace sluice::actors {

class io_pool {
public:
  io_pool() = default;
  io_pool(caf::actor_system& system, bool detach, std::size_t fast, std::size_t slow);
  /// For records of batches; the same key always gives the same actor, so its work stays in order.
  const io_actor& fast(std::string_view key) const;
  const io_actor& slow(std::string_view key) const;
  void stop();

private:
  std::vector<io_actor> fast_;
  std::vector<io_actor> slow_;
};

} // namespace sluice::actors
