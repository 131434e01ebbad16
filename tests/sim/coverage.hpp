#pragma once
/// What a run of many seeds has met: crash points, cases of the protocol, queries, messages, misbehaviour points.
/// Counts are added up over seeds and programs; the report marks what exists and was never met.
#include <iosfwd>
#include <map>
#include <string>
#include <vector>

#include "tests/sim/crash_points.hpp"
#include "tests/sim/network.hpp"
#include "tests/sim/workload.hpp"

namespace sluice::sim {

class coverage {
public:
  void hit(const std::string& what, std::int64_t times = 1) { counts_[what] += times; }
  void add(const coverage& other);
  const std::map<std::string, std::int64_t>& counts() const { return counts_; }

  /// Prints a section per kind of count; returns what exists and was never met.
  std::vector<std::string> report(std::ostream& out) const;
  /// Everything that must be met by a long run.
  static std::vector<std::string> everything();

private:
  std::map<std::string, std::int64_t> counts_;
};

/// What a query does, in names of counts.
void count_query(coverage& met, const workload& work);

/// Recognises the cases that are told by messages (M1 to M4, E1 to E4) and which state objects hold whole groups.
class message_watch {
public:
  explicit message_watch(coverage& met) : met_(met) {}
  /// `paused`: whether a process stands still.
  void see(fate what, process_number from, process_number to, const proto::link_message& message,
           const std::function<bool(process_number)>& paused);
  void worker_goes(process_number worker);
  void coordinator_goes() { greeted_.clear(); }
  const std::set<std::string>& snapshots() const { return snapshots_; }
  bool has_ordered(process_number coordinator) const { return ordering_.contains(coordinator); }
  bool has_welcomed(process_number coordinator) const { return welcoming_.contains(coordinator); }

private:
  struct batch_state {
    std::int64_t batch = -1, committed = -1, epoch = 0;
    std::set<std::string> workers, workers_before;
    std::map<std::string, int> delivered, lost;  ///< orders by attempt
  };
  void see_order(fate what, process_number to, const proto::link_message& message, const std::function<bool(process_number)>& paused);

  coverage& met_;
  std::set<std::string> snapshots_;
  std::map<std::string, batch_state> queries_;
  std::map<process_number, std::pair<std::string, std::int64_t>> prepared_;  ///< query and batch last prepared
  std::map<process_number, std::string> ordered_;                          ///< workers that got an order, and their names
  std::set<std::string> greeted_;
  std::set<process_number> ordering_, welcoming_;
};

} // namespace sluice::sim
