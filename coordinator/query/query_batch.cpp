#include <algorithm>

#include "common/base/misbehave.hpp"
#include "common/base/seeded_bug.hpp"
#include "common/storage/path.hpp"
#include "coordinator/placement/placement.hpp"
#include "coordinator/query/internal/query_machine.hpp"
#include "coordinator/query/output_names.hpp"

namespace sluice::query {
namespace {

/// Failures that a new attempt cannot mend.
bool final_failure(errc code) {
  const auto& line = info(code);
  if (line.retry != error_retry::never) return false;
  if (line.domain == error_domain::user || line.domain == error_domain::external) return true;
  return code == errc::corrupt_file || code == errc::broken_chain || code == errc::unsupported_format;
}

/// Failures after which trying again at once makes sense; others wait, as their cause may last.
bool try_at_once(errc code) { return code == errc::worker_lost || code == errc::state_missing || code == errc::timed_out; }

/// Failures that say nothing about the batch: machines go, one or many at once. They count apart, with a wider bound, since the batch
/// itself may be what ends the workers.
bool lost_peer(errc code) { return code == errc::worker_lost || code == errc::unreachable; }
constexpr int losses_per_attempt = 8;

std::vector<file_split> split_per_file(const std::vector<source_file>& files) {
  std::vector<file_split> out;
  for (const auto& f : files)
    out.push_back({static_cast<std::int32_t>(out.size()), f.path, 0, f.size, f.size, f.mtime_us, f.inode});
  return out;
}

} // namespace

// ---- input ----

void query_core::machine::discover() {
  phase_ = batch_phase::discovering;
  input_pending_ = false;
  trigger_wall_us_ = now_.wall_us;
  trigger_us_ = now_.monotonic_us;
  if (options_.interval_us > 0) next_trigger_wall_us_ = now_.wall_us / options_.interval_us * options_.interval_us + options_.interval_us;
  act(action::discover{last_batch_ + 1, options_.trigger == trigger_kind::once, bounded()});
}

void query_core::machine::on(const event::discover_failed& e) {
  if (phase_ != batch_phase::discovering || e.batch != last_batch_ + 1) return;
  phase_ = batch_phase::idle;
  if (state_ == query_state::running && (final_failure(e.error.code()) || ++discover_failures_ >= options_.max_attempts)) return fail(e.error);
  if (state_ == query_state::running) {
    input_pending_ = true;
    trigger_armed_ = true;
    arm(timer_kind::trigger, 100'000LL << std::min(discover_failures_, 6));
  }
  next();
}

void query_core::machine::on(const event::discovered& e) {
  if (phase_ != batch_phase::discovering || e.batch != last_batch_ + 1) return;
  phase_ = batch_phase::idle;
  discover_failures_ = 0;
  if (state_ == query_state::running && e.files.empty() && bounded()) exhausted_ = true;
  if (state_ != query_state::running || e.files.empty()) return next();
  intent record;
  record.batch = e.batch;
  record.epoch = epoch_;
  record.batch_time_us = std::max(now_.wall_us, batch_time_us_);
  record.watermarks = watermarks_;
  record.inputs.push_back({options_.source_name, e.files});
  record.settings = options_.settings;
  open(std::make_shared<const intent>(std::move(record)), false);
  write_open_intent();
  next();
}

void query_core::machine::open(std::shared_ptr<const intent> record, bool durable) {
  batch_.emplace(open_batch{});
  batch_->intent_durable = durable;
  batch_->trigger_wall_us = durable ? now_.wall_us : trigger_wall_us_;
  batch_->trigger_us = durable ? now_.monotonic_us : trigger_us_;
  batch_->discovered_us = now_.monotonic_us;
  batch_->intent_us = now_.monotonic_us;
  adopt_intent(std::move(record));
}

void query_core::machine::adopt_intent(std::shared_ptr<const intent> found) {
  batch_time_us_ = std::max(batch_time_us_, found->batch_time_us);
  std::vector<source_file> files;
  for (const auto& input : found->inputs) files.insert(files.end(), input.files.begin(), input.files.end());
  batch_->splits = options_.plan_splits ? options_.plan_splits(files) : split_per_file(files);
  batch_->record = std::move(found);
}

void query_core::machine::write_open_intent() {
  batch_->intent_in_flight = true;
  act(action::write_intent{batch_->record});
}

void query_core::machine::on(const event::intent_written& e) {
  if (!batch_ || !batch_->intent_in_flight || e.batch != batch_->record->batch) return;
  batch_->intent_in_flight = false;
  batch_->intent_us = now_.monotonic_us;
  if (state_ == query_state::stopping) return next();
  using kind = write_outcome<intent>::kind;
  switch (e.outcome.what) {
    case kind::fenced: return fence(e.outcome.error.message());
    case kind::failed: return fail_attempt(e.outcome.error);
    case kind::exists:
      if (e.outcome.found->epoch > epoch_)
        return fence("batch " + std::to_string(e.batch) + " was planned in epoch " + std::to_string(e.outcome.found->epoch));
      if (SLUICE_BUG(recovery_replans)) break;
      // An earlier coordinator planned this batch: its input stands, ours was never promised to anyone.
      drop_attempt();
      phase_ = batch_phase::idle;
      adopt_intent(e.outcome.found);
      break;
    case kind::created: break;
  }
  batch_->intent_durable = true;
  for (const auto& input : batch_->record->inputs) act(action::take_input{e.batch, input.files});
  commit_if_complete();
  next();
}

// ---- attempts ----

std::vector<extent> query_core::machine::extents_of(const std::set<std::uint32_t>& groups) const {
  std::vector<extent> out;
  const auto it = extents_.find(0);
  if (it == extents_.end()) return out;
  for (const auto group : groups)
    if (const auto chain = it->second.find(group); chain != it->second.end() && !(SLUICE_BUG(restore_loses_group) && groups.size() > 1 && group == *groups.begin())) out.insert(out.end(), chain->second.begin(), chain->second.end());
  return out;
}

batch_attempt query_core::machine::plan_attempt(const std::vector<std::pair<std::string, worker_entry*>>& usable) {
  batch_attempt attempt;
  attempt.ref = {id_, epoch_, batch_->record->batch, std::to_string(epoch_) + "-" + std::to_string(attempts_made_++)};
  attempt.base = {last_batch_, last_attempt_};
  attempt.stateful = options_.stateful;
  attempt.num_splits = batch_->splits.size();
  attempt.staging = options_.sink_path.empty()
                        ? storage::join_path(options_.checkpoint, "staged")
                        : storage::join_path(options_.sink_path, staging_directory(attempt.ref.batch, attempt.ref.attempt));
  attempt.started_us = attempt.last_progress_us = now_.monotonic_us;

  std::vector<placement::member> members;
  for (const auto& [id, entry] : usable) members.push_back({id, entry->slots});
  std::vector<std::set<std::int32_t>> splits(usable.size());
  std::vector<std::int64_t> bytes;
  for (const auto& split : batch_->splits) bytes.push_back(split.length);
  const auto split_owner = placement::place_splits(members, bytes, static_cast<std::uint64_t>(attempt.ref.batch));
  for (std::size_t i = 0; i < split_owner.size(); ++i) splits[split_owner[i]].insert(batch_->splits[i].ordinal);
  std::vector<std::set<std::uint32_t>> groups(usable.size());
  if (options_.stateful) {
    const auto owner = placement::place_groups(members, num_key_groups_, group_owner_);
    group_owner_.resize(num_key_groups_);
    for (std::uint32_t g = 0; g < num_key_groups_; ++g) {
      groups[owner[g]].insert(g);
      group_owner_[g] = members[owner[g]].id;
    }
  }
  for (std::size_t i = 0; i < usable.size(); ++i) {
    if (splits[i].empty() && groups[i].empty()) continue;
    const auto& [id, entry] = usable[i];
    attempt.shares.push_back({{id, entry->data_address, entry->slots}, std::move(splits[i]), std::move(groups[i]), nullptr});
  }
  return attempt;
}

void query_core::machine::start_attempt() {
  std::vector<std::pair<std::string, worker_entry*>> usable;
  for (auto& [id, entry] : workers_)
    if (!entry.draining) usable.emplace_back(id, &entry);
  if (usable.empty()) return;
  batch_->ordered_us = now_.monotonic_us;
  if (!batch_->intent_durable && !batch_->intent_in_flight) write_open_intent();
  batch_->attempt = plan_attempt(usable);
  phase_ = batch_phase::running;
  send_orders();
  batch_->planned_us = now_.monotonic_us;
  watch_silence(options_.silence_us);
  commit_if_complete();
}

void query_core::machine::send_orders() {
  const auto& attempt = *batch_->attempt;
  auto placed = std::make_shared<std::vector<placed_worker>>();
  auto owner = std::make_shared<std::vector<std::uint32_t>>(options_.stateful ? num_key_groups_ : 0);
  for (const auto& share : attempt.shares) {
    for (const auto group : share.groups) (*owner)[group] = static_cast<std::uint32_t>(placed->size());
    placed->push_back(share.worker);
  }
  std::vector<std::uint32_t> snapshots;
  if (const auto it = extents_.find(0); options_.stateful && it != extents_.end()) snapshots = choose_snapshots(it->second, num_key_groups_);
  for (const auto& share : attempt.shares) {
    auto& entry = workers_.at(share.worker.worker);
    auto to = std::make_shared<order>();
    to->ref = attempt.ref;
    to->base = attempt.base;
    to->batch_time_us = batch_->record->batch_time_us;
    to->num_key_groups = options_.stateful ? num_key_groups_ : 0;
    to->workers = placed;
    to->group_owner = owner;
    for (const auto& split : batch_->splits)
      if (share.splits.contains(split.ordinal)) to->splits.push_back(split);
    for (const auto group : snapshots)
      if (share.groups.contains(group)) to->snapshot_groups.push_back(group);
    to->staging = attempt.staging;
    to->collect_output = options_.collect_output;
    if (options_.stateful) {
      to->restore_all = !entry.holds(attempt.base, share.groups) || misbehave::here(misbehave::point::restore_anew);
      if (to->restore_all) {
        // Only its answer will tell that the restore went through.
        to->restore = extents_of(share.groups);
        entry.forget();
      } else {
        entry.committed = attempt.base;
        entry.prepared.reset();
      }
    }
    act(action::send_order{{share.worker.worker}, std::move(to)});
  }
}

bool query_core::machine::refers_to_attempt(const attempt_ref& ref) const {
  if (SLUICE_BUG(mix_attempts) && phase_ == batch_phase::running && batch_ && batch_->attempt) return batch_->attempt->ref.batch == ref.batch;
  return phase_ == batch_phase::running && batch_ && batch_->attempt && batch_->attempt->ref == ref;
}

void query_core::machine::on(const event::prepared& e) {
  if (!e.report || !refers_to_attempt(e.report->ref)) return;
  auto& attempt = *batch_->attempt;
  attempt.last_progress_us = now_.monotonic_us;
  if (auto fits = attempt.accept(e.report); !fits.ok()) return fail_attempt(std::move(fits));
  if (const auto it = workers_.find(e.report->worker); it != workers_.end() && options_.stateful) {
    it->second.committed = attempt.base;
    it->second.prepared = layer{attempt.ref.batch, attempt.ref.attempt};
    it->second.groups = attempt.find(e.report->worker)->groups;
  }
  commit_if_complete();
}

void query_core::machine::on(const event::attempt_progress& e) {
  if (refers_to_attempt(e.ref)) batch_->attempt->last_progress_us = now_.monotonic_us;
}

void query_core::machine::on(const event::attempt_failed& e) {
  if (!refers_to_attempt(e.ref)) return;
  const auto it = workers_.find(e.worker);
  if (it != workers_.end() && info(e.error.code()).retry != error_retry::never) it->second.forget();
  if (info(e.error.code()).retry == error_retry::fence_self) return fence("worker " + e.worker + " has heard from a newer coordinator");
  auto cause = e.error;
  fail_attempt(std::move(cause).with_context("worker " + e.worker));
}

void query_core::machine::drop_attempt() {
  if (!batch_ || !batch_->attempt) return;
  const auto& attempt = *batch_->attempt;
  const layer dropped{attempt.ref.batch, attempt.ref.attempt};
  std::vector<worker_id> there;
  for (const auto& worker : attempt.workers()) {
    const auto it = workers_.find(worker.text);
    if (it == workers_.end()) continue;
    there.push_back(worker);
    if (it->second.prepared == dropped) it->second.prepared.reset();
  }
  act(action::drop_attempt{std::move(there), attempt.ref});
  batch_->attempt.reset();
  batch_->committing.reset();
}

void query_core::machine::fail_attempt(status cause) {
  if (!batch_ || over()) return;
  drop_attempt();
  phase_ = batch_phase::idle;
  if (state_ == query_state::stopping) return next();
  if (final_failure(cause.code())) return fail(std::move(cause));
  const auto number = std::to_string(batch_->record->batch);
  const bool lost = lost_peer(cause.code());
  const int count = lost ? ++batch_->lost_attempts : ++batch_->failed_attempts;
  if (count >= options_.max_attempts * (lost ? losses_per_attempt : 1))
    return fail({errc::too_many_attempts, "batch " + number + " failed in " +
                                              std::to_string(batch_->failed_attempts + batch_->lost_attempts) +
                                              " attempts, the last with " + cause.to_string()});
  // Many workers lost together are noticed one by one: only the first loss is answered at once.
  if (!try_at_once(cause.code()) || (lost && count > 1)) {
    batch_->waits_for_retry = true;
    arm(timer_kind::retry, 50'000LL << std::min(count - (lost ? 2 : 0), 5));
  }
  next();
}

// ---- commit ----

void query_core::machine::commit_if_complete() {
  if (phase_ != batch_phase::running || (!batch_->intent_durable && !SLUICE_BUG(commit_before_intent)) || !batch_->attempt || !batch_->attempt->complete()) return;
  if (misbehave::here(misbehave::point::drop_attempt)) return fail_attempt({errc::worker_lost, "the attempt was dropped by a misbehaviour point"});
  batch_->prepared_us = now_.monotonic_us;
  commit_context context{id_,       last_hash_, batch_->record->batch_time_us, batch_->record->watermarks, options_.sink_path,
                         options_.sink_extension, options_.checkpoint};
  auto record = batch_->attempt->make_commit(context);
  if (!record.ok()) return fail_attempt(record.error());
  if (options_.keep_results && result_rows_ + record->counters.rows_out > options_.max_result_rows)
    return fail({errc::result_table_full, "table " + options_.name + " would hold " +
                                              std::to_string(result_rows_ + record->counters.rows_out) + " rows; the bound is " +
                                              std::to_string(options_.max_result_rows)});
  batch_->committing = std::make_shared<const commit>(*std::move(record));
  phase_ = batch_phase::committing;
  if (SLUICE_BUG(publish_before_commit) && !options_.sink_path.empty()) act(action::publish{{batch_->committing}});
  act(action::write_commit{batch_->committing});
}

void query_core::machine::on(const event::commit_written& e) {
  if (phase_ != batch_phase::committing || !batch_ || !batch_->committing || e.batch != batch_->committing->batch ||
      e.attempt != batch_->committing->attempt)
    return;
  batch_->commit_us = now_.monotonic_us;
  using kind = write_outcome<commit>::kind;
  switch (e.outcome.what) {
    case kind::fenced: return fence(e.outcome.error.message());
    case kind::failed: return fail_attempt(e.outcome.error);
    case kind::created: return take_commit(batch_->committing, e.outcome.hash, true);
    case kind::exists: break;
  }
  if (e.outcome.found->epoch > epoch_)
    return fence("batch " + std::to_string(e.batch) + " was committed in epoch " + std::to_string(e.outcome.found->epoch));
  if (SLUICE_BUG(adopt_own_commit)) return take_commit(batch_->committing, e.outcome.hash, true);
  // The decision was taken before us (by an attempt whose outcome nobody heard): it stands.
  take_commit(e.outcome.found, e.outcome.hash, false);
}

void query_core::machine::take_commit(std::shared_ptr<const commit> record, std::string hash, bool ours) {
  if (ours) {
    act(action::announce_commit{batch_->attempt->workers(), batch_->attempt->ref});
    for (const auto& share : batch_->attempt->shares)
      if (const auto it = workers_.find(share.worker.worker); it != workers_.end() && it->second.prepared) {
        it->second.committed = it->second.prepared;
      }
  }
  apply_commit(*record, extents_);
  if (options_.keep_results) {
    results_.insert(results_.end(), record->output.begin(), record->output.end());
    for (const auto& o : record->output) result_rows_ += o.rows;
  }
  last_batch_ = record->batch;
  last_attempt_ = record->attempt;
  last_hash_ = std::move(hash);
  batch_time_us_ = std::max(batch_time_us_, record->batch_time_us);
  watermarks_ = record->watermarks;
  counters_ = record->counters;
  unpublished_.push_back(record);
  ++batches_run_;
  input_pending_ = true;
  if (options_.trigger == trigger_kind::once) exhausted_ = true;
  act(action::committed{record, false});
  report_progress(*record);
  if (!ours) drop_attempt();
  batch_.reset();
  phase_ = batch_phase::idle;
  write_base_if_due();
  next();
}

void query_core::machine::write_base_if_due() {
  bool early = last_batch_ > last_base_ && misbehave::here(misbehave::point::base_now);
  if (base_in_flight_ || (last_batch_ - last_base_ < options_.base_every && !early)) return;
  auto record = std::make_shared<base>();
  record->batch = last_batch_;
  record->epoch = epoch_;
  record->commit_hash = last_hash_;
  record->attempt = last_attempt_;
  record->batch_time_us = batch_time_us_;
  record->published = published_;
  record->watermarks = watermarks_;
  record->extents = extents_;
  record->results = results_;
  record->counters = counters_;
  base_in_flight_ = true;
  act(action::write_base{std::move(record)});
}

void query_core::machine::on(const event::base_written& e) {
  base_in_flight_ = false;
  if (!e.error.ok()) return;
  last_base_ = std::max(last_base_, e.batch);
  act(action::collect_garbage{options_.min_batches_to_retain});
}

} // namespace sluice::query
