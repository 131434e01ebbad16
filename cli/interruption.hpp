#pragma once
/// Ctrl-C and SIGTERM. `watch` is called before any other thread starts: it blocks both signals everywhere and waits for
/// them on a thread of its own. Without a handler a signal ends the process with 130; a second signal always does.
#include <functional>

namespace sluice::cli {

void watch_interruption();

/// While alive, the first signal runs `handler` (on the watching thread) instead of ending the process.
class interruption_handler {
public:
  explicit interruption_handler(std::function<void()> handler);
  ~interruption_handler();
  interruption_handler(const interruption_handler&) = delete;
  interruption_handler& operator=(const interruption_handler&) = delete;
  /// Whether a signal has come.
  bool interrupted() const;
};

} // namespace sluice::cli
