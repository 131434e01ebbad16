#pragma once
/// One seed: a coordinator and workers with their real actors, in this thread, over a simulated network and disk. Each step is one
/// actor's message or one delivery, drawn by the seed; time moves when nothing is left to do. Clients submit the queries, lay out the
/// input bit by bit, read the tables. Faults strike until their number is used up; then everything must come to a good end.
///
///   simulation run(draw_options(7));
///   auto outcome = run.run();          // outcome.wrong says what went wrong; empty: nothing
#include "common/base/misbehave.hpp"
#include "tests/sim/client.hpp"
#include "tests/sim/coverage.hpp"
#include "tests/sim/invariants.hpp"
#include "tests/sim/options.hpp"
#include "tests/sim/processes.hpp"
#include "tests/sim/watched_disk.hpp"

namespace sluice::sim {

struct outcome {
  std::string wrong;
  std::uint64_t trace = 0;   ///< hash over all steps: equal options, equal trace
  std::int64_t steps = 0;
  microseconds virtual_time{0};
  coverage met;
};

/// Live points and their firing, by seed: a quarter of the points, a quarter of the visits.
class misbehaviour final : public misbehave::chooser {
public:
  explicit misbehaviour(std::uint64_t seed);
  bool fires(misbehave::point at) override;
  std::int64_t fired[misbehave::num_points] = {};

private:
  std::shared_ptr<random_source> random_;
  bool live_[misbehave::num_points] = {};
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
  checker& checks() { return clients_.front()->checks(); }
  const std::string& wrong() const { return wrong_; }
  storage::memory_file_system& disk() { return *disk_; }
  /// Calls of each process so far that change something.
  const std::map<process_number, int>& changing_calls() const { return calls_; }

private:
  /// How far a coordinator has come since it started.
  struct progress {
    process_number number = -1;
    bool recovers = false;  ///< there was something to recover
    bool claimed = false, published = false;
    int commits = 0;  ///< begun
  };
  struct armed_point {
    crash_point point;
    bool power = false;
  };

  // ---- simulation.cpp: steps and processes ----
  bool step();
  void trace(const std::string& what);
  void fail(const std::string& what);
  void note(const std::string& what);
  void later(microseconds delay, std::function<void()> what);
  std::vector<process*> processes();
  process* find(process_number number);
  bool awake(process_number number);
  std::uint64_t below(std::uint64_t n) { return random_->next() % n; }
  microseconds span(std::int64_t most) { return microseconds(static_cast<std::int64_t>(below(static_cast<std::uint64_t>(most)))); }
  void start_coordinator();
  void start_worker();
  void after(process& ran);
  process_setup setup_of_next();
  int free_host();
  std::string observe();
  std::string inspect();

  // ---- faults.cpp ----
  void strike();
  void arm_point();
  bool may_happen(durable_write what) const;
  void strike_first_generation(process& victim, std::vector<std::function<void()>>& possible);
  void strike_second_generation(process& victim, std::vector<std::function<void()>>& possible);
  void strike_third_generation(std::vector<std::function<void()>>& possible);
  void crash(process& what);
  void crash_worker(std::size_t index);
  void crash_coordinator();
  void lose_power();
  void freeze();
  void heal();
  std::optional<bool> watch(process_number who, const file_call& call, const std::optional<file_call>& before);
  std::optional<bool> planned_death(process_number who);
  void count_death(process& dead, bool power);
  void count_recovery_crash();
  void outage(process& of);

  // ---- clients.cpp ----
  circumstances now() const;
  bool clients_ready();
  void read_now_and_then();
  void read_files();
  std::string read_result(query_client& of, row_bag& rows);
  void finish();

  simulation_options options_;
  bool verbose_;
  outcome outcome_;
  true_time time_;
  std::shared_ptr<random_source> random_;
  std::shared_ptr<storage::memory_file_system> disk_;
  invariants invariants_;
  std::shared_ptr<watched_disk> watched_;
  std::unique_ptr<network> network_;
  std::unique_ptr<message_watch> messages_;
  misbehaviour misbehaviour_;
  std::vector<std::unique_ptr<query_client>> clients_;
  std::unique_ptr<coordinator_process> coordinator_;
  std::vector<std::unique_ptr<coordinator_process>> deposed_;  ///< paused when another took over
  std::vector<std::unique_ptr<worker_process>> workers_;
  std::multimap<microseconds, std::function<void()>> schedule_;
  process_number next_process_ = 1;
  int hosts_made_ = 0;
  int faults_left_ = 0;
  bool healed_ = false;
  int files_put_ = 0;
  std::int64_t changes_ = 0;               ///< calls that changed the disk
  std::int64_t observed_ = -1;             ///< how many of them the checkers have looked at
  microseconds next_read_{0};
  std::shared_ptr<follower> file_reader_;
  std::shared_ptr<actors::job_handle> reading_files_;
  int files_before_read_ = 0;
  std::vector<armed_point> armed_;
  std::optional<bool> fired_;              ///< an armed point was reached: with power loss or not
  progress progress_;                      ///< of the coordinator
  std::optional<int> die_after_start_;     ///< the next coordinator dies in this call
  bool outage_at_start_ = false;           ///< the next coordinator finds its storage away
  std::map<process_number, microseconds> slow_until_;
  std::optional<int> freeze_in_;           ///< the coordinator stops in the middle of this many calls from now
  bool frozen_ = false;
  std::map<process_number, int> calls_;
  bool file_errors_ = false;
  std::map<std::string, int> struck_;
  std::string wrong_;
};

} // namespace sluice::sim
