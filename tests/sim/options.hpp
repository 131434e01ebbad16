#pragma once
/// What one seed decides: the workload, how many workers, how small buffers are, and which faults may strike how often.
#include "tests/sim/network.hpp"
#include "tests/sim/workload.hpp"

namespace sluice::sim {

struct simulation_options {
  std::uint64_t seed = 1;
  workload work;
  int num_workers = 1;
  std::uint32_t slots = 1;
  std::uint32_t key_groups = 8;
  std::int64_t base_interval = 256;
  std::int64_t retain = 100;
  std::size_t morsel_bytes = 256 << 10;
  std::size_t partial_bytes = 4 << 20;
  std::size_t exchange_bytes = 64 << 20;
  std::int64_t split_bytes = 16 << 20;
  network_options network;
  int num_faults = 0;           ///< in all
  int steps_between_faults = 200;  ///< on average
  // Which faults.
  bool crashes = false, torn_writes = false, power = false, pauses = false, duels = false, broken_links = false, partitions = false,
       leaving = false, wall_jumps = false, file_errors = false;

  std::string text() const;
};

/// The options that belong to a seed.
simulation_options draw_options(std::uint64_t seed);

} // namespace sluice::sim
