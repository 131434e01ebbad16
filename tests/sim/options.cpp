#include "tests/sim/options.hpp"

#include <algorithm>
#include <sstream>

namespace sluice::sim {
namespace {

/// Draws in the order they are asked for.
class dice {
public:
  explicit dice(std::uint64_t seed) : random_(seeded_random_source(seed)) {}
  int below(int n) { return static_cast<int>(random_->next() % static_cast<std::uint64_t>(n)); }
  bool one_in(int n) { return below(n) == 0; }

private:
  std::shared_ptr<random_source> random_;
};

/// As it was in the first generation: never to be changed.
simulation_options first_generation(std::uint64_t seed) {
  dice draw(seed * 0x9e3779b97f4a7c15ull + 1);
  simulation_options out;
  out.seed = seed;
  auto& work = out.queries.front();
  work.become(static_cast<job_kind>(draw.below(3)));
  work.num_files = 1 + draw.below(8);
  work.rows_per_file = 5 + draw.below(60);
  work.files_per_trigger = 1 + draw.below(3);
  out.num_workers = 1 + draw.below(5);
  out.slots = static_cast<std::uint32_t>(1 + draw.below(3));
  out.key_groups = static_cast<std::uint32_t>(1 + draw.below(16));
  if (draw.one_in(2)) out.base_interval = 1 + draw.below(4);
  if (draw.one_in(2)) out.retain = 1 + draw.below(3);
  if (draw.one_in(3)) out.morsel_bytes = 1;
  if (draw.one_in(3)) out.partial_bytes = 1;
  if (draw.one_in(3)) out.exchange_bytes = 1;
  if (draw.one_in(3)) out.split_bytes = 100 + draw.below(2000);
  if (draw.one_in(3)) out.network.max_delay = microseconds(1'000 + draw.below(200'000));
  out.num_faults = draw.one_in(8) ? 0 : 1 + draw.below(12);
  out.steps_between_faults = 20 + draw.below(400);
  for (auto* fault : {&out.crashes, &out.torn_writes, &out.power, &out.pauses, &out.duels, &out.broken_links, &out.partitions,
                      &out.leaving, &out.wall_jumps, &out.file_errors})
    *fault = draw.one_in(2);
  return out;
}

/// Any operator with any sink and mode that exists for it.
workload draw_query(dice& draw, int number) {
  workload out;
  out.name = "result" + std::to_string(number);
  out.sink_folder += std::to_string(number);
  out.checkpoint += std::to_string(number);
  out.rich = true;
  out.group = draw.one_in(3) ? grouping::none : static_cast<grouping>(1 + draw.below(6));
  out.where = static_cast<row_filter>(draw.below(3));
  out.drop_malformed = draw.one_in(2);
  if (out.group == grouping::none) {
    constexpr sink_kind sinks[] = {sink_kind::memory, sink_kind::console, sink_kind::json, sink_kind::json, sink_kind::parquet};
    out.mode = draw.one_in(6) ? output_mode::update : output_mode::append;
    out.sink = sinks[draw.below(5)];
    if (out.has_files()) out.mode = output_mode::append;
  } else {
    out.mode = draw.one_in(2) ? output_mode::complete : output_mode::update;
    out.sink = draw.one_in(4) ? sink_kind::console : sink_kind::memory;
    out.having = draw.one_in(4);
    out.aggregates.clear();
    for (int i = 0, count = 1 + draw.below(4); i < count; ++i) {
      auto what = static_cast<aggregate>(draw.below(num_aggregates));
      if (std::find(out.aggregates.begin(), out.aggregates.end(), what) == out.aggregates.end()) out.aggregates.push_back(what);
    }
    // The one row over nothing is the table's alone, and no filter may take it.
    if (out.group == grouping::all) {
      out.having = false;
      if (out.sink == sink_kind::console || out.mode == output_mode::update) out.where = row_filter::nothing;
    }
  }
  const char* triggers[] = {"100 milliseconds", "2 seconds", "availableNow", "once"};
  if (draw.one_in(2)) out.trigger = triggers[draw.below(4)];
  out.files_per_trigger = draw.one_in(6) ? 0 : 1 + draw.below(3);
  return out;
}

simulation_options second_generation(std::uint64_t seed) {
  dice draw(seeded_random_source(seed)->next());
  simulation_options out;
  out.seed = seed;
  out.generation = 1;
  auto num_queries = draw.one_in(2) ? 1 : 2 + draw.below(3);
  auto num_files = draw.one_in(8) ? 10 + draw.below(4) : 1 + draw.below(8);
  auto rows_per_file = 5 + draw.below(num_files > 8 ? 10 : 50);
  auto bad_one_in = draw.one_in(2) ? 3 + draw.below(20) : 0;
  bool one_file_a_batch = num_files > 8;
  out.queries.clear();
  for (int i = 0; i < num_queries; ++i) {
    out.queries.push_back(draw_query(draw, i));
    auto& work = out.queries.back();
    work.num_files = num_files;
    work.rows_per_file = rows_per_file;
    work.bad_one_in = bad_one_in;
    if (one_file_a_batch && work.trigger != "once") work.files_per_trigger = 1;
    // Compacted manifests come with the tenth batch.
    if (one_file_a_batch && i == 0) {
      work.group = grouping::none;
      work.mode = output_mode::append;
      work.sink = draw.one_in(2) ? sink_kind::json : sink_kind::parquet;
      work.having = false;
      work.trigger.clear();
      work.files_per_trigger = 1;
    }
  }
  out.num_workers = 1 + draw.below(5);
  out.slots = static_cast<std::uint32_t>(1 + draw.below(3));
  out.key_groups = static_cast<std::uint32_t>(1 + draw.below(16));
  if (draw.one_in(2)) out.base_interval = 1 + draw.below(4);
  if (draw.one_in(2)) out.retain = 1 + draw.below(3);
  if (draw.one_in(3)) out.morsel_bytes = 1;
  if (draw.one_in(3)) out.partial_bytes = 1;
  if (draw.one_in(3)) out.exchange_bytes = 1;
  if (draw.one_in(3)) out.split_bytes = 100 + draw.below(2000);
  if (draw.one_in(2)) out.state_bytes = draw.one_in(2) ? 1 : 1024 << draw.below(6);
  if (draw.one_in(3)) {
    out.heartbeat = microseconds(100'000 + draw.below(1'900'000));
    out.silence = out.heartbeat * 3 + microseconds(draw.below(5'000'000));
  }
  if (draw.one_in(3)) out.progress_timeout = microseconds(2'000'000 + draw.below(20'000'000));
  if (draw.one_in(3)) out.network.max_delay = microseconds(1'000 + draw.below(200'000));
  if (draw.one_in(2)) out.network.doubled_percent = 1 + draw.below(15);
  if (draw.one_in(2)) out.network.late_percent = 1 + draw.below(30);
  out.misbehave = !draw.one_in(4);
  out.reads = !draw.one_in(3);
  out.num_faults = draw.one_in(8) ? 0 : 1 + draw.below(12);
  out.steps_between_faults = 20 + draw.below(400);
  for (auto* fault : {&out.crashes, &out.torn_writes, &out.power, &out.pauses, &out.duels, &out.broken_links, &out.partitions,
                      &out.leaving, &out.wall_jumps, &out.file_errors, &out.stops, &out.outages, &out.slow_files, &out.replacement})
    *fault = draw.one_in(2);
  out.crash_points = !draw.one_in(3);
  return out;
}

} // namespace

simulation_options draw_options(std::uint64_t seed, int generation) {
  if (generation == 0) return first_generation(seed);
  auto out = second_generation(seed);
  out.generation = generation;
  if (generation >= 2) out.freezes = dice(seeded_random_source(seed + 0xf0e2e)->next()).one_in(2);
  return out;
}

std::string simulation_options::text() const {
  std::ostringstream out;
  const auto& work = queries.front();
  out << "seed=" << seed << " generation=" << generation << " files=" << work.num_files << " rows=" << work.rows_per_file
      << " bad=" << work.bad_one_in << " workers=" << num_workers << " slots=" << slots << " groups=" << key_groups
      << " base=" << base_interval << " retain=" << retain << " morsel=" << morsel_bytes << " partial=" << partial_bytes
      << " exchange=" << exchange_bytes << " split=" << split_bytes << " state=" << state_bytes << " heartbeat=" << heartbeat.count() / 1000
      << "ms silence=" << silence.count() / 1000 << "ms progress=" << progress_timeout.count() / 1000
      << "ms delay=" << network.max_delay.count() << "us doubled=" << network.doubled_percent << "% late=" << network.late_percent
      << "% faults=" << num_faults << "/" << steps_between_faults;
  const std::pair<const char*, bool> kinds[] = {
      {"misbehave", misbehave}, {"reads", reads},           {"crashes", crashes},           {"torn", torn_writes},
      {"power", power},         {"pauses", pauses},         {"duels", duels},               {"links", broken_links},
      {"partitions", partitions}, {"leaving", leaving},     {"wall", wall_jumps},           {"errors", file_errors},
      {"crash-points", crash_points}, {"stops", stops},     {"outages", outages},           {"slow-files", slow_files},
      {"replacement", replacement}, {"freezes", freezes}};
  for (const auto& [name, on] : kinds)
    if (on) out << " " << name;
  for (const auto& query : queries) out << "\n    " << query.text();
  return out.str();
}

} // namespace sluice::sim
