#pragma once
/// What calls need besides their session: the coordinator's actors, clocks, timers. Owned by the service, outlives all calls.
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "coordinator/actors/control_plane.hpp"

namespace sluice::connect {

/// Things to be done later. `run_due` is called a few times a second by the service; any thread.
class timer_queue {
public:
  void at(microseconds deadline, std::function<void()> action) {
    std::lock_guard lock(mutex_);
    due_.emplace(deadline, std::move(action));
  }
  void run_due(microseconds now) {
    std::multimap<microseconds, std::function<void()>> due;
    {
      std::lock_guard lock(mutex_);
      auto end = due_.upper_bound(now);
      while (due_.begin() != end) due.insert(due_.extract(due_.begin()));
    }
    for (auto& [deadline, action] : due) action();
  }
  void clear() {
    std::lock_guard lock(mutex_);
    due_.clear();
  }

private:
  std::mutex mutex_;
  std::multimap<microseconds, std::function<void()>> due_;
};

struct engine {
  actors::control_plane& plane;
  std::shared_ptr<clock_source> clock;
  std::shared_ptr<random_source> random;
  std::string directory;  ///< resolves relative paths
  timer_queue timers;
};

} // namespace sluice::connect
