#include "tests/sim/options.hpp"

#include <sstream>

namespace sluice::sim {

simulation_options draw_options(std::uint64_t seed) {
  auto random = seeded_random_source(seed * 0x9e3779b97f4a7c15ull + 1);
  auto below = [&](std::uint64_t n) { return static_cast<int>(random->next() % n); };
  auto chance = [&](int one_in) { return below(static_cast<std::uint64_t>(one_in)) == 0; };
  simulation_options out;
  out.seed = seed;
  out.work.kind = static_cast<job_kind>(below(3));
  out.work.num_files = 1 + below(8);
  out.work.rows_per_file = 5 + below(60);
  out.work.files_per_trigger = 1 + below(3);
  out.num_workers = 1 + below(5);
  out.slots = static_cast<std::uint32_t>(1 + below(3));
  out.key_groups = static_cast<std::uint32_t>(1 + below(16));
  if (chance(2)) out.base_interval = 1 + below(4);
  if (chance(2)) out.retain = 1 + below(3);
  if (chance(3)) out.morsel_bytes = 1;
  if (chance(3)) out.partial_bytes = 1;
  if (chance(3)) out.exchange_bytes = 1;
  if (chance(3)) out.split_bytes = 100 + below(2000);
  if (chance(3)) out.network.max_delay = microseconds(1'000 + below(200'000));
  out.num_faults = chance(8) ? 0 : 1 + below(12);
  out.steps_between_faults = 20 + below(400);
  for (auto* fault : {&out.crashes, &out.torn_writes, &out.power, &out.pauses, &out.duels, &out.broken_links, &out.partitions,
                      &out.leaving, &out.wall_jumps, &out.file_errors})
    *fault = chance(2);
  return out;
}

std::string simulation_options::text() const {
  std::ostringstream out;
  out << "seed=" << seed << " job=" << to_text(work.kind) << " files=" << work.num_files << " rows=" << work.rows_per_file
      << " per-trigger=" << work.files_per_trigger << " workers=" << num_workers << " slots=" << slots << " groups=" << key_groups
      << " base=" << base_interval << " retain=" << retain << " morsel=" << morsel_bytes << " partial=" << partial_bytes
      << " exchange=" << exchange_bytes << " split=" << split_bytes << " delay=" << network.max_delay.count() << "us faults=" << num_faults
      << "/" << steps_between_faults;
  const std::pair<const char*, bool> kinds[] = {{"crashes", crashes},   {"torn", torn_writes},         {"power", power},
                                                {"pauses", pauses},     {"duels", duels},              {"links", broken_links},
                                                {"partitions", partitions}, {"leaving", leaving}, {"wall", wall_jumps},
                                                {"errors", file_errors}};
  for (const auto& [name, on] : kinds)
    if (on) out << " " << name;
  return out.str();
}

} // namespace sluice::sim
