#pragma once
/// A simulated process: an actor system of its own under CAF's test scheduler, a view of the shared disk that dies with it, a clock,
/// and its place in the network. Runs only while it is stepped; a paused one comes back with all its timers overdue, as after SIGSTOP.
/// `kill` ends it as SIGKILL does: from then on nothing that it does reaches the disk or the network.
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include "coordinator/actors/control_plane.hpp"
#include "tests/sim/network.hpp"
#include "tests/sim/process_disk.hpp"
#include "tests/sim/spill_environment.hpp"
#include "worker/actors/control.hpp"

namespace sluice::sim {

struct process_setup {
  process_number number = 0;
  const true_time* time = nullptr;
  network* net = nullptr;
  std::shared_ptr<storage::file_system> disk;
  std::uint64_t seed = 0;
  microseconds wall_offset{0};
};

class process {
public:
  explicit process(process_setup setup);
  virtual ~process();
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  process_number number() const { return setup_.number; }
  storage::faulty_file_system& files() { return files_->faults(); }
  process_disk& disk() { return *files_; }
  process_clock& clock() { return *clock_; }

  /// Brings its timers up to the true time.
  void catch_up();
  bool has_job() { return scheduler().has_job(); }
  /// Whether one of them is not held back.
  bool can_run(microseconds now);
  /// The actor that ran last waits for its answer: it is held back until `when`, the others go on.
  void hold_last(microseconds when) { held_[last_ran_] = when; }
  /// When the first of those held back goes on; max if none is.
  microseconds next_release(microseconds now);
  /// Runs one message of one of its actors, drawn by `random`; text for the trace.
  std::string run_one(random_source& random);
  /// When its next timer is due, in true time.
  microseconds next_timer();

  bool paused(microseconds now) const { return now < paused_until_; }
  microseconds paused_until() const { return paused_until_; }
  void pause_until(microseconds when) { paused_until_ = when; }

protected:
  /// Makes it deaf and dumb and runs what is left until no actor is.
  void end(const std::function<void()>& stop_actors);
  caf::scheduler::test_coordinator& scheduler() {
    return dynamic_cast<caf::scheduler::test_coordinator&>(system_->scheduler());
  }

  process_setup setup_;
  std::shared_ptr<process_clock> clock_;
  std::shared_ptr<random_source> random_;
  std::shared_ptr<process_disk> files_;
  struct testing_config : caf::actor_system_config {
    testing_config();
  };
  testing_config config_;
  std::unique_ptr<caf::actor_system> system_;
  caf::actor_clock::time_point born_;
  microseconds birth_{0};
  microseconds paused_until_{0};
  const void* last_ran_ = nullptr;
  std::map<const void*, microseconds> held_;
};

class worker_process final : public process {
public:
  /// `host`: where it keeps spilled state; a later process there finds what this one leaves.
  worker_process(process_setup setup, worker::worker_options options, int host);
  ~worker_process() override;
  /// As SIGTERM does.
  void leave();
  /// It has left and its actors are gone.
  bool ended();
  int host() const { return host_; }
  const spill_environment& spill() const { return *spill_; }

private:
  int host_;
  std::unique_ptr<spill_environment> spill_;
  worker::control_actor control_;
  std::unique_ptr<net::listener> listener_;
};

class coordinator_process final : public process {
public:
  /// Check `good()` afterwards: a disk that dies meanwhile keeps it from starting.
  coordinator_process(process_setup setup, actors::control_options options, const std::string& address);
  ~coordinator_process() override;
  bool good() const { return plane_ != nullptr; }
  const status& failure() const { return failure_; }
  actors::control_plane& plane() { return *plane_; }

private:
  status failure_;
  std::unique_ptr<actors::control_plane> plane_;
  std::unique_ptr<net::listener> listener_;
};

} // namespace sluice::sim
