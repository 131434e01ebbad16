#pragma once
/// What one seed decides: the queries, how many workers, how small buffers are, and which faults may strike how often.
/// How options are drawn has generations: a seed keeps its meaning within its generation for ever.
#include "tests/sim/network.hpp"
#include "tests/sim/workload.hpp"

namespace sluice::sim {

/// A death in exactly this call: the `call`-th (from 0) of the process that changes something.
struct planned_crash {
  process_number process = 0;
  int call = 0;
  bool done = false;   ///< the call (of an append: half of it) has happened
  bool power = false;  ///< with it the power of all goes
};

struct simulation_options {
  std::uint64_t seed = 1;
  int generation = 0;
  std::vector<workload> queries{workload{}};
  int num_workers = 1;
  std::uint32_t slots = 1;
  std::uint32_t key_groups = 8;
  std::int64_t base_interval = 256;
  std::int64_t retain = 100;
  std::size_t morsel_bytes = 256 << 10;
  std::size_t partial_bytes = 4 << 20;
  std::size_t exchange_bytes = 64 << 20;
  std::int64_t split_bytes = 16 << 20;
  std::size_t state_bytes = 0;     ///< memory for state beyond which it spills; 0: no spilling
  microseconds heartbeat{1'000'000};
  microseconds silence{5'000'000};
  microseconds progress_timeout{30'000'000};
  network_options network;
  bool misbehave = false;          ///< misbehaviour points are live, by the seed
  bool reads = false;              ///< tables are read all the time
  int num_faults = 0;              ///< in all
  int steps_between_faults = 200;  ///< on average
  // Which faults.
  bool crashes = false, torn_writes = false, power = false, pauses = false, duels = false, broken_links = false, partitions = false,
       leaving = false, wall_jumps = false, file_errors = false;
  // Since generation 1.
  bool crash_points = false, stops = false, outages = false, slow_files = false, replacement = false;

  // Since generation 2, in which slow files hold back only the actor that waits for them.
  bool freezes = false;
  std::vector<planned_crash> plan;  ///< not drawn: for tests that go through all calls

  /// The input, which all queries share.
  int num_files() const { return queries.front().num_files; }
  std::string text() const;
};

/// How options are drawn unless asked otherwise. Generation 2 is not the rule yet: it finds two coordinators that make one query at once.
inline constexpr int newest_generation = 1;

/// The options that belong to a seed.
simulation_options draw_options(std::uint64_t seed, int generation = newest_generation);

} // namespace sluice::sim
