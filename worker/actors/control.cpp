#include "worker/actors/control.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <atomic>

#include "common/base/log.hpp"
#include "common/net/message.hpp"
#include "proto/sluice/link.pb.h"
#include "worker/actors/control_state.hpp"
#include "worker/actors/io.hpp"

namespace sluice::worker {
namespace {

constexpr std::uint32_t link_version = 1;
constexpr microseconds first_backoff{50'000};
constexpr microseconds longest_backoff{1'000'000};
constexpr microseconds leave_poll{20'000};
constexpr microseconds leave_grace{100'000};

proto::link_message hello_of(const control_state& state) {
  proto::link_message message;
  auto& hello = *message.mutable_hello();
  hello.set_min_version(link_version);
  hello.set_max_version(link_version);
  hello.set_worker(state.world->id);
  hello.set_slots(state.world->options.slots);
  hello.set_data_address(state.data_address);
  hello.set_pid(state.world->pid);
  return message;
}

} // namespace

std::uint64_t next_link_id() {
  static std::atomic<std::uint64_t> next{1};
  return next.fetch_add(1);
}

net::link_handler handler_for(const control_actor& control, std::uint64_t link) {
  net::link_handler handler;
  handler.on_frame = [control, link](net::frame frame) {
    auto header = std::make_shared<proto::link_message>();
    bool good = net::decode(frame, *header).ok();
    caf::anon_send(control, link_frame{link, good ? std::move(header) : nullptr, std::move(frame.body)});
  };
  handler.on_closed = [control, link](status reason) { caf::anon_send(control, link_closed{link, std::move(reason)}); };
  return handler;
}

net::accept_handler accept_peers(control_actor control) {
  return [control = std::move(control)](net::link_ptr handle) {
    auto link = next_link_id();
    caf::anon_send(control, link_accepted{link, std::move(handle)});
    return handler_for(control, link);
  };
}

void go_online(const control_actor& control, std::string data_address) {
  caf::anon_send(control, worker::go_online_at{std::move(data_address)});
}

// ---- the coordinator's link ----

void control_state::online(std::string address) {
  data_address = std::move(address);
  connect();
  self->delayed_send(self, heartbeat, tick{});
}

void control_state::connect() {
  coordinator_link = next_link_id();
  welcomed = false;
  last_heard = now();
  coordinator = world->network->connect(world->options.coordinator, handler_for(self, coordinator_link));
  net::send(*coordinator, hello_of(*this));
}

void control_state::connect_later() {
  backoff = std::min(longest_backoff, std::max(first_backoff, backoff * 2));
  auto jitter = microseconds(static_cast<std::int64_t>(world->random->next() % static_cast<std::uint64_t>(backoff.count() / 4 + 1)));
  self->delayed_send(self, backoff + jitter, reconnect{++connect_attempts});
}

void control_state::to_coordinator(const proto::link_message& message, std::shared_ptr<arrow::Buffer> body) {
  if (coordinator) net::send(*coordinator, message, std::move(body));
}

void control_state::frame(const link_frame& message) {
  if (message.link == coordinator_link && coordinator) return coordinator_frame(message);
  for (auto& [id, to] : peers) {
    if (to.link != message.link) continue;
    if (message.header && message.header->has_credit()) {
      to.credit.granted(static_cast<std::int64_t>(message.header->credit().bytes()));
      pump(to);
    }
    return;
  }
  if (auto from = peer_links.find(message.link); from != peer_links.end()) peer_frame(from->second, message);
}

void control_state::coordinator_frame(const link_frame& message) {
  if (!message.header) return coordinator->close({errc::protocol, "the coordinator sent a message that cannot be read"});
  last_heard = now();
  const auto& body = *message.header;
  switch (body.kind_case()) {
    case proto::link_message::kWelcome:
      welcomed = true;
      backoff = microseconds{0};
      if (body.welcome().heartbeat_ms() > 0) heartbeat = milliseconds(body.welcome().heartbeat_ms());
      if (body.welcome().silence_ms() > 0) silence = milliseconds(body.welcome().silence_ms());
      log::info("registered with the coordinator", "worker", world->id, "coordinator", world->options.coordinator);
      if (leaving) {
        proto::link_message bye;
        bye.mutable_leaving();
        to_coordinator(bye);
      }
      return;
    case proto::link_message::kHeartbeat: return;
    case proto::link_message::kRefused:
      log::error("the coordinator refuses this worker", "why", body.refused().message());
      return coordinator->close(net::failure_status(body.refused()));
    case proto::link_message::kDrain: return leave();
    case proto::link_message::kOrder: return order(body.order());
    case proto::link_message::kCommitted: return committed(key_of(body.committed().ref()));
    case proto::link_message::kDropped: return dropped(key_of(body.dropped().ref()));
    case proto::link_message::kReleased: return released(body.released().query(), body.released().epoch());
    default: return read_message(body);
  }
}

void control_state::closed(const link_closed& message) {
  if (message.link == coordinator_link && coordinator) {
    coordinator = nullptr;
    if (welcomed || connect_attempts == 0)
      log::warn("no link to the coordinator", "coordinator", world->options.coordinator, "why", message.reason.message());
    welcomed = false;
    abandon_everything();
    if (leaving) return end();
    return connect_later();
  }
  for (const auto& [id, to] : peers)
    if (to.link == message.link) return peer_closed(std::string(id), message.reason);
  if (peer_links.erase(message.link) > 0) budget.close(message.link);
}

void control_state::on_tick() {
  if (coordinator && welcomed) {
    proto::link_message beat;
    beat.mutable_heartbeat()->set_sequence(++heartbeats);
    to_coordinator(beat);
  }
  // It welcomes, and answers heartbeats: one that went without a word does neither.
  if (coordinator && now() - last_heard > silence)
    coordinator->close({errc::timed_out, "the coordinator has been silent for " + std::to_string((now() - last_heard).count() / 1000) + " ms"});
  for (auto& [id, query] : queries) {
    if (!query.current || !query.current->unfinished()) continue;
    auto signs = query.current->job->signs_of_life.load();
    if (std::exchange(query.current->last_signs, signs) == signs) continue;
    proto::link_message alive;
    set_ref(*alive.mutable_progress()->mutable_ref(), query.current->job->key);
    alive.mutable_progress()->set_rows(query.current->job->rows.load());
    to_coordinator(alive);
  }
  self->delayed_send(self, heartbeat, tick{});
}

// ---- leaving ----

void control_state::leave() {
  if (std::exchange(leaving, true)) return;
  leaving_since = now();
  log::info("leaving the cluster", "worker", world->id);
  if (!coordinator || !welcomed) return end();
  proto::link_message bye;
  bye.mutable_leaving();
  to_coordinator(bye);
  self->delayed_send(self, leave_poll, worker::check_leave{});
}

void control_state::check_leave() {
  auto waited = now() - leaving_since;
  if ((idle() && reads.empty() && waited >= leave_grace) || waited >= world->options.drain_timeout) return end();
  self->delayed_send(self, leave_poll, worker::check_leave{});
}

void control_state::end() {
  abandon_everything();
  status reason{errc::unreachable, "worker " + world->id + " has left"};
  if (auto link = std::exchange(coordinator, nullptr)) link->close(reason);
  for (auto& [id, to] : peers) to.handle->close(reason);
  for (auto& [id, from] : peer_links) from.handle->close(reason);
  peers.clear();
  peer_links.clear();
  for (const auto& slot : slots) self->send_exit(slot, caf::exit_reason::user_shutdown);
  self->send_exit(io, caf::exit_reason::user_shutdown);
  self->quit();
}

// ---- the actor ----

namespace {

control_actor::behavior_type control_behavior(control_pointer self, surroundings_ptr world) {
  auto& state = self->state;
  state.self = self;
  state.world = std::move(world);
  const auto& options = state.world->options;
  state.heartbeat = options.heartbeat;
  state.silence = options.silence;
  state.budget = exchange::receive_budget(static_cast<std::int64_t>(options.exchange_memory_bytes));
  slot_neighbours neighbours{self, std::make_shared<std::vector<slot_actor>>(), std::make_shared<sibling_traffic>()};
  for (std::uint32_t slot = 0; slot < options.slots; ++slot)
    state.slots.push_back(spawn_slot(self->system(), state.world, slot, neighbours));
  *neighbours.siblings = state.slots;
  state.io = spawn_io(self->system(), state.world, self);
  return {
      [self](const go_online_at& where) { self->state.online(where.data_address); },
      [self](const link_accepted& accepted) { self->state.peer_links[accepted.link] = {accepted.handle, ""}; },
      [self](const link_frame& message) { self->state.frame(message); },
      [self](const link_closed& message) { self->state.closed(message); },
      [self](const tick&) { self->state.on_tick(); },
      [self](const reconnect& timer) {
        if (timer.attempt == self->state.connect_attempts && !self->state.coordinator) self->state.connect();
      },
      [self](const leave_cluster&) { self->state.leave(); },
      [self](const check_leave&) { self->state.check_leave(); },
      [self](const end_worker&) { self->state.end(); },
      [self](const outgoing_block& block) { self->state.outgoing(block); },
      [self](const block_done& block) { self->state.give_back(block.link, block.bytes); },
      [self](const map_finished& message) { self->state.map_done(message.job); },
      [self](const slot_failed& message) {
        if (auto at = self->state.running(message.job)) self->state.fail_attempt(*at, message.error);
      },
      [self](const slot_prepared& message) { self->state.slot_done(message); },
      [self](const read_rows& message) { self->state.rows_of_read(message); },
      [self](const read_finished& message) { self->state.slot_finished_read(message); },
      [self](const batch_written& message) { self->state.written(message); },
  };
}

} // namespace

control_actor spawn_worker(caf::actor_system& system, surroundings_ptr world) {
  return system.spawn(control_behavior, std::move(world));
}

} // namespace sluice::worker
