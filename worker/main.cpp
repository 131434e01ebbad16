/// sluice-worker: settings, signals, one node.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <thread>
#include <utility>

#include "common/config/settings.hpp"
#include "common/net/security.hpp"
#include "worker/node.hpp"

namespace {

using namespace sluice;

worker::node_options options_of(const config::worker_settings& settings) {
  worker::node_options options;
  options.coordinator = settings.coordinator;
  options.listen = settings.listen;
  options.advertise = settings.advertise;
  options.slots = settings.slots;
  options.data_dir = settings.data_dir;
  options.state_memory_bytes = static_cast<std::size_t>(settings.memory_state);
  options.partial_memory_bytes = static_cast<std::size_t>(settings.memory_partial);
  options.exchange_memory_bytes = static_cast<std::size_t>(settings.memory_exchange);
  options.morsel_bytes = static_cast<std::size_t>(settings.reader_morsel);
  options.max_record_bytes = static_cast<std::size_t>(settings.reader_max_record);
  options.heartbeat = settings.link.heartbeat;
  options.silence = settings.link.silence;
  return options;
}

net::link_limits limits_of(const config::link_settings& settings) {
  return {settings.control_frame, settings.data_frame, settings.unsent};
}

int fail(const status& error) {
  log::flush();
  std::fprintf(stderr, "sluice-worker: %s\n", error.to_string().c_str());
  return 1;
}

/// Drains at SIGTERM or SIGINT; a second Ctrl-C leaves at once.
void run_until_ended(worker::node& node, const sigset_t& signals) {
  std::thread waiter([&] {
    node.wait();
    ::kill(::getpid(), SIGUSR1);
  });
  bool interrupted = false;
  for (int signal = 0; sigwait(&signals, &signal) == 0 && signal != SIGUSR1;) {
    if (signal == SIGINT && std::exchange(interrupted, true)) ::_exit(130);
    node.drain();
  }
  waiter.join();
}

} // namespace

int main(int argc, char** argv) {
  config::worker_settings settings;
  auto start = config::load(argc, argv, settings);
  if (start.exit_now) return start.finish();
  if (auto opened = config::apply(settings.log); !opened.ok()) return fail(opened);
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGTERM, SIGINT, SIGUSR1}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  auto security = net::load_security(settings.security, net::role::worker);
  if (!security.ok()) return fail(security.error());
  auto node = worker::node::start(options_of(settings), net::grpc_transport(limits_of(settings.link), *security));
  if (!node.ok()) return fail(node.error());
  run_until_ended(**node, signals);
  node->reset();
  log::info("worker ended");
  log::flush();
  return 0;
}
