#include "worker/actors/batch_job.hpp"

#include <charconv>
#include <limits>

#include "proto/sluice/link.pb.h"

namespace sluice::worker {
namespace {

/// Slots of all workers of an order: a bound on what it makes a worker allocate.
constexpr std::size_t most_destinations = 1 << 16;

status bad_order(const attempt_key& key, const std::string& why) {
  return {errc::protocol, "order for batch " + std::to_string(key.batch) + ": " + why};
}

/// The counter of "<epoch>-<counter>"; 0 for other texts.
std::int64_t attempt_counter(const std::string& attempt) {
  auto dash = attempt.rfind('-');
  std::int64_t value = 0;
  if (dash != std::string::npos) std::from_chars(attempt.data() + dash + 1, attempt.data() + attempt.size(), value);
  return value;
}

readers::split split_of(const proto::file_split& from) {
  return {from.ordinal(), from.path(), from.offset(), from.length(), from.file_size(), from.mtime_us(), from.inode()};
}

status set_workers(batch_job& job, const proto::batch_order& order, const std::string& self, std::uint32_t slots) {
  bool found = false;
  for (const auto& placed : order.workers()) {
    if (placed.slots() == 0) return bad_order(job.key, "a worker without slots");
    if (placed.slots() > most_destinations - job.destinations.size()) return bad_order(job.key, "more slots than there can be");
    if (placed.worker() == self) {
      if (placed.slots() != slots) return bad_order(job.key, "it counts on another number of slots");
      job.self = static_cast<std::uint32_t>(job.workers.size());
      found = true;
    }
    for (std::uint32_t slot = 0; slot < placed.slots(); ++slot)
      job.destinations.push_back({static_cast<std::uint32_t>(job.workers.size()), slot});
    job.workers.push_back({placed.worker(), placed.data_address(), placed.slots()});
  }
  return found ? ok() : bad_order(job.key, "this worker takes no part in it");
}

status set_routes(batch_job& job, const proto::batch_order& order) {
  job.routes.num_key_groups = order.num_key_groups();
  if (!job.stateful()) return ok();
  if (order.num_key_groups() == 0 || order.num_key_groups() > std::numeric_limits<std::uint16_t>::max())
    return bad_order(job.key, "a number of key groups that cannot be");
  if (static_cast<std::uint32_t>(order.group_owner_size()) != order.num_key_groups())
    return bad_order(job.key, "not every key group has an owner");
  std::vector<std::uint32_t> first;
  std::uint32_t next = 0;
  for (const auto& worker : job.workers) first.push_back(next), next += worker.slots;
  for (std::uint32_t group = 0; group < order.num_key_groups(); ++group) {
    auto owner = order.group_owner(static_cast<int>(group));
    if (owner >= job.workers.size()) return bad_order(job.key, "a key group's owner is unknown");
    job.routes.destination_of_group.push_back(first[owner] + group % job.workers[owner].slots);
  }
  return ok();
}

} // namespace

attempt_key key_of(const proto::attempt_ref& ref) { return {ref.query(), ref.epoch(), ref.batch(), ref.attempt()}; }

void set_ref(proto::attempt_ref& out, const attempt_key& key) {
  out.set_query(key.query);
  out.set_epoch(key.epoch);
  out.set_batch(key.batch);
  out.set_attempt(key.attempt);
}

bool is_older(const attempt_key& a, const attempt_key& b) {
  if (a.epoch != b.epoch) return a.epoch < b.epoch;
  auto left = attempt_counter(a.attempt), right = attempt_counter(b.attempt);
  return left != right ? left < right : a.batch < b.batch;
}

std::size_t batch_job::first_destination() const {
  std::size_t first = 0;
  for (std::uint32_t i = 0; i < self; ++i) first += workers[i].slots;
  return first;
}

state_extent extent_of(const proto::extent& from) {
  return {static_cast<std::uint16_t>(from.group()), from.object(), from.offset(), from.length(), from.checksum(), from.snapshot()};
}

result<job_ptr> make_job(const proto::batch_order& order, std::shared_ptr<const plan::streaming_plan> plan,
                         const std::string& self, std::uint32_t slots) {
  auto job = std::make_shared<batch_job>();
  job->key = key_of(order.ref());
  job->context = {plan->session, order.batch_time_us()};
  job->plan = std::move(plan);
  job->base = {order.base().batch(), order.base().attempt()};
  SLUICE_RETURN_IF_ERROR(set_workers(*job, order, self, slots));
  SLUICE_RETURN_IF_ERROR(set_routes(*job, order));
  for (const auto& split : order.splits()) job->splits.push_back(split_of(split));
  for (const auto& extent : order.restore()) {
    if (extent.group() >= order.num_key_groups() || extent.object().find('/') != std::string::npos)
      return bad_order(job->key, "an extent that cannot be");
    job->restore.push_back(extent_of(extent));
  }
  job->restore_all = order.restore_all();
  for (auto group : order.snapshot_groups()) job->snapshot_groups.push_back(static_cast<std::uint16_t>(group));
  job->checkpoint = order.checkpoint();
  job->staging = order.staging();
  job->collect_output = order.collect_output();
  return job_ptr(std::move(job));
}

} // namespace sluice::worker
