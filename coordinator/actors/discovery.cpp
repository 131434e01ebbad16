#include "coordinator/actors/discovery.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <set>

#include "common/base/log.hpp"
#include "coordinator/sources/folder_watch.hpp"

namespace sluice::actors {
namespace {

/// Folders are looked at this many polls apart although the system reports changes: it does not see other hosts'
/// writes.
constexpr int unreported_factor = 10;

using shared_watch = std::shared_ptr<sources::folder_watch>;

/// The actor that blocks in the watch. Waits once per order, so that it can be ended between two.
watch_actor::behavior_type watcher(watch_actor::pointer, shared_watch watch,
                                   std::function<void(std::vector<std::string>)> report) {
  return {[watch, report](const wait_for_changes& order) { report(watch->wait(order.timeout)); }};
}

struct discovery_state {
  static inline const char* name = "discovery";
  struct subscription {
    std::set<std::string> folders;
    std::function<void()> wake;
  };

  environment_ptr environment;
  shared_watch watch;
  watch_actor watcher;
  std::map<std::string, subscription> subscriptions;
  bool waiting = false;
  discovery_actor::pointer self = nullptr;

  ~discovery_state() {
    if (watch) watch->interrupt();
    if (watcher) caf::anon_send_exit(watcher, caf::exit_reason::user_shutdown);
  }

  void add(const watch_folders& order);
  void remove(const std::string& key);
  void wait();
  void changed(const std::vector<std::string>& folders);
};

void discovery_state::add(const watch_folders& order) {
  remove(order.key);
  subscription entry;
  entry.wake = order.wake;
  for (const auto& folder : order.folders) {
    auto added = watch->add(folder);
    if (added.ok())
      entry.folders.insert(folder);
    else
      log::debug("folder is not watched", "folder", folder, "why", added.message());
  }
  subscriptions.emplace(order.key, std::move(entry));
  wait();
}

void discovery_state::remove(const std::string& key) {
  auto found = subscriptions.find(key);
  if (found == subscriptions.end()) return;
  for (const auto& folder : found->second.folders) watch->remove(folder);
  subscriptions.erase(found);
}

/// Sends the watcher into its next wait. Time runs out regularly: what other hosts write to shared folders raises no
/// event here.
void discovery_state::wait() {
  if (waiting || subscriptions.empty()) return;
  waiting = true;
  auto poll = std::chrono::duration_cast<milliseconds>(environment->options.settings.discovery_poll);
  if (environment->options.detach)
    self->send(watcher, wait_for_changes{std::max(poll * unreported_factor, milliseconds{1})});
  else
    self->delayed_send(watcher, poll, wait_for_changes{milliseconds{0}});
}

void discovery_state::changed(const std::vector<std::string>& folders) {
  waiting = false;
  for (const auto& [key, subscription] : subscriptions) {
    bool concerned = folders.empty();
    for (const auto& folder : folders) concerned = concerned || subscription.folders.count(folder) != 0;
    if (concerned) subscription.wake();
  }
  wait();
}

discovery_actor::behavior_type discovery(discovery_actor::stateful_pointer<discovery_state> self,
                                         environment_ptr environment) {
  auto& state = self->state;
  state.self = self;
  state.environment = std::move(environment);
  state.watch = state.environment->options.detach ? sources::make_folder_watch() : sources::make_polling_watch();
  caf::actor_addr me = self->address();
  auto report = [me](std::vector<std::string> folders) {
    if (auto target = caf::actor_cast<discovery_actor>(me)) caf::anon_send(target, folders_changed{std::move(folders)});
  };
  state.watcher = state.environment->options.detach
                      ? self->home_system().spawn<caf::detached>(watcher, state.watch, report)
                      : self->home_system().spawn(watcher, state.watch, report);
  return {
      [self](const watch_folders& order) { self->state.add(order); },
      [self](const unwatch_folders& order) { self->state.remove(order.key); },
      [self](const folders_changed& change) { self->state.changed(change.folders); },
  };
}

} // namespace

discovery_actor spawn_discovery(caf::actor_system& system, environment_ptr environment) {
  return system.spawn(discovery, std::move(environment));
}

} // namespace sluice::actors
