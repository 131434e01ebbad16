#include "tests/crash/crash_points.hpp"

namespace sluice::sim {
namespace {

simulation_options small(job_kind kind, int files, int per_trigger) {
  simulation_options out;
  auto& work = out.queries.front();
  work.become(kind);
  work.num_files = files;
  work.rows_per_file = 6;
  work.files_per_trigger = per_trigger;
  out.num_workers = 2;
  out.key_groups = 3;
  out.base_interval = 1;
  out.retain = 1;
  return out;
}

std::string describe(const crash_job& job, const simulation_options& options) {
  std::string text = job.name;
  for (const auto& crash : options.plan)
    text += " process " + std::to_string(crash.process) + " call " + std::to_string(crash.call) + (crash.done ? " done" : " undone") +
            (crash.power ? " power" : "");
  return text;
}

/// One run; what each process that was there at the start and later called.
std::map<process_number, int> run_one(const crash_job& job, const simulation_options& options, crash_totals& totals) {
  simulation run(options);
  auto outcome = run.run();
  ++totals.runs;
  if (!outcome.wrong.empty()) totals.failures.push_back(describe(job, options) + ": " + outcome.wrong);
  for (const auto& [what, count] : outcome.met.counts())
    if (what.starts_with("crash ")) totals.points[what.substr(6)] += count;
  return run.changing_calls();
}

} // namespace

std::vector<crash_job> crash_jobs() {
  auto parquet = small(job_kind::copies, 2, 1);
  parquet.queries.front().sink = sink_kind::parquet;
  return {{"counts", small(job_kind::counts, 3, 1)},
          {"updates", small(job_kind::updates, 2, 1)},
          {"copies", small(job_kind::copies, 3, 1)},
          {"copies-parquet", parquet},
          {"one-batch", small(job_kind::counts, 2, 2)}};
}

void sweep(const crash_job& job, const crash_sweep& how, crash_totals& totals) {
  auto options = job.options;
  auto calls = run_one(job, options, totals);
  int number = 0, taken = 0;
  for (const auto& [process, count] : calls)
    for (int call = 0; call < count; ++call)
      for (bool done : {false, true})
        for (bool power : {false, true}) {
          if (number++ % how.stride != 0) continue;
          options.plan = {{process, call, done, power}};
          auto after = run_one(job, options, totals);
          if (how.second_stride == 0 || taken++ % how.second_of != 0) continue;
          int second = 0;
          for (const auto& [later, calls_later] : after) {
            if (calls.contains(later)) continue;
            for (int again = 0; again < calls_later; ++again, ++second) {
              if (second % how.second_stride != 0) continue;
              auto twice = options;
              twice.plan.push_back({later, again, second % 2 == 0, second / 2 % 2 == 0});
              (void)run_one(job, twice, totals);
            }
          }
        }
}

} // namespace sluice::sim
