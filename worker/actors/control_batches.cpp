#include "common/base/log.hpp"
#include "common/base/seeded_bug.hpp"
#include "common/net/message.hpp"
#include "common/plan/codec.hpp"
#include "proto/sluice/link.pb.h"
#include "worker/actors/control_state.hpp"

namespace sluice::worker {
namespace {

constexpr std::size_t most_plans = 256;
constexpr std::size_t most_epochs = 4096;

void add_counts(proto::batch_prepared& out, const slot_output& from) {
  for (auto split : from.counts.splits) out.add_splits(split);
  out.set_rows_read(out.rows_read() + from.counts.read.records);
  out.set_rows_parsed(out.rows_parsed() + from.counts.read.parsed);
  out.set_rows_bad(out.rows_bad() + from.counts.read.bad);
  out.set_bytes_read(out.bytes_read() + from.counts.read.bytes);
  out.set_rows_sent(out.rows_sent() + from.counts.rows_sent);
  out.set_rows_out(out.rows_out() + from.counts.rows_out);
  out.set_rows_received(out.rows_received() + from.rows_received);
  out.set_state_rows(out.state_rows() + from.state_rows);
  out.set_state_updated(out.state_updated() + from.state_updated);
  out.set_state_bytes(out.state_bytes() + from.state_bytes);
}

void add_objects(proto::batch_prepared& out, const written_batch& written, std::int64_t batch) {
  for (const auto& from : written.extents) {
    auto& extent = *out.add_extents();
    extent.set_group(from.group);
    extent.set_object(from.object);
    extent.set_offset(from.offset);
    extent.set_length(from.length);
    extent.set_checksum(from.checksum);
    extent.set_snapshot(from.snapshot);
    extent.set_batch(batch);
    extent.set_rows(from.rows);
  }
  for (const auto& from : written.staged) {
    auto& object = *out.add_staged();
    object.set_path(from.file.path);
    object.set_size(from.file.size);
    object.set_checksum(from.file.checksum);
    object.set_rows(from.file.rows);
    object.set_ordinal(from.ordinal);
  }
}

std::shared_ptr<const proto::link_message> failure_message(const attempt_key& key, const status& cause, const std::string& worker) {
  auto message = std::make_shared<proto::link_message>();
  auto& failed = *message->mutable_failed();
  set_ref(*failed.mutable_ref(), key);
  net::set_failure(*failed.mutable_cause(), cause, worker);
  return message;
}

bool leaves_nothing(const attempt& at) {
  for (const auto& output : at.outputs)
    if (!output->sections.empty() || !output->rows.empty() || output->writer) return false;
  return true;
}

} // namespace

result<std::shared_ptr<const plan::streaming_plan>> control_state::plan_of(const std::string& digest, const std::string& bytes) {
  if (auto known = plans.find(digest); known != plans.end() && !digest.empty()) return known->second;
  SLUICE_ASSIGN_OR_RETURN(auto decoded, plan::decode_streaming(bytes));
  auto plan = std::make_shared<const plan::streaming_plan>(std::move(decoded));
  if (plans.size() >= most_plans) plans.clear();
  plans[digest] = plan;
  return plan;
}

void control_state::order(const proto::batch_order& order) {
  auto key = key_of(order.ref());
  if (!admits(key.query, key.epoch) && !SLUICE_BUG(accept_lower_epoch)) return fail(key, {errc::stale_epoch, "a newer coordinator owns the query"});
  auto& query = queries[key.query];
  if (query.current && query.current->job->key == key) {
    if (query.current->answer) to_coordinator(*query.current->answer);
    return;
  }
  bool is_over = (query.floor && !is_older(*query.floor, key)) || (query.current && !is_older(query.current->job->key, key));
  if (is_over && !SLUICE_BUG(accept_lower_epoch)) return fail(key, {errc::stale_attempt, "the attempt is over"});
  if (query.current && query.current->unfinished()) abandon(*query.current);
  auto begun = begin(query, order);
  if (!begun.ok()) fail(key, begun);
}

status control_state::begin(query_entry& query, const proto::batch_order& order) {
  SLUICE_ASSIGN_OR_RETURN(auto plan, plan_of(order.plan_digest(), order.plan()));
  SLUICE_ASSIGN_OR_RETURN(auto job, make_job(order, std::move(plan), world->id, world->options.slots));
  auto at = std::make_shared<attempt>();
  at->job = job;
  at->started = now();
  at->maps_left = at->outputs_left = slots.size();
  at->outputs.resize(slots.size());
  std::vector<std::string> senders;
  if (job->stateful())
    for (const auto& worker : job->workers)
      if (worker.id != world->id) senders.push_back(worker.id);
  at->tracker = exchange::exchange_tracker(senders);
  query.current = at;
  query.floor.reset();
  broadcast(begin_batch{job});
  broadcast(start_map{job});
  if (job->stateful()) open_peers(*job);
  discard_early(query);
  replay_early(query);
  return ok();
}

std::shared_ptr<attempt> control_state::running(const job_ptr& job) {
  auto found = queries.find(job->key.query);
  if (found == queries.end() || !found->second.current) return nullptr;
  auto at = found->second.current;
  return at->job == job && at->unfinished() ? at : nullptr;
}

void control_state::map_done(const job_ptr& job) {
  auto at = running(job);
  if (!at || --at->maps_left > 0) return;
  at->mapped = now();
  if (job->stateful()) send_ends(*at);
  all_arrived(*at);
}

void control_state::all_arrived(attempt& at) {
  if (at.now != attempt::phase::running || at.maps_left > 0 || (!at.tracker.complete() && !SLUICE_BUG(prepare_before_all_blocks))) return;
  at.now = attempt::phase::preparing;
  at.merged = now();
  broadcast(prepare_batch{at.job});
}

void control_state::slot_done(const slot_prepared& message) {
  auto at = running(message.job);
  if (!at) return;
  at->outputs[message.slot] = message.output;
  if (--at->outputs_left > 0) return;
  at->now = attempt::phase::writing;
  at->prepared = now();
  if (leaves_nothing(*at)) return answer(*at, {});
  self->send(io, write_batch{at->job, at->outputs});
}

void control_state::written(const batch_written& message) {
  auto at = running(message.job);
  if (!at) return;
  if (!message.written) return fail_attempt(*at, message.error);
  answer(*at, *message.written);
}

void control_state::answer(attempt& at, const written_batch& written) {
  auto message = std::make_shared<proto::link_message>();
  auto& prepared = *message->mutable_prepared();
  set_ref(*prepared.mutable_ref(), at.job->key);
  prepared.set_worker(world->id);
  for (const auto& output : at.outputs) add_counts(prepared, *output);
  add_objects(prepared, written, at.job->key.batch);
  auto& durations = *prepared.mutable_duration_us();
  durations["map"] = (at.mapped - at.started).count();
  durations["exchange"] = (at.merged - at.mapped).count();
  durations["prepare"] = (at.prepared - at.merged).count();
  durations["write"] = (now() - at.prepared).count();
  at.outputs.clear();
  at.answer = std::move(message);
  at.now = attempt::phase::answered;
  to_coordinator(*at.answer);
}

void control_state::fail(const attempt_key& key, const status& cause) {
  to_coordinator(*failure_message(key, cause, world->id));
}

void control_state::fail_attempt(attempt& at, const status& cause) {
  if (!at.unfinished()) return;
  log::warn("batch failed", "query", at.job->key.query, "batch", at.job->key.batch, "attempt", at.job->key.attempt, "cause",
            cause.to_string());
  abandon(at);
  at.answer = failure_message(at.job->key, cause, world->id);
  to_coordinator(*at.answer);
}

void control_state::abandon(attempt& at) {
  at.job->over.store(true);
  at.now = attempt::phase::failed;
  at.outputs.clear();
  broadcast(settle_layer{at.job->key.query, at.job->layer(), false});
  for (auto& [id, to] : peers) pump(to);
}

void control_state::committed(const attempt_key& key) {
  if (!admits(key.query, key.epoch) || !queries.contains(key.query)) return;
  broadcast(settle_layer{key.query, {key.batch, key.attempt}, true});
}

void control_state::dropped(const attempt_key& key) {
  (void)admits(key.query, key.epoch);
  auto found = queries.find(key.query);
  if (found == queries.end()) return;
  auto& query = found->second;
  if (query.current && query.current->job->key == key) {
    abandon(*query.current);
    query.current.reset();
  } else {
    broadcast(settle_layer{key.query, {key.batch, key.attempt}, false});
  }
  if (!query.floor || is_older(*query.floor, key)) query.floor = key;
  discard_early(query);
}

void control_state::released(const std::string& id, std::int64_t epoch) {
  const bool admitted = admits(id, epoch);
  auto found = queries.find(id);
  if (!admitted || found == queries.end()) return;
  auto& query = found->second;
  if (query.current && query.current->unfinished()) abandon(*query.current);
  for (const auto& early : query.early) discard(early.frame);
  queries.erase(found);
  broadcast(release_query{id});
}

bool control_state::admits(const std::string& query, std::int64_t epoch) {
  if (epochs.size() > most_epochs) std::erase_if(epochs, [this](const auto& entry) { return !queries.contains(entry.first); });
  auto& highest = epochs[query];
  if (epoch <= highest) return epoch == highest;
  highest = epoch;
  auto found = queries.find(query);
  if (found == queries.end() || !found->second.current) return true;
  auto& current = *found->second.current;
  if (current.unfinished() && current.job->key.epoch < epoch) abandon(current);
  return true;
}

void control_state::abandon_everything() {
  for (auto& [id, query] : queries)
    if (query.current && query.current->unfinished()) abandon(*query.current);
  for (auto& [id, read] : reads) read.job->over.store(true);
  reads.clear();
  broadcast(resume_work{});
}

bool control_state::idle() const {
  for (const auto& [id, query] : queries)
    if (query.current && query.current->unfinished()) return false;
  return true;
}

} // namespace sluice::worker
