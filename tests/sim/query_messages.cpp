// What coordinators and workers tell each other about one query.
#include "common/storage/durable.hpp"
#include "common/storage/path.hpp"
#include "coordinator/query/message_codec.hpp"
#include "proto/sluice/link.pb.h"
#include "tests/sim/query_invariants.hpp"

namespace sluice::sim {
namespace {

std::string about(const proto::attempt_ref& ref) { return ", in batch " + std::to_string(ref.batch()) + " attempt " + ref.attempt(); }

} // namespace

/// P3: what is told or read as the state of a batch is decided, durably, for that attempt.
std::string query_invariants::check_layer(std::int64_t batch, const std::string& attempt, const std::string& what) const {
  if (batch < 0) return "";
  auto found = commits_.find(batch);
  if (found == commits_.end()) return "P3: " + what + " batch " + std::to_string(batch) + ", which is not committed";
  if (found->second.record.attempt != attempt) return "P5: " + what + " attempt " + attempt + ", but " + found->second.record.attempt + " is committed";
  return is_committed_durably(batch) ? "" : "P3: " + what + " batch " + std::to_string(batch) + ", whose commit is not durable";
}

/// P5: exactly the extents that the commits up to `batch` leave for these key groups.
std::string query_invariants::check_restore(std::int64_t batch, const std::set<std::uint32_t>& groups,
                                            const std::vector<query::extent>& found) const {
  std::vector<query::extent> wanted;
  if (auto after = extents_.find(batch); after != extents_.end())
    if (auto chains = after->second.find(0); chains != after->second.end())
      for (const auto& [group, chain] : chains->second)
        if (groups.contains(group)) wanted.insert(wanted.end(), chain.begin(), chain.end());
  return wanted == found ? "" : "P5: a restore of " + std::to_string(found.size()) + " extents, not of the " + std::to_string(wanted.size()) + " committed";
}

std::string query_invariants::ordered(int coordinator, const std::string& worker, const proto::batch_order& order) {
  const auto& ref = order.ref();
  if (!claims_.contains(ref.epoch()) || !disk_.is_durable(paths_.epoch(ref.epoch()))) return "P9: an order of an epoch that nobody claimed durably" + about(ref);
  if (epoch_owner_.try_emplace(ref.epoch(), coordinator).first->second != coordinator) return "P9: two coordinators order in epoch " + std::to_string(ref.epoch());
  if (order.base().batch() != ref.batch() - 1) return "P5: based on batch " + std::to_string(order.base().batch()) + about(ref);
  if (auto wrong = check_layer(order.base().batch(), order.base().attempt(), "an order based on"); !wrong.empty()) return wrong + about(ref);
  std::set<std::uint32_t> owned;
  for (int group = 0; group < order.group_owner_size(); ++group)
    if (order.workers(static_cast<int>(order.group_owner(group))).worker() == worker) owned.insert(static_cast<std::uint32_t>(group));
  if (order.restore_all()) {
    std::vector<query::extent> restore;
    for (const auto& e : order.restore()) restore.push_back(query::decode(e));
    if (auto wrong = check_restore(order.base().batch(), owned, restore); !wrong.empty()) return wrong + about(ref);
  }
  auto& facts = attempts_[ref.attempt()];
  facts.base = {order.base().batch(), order.base().attempt()};
  facts.groups[worker] = owned;
  if (!order.restore_all() && !owned.empty()) {
    auto held = held_[worker].find({facts.base.batch, facts.base.attempt});
    if (held == held_[worker].end() || held->second != owned) return "P5: worker " + worker + " is not known to hold what it is not given" + about(ref);
  }
  for (const auto& split : order.splits())
    if (!facts.splits.emplace(split.path(), split.offset(), split.length()).second) return "P6: a split of " + split.path() + " is ordered twice" + about(ref);
  return "";
}

/// P4, P14: what a worker calls prepared is durable and whole.
std::string query_invariants::prepared(const proto::batch_prepared& report) {
  auto& facts = attempts_[report.ref().attempt()];
  for (const auto& e : report.extents()) {
    auto path = storage::join_path(paths_.state(), e.object());
    auto bytes = disk_.read_range(path, e.offset(), e.length());
    if (!disk_.is_durable(path) || !bytes.ok() || storage::checksum(*bytes) != e.checksum())
      return "P14: prepared is said, but not durable and whole is " + path + about(report.ref());
    facts.extents.emplace(e.group(), e.object(), e.offset());
  }
  for (const auto& o : report.staged()) {
    if (auto wrong = check_object(o.path(), o.size(), o.checksum()); !wrong.empty()) return "P14: prepared is said, but " + wrong + about(report.ref());
    if (o.rows() > 0) facts.staged.insert(o.path());
  }
  const auto& groups = facts.groups[report.worker()];
  held_[report.worker()][{report.ref().batch(), report.ref().attempt()}] = groups;
  held_[report.worker()][{facts.base.batch, facts.base.attempt}] = groups;
  return "";
}

std::string query_invariants::announced(const proto::attempt_ref& ref) { return check_layer(ref.batch(), ref.attempt(), "workers are told of"); }

std::string query_invariants::read(const proto::table_read& read) {
  if (auto wrong = check_layer(read.ref().batch(), read.ref().attempt(), "a read of"); !wrong.empty()) return wrong;
  std::vector<query::extent> restore;
  for (const auto& e : read.restore()) restore.push_back(query::decode(e));
  return check_restore(read.ref().batch(), {read.groups().begin(), read.groups().end()}, restore);
}

std::string query_invariants::read(const proto::object_read& read) {
  std::map<std::string, std::int64_t> named;
  for (const auto& [n, at] : commits_)
    for (const auto& o : at.record.output) named[storage::join_path(paths_.root, o.staged)] = n;
  for (const auto& object : read.objects()) {
    auto found = named.find(object.path());
    if (found == named.end() || !is_committed_durably(found->second)) return "P3: a read of " + object.path() + ", which is not committed durably";
  }
  return "";
}

} // namespace sluice::sim
