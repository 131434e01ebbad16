#include "coordinator/actors/cluster.hpp"

#include <arrow/buffer.h>
#include <atomic>
#include <caf/send.hpp>
#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "common/base/log.hpp"
#include "common/net/message.hpp"
#include "coordinator/actors/worker_registry.hpp"
#include "proto/sluice/link.pb.h"

namespace sluice::actors {
namespace {

struct cluster_state {
  static inline const char* name = "cluster";
  environment_ptr environment;
  std::string cluster_id;
  worker_registry registry{microseconds{0}};
  std::map<std::uint64_t, net::link_ptr> links;
  std::map<std::string, link_consumer> consumers;

  cluster_actor::stateful_pointer<cluster_state> self = nullptr;

  const config::link_settings& timing() const { return environment->options.settings.link; }
  membership members(std::vector<worker_id> lost = {}) const;
  void publish(std::vector<worker_id> lost = {});
  void greet(std::uint64_t link, const proto::hello& hello);
  void frame(const link_frame& message);
  void route(const registered_worker& worker, const link_frame& message);
  void drop(std::uint64_t link, const status& reason);
  void closed(std::uint64_t link, const status& reason);
  void look_for_silence();
};

using cluster_pointer = cluster_actor::stateful_pointer<cluster_state>;

membership cluster_state::members(std::vector<worker_id> lost) const {
  membership now;
  now.lost = std::move(lost);
  for (const auto& worker : registry.workers())
    now.workers.push_back({worker.id, worker.slots, worker.data_address, worker.draining, links.at(worker.link)});
  return now;
}

void cluster_state::publish(std::vector<worker_id> lost) {
  auto now = members(std::move(lost));
  for (const auto& [key, consumer] : consumers) self->send(consumer, now);
}

void cluster_state::greet(std::uint64_t link, const proto::hello& hello) {
  greeting from{hello.min_version(), hello.max_version(),  worker_id{hello.worker()},
                hello.slots(),       hello.data_address(), hello.pid()};
  auto version = registry.greeted(link, from, environment->now());
  if (!version.ok()) {
    proto::link_message refusal;
    net::set_failure(*refusal.mutable_refused(), version.error(), {});
    net::send(*links.at(link), refusal);
    return drop(link, version.error());
  }
  proto::link_message answer;
  auto& welcome = *answer.mutable_welcome();
  welcome.set_version(*version);
  welcome.set_cluster(cluster_id);
  welcome.set_heartbeat_ms(static_cast<std::uint32_t>(timing().heartbeat.count() / 1000));
  welcome.set_silence_ms(static_cast<std::uint32_t>(timing().silence.count() / 1000));
  net::send(*links.at(link), answer);
  log::info("worker joined", "worker", hello.worker(), "slots", hello.slots(), "address", hello.data_address());
  publish();
}

/// The query or read a message belongs to; empty for messages about the worker itself.
std::string consumer_key(const proto::link_message& message) {
  switch (message.kind_case()) {
    case proto::link_message::kPrepared: return message.prepared().ref().query();
    case proto::link_message::kFailed: return message.failed().ref().query();
    case proto::link_message::kProgress: return message.progress().ref().query();
    case proto::link_message::kReadBlock: return message.read_block().read();
    case proto::link_message::kReadDone: return message.read_done().read();
    default: return {};
  }
}

void cluster_state::route(const registered_worker& worker, const link_frame& message) {
  auto key = consumer_key(*message.header);
  if (auto consumer = consumers.find(key); consumer != consumers.end())
    self->send(consumer->second, worker_message{worker.id, message.header, message.body});
}

void cluster_state::frame(const link_frame& message) {
  if (links.count(message.link) == 0) return;
  if (!message.header) return drop(message.link, {errc::protocol, "a frame without a readable header"});
  registry.sign_of_life(message.link, environment->now());
  if (message.header->has_hello()) return greet(message.link, message.header->hello());
  const auto* worker = registry.find(message.link);
  if (worker == nullptr) return drop(message.link, {errc::protocol, "a message before the greeting"});
  if (message.header->has_heartbeat()) {
    net::send(*links.at(message.link), *message.header);
  } else if (message.header->has_leaving()) {
    if (!registry.leaving(message.link)) return;
    log::info("worker is leaving", "worker", worker->id.text);
    publish();
  } else {
    route(*worker, message);
  }
}

void cluster_state::drop(std::uint64_t link, const status& reason) {
  auto found = links.find(link);
  if (found == links.end()) return;
  auto handle = found->second;
  closed(link, reason);
  handle->close(reason);
}

void cluster_state::closed(std::uint64_t link, const status& reason) {
  if (links.erase(link) == 0) return;
  auto worker = registry.closed(link);
  if (!worker) return;
  log::info("worker left", "worker", worker->id.text, "why", reason.ok() ? "closed" : reason.message());
  publish({worker->id});
}

void cluster_state::look_for_silence() {
  for (auto link : registry.silent(environment->now()))
    drop(link, {errc::timed_out, "no sign of life for " + std::to_string(timing().silence.count() / 1000) + " ms"});
  self->delayed_send(self, std::min<microseconds>(timing().heartbeat, timing().silence / 4), check_silence{});
}

cluster_actor::behavior_type cluster(cluster_pointer self, environment_ptr environment, std::string cluster_id) {
  auto& state = self->state;
  state.self = self;
  state.registry = worker_registry{environment->options.settings.link.silence};
  state.environment = std::move(environment);
  state.cluster_id = std::move(cluster_id);
  self->send(self, check_silence{});
  return {
      [self](const link_opened& opened) {
        self->state.links[opened.link] = opened.handle;
        self->state.registry.opened(opened.link, self->state.environment->now());
      },
      [self](const link_frame& message) { self->state.frame(message); },
      [self](const link_closed& closed) { self->state.closed(closed.link, closed.reason); },
      [self](const check_silence&) { self->state.look_for_silence(); },
      [self](const join_links& join) {
        self->state.consumers.insert_or_assign(join.key, join.consumer);
        self->send(join.consumer, self->state.members());
      },
      [self](const leave_links& leave) {
        auto& consumers = self->state.consumers;
        auto found = consumers.find(leave.key);
        if (found != consumers.end() && found->second.address() == leave.consumer) consumers.erase(found);
      },
      [self](const get_workers&) {
        worker_list list;
        for (const auto& worker : self->state.registry.workers())
          list.workers.push_back(
              {worker.id, worker.pid, worker.data_address, worker.slots, worker.draining ? "draining" : "ready"});
        return list;
      },
      [self](const close_links&) {
        auto links = std::exchange(self->state.links, {});
        for (const auto& [link, handle] : links) {
          self->state.registry.closed(link);
          handle->close({errc::unreachable, "the coordinator is shutting down"});
        }
        return all_down{};
      },
  };
}

} // namespace

cluster_actor spawn_cluster(caf::actor_system& system, environment_ptr environment, std::string cluster_id) {
  return system.spawn(cluster, std::move(environment), std::move(cluster_id));
}

net::accept_handler accept_for(cluster_actor cluster) {
  auto next = std::make_shared<std::atomic<std::uint64_t>>(1);
  return [cluster = std::move(cluster), next](net::link_ptr handle) {
    auto link = next->fetch_add(1);
    caf::anon_send(cluster, link_opened{link, std::move(handle)});
    net::link_handler handler;
    handler.on_frame = [cluster, link](net::frame frame) {
      auto header = std::make_shared<proto::link_message>();
      bool good = net::decode(frame, *header).ok();
      caf::anon_send(cluster, link_frame{link, good ? std::move(header) : nullptr, std::move(frame.body)});
    };
    handler.on_closed = [cluster, link](status reason) {
      caf::anon_send(cluster, link_closed{link, std::move(reason)});
    };
    return handler;
  };
}

} // namespace sluice::actors
