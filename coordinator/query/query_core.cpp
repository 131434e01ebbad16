#include "coordinator/query/query_core.hpp"

#include <algorithm>

#include "common/base/seeded_bug.hpp"
#include "coordinator/query/internal/query_machine.hpp"

namespace sluice::query {

std::string_view to_string(query_state state) noexcept {
  switch (state) {
    case query_state::starting: return "starting";
    case query_state::recovering: return "recovering";
    case query_state::running: return "running";
    case query_state::stopping: return "stopping";
    case query_state::stopped: return "stopped";
    case query_state::finished: return "finished";
    case query_state::failed: return "failed";
  }
  return "?";
}

std::string_view to_string(batch_phase phase) noexcept {
  switch (phase) {
    case batch_phase::idle: return "idle";
    case batch_phase::discovering: return "discovering";
    case batch_phase::running: return "running";
    case batch_phase::committing: return "committing";
  }
  return "?";
}

namespace {
core_options clean_paths(core_options options) {
  for (auto* path : {&options.checkpoint, &options.sink_path})
    while (path->size() > 1 && path->back() == '/') path->pop_back();
  return options;
}
} // namespace

query_core::query_core(core_options options) : machine_(std::make_unique<machine>(clean_paths(std::move(options)))) {}
query_core::~query_core() = default;
std::vector<query_action> query_core::handle(const query_event& event, instant now) { return machine_->handle(event, now); }
query_status query_core::status_now() const { return machine_->status_now(); }
query_state query_core::state() const noexcept { return machine_->state(); }
const core_options& query_core::options() const noexcept { return machine_->options(); }

std::vector<query_action> query_core::machine::handle(const query_event& event, instant now) {
  now_ = now;
  actions_.clear();
  std::visit([this](const auto& e) { on(e); }, event);
  return std::move(actions_);
}

query_status query_core::machine::status_now() const {
  query_status out;
  out.state = state_;
  out.phase = phase_;
  out.query = id_;
  out.run = options_.run;
  out.name = options_.name;
  out.last_batch = last_batch_;
  out.published = published_;
  out.epoch = epoch_;
  if (batch_ && batch_->attempt) out.attempt = batch_->attempt->ref.attempt;
  for (const auto& [worker, entry] : workers_) out.workers.push_back(worker);
  out.error = error_;
  out.last_progress = last_progress_;
  return out;
}

bool query_core::machine::over() const noexcept {
  return state_ == query_state::stopped || state_ == query_state::finished || state_ == query_state::failed;
}

bool query_core::machine::bounded() const noexcept {
  return options_.trigger == trigger_kind::available_now || options_.trigger == trigger_kind::once;
}

void query_core::machine::enter(query_state state, status error) {
  state_ = state;
  error_ = error;
  act(action::state_changed{state, std::move(error)});
}

void query_core::machine::end(query_state state, status error) {
  if (over()) return;
  drop_attempt();
  batch_.reset();
  phase_ = batch_phase::idle;
  if (recovered_ && epoch_ > 0 && published_ > noted_) act(action::note_published{noted_ = published_, epoch_});
  enter(state, std::move(error));
  for (auto& read : std::exchange(waiting_reads_, {})) answer_read(read);
}

void query_core::machine::fail(status error) { end(query_state::failed, std::move(error)); }

void query_core::machine::fence(const std::string& why) {
  end(query_state::stopped, {errc::checkpoint_in_use, "this coordinator no longer runs the query: " + why});
}

void query_core::machine::arm(timer_kind kind, std::int64_t delay_us) {
  act(action::set_timer{kind, ++timers_[kind], std::max<std::int64_t>(0, delay_us)});
}

void query_core::machine::watch_silence(std::int64_t delay_us) {
  if (silence_armed_) return;
  silence_armed_ = true;
  arm(timer_kind::silence, delay_us);
}

void query_core::machine::on(const event::start&) {
  if (state_ != query_state::starting) return;
  enter(query_state::recovering);
  act(action::recover{!options_.look_only});
}

void query_core::machine::on(const event::recovery_failed& e) {
  if (state_ == query_state::recovering) fail(e.error);
  if (state_ == query_state::stopping && !recovered_) end(query_state::stopped);
}

void query_core::machine::on(const event::recovered& e) {
  if (recovered_ || over()) return;
  const auto& from = *e.state;
  recovered_ = true;
  id_ = from.metadata.query;
  num_key_groups_ = from.metadata.num_key_groups;
  epoch_ = from.epoch;
  last_batch_ = from.last_batch;
  last_attempt_ = from.last_attempt;
  last_hash_ = from.last_hash;
  batch_time_us_ = from.batch_time_us;
  watermarks_ = from.watermarks;
  extents_ = from.extents;
  results_ = from.results;
  for (const auto& o : results_) result_rows_ += o.rows;
  counters_ = from.counters;
  last_base_ = from.last_base;
  published_ = noted_ = from.published;
  if (!SLUICE_BUG(recovery_forgets_publishing)) unpublished_.assign(from.unpublished.begin(), from.unpublished.end());
  if (options_.look_only) {
    end(query_state::stopped);
    return;
  }
  if (state_ == query_state::recovering) enter(query_state::running);
  for (const auto& record : unpublished_) act(action::committed{record, true});
  if (from.open && !SLUICE_BUG(recovery_replans) && state_ == query_state::running) open(std::make_shared<const intent>(from.intents.back()), true);
  for (auto& read : std::exchange(waiting_reads_, {})) answer_read(read);
  next();
}

void query_core::machine::on(const event::stop_requested&) {
  if (over() || state_ == query_state::stopping) return;
  if (state_ == query_state::starting) return end(query_state::stopped);
  enter(query_state::stopping);
  next();
}

void query_core::machine::on(const event::input_available&) {
  input_pending_ = true;
  if (state_ == query_state::running) next();
}

void query_core::machine::on(const event::worker_joined& e) {
  auto& entry = workers_[e.id.text];
  entry.data_address = e.data_address;
  entry.slots = e.slots;
  entry.draining = false;
  next();
}

void query_core::machine::on(const event::worker_draining& e) {
  const auto it = workers_.find(e.id.text);
  if (it != workers_.end()) it->second.draining = true;
}

void query_core::machine::on(const event::worker_lost& e) {
  workers_.erase(e.id.text);
  // While the commit record is being written, all the worker's work is durable and nobody waits for it.
  if (phase_ == batch_phase::running && batch_ && batch_->attempt && batch_->attempt->find(e.id.text))
    fail_attempt({errc::worker_lost, "worker " + e.id.text + " is gone"});
}

void query_core::machine::on(const event::timer_fired& e) {
  if (e.token != timers_[e.kind]) return;
  switch (e.kind) {
    case timer_kind::trigger:
      trigger_armed_ = false;
      next_trigger_wall_us_ = 0;
      next();
      return;
    case timer_kind::retry:
      if (batch_) batch_->waits_for_retry = false;
      next();
      return;
    case timer_kind::publish:
      publish_waits_ = false;
      next();
      return;
    case timer_kind::silence: break;
  }
  silence_armed_ = false;
  if (phase_ != batch_phase::running || !batch_ || !batch_->attempt) return;
  const auto idle = now_.monotonic_us - batch_->attempt->last_progress_us;
  if (idle < options_.silence_us) return watch_silence(options_.silence_us - idle);
  std::string silent;
  for (const auto& share : batch_->attempt->shares)
    if (!share.report) silent += (silent.empty() ? "" : ", ") + share.worker.worker;
  fail_attempt({errc::timed_out, "no progress in " + std::to_string(idle / 1'000'000) + " s; waiting for " +
                                     (silent.empty() ? "the intent to be written" : "worker " + silent)});
}

bool query_core::machine::end_if_due() {
  if (over()) return true;
  if (state_ == query_state::stopping) {
    if (!recovered_ || phase_ == batch_phase::committing || publishing_ || (batch_ && batch_->intent_in_flight)) return true;
    end(query_state::stopped);
    return true;
  }
  if (exhausted_ && !batch_ && unpublished_.empty()) {
    end(query_state::finished);
    return true;
  }
  return false;
}

void query_core::machine::next() {
  if (!live() || !recovered_) return;
  if (state_ == query_state::stopping && phase_ == batch_phase::running) {
    drop_attempt();
    phase_ = batch_phase::idle;
  }
  pump_publish();
  if (end_if_due() || exhausted_) return;
  if (phase_ != batch_phase::idle) return;
  if (batch_) {
    if (!batch_->waits_for_retry) start_attempt();
    return;
  }
  if (static_cast<std::int64_t>(unpublished_.size()) > options_.max_publish_lag) return;
  if (trigger_armed_) return;
  if (options_.trigger == trigger_kind::interval && now_.wall_us < next_trigger_wall_us_) {
    trigger_armed_ = true;
    // The wall clock may have been set back: never wait longer than an interval.
    arm(timer_kind::trigger, std::min(next_trigger_wall_us_ - now_.wall_us, options_.interval_us));
    return;
  }
  if (options_.trigger == trigger_kind::as_soon_as_possible && !input_pending_) return;
  discover();
}

} // namespace sluice::query
