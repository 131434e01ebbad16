#include "tests/sim/invariants.hpp"

#include "common/storage/path.hpp"
#include "proto/sluice/link.pb.h"
#include "worker/exchange/credit.hpp"

namespace sluice::sim {
namespace {

constexpr std::size_t most_events = 5'000;  ///< of one lane: links carry no unbounded queues

} // namespace

void invariants::note(std::string wrong) {
  if (wrong_.empty() && !wrong.empty()) wrong_ = std::move(wrong);
}

query_invariants* invariants::query_of(const std::string& id) {
  for (const auto& [root, query] : by_root_)
    if (query->id() == id) return query.get();
  return nullptr;
}

// ---- the disk ----

void invariants::appeared(const std::string& path) {
  auto root = storage::parent_path(path);
  if (storage::base_name(path) == "metadata" && !by_root_.contains(root)) {
    auto bytes = disk_.read(path);
    auto record = bytes.ok() ? query::decode_metadata(*bytes, path) : bytes.error();
    if (record.ok()) by_root_.emplace(root, std::make_unique<query_invariants>(disk_, root, std::move(*record)));
  }
  for (const auto& [at, query] : by_root_)
    if (query->has(path)) note(query->appeared(path));
}

void invariants::going(const std::string& path) {
  for (const auto& [at, query] : by_root_)
    if (query->has(path)) note(query->going(path));
}

void invariants::power_lost() {
  std::erase_if(by_root_, [&](const auto& entry) { return !disk_.stat(storage::join_path(entry.first, "metadata")).ok(); });
  for (const auto& [root, query] : by_root_) note(query->power_lost());
  epochs_seen_.clear();
  epochs_on_the_way_.clear();
}

// ---- messages ----

void invariants::sent(const frame_facts& frame) {
  const auto& message = frame.message;
  if (frame.queued > most_events) note("P16: " + std::to_string(frame.queued) + " messages wait on one link");
  switch (message.kind_case()) {
    case proto::link_message::kOrder:
      if (auto* query = query_of(message.order().ref().query())) note(query->ordered(frame.from, "w-" + std::to_string(frame.to), message.order()));
      return;
    case proto::link_message::kPrepared: {
      const auto& ref = message.prepared().ref();
      if (auto seen = epochs_seen_[frame.from][ref.query()]; ref.epoch() < seen)
        note("P8: worker " + std::to_string(frame.from) + " prepared in epoch " + std::to_string(ref.epoch()) + " after it saw " + std::to_string(seen));
      if (auto* query = query_of(ref.query())) note(query->prepared(message.prepared()));
      return;
    }
    case proto::link_message::kCommitted:
      if (auto* query = query_of(message.committed().ref().query())) note(query->announced(message.committed().ref()));
      return;
    case proto::link_message::kTableRead:
      if (auto* query = query_of(message.table_read().ref().query())) note(query->read(message.table_read()));
      return;
    case proto::link_message::kObjectRead:
      for (const auto& [root, query] : by_root_)
        if (message.object_read().objects_size() > 0 && query->has(message.object_read().objects(0).path())) note(query->read(message.object_read()));
      return;
    case proto::link_message::kBlock: return check_credit(frame);
    default: return;
  }
}

void invariants::check_credit(const frame_facts& frame) {
  auto& flow = flows_[frame.lane];
  if (flow.spent >= exchange::guaranteed_bytes + flow.granted)
    note("P16: worker " + std::to_string(frame.from) + " sends without credit to " + std::to_string(frame.to));
  flow.spent += static_cast<std::int64_t>(frame.bytes);
}

void invariants::delivered(const frame_facts& frame) {
  const auto& message = frame.message;
  if (message.has_credit()) flows_[frame.back].granted += static_cast<std::int64_t>(message.credit().bytes());
  if (!message.has_order()) return;
  auto& epoch = epochs_on_the_way_[frame.to][message.order().ref().query()];
  epoch = std::max(epoch, message.order().ref().epoch());
}

void invariants::idle(process_number process) {
  auto found = epochs_on_the_way_.find(process);
  if (found == epochs_on_the_way_.end()) return;
  for (const auto& [query, epoch] : found->second) epochs_seen_[process][query] = std::max(epochs_seen_[process][query], epoch);
  epochs_on_the_way_.erase(found);
}

} // namespace sluice::sim
