#include "cli/interruption.hpp"

#include <atomic>
#include <csignal>
#include <mutex>
#include <thread>

#include <unistd.h>

#include "cli/failure.hpp"

namespace sluice::cli {

namespace {

std::mutex handler_mutex;
std::function<void()> current_handler;
std::atomic<bool> signal_seen{false};

void wait_for_signals(sigset_t signals) {
  for (;;) {
    int number = 0;
    if (sigwait(&signals, &number) != 0)
      continue;
    std::function<void()> handler;
    {
      std::lock_guard lock{handler_mutex};
      handler = current_handler;
    }
    if (signal_seen.exchange(true) || !handler)
      _exit(exit_interrupted);
    std::thread{handler}.detach();
  }
}

} // namespace

void watch_interruption() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::thread{wait_for_signals, signals}.detach();
}

interruption_handler::interruption_handler(std::function<void()> handler) {
  std::lock_guard lock{handler_mutex};
  current_handler = std::move(handler);
}

interruption_handler::~interruption_handler() {
  std::lock_guard lock{handler_mutex};
  current_handler = nullptr;
}

bool interruption_handler::interrupted() const { return signal_seen; }

} // namespace sluice::cli
