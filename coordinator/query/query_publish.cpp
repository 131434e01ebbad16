#include <algorithm>

#include "common/base/seeded_bug.hpp"
#include "coordinator/placement/placement.hpp"
#include "coordinator/query/internal/query_machine.hpp"

namespace sluice::query {

void query_core::machine::pump_publish() {
  if (unpublished_.empty() || publishing_ || publish_waits_) return;
  if (options_.sink_path.empty()) {
    // Internal sinks show a batch by its commit.
    published_ = unpublished_.back()->batch;
    unpublished_.clear();
    return;
  }
  if (state_ == query_state::stopping && publish_failures_ > 0) return;
  publishing_ = true;
  act(action::publish{{unpublished_.begin(), unpublished_.end()}});
}

void query_core::machine::on(const event::published& e) {
  publishing_ = false;
  publish_failures_ = 0;
  while (!unpublished_.empty() && unpublished_.front()->batch <= e.batch) unpublished_.pop_front();
  published_ = std::max(published_, e.batch);
  // A note saves work at the next start; it is not worth a sync per batch.
  constexpr std::int64_t every = 8;
  if (published_ - noted_ >= every || over()) act(action::note_published{noted_ = published_, epoch_});
  next();
}

void query_core::machine::on(const event::publish_failed& e) {
  publishing_ = false;
  if (over()) return;
  if (SLUICE_BUG(failed_publish_forgotten)) return unpublished_.clear();
  // What did get out is published again, which changes nothing.
  if (state_ == query_state::running && ++publish_failures_ >= 2 * options_.max_attempts) {
    auto cause = e.error;
    return fail(std::move(cause).with_context("batch " + std::to_string(e.batch) + " is committed, but cannot be published"));
  }
  publish_failures_ = std::max(publish_failures_, 1);
  publish_waits_ = true;
  arm(timer_kind::publish, 100'000LL << std::min(publish_failures_, 6));
  next();
}

void query_core::machine::on(const event::read_requested& e) {
  if (!recovered_ && !over()) {
    waiting_reads_.push_back(e.read);
    return;
  }
  answer_read(e.read);
}

void query_core::machine::answer_read(const std::string& read) {
  if (!recovered_) return act(action::refuse_read{read, error_.ok() ? status{errc::query_not_found, "the query has no table"} : error_});
  action::start_read out;
  out.read = read;
  out.ref = {id_, epoch_, last_batch_, last_attempt_};
  out.batch_time_us = batch_time_us_;
  out.num_key_groups = num_key_groups_;
  if (!options_.complete) {
    out.objects = results_;
    return act(std::move(out));
  }
  std::set<std::uint32_t> held;
  if (const auto it = extents_.find(0); it != extents_.end())
    for (const auto& [group, chain] : it->second) held.insert(group);
  if (options_.global && last_batch_ >= 0) held.insert(0);  // its owner answers with the row of no input
  if (held.empty()) return act(std::move(out));
  std::vector<placement::member> members;
  for (const auto& [id, entry] : workers_) members.push_back({id, entry.slots});
  if (members.empty()) return act(action::refuse_read{read, {errc::no_workers, "no worker is there to read the table from"}});
  const auto owner = placement::place_groups(members, num_key_groups_, group_owner_);
  std::vector<std::set<std::uint32_t>> groups(members.size());
  for (const auto group : held) groups[owner.at(group)].insert(group);
  for (std::size_t i = 0; i < members.size(); ++i)
    if (!groups[i].empty())
      out.shares.push_back({members[i].id, {groups[i].begin(), groups[i].end()}, extents_of(groups[i])});
  act(std::move(out));
}

void query_core::machine::report_progress(const commit& record) {
  const auto& batch = *batch_;
  const auto& c = record.counters;
  auto progress = std::make_shared<query_progress>();
  progress->id = id_;
  progress->run_id = options_.run;
  progress->name = options_.name;
  progress->timestamp_us = batch.trigger_wall_us;
  progress->batch = record.batch;
  const auto total = now_.monotonic_us - batch.trigger_us;
  progress->batch_duration_ms = total / 1000;
  progress->input_rows = c.rows_read;
  if (previous_trigger_us_ && batch.trigger_us > *previous_trigger_us_)
    progress->input_rows_per_second = static_cast<double>(c.rows_read) * 1e6 / static_cast<double>(batch.trigger_us - *previous_trigger_us_);
  if (total > 0) progress->processed_rows_per_second = static_cast<double>(c.rows_read) * 1e6 / static_cast<double>(total);
  previous_trigger_us_ = batch.trigger_us;
  auto& times = progress->duration_us;
  times["latestOffset"] = batch.discovered_us - batch.trigger_us;
  times["queryPlanning"] = batch.planned_us - batch.ordered_us;
  times["walCommit"] = std::max<std::int64_t>(0, batch.intent_us - batch.discovered_us);
  times["addBatch"] = batch.prepared_us - batch.planned_us;
  times["commitOffsets"] = batch.commit_us - batch.prepared_us;
  times["triggerExecution"] = total;
  std::int64_t bytes = 0;
  if (batch.attempt) {
    for (const auto& [stage, time] : batch.attempt->stage_times()) times.try_emplace(stage, time);
    for (const auto& share : batch.attempt->shares) {
      if (!share.report) continue;
      bytes += share.report->bytes_read;
      if (const auto at = share.report->max_event_time_us)
        progress->max_event_time_us = std::max(*at, progress->max_event_time_us.value_or(*at));
    }
    progress->attempt = batch.attempt->ref.attempt;
  }
  progress->attempts = batch.failed_attempts + batch.lost_attempts + 1;
  for (const auto& [node, watermark] : batch.record->watermarks)
    progress->watermark_ms = std::min(watermark, progress->watermark_ms.value_or(watermark));
  if (options_.stateful) {
    state_operator_progress op;
    op.name = "stateStoreSave";
    op.rows_total = c.state_rows;
    op.rows_updated = c.state_updated;
    op.memory_bytes = c.state_bytes;
    op.partitions = num_key_groups_;
    progress->state_operators.push_back(op);
  }
  for (const auto& input : batch.record->inputs) {
    source_progress source;
    source.description = options_.source_description;
    if (record.batch > 0) source.start_offset = record.batch - 1;
    source.end_offset = record.batch;
    source.rows = c.rows_read;
    source.files = static_cast<std::int64_t>(input.files.size());
    source.bytes = bytes;
    progress->sources.push_back(std::move(source));
  }
  progress->sink_description = options_.sink_description;
  progress->output_rows = options_.complete && options_.sink_path.empty() && !options_.collect_output ? -1 : c.rows_out;
  progress->bad_rows = c.rows_bad;
  last_progress_ = progress;
  act(action::report_progress{std::move(progress)});
}

} // namespace sluice::query
