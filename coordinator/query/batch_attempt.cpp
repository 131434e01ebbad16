#include "coordinator/query/batch_attempt.hpp"

#include <algorithm>
#include <tuple>

#include "common/base/misbehave.hpp"
#include "common/base/seeded_bug.hpp"
#include "common/storage/path.hpp"
#include "coordinator/query/output_names.hpp"

namespace sluice::query {
namespace {

status misfit(const attempt_ref& ref, const std::string& worker, const std::string& what) {
  return {errc::protocol, "batch " + std::to_string(ref.batch) + " attempt " + ref.attempt + ", worker " + worker + ": " + what};
}

bool plain_name(const std::string& name) {
  return !name.empty() && name.front() != '.' && name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
}

status check_extents(const attempt_ref& ref, const batch_attempt::share& share, const prepared_report& report) {
  std::set<std::uint32_t> groups;
  for (const auto& e : report.extents) {
    const auto group = std::to_string(e.group);
    if (!share.groups.contains(e.group)) return misfit(ref, report.worker, "key group " + group + " is not its own");
    if (!groups.insert(e.group).second) return misfit(ref, report.worker, "key group " + group + " twice");
    if (e.batch != ref.batch || storage::batch_of_object(e.object) != ref.batch || !plain_name(e.object))
      return misfit(ref, report.worker, "extent of another batch: " + e.object);
    if (e.offset < 0 || e.length < 0 || e.rows < 0 || e.offset > INT64_MAX - e.length)
      return misfit(ref, report.worker, "extent outside its object " + e.object);
  }
  return ok();
}

status check_staged(const attempt_ref& ref, const std::string& staging, const prepared_report& report) {
  std::int64_t rows = 0;
  for (const auto& o : report.staged) {
    const auto prefix = staging + "/";
    if (!o.path.starts_with(prefix) || !plain_name(o.path.substr(prefix.size())))
      return misfit(ref, report.worker, "staged object outside " + staging + ": " + o.path);
    if (o.size < 0 || o.rows < 0) return misfit(ref, report.worker, "staged object with negative size: " + o.path);
    rows += o.rows;
  }
  if (!report.staged.empty() && rows != report.rows_out)
    return misfit(ref, report.worker, std::to_string(report.rows_out) + " rows out, but " + std::to_string(rows) + " staged");
  return ok();
}

void add(batch_counters& to, const prepared_report& from) {
  to.rows_read += from.rows_read;
  to.rows_parsed += from.rows_parsed;
  to.rows_bad += from.rows_bad;
  to.rows_sent += from.rows_sent;
  to.rows_received += from.rows_received;
  to.rows_out += from.rows_out;
  to.state_rows += from.state_rows;
  to.state_updated += from.state_updated;
  to.state_bytes += from.state_bytes;
}

std::vector<output_object> order_output(std::vector<staged_object> staged, const attempt_ref& ref, const commit_context& context) {
  std::sort(staged.begin(), staged.end(), [](const auto& a, const auto& b) { return std::tie(a.ordinal, a.path) < std::tie(b.ordinal, b.path); });
  const auto& root = context.sink_path.empty() ? context.checkpoint : context.sink_path;
  std::vector<output_object> out;
  for (const auto& o : staged) {
    if (o.rows == 0) continue;
    output_object object;
    object.ordinal = static_cast<std::int32_t>(out.size());
    object.staged = o.path.substr(root.size() + 1);
    if (!context.sink_path.empty()) object.final_path = output_file_name(ref.batch, object.ordinal, context.query, context.sink_extension);
    object.size = o.size;
    object.checksum = o.checksum;
    object.rows = o.rows;
    out.push_back(std::move(object));
  }
  return out;
}

} // namespace

std::string output_file_name(std::int64_t batch, std::int32_t ordinal, const std::string& query, const std::string& extension) {
  auto number = std::to_string(ordinal);
  if (number.size() < 5) number.insert(0, 5 - number.size(), '0');
  return "part-" + number + "-" + std::to_string(batch) + "-" + query + extension;
}

batch_attempt::share* batch_attempt::find(const std::string& worker) {
  for (auto& share : shares)
    if (share.worker.worker == worker) return &share;
  return nullptr;
}

bool batch_attempt::complete() const {
  return std::all_of(shares.begin(), shares.end(), [](const auto& share) { return share.report != nullptr; });
}

std::vector<worker_id> batch_attempt::workers() const {
  std::vector<worker_id> out;
  for (const auto& share : shares) out.push_back({share.worker.worker});
  return out;
}

status batch_attempt::accept(std::shared_ptr<const prepared_report> report) {
  auto* share = find(report->worker);
  if (!share) return misfit(ref, report->worker, "it has no share in this attempt");
  if (share->report) return ok();
  const std::set<std::int32_t> done{report->splits.begin(), report->splits.end()};
  if (done.size() != report->splits.size()) return misfit(ref, report->worker, "a split twice");
  if (done != share->splits)
    return misfit(ref, report->worker, std::to_string(done.size()) + " splits done, not the " + std::to_string(share->splits.size()) + " ordered");
  if (report->rows_read != report->rows_parsed + report->rows_bad)
    return misfit(ref, report->worker, std::to_string(report->rows_read) + " rows read, but " + std::to_string(report->rows_parsed) +
                                           " parsed and " + std::to_string(report->rows_bad) + " bad");
  SLUICE_RETURN_IF_ERROR(check_extents(ref, *share, *report));
  SLUICE_RETURN_IF_ERROR(check_staged(ref, staging, *report));
  share->report = std::move(report);
  return ok();
}

result<commit> batch_attempt::make_commit(const commit_context& context) const {
  commit record;
  record.batch = ref.batch;
  record.epoch = ref.epoch;
  record.attempt = ref.attempt;
  record.previous = context.previous_hash;
  record.batch_time_us = context.batch_time_us;
  record.watermarks = context.watermarks;
  std::set<std::int32_t> splits;
  std::vector<staged_object> staged;
  std::set<std::string> paths;
  std::map<std::string, std::string> object_owner;
  for (const auto& share : shares) {
    const auto& report = *share.report;
    add(record.counters, report);
    for (const auto split : report.splits)
      if (!splits.insert(split).second) return misfit(ref, report.worker, "split " + std::to_string(split) + " twice");
    for (const auto& e : report.extents) {
      if (object_owner.try_emplace(e.object, report.worker).first->second != report.worker)
        return misfit(ref, report.worker, "object of another worker: " + e.object);
      record.extents.push_back({0, e});
    }
    for (const auto& o : report.staged) {
      if (!paths.insert(o.path).second) return misfit(ref, report.worker, "staged object twice: " + o.path);
      staged.push_back(o);
    }
  }
  if (splits.size() != num_splits)
    return status{errc::protocol, std::to_string(splits.size()) + " of " + std::to_string(num_splits) + " splits done"};
  if (stateful && !SLUICE_BUG(prepare_before_all_blocks) && record.counters.rows_sent != record.counters.rows_received)
    return status{errc::protocol, std::to_string(record.counters.rows_sent) + " rows sent between workers, but " +
                                      std::to_string(record.counters.rows_received) + " received"};
  std::sort(record.extents.begin(), record.extents.end(), [](const auto& a, const auto& b) { return a.extent.group < b.extent.group; });
  record.output = order_output(std::move(staged), ref, context);
  return record;
}

std::map<std::string, std::int64_t> batch_attempt::stage_times() const {
  std::map<std::string, std::int64_t> out;
  for (const auto& share : shares) {
    if (!share.report) continue;
    for (const auto& [stage, time] : share.report->duration_us) {
      auto& slowest = out[stage];
      slowest = std::max(slowest, time);
    }
  }
  return out;
}

std::vector<std::uint32_t> choose_snapshots(const std::map<std::uint32_t, std::vector<extent>>& groups, std::uint32_t num_groups) {
  constexpr std::size_t short_chain = 4, long_chain = 16, longest_chain = 32;
  struct candidate {
    std::size_t chain;
    std::uint32_t group;
  };
  std::vector<candidate> due;
  for (const auto& [group, chain] : groups) {
    if (!chain.empty() && misbehave::here(misbehave::point::whole_snapshots)) {
      due.push_back({longest_chain + 1, group});
      continue;
    }
    if (chain.size() <= short_chain) continue;
    std::int64_t deltas = 0;
    for (std::size_t i = 1; i < chain.size(); ++i) deltas += chain[i].length;
    if (deltas > chain.front().length || chain.size() > long_chain) due.push_back({chain.size(), group});
  }
  std::sort(due.begin(), due.end(), [](const auto& a, const auto& b) { return std::tie(b.chain, a.group) < std::tie(a.chain, b.group); });
  const auto at_most = std::max<std::size_t>(1, num_groups / 16);
  std::vector<std::uint32_t> out;
  for (const auto& c : due)
    if (out.size() < at_most || c.chain > longest_chain) out.push_back(c.group);
  std::sort(out.begin(), out.end());
  return out;
}

} // namespace sluice::query
