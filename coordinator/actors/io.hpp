#pragma once
/// Actors for blocking work: a few threads for files on the path of batches, others for what may wait (publishing,
/// deletes, computing results), so that nothing on the path queues behind it.
#include <atomic>

#include "coordinator/actors/messages.hpp"

namespace caf {
class actor_system;
} // namespace caf

namespace sluice::actors {

class io_pool {
public:
  io_pool() = default;
  io_pool(caf::actor_system& system, bool detach, std::size_t fast, std::size_t slow, std::size_t compute);
  /// For records of batches; the same key always gives the same actor, so its work stays in order.
  const io_actor& fast(std::string_view key) const;
  const io_actor& slow(std::string_view key) const;
  /// For planning and packing: short work that waits for nothing.
  const io_actor& compute() const;
  void stop();

private:
  std::vector<io_actor> fast_;
  std::vector<io_actor> slow_;
  std::vector<io_actor> compute_;
  std::shared_ptr<std::atomic<std::size_t>> next_ = std::make_shared<std::atomic<std::size_t>>(0);
};

} // namespace sluice::actors
