#pragma once
/// The state behind query_core. Handlers by topic: query_core.cpp (life), query_batch.cpp (batches), query_publish.cpp
/// (publishing, reads, progress).
#include <deque>
#include <set>

#include "common/base/seeded_bug.hpp"
#include "coordinator/query/batch_attempt.hpp"
#include "coordinator/query/query_core.hpp"

namespace sluice::query {

class query_core::machine {
public:
  explicit machine(core_options options) : options_(std::move(options)), id_(options_.query) {}

  std::vector<query_action> handle(const query_event& event, instant now);
  query_status status_now() const;
  query_state state() const noexcept { return state_; }
  const core_options& options() const noexcept { return options_; }

private:
  /// A worker as far as this query knows it. Layers are what its state table holds; groups are which key groups.
  struct worker_entry {
    std::string data_address;
    std::uint32_t slots = 1;
    bool draining = false;
    std::optional<layer> committed;
    std::optional<layer> prepared;
    std::set<std::uint32_t> groups;
    bool holds(const layer& base, const std::set<std::uint32_t>& owned) const {
      if (SLUICE_BUG(reuse_local_store) && committed && groups == owned) return committed->batch == base.batch || (prepared && prepared->batch == base.batch);
      return groups == owned && (committed == base || prepared == base);
    }
    void forget() {
      committed.reset();
      prepared.reset();
      groups.clear();
    }
  };
  /// The batch that is open: from its intent on until its commit.
  struct open_batch {
    std::shared_ptr<const intent> record;
    bool intent_durable = false;
    bool intent_in_flight = false;
    bool waits_for_retry = false;
    std::vector<file_split> splits;
    int failed_attempts = 0;
    int lost_attempts = 0;   // those that ended with a worker, counted apart
    std::optional<batch_attempt> attempt;
    std::shared_ptr<const commit> committing;
    // times for the progress report (monotonic, but for the first)
    std::int64_t trigger_wall_us = 0;
    std::int64_t trigger_us = 0;
    std::int64_t discovered_us = 0;
    std::int64_t intent_us = 0;
    std::int64_t ordered_us = 0;
    std::int64_t planned_us = 0;
    std::int64_t prepared_us = 0;
    std::int64_t commit_us = 0;
  };

  // ---- events ----
  void on(const event::start&);
  void on(const event::recovered& e);
  void on(const event::recovery_failed& e);
  void on(const event::worker_joined& e);
  void on(const event::worker_lost& e);
  void on(const event::worker_draining& e);
  void on(const event::input_available&);
  void on(const event::discovered& e);
  void on(const event::discover_failed& e);
  void on(const event::intent_written& e);
  void on(const event::prepared& e);
  void on(const event::attempt_failed& e);
  void on(const event::attempt_progress& e);
  void on(const event::commit_written& e);
  void on(const event::published& e);
  void on(const event::publish_failed& e);
  void on(const event::base_written& e);
  void on(const event::read_requested& e);
  void on(const event::stop_requested&);
  void on(const event::timer_fired& e);

  // ---- life ----
  bool live() const noexcept { return state_ == query_state::running || state_ == query_state::stopping; }
  bool over() const noexcept;
  void enter(query_state state, status error = {});
  void end(query_state state, status error = {});
  void fail(status error);
  void fence(const std::string& why);
  /// Does whatever is due next: stop, finish, publish, wait for the trigger, discover, start an attempt.
  void next();
  bool end_if_due();
  bool bounded() const noexcept;
  void arm(timer_kind kind, std::int64_t delay_us);
  /// One timer serves all attempts: when it fires it looks how long the running one has been silent.
  void watch_silence(std::int64_t delay_us);
  template <class Action>
  void act(Action action) { actions_.push_back(std::move(action)); }

  // ---- batches ----
  void discover();
  void open(std::shared_ptr<const intent> record, bool durable);
  void write_open_intent();
  void adopt_intent(std::shared_ptr<const intent> found);
  void start_attempt();
  batch_attempt plan_attempt(const std::vector<std::pair<std::string, worker_entry*>>& usable);
  void send_orders();
  void drop_attempt();
  void fail_attempt(status cause);
  void commit_if_complete();
  void take_commit(std::shared_ptr<const commit> record, std::string hash, bool ours);
  bool refers_to_attempt(const attempt_ref& ref) const;
  std::vector<extent> extents_of(const std::set<std::uint32_t>& groups) const;
  void write_base_if_due();

  // ---- publishing, reads, progress ----
  void pump_publish();
  void answer_read(const std::string& read);
  void report_progress(const commit& record);

  core_options options_;
  std::string id_;
  query_state state_ = query_state::starting;
  batch_phase phase_ = batch_phase::idle;
  status error_;
  instant now_;
  std::vector<query_action> actions_;

  std::int64_t epoch_ = 0;
  std::uint32_t num_key_groups_ = 128;
  std::int64_t attempts_made_ = 0;
  std::int64_t last_batch_ = -1;
  std::string last_attempt_;
  std::string last_hash_;
  std::int64_t batch_time_us_ = 0;
  watermark_map watermarks_;
  extent_map extents_;
  std::vector<output_object> results_;
  std::int64_t result_rows_ = 0;
  batch_counters counters_;
  std::int64_t last_base_ = -1;
  bool base_in_flight_ = false;

  std::optional<open_batch> batch_;
  std::map<std::string, worker_entry> workers_;
  std::vector<std::string> group_owner_;

  bool recovered_ = false;
  bool input_pending_ = true;        ///< as far as known; the first look is free
  bool exhausted_ = false;           ///< bounded trigger: nothing left to read
  std::int64_t batches_run_ = 0;
  std::int64_t next_trigger_wall_us_ = 0;
  bool trigger_armed_ = false;
  bool silence_armed_ = false;
  int discover_failures_ = 0;
  std::int64_t trigger_wall_us_ = 0;
  std::int64_t trigger_us_ = 0;
  std::optional<std::int64_t> previous_trigger_us_;

  std::deque<std::shared_ptr<const commit>> unpublished_;
  std::int64_t published_ = -1;
  std::int64_t noted_ = -1;
  bool publishing_ = false;
  bool publish_waits_ = false;
  int publish_failures_ = 0;

  std::vector<std::string> waiting_reads_;
  std::map<timer_kind, std::uint64_t> timers_;
  std::shared_ptr<const query_progress> last_progress_;
};

} // namespace sluice::query
