#pragma once
/// The read actor: gathers the rows of one read from several workers. It grants credits, so a worker never has more
/// than a few blocks under way, and stops the read when the rows outgrow their bound. Tells its consumer exactly once,
/// then ends.
#include "coordinator/actors/messages.hpp"

namespace caf {
class actor_system;
} // namespace caf

namespace sluice::actors {

struct read_setup {
  std::string read;                ///< id, unique in the cluster
  std::vector<read_part> parts;    ///< at most one per worker
  std::int64_t limit_bytes = 1LL << 30;
  microseconds silence{0};         ///< a read without any block for this long fails
  std::uint32_t credit = 8;        ///< blocks under way per worker
  cluster_actor cluster;
  std::function<void(read_end)> consumer;  ///< only sends
};

read_actor spawn_read(caf::actor_system& system, read_setup setup);

} // namespace sluice::actors
