#pragma once
/// Small jobs, and death in every single call that changes a file: of a process or of everybody's power, before the call or in it, and
/// again in every call of the recovery. Each run ends with all the simulation's checks, the rows included.
#include <functional>

#include "tests/sim/simulation.hpp"

namespace sluice::sim {

struct crash_job {
  const char* name;
  simulation_options options;
};
/// One to three batches: tables in complete and update mode, files of JSON and Parquet; with state and without; bases and garbage
/// collection after every batch.
std::vector<crash_job> crash_jobs();

struct crash_totals {
  std::int64_t runs = 0;
  std::map<std::string, std::int64_t> points;  ///< "process commit.torn" -> how often
  std::vector<std::string> failures;           ///< which crash, and what was wrong
};

struct crash_sweep {
  int stride = 1;         ///< every so many-th single crash
  int second_stride = 0;  ///< every so many-th crash in the recovery from each of them; 0: none
  int second_of = 1;      ///< only for every so many-th single crash
};

/// Runs a job without a crash and then with each; adds to `totals`.
void sweep(const crash_job& job, const crash_sweep& how, crash_totals& totals);

} // namespace sluice::sim
