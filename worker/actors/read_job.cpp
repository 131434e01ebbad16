#include "common/plan/codec.hpp"
#include "proto/sluice/link.pb.h"
#include "worker/actors/slot_read.hpp"

namespace sluice::worker {
namespace {

/// The steps of a chain of filters and projections over one scan, innermost first.
status collect_chain(const plan::node_ptr& at, read_job& job) {
  if (!at) return {errc::protocol, "a scan without a plan"};
  if (at->what == plan::node::kind::file_scan) {
    job.source = std::make_shared<const plan::file_source>(at->source);
    return ok();
  }
  bool is_step = at->what == plan::node::kind::filter || at->what == plan::node::kind::project;
  if (!is_step || at->inputs.size() != 1) return {errc::protocol, "a scan takes only filters and projections"};
  SLUICE_RETURN_IF_ERROR(collect_chain(at->inputs[0], job));
  job.steps.push_back(at->action);
  return ok();
}

} // namespace

result<read_job_ptr> make_table_read(const proto::table_read& order, std::shared_ptr<const plan::streaming_plan> plan,
                                     std::uint32_t slots) {
  if (!plan->aggregate) return status{errc::protocol, "a read of the state of a query that has none"};
  if (order.num_key_groups() == 0 || order.num_key_groups() > 65535)
    return status{errc::protocol, "a read with a number of key groups that cannot be"};
  auto job = std::make_shared<read_job>();
  job->read = order.read();
  job->context = {plan->session, order.batch_time_us()};
  job->query = order.ref().query();
  job->plan = std::move(plan);
  job->at = {order.ref().batch(), order.ref().attempt()};
  job->num_key_groups = order.num_key_groups();
  job->checkpoint = order.checkpoint();
  job->groups_of_slot.resize(slots);
  for (auto group : order.groups()) {
    if (group >= order.num_key_groups()) return status{errc::protocol, "a read of a key group that cannot be"};
    job->groups_of_slot[group % slots].push_back(static_cast<std::uint16_t>(group));
  }
  for (const auto& from : order.restore()) {
    if (from.group() >= order.num_key_groups() || from.object().find('/') != std::string::npos)
      return status{errc::protocol, "a read with an extent that cannot be"};
    job->restore.push_back(extent_of(from));
  }
  return read_job_ptr(std::move(job));
}

result<read_job_ptr> make_scan(const proto::scan_order& order) {
  auto job = std::make_shared<read_job>();
  job->read = order.read();
  SLUICE_ASSIGN_OR_RETURN(auto plan, plan::decode_batch(order.steps()));
  SLUICE_RETURN_IF_ERROR(collect_chain(plan.root, *job));
  job->context = {{order.ansi(), order.time_zone()}, order.batch_time_us()};
  for (const auto& split : order.splits())
    job->splits.push_back({split.ordinal(), split.path(), split.offset(), split.length(), split.file_size(), split.mtime_us(),
                           split.inode()});
  return read_job_ptr(std::move(job));
}

read_job_ptr make_object_read(const proto::object_read& order) {
  auto job = std::make_shared<read_job>();
  job->read = order.read();
  for (const auto& object : order.objects()) job->objects.push_back(object.path());
  return job;
}

} // namespace sluice::worker
