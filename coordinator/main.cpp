// sluice-coordinator: plans and runs streaming queries on the workers that connect to it.
#include <pthread.h>

#include <csignal>
#include <cstdio>

#include "common/base/log.hpp"
#include "common/config/settings.hpp"
#include "common/net/security.hpp"
#include "coordinator/node.hpp"

namespace {

int fail(const sluice::status& error) {
  std::fprintf(stderr, "sluice-coordinator: %s\n", error.to_string().c_str());
  return 1;
}

} // namespace

int main(int argc, char** argv) {
  using namespace sluice;
  config::coordinator_settings settings;
  auto start = config::load(argc, argv, settings);
  if (start.exit_now) return start.finish();
  if (auto logging = config::apply(settings.log); !logging.ok()) return fail(logging);

  // Blocked before any thread exists, so that only the wait below sees them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  net::link_limits limits{settings.link.control_frame, settings.link.data_frame, settings.link.unsent};
  auto security = net::load_security(settings.security, net::role::coordinator);
  if (!security.ok()) return fail(security.error());
  auto node = coordinator::node::start({settings, "0.1.0", nullptr, nullptr, nullptr, *security}, net::grpc_transport(limits, *security));
  if (!node.ok()) {
    log::flush();
    return fail(node.error());
  }
  log::info("coordinator listens", "address", (*node)->address(), "data", settings.data_dir);
  std::printf("sluice-coordinator listens on %s\n", (*node)->address().c_str());
  if (auto clients = (*node)->connect_address(); !clients.empty()) std::printf("Spark Connect on %s\n", clients.c_str());
  std::fflush(stdout);

  int signal = 0;
  sigwait(&signals, &signal);
  log::info("coordinator drains", "signal", signal);
  (*node)->drain();
  (*node)->wait();
  log::info("coordinator ended");
  log::flush();
  return 0;
}
