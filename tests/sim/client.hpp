#pragma once
/// Who uses the cluster: submits a query and keeps it running, stops it at times, follows it, and reads its table while faults
/// strike. Runs in the simulation's thread.
#include <optional>

#include "coordinator/actors/control_plane.hpp"
#include "tests/sim/checks.hpp"

namespace sluice::sim {

/// What happened so far, as far as it excuses errors.
struct circumstances {
  microseconds now{0};
  bool healed = false;       ///< faults strike no more
  bool file_errors = false;  ///< file calls have failed: queries may fail
  bool slow = false;         ///< attempts may have taken longer than the query allows
};

/// Follows a job.
class follower final : public actors::job_listener {
public:
  void on_event(actors::job_event event) override;
  void on_end(status with) override { end = std::move(with); }

  std::optional<status> end;
  bool started = false;
  status broken;
  std::vector<data::batch_ptr> found;
  std::vector<std::pair<std::int64_t, row_bag>> shown;  ///< of the console, by batch
};

class query_client {
public:
  query_client(storage::memory_file_system& disk, const workload& work) : work_(work), checks_(disk, work) {}

  checker& checks() { return checks_; }
  const checker& checks() const { return checks_; }
  const workload& work() const { return work_; }

  /// Goes on with whatever is due. True if the query runs or is over for good; `wrong` says what must not be.
  bool tick(actors::control_plane& plane, const circumstances& at, std::string& wrong);
  /// Its batches are committed and visible, or it is over for good. `changes`: of the disk, so far.
  bool done(std::int64_t changes) {
    if (std::exchange(looked_, changes) != changes) done_ = checks_.all_done();
    return over_ || done_;
  }
  bool over() const { return over_; }
  /// Asks that the query stops; later it is submitted again, if it may be.
  void stop(actors::control_plane& plane);
  /// Begins to read the table, unless a read is under way.
  void read(actors::control_plane& plane);
  bool reading() const { return reader_ != nullptr; }
  /// The coordinator is gone, with all that was asked of it.
  void forget();
  std::int64_t shown() const { return shown_; }

private:
  void submit(actors::control_plane& plane);
  bool refused(const status& why, const circumstances& at, std::string& wrong);
  bool look_after(actors::control_plane& plane, const circumstances& at, std::string& wrong);
  bool again();

  const workload work_;
  checker checks_;
  std::shared_ptr<follower> follower_;
  std::shared_ptr<actors::job_handle> job_;
  std::shared_ptr<follower> reader_;
  std::shared_ptr<actors::job_handle> reading_;
  std::shared_ptr<std::string> state_;  ///< what the coordinator says about the query
  microseconds next_look_{0};
  microseconds not_before_{0};
  bool stop_asked_ = false;
  bool over_ = false;
  bool done_ = false;
  std::int64_t looked_ = -1;
  std::int64_t shown_ = 0;
};

} // namespace sluice::sim
