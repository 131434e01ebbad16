#include "tests/sim/coverage.hpp"

#include <ostream>

#include "common/base/misbehave.hpp"
#include "proto/sluice/link.pb.h"

namespace sluice::sim {
namespace {

const char* text_of(fate what) {
  constexpr const char* names[] = {"sent", "delivered", "lost", "doubled", "late", "delayed"};
  return names[static_cast<int>(what)];
}

/// Messages that clusters send each other here.
constexpr const char* message_kinds[] = {"hello",      "welcome", "heartbeat",  "order",     "prepared",    "failed", "committed", "dropped",
                                         "released",   "table_read", "scan",    "read_block", "read_done", "read_credit", "block", "end",
                                         "credit"};

} // namespace

void coverage::add(const coverage& other) {
  for (const auto& [what, times] : other.counts_) counts_[what] += times;
}

std::vector<std::string> coverage::everything() {
  std::vector<std::string> out;
  for (const char* how : {"process", "power"})
    for (int what = 0; what < num_durable_writes; ++what)
      for (int stage = 0; stage < num_write_stages; ++stage)
        if (exists(static_cast<durable_write>(what), static_cast<write_stage>(stage)))
          out.push_back(std::string("crash ") + how + " " +
                        crash_point{static_cast<durable_write>(what), static_cast<write_stage>(stage)}.text());
  for (const char* name : {"M1", "M2-lost", "M2-after-epoch", "M3", "M4", "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8",
                           "E1", "E2", "E3", "E4", "L1"})
    out.push_back(std::string("case ") + name);
  for (int group = 0; group < 7; ++group)
    for (int mode = 0; mode < 3; ++mode)
      for (int sink = 0; sink < 4; ++sink) {
        workload work;
        work.group = static_cast<grouping>(group);
        work.mode = static_cast<output_mode>(mode);
        work.sink = static_cast<sink_kind>(sink);
        bool plain = work.group == grouping::none;
        if (plain ? work.mode == output_mode::complete : work.mode == output_mode::append) continue;
        if (work.has_files() && (!plain || work.mode != output_mode::append)) continue;
        out.push_back(std::string("query ") + to_text(work.group) + " " + to_text(work.mode) + " " + to_text(work.sink));
      }
  for (int group = 1; group < 7; ++group)
    for (int what = 0; what < num_aggregates; ++what)
      out.push_back(std::string("pair ") + to_text(static_cast<grouping>(group)) + " " + to_text(static_cast<aggregate>(what)));
  for (int group = 0; group < 7; ++group)
    for (int where = 0; where < 3; ++where)
      out.push_back(std::string("pair ") + to_text(static_cast<grouping>(group)) + " where=" + to_text(static_cast<row_filter>(where)));
  for (const auto* kind : message_kinds)
    for (auto what : {fate::delivered, fate::lost, fate::delayed})
      out.push_back(std::string("message ") + text_of(what) + " " + kind);
  for (int point = 0; point < misbehave::num_points; ++point) out.push_back("misbehaviour " + std::to_string(point));
  for (const char* what : {"table read", "file read", "console batch shown", "spill opened"}) out.push_back(std::string("check ") + what);
  return out;
}

std::vector<std::string> coverage::report(std::ostream& out) const {
  std::vector<std::string> missing;
  auto all = counts_;
  for (const auto& what : everything()) {
    auto [at, fresh] = all.try_emplace(what, 0);
    if (at->second == 0) missing.push_back(what);
  }
  std::string section;
  for (const auto& [what, times] : all) {
    auto space = what.find(' ');
    if (what.substr(0, space) != section) out << "  " << (section = what.substr(0, space)) << "\n";
    out << "    " << what.substr(space + 1) << " " << times << (times == 0 ? "   <-- never" : "") << "\n";
  }
  return missing;
}

void count_query(coverage& met, const workload& work) {
  std::string group = to_text(work.group);
  met.hit("query " + group + " " + to_text(work.mode) + " " + to_text(work.sink));
  met.hit("pair " + group + " where=" + to_text(work.where));
  if (work.group != grouping::none)
    for (auto what : work.aggregates) met.hit("pair " + group + " " + to_text(what));
  if (work.having) met.hit("pair " + group + " having");
  if (!work.trigger.empty()) met.hit("pair " + group + " trigger=" + work.trigger);
  if (work.bad_one_in > 0) met.hit(std::string("pair ") + group + (work.drop_malformed ? " drop-malformed" : " permissive"));
}

// ---- messages ----

void message_watch::see_order(fate what, process_number to, const proto::link_message& message,
                              const std::function<bool(process_number)>& paused) {
  const auto& order = message.order();
  auto& query = queries_[order.ref().query()];
  auto attempt = std::to_string(order.ref().batch()) + "-" + order.ref().attempt();
  auto& delivered = query.delivered[attempt];
  auto& lost = query.lost[attempt];
  if (what == fate::delivered) ++delivered;
  if (what == fate::lost) ++lost;
  if (what == fate::delivered || what == fate::lost)
    if (delivered > 0 && lost > 0) met_.hit("case M1");
  if (what == fate::delivered) ordered_[to] = "w-" + std::to_string(to);
  if (what != fate::sent) return;
  query.epoch = std::max(query.epoch, order.ref().epoch());
  if (order.snapshot_groups_size() > 0)
    snapshots_.insert(order.checkpoint() + "/state/" + std::to_string(order.ref().batch()) + "-" + order.ref().attempt());
  std::set<std::string> workers;
  for (const auto& placed : order.workers()) workers.insert(placed.worker());
  if (order.ref().batch() != query.batch) query.workers_before = std::exchange(query.workers, workers);
  query.batch = order.ref().batch();
  bool replaced = !query.workers_before.empty();
  for (const auto& worker : query.workers_before) replaced = replaced && !workers.contains(worker);
  if (replaced) met_.hit("case E4");
  for (const auto& [process, name] : ordered_)
    if (!workers.contains(name) && paused(process)) met_.hit("case E3");
  query.workers = std::move(workers);
}

void message_watch::see(fate what, process_number from, process_number to, const proto::link_message& message,
                        const std::function<bool(process_number)>& paused) {
  auto kind = message.GetDescriptor()->FindFieldByNumber(message.kind_case())->name();
  met_.hit(std::string("message ") + text_of(what) + " " + kind);
  if (message.has_order()) {
    if (what == fate::sent) ordering_.insert(from);
    return see_order(what, to, message, paused);
  }
  if (message.has_prepared()) {
    const auto& ref = message.prepared().ref();
    if (what == fate::sent) prepared_[from] = {ref.query(), ref.batch()};
    if (what == fate::lost) met_.hit("case M2-lost");
    if (what == fate::doubled) met_.hit("case M2-doubled");
    if (what == fate::delivered && ref.epoch() < queries_[ref.query()].epoch) met_.hit("case M2-after-epoch");
  } else if (message.has_committed()) {
    const auto& ref = message.committed().ref();
    auto& query = queries_[ref.query()];
    query.committed = std::max(query.committed, ref.batch());
    if (what == fate::lost) met_.hit("case M3");
  } else if (message.has_hello() && message.hello().peer_of_size() == 0) {
    if (what == fate::delivered && !greeted_.insert(message.hello().worker()).second) met_.hit("case M4");
  } else if (message.has_welcome() && what == fate::sent) {
    welcoming_.insert(from);
    for (const auto& [id, query] : queries_)
      if (query.batch > query.committed) met_.hit("case E2");
  }
}

void message_watch::worker_goes(process_number worker) {
  ordered_.erase(worker);
  auto last = prepared_.find(worker);
  if (last != prepared_.end() && queries_[last->second.first].committed < last->second.second) met_.hit("case E1");
}

} // namespace sluice::sim
