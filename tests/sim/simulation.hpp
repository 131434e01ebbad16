#pragma once
/// One seed: a coordinator and workers with their real actors, in this thread, over a simulated network and disk. Each step is one
/// actor's message or one delivery, drawn by the seed; time moves when nothing is left to do. A client submits the job, lays out the
/// input bit by bit and in the end reads the table. Faults strike until their number is used up; then everything must come to a good end.
///
///   simulation run(draw_options(7));
///   auto outcome = run.run();          // outcome.wrong says what went wrong; empty: nothing
#include "tests/sim/checks.hpp"
#include "tests/sim/options.hpp"
#include "tests/sim/processes.hpp"

namespace sluice::sim {

struct outcome {
  std::string wrong;
  std::uint64_t trace = 0;   ///< hash over all steps: equal options, equal trace
  std::int64_t steps = 0;
  microseconds virtual_time{0};
  std::map<std::string, int> faults;  ///< how often each struck
};

class simulation {
public:
  explicit simulation(simulation_options options, bool verbose = false);
  ~simulation();
  outcome run();

  // ---- pieces of it, for tests that count ----
  void start_cluster();
  void submit();
  void put_file(int number);
  /// Steps until `ready`; false after `limit` of virtual time.
  bool run_until(const std::function<bool()>& ready, microseconds limit);
  const std::map<std::string, std::int64_t>& frames() const { return network_->frames(); }
  coordinator_process* coordinator() { return coordinator_.get(); }
  const std::vector<std::unique_ptr<worker_process>>& workers() const { return workers_; }
  checker& checks() { return *checker_; }
  const std::string& wrong() const { return wrong_; }

private:
  class client;

  bool step();
  void trace(const std::string& what);
  void fail(const std::string& what);
  void note(const std::string& what);
  void later(microseconds delay, std::function<void()> what);
  std::vector<process*> processes();
  process* find(process_number number);
  bool awake(process_number number);
  std::uint64_t below(std::uint64_t n) { return random_->next() % n; }

  void start_coordinator();
  void start_worker();
  void after(process& ran);
  void crash(process& what);
  void crash_worker(std::size_t index);
  void crash_coordinator();
  void lose_power();
  void strike();
  void heal();
  void finish();
  bool client_ready();
  bool still_runs();
  std::string read_result(row_bag& rows);
  process_setup setup_of_next();

  simulation_options options_;
  bool verbose_;
  true_time time_;
  std::shared_ptr<random_source> random_;
  std::shared_ptr<storage::memory_file_system> disk_;
  std::unique_ptr<network> network_;
  std::unique_ptr<checker> checker_;
  std::unique_ptr<coordinator_process> coordinator_;
  std::vector<std::unique_ptr<coordinator_process>> deposed_;  ///< paused when another took over
  std::vector<std::unique_ptr<worker_process>> workers_;
  std::shared_ptr<client> client_;
  std::shared_ptr<actors::job_handle> job_;
  std::multimap<microseconds, std::function<void()>> schedule_;
  process_number next_process_ = 1;
  int faults_left_ = 0;
  bool healed_ = false;
  int files_put_ = 0;
  bool stopped_ = false;                      ///< a file error ended the query for good
  microseconds next_look_{0};
  std::shared_ptr<std::string> seen_state_;   ///< what the coordinator says about the query
  outcome outcome_;
  std::string wrong_;
};

} // namespace sluice::sim
