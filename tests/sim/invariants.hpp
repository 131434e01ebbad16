#pragma once
/// The protocol's promises, checked from outside at every name that appears or goes on the disk and at every message: P1 to P6, P8, P9,
/// P11 to P14 and P16 of the reliability page (README.md says which is checked where). Finds queries by their metadata record.
/// What is wrong first stays in `wrong()`.
#include <memory>

#include "tests/sim/network.hpp"
#include "tests/sim/query_invariants.hpp"
#include "tests/sim/watched_disk.hpp"

namespace sluice::sim {

class invariants final : public disk_watcher, public network_watcher {
public:
  explicit invariants(storage::memory_file_system& disk) : disk_(disk) {}

  /// Empty: nothing.
  const std::string& wrong() const { return wrong_; }
  /// The disk has lost what was not durable; no process lives.
  void power_lost();
  /// A process has handled all that was delivered to it.
  void idle(process_number process);

  void appeared(const std::string& path) override;
  void going(const std::string& path) override;
  void sent(const frame_facts& frame) override;
  void delivered(const frame_facts& frame) override;

private:
  struct flow {
    std::int64_t spent = 0;
    std::int64_t granted = 0;
  };
  query_invariants* query_of(const std::string& id);
  void note(std::string wrong);
  void check_credit(const frame_facts& frame);

  storage::memory_file_system& disk_;
  std::string wrong_;
  std::map<std::string, std::unique_ptr<query_invariants>> by_root_;
  std::map<std::size_t, flow> flows_;                                          ///< by lane on which blocks travel
  std::map<process_number, std::map<std::string, std::int64_t>> epochs_seen_;  ///< by worker and query
  std::map<process_number, std::map<std::string, std::int64_t>> epochs_on_the_way_;
};

} // namespace sluice::sim
