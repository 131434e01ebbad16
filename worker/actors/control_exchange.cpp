#include <arrow/buffer.h>

#include "common/base/log.hpp"
#include "common/base/seeded_bug.hpp"
#include "common/net/message.hpp"
#include "proto/sluice/link.pb.h"
#include "worker/actors/control_state.hpp"

namespace sluice::worker {
namespace {

std::int64_t body_bytes(const std::shared_ptr<arrow::Buffer>& body) { return body ? body->size() : 0; }

attempt_key key_of_frame(const link_frame& message) {
  return key_of(message.header->has_block() ? message.header->block().ref() : message.header->end().ref());
}

} // namespace

// ---- receiving ----

void control_state::peer_frame(peer_link& from, const link_frame& message) {
  auto refuse = [&](const char* why) {
    log::warn("closing a data link", "peer", from.worker, "why", why);
    from.handle->close({errc::protocol, why});
  };
  if (!message.header) return refuse("a peer sent a message that cannot be read");
  if (message.header->has_hello()) {
    const auto& hello = message.header->hello();
    if (hello.min_version() > 1 || hello.max_version() < 1) return refuse("no version of the protocol in common");
    from.worker = hello.worker();
    return grant(message.link, budget.open(message.link));
  }
  if (from.worker.empty()) return refuse("a message before the greeting");
  if (message.header->has_block() || message.header->has_end()) {
    const auto& sender = message.header->has_block() ? message.header->block().from() : message.header->end().from();
    if (sender != from.worker) return refuse("a block in the name of another worker");
    budget.arrived(message.link, body_bytes(message.body));
    return exchange_frame(message);
  }
  refuse("a message that does not belong on a data link");
}

bool control_state::is_outdated(const attempt_key& key) const {
  auto seen = epochs.find(key.query);
  return seen != epochs.end() && key.epoch < seen->second;
}

void control_state::exchange_frame(const link_frame& message) {
  auto key = key_of_frame(message);
  auto& query = queries[key.query];
  if (query.current && query.current->job->key == key) return take(*query.current, message);
  bool is_over = (query.current && !is_older(query.current->job->key, key)) || (query.floor && !is_older(*query.floor, key)) ||
                 is_outdated(key);
  if (is_over) return discard(message);
  query.early.push_back({std::move(key), message});
}

void control_state::take(attempt& at, const link_frame& message) {
  if (!at.unfinished()) return discard(message);
  if (message.header->has_end()) {
    const auto& end = message.header->end();
    auto counted = at.tracker.end(end.from(), end.blocks(), end.rows());
    if (!counted.ok()) return fail_attempt(at, counted);
    return all_arrived(at);
  }
  const auto& block = message.header->block();
  auto counted = at.tracker.block(block.from(), block.sequence(), block.rows());
  if (!counted.ok() || block.slot() >= slots.size() || !message.body) {
    discard(message);
    return fail_attempt(at, counted.ok() ? status{errc::protocol, "a block without rows or for no slot"} : counted.error());
  }
  if (*counted == exchange::exchange_tracker::verdict::duplicate && !SLUICE_BUG(early_blocks_twice)) return discard(message);
  self->send(slots[block.slot()], merge_block{at.job, message.link, message.body});
  all_arrived(at);
}

void control_state::discard(const link_frame& message) {
  if (message.header->has_block()) give_back(message.link, body_bytes(message.body));
}

/// Early frames of attempts that are over.
void control_state::discard_early(query_entry& query) {
  std::erase_if(query.early, [&](const early_frame& early) {
    bool keep = (!query.current || early.key == query.current->job->key || is_older(query.current->job->key, early.key)) &&
                (!query.floor || is_older(*query.floor, early.key));
    if (!keep) discard(early.frame);
    return !keep;
  });
}

void control_state::replay_early(query_entry& query) {
  auto early = std::exchange(query.early, {});
  auto at = query.current;
  for (auto& frame : early) {
    if (SLUICE_BUG(early_blocks_lost) && frame.key == at->job->key && frame.frame.header->has_block()) continue;
    if (SLUICE_BUG(early_blocks_twice) && frame.key == at->job->key && frame.frame.header->has_block()) take(*at, frame.frame);
    if (frame.key == at->job->key)
      take(*at, frame.frame);
    else
      query.early.push_back(std::move(frame));
  }
}

void control_state::give_back(std::uint64_t link, std::int64_t bytes) {
  grant(link, budget.released(link, bytes));
}

void control_state::grant(std::uint64_t link, std::int64_t bytes) {
  auto from = peer_links.find(link);
  if (from == peer_links.end() || bytes <= 0) return;
  proto::link_message message;
  message.mutable_credit()->set_from(world->id);
  message.mutable_credit()->set_bytes(static_cast<std::uint64_t>(bytes));
  net::send(*from->second.handle, message);
}

// ---- sending ----

void control_state::open_peers(const batch_job& job) {
  for (const auto& worker : job.workers) {
    if (worker.id == world->id || peers.contains(worker.id)) continue;
    auto& to = peers[worker.id];
    to.id = worker.id;
    to.link = next_link_id();
    to.handle = world->network->connect_worker(worker.data_address, handler_for(self, to.link));
    proto::link_message hello;
    hello.mutable_hello()->set_min_version(1);
    hello.mutable_hello()->set_max_version(1);
    hello.mutable_hello()->set_worker(world->id);
    hello.mutable_hello()->add_peer_of(world->id);
    net::send(*to.handle, hello);
  }
}

void control_state::outgoing(const outgoing_block& block) {
  auto at = running(block.job);
  auto to = at ? peers.find(at->job->workers[block.to.worker].id) : peers.end();
  if (to == peers.end()) {
    block.job->queued_bytes.fetch_sub(block.body->size());
    return;
  }
  auto& sent = at->sent[block.to.worker];
  auto header = std::make_shared<proto::link_message>();
  auto& message = *header->mutable_block();
  set_ref(*message.mutable_ref(), at->job->key);
  message.set_from(world->id);
  message.set_slot(block.to.slot);
  message.set_sequence(sent.blocks++);
  message.set_rows(block.rows);
  sent.rows += block.rows;
  to->second.queue.push_back({block.job, std::move(header), block.body});
  pump(to->second);
}

void control_state::send_ends(attempt& at) {
  for (std::uint32_t index = 0; index < at.job->workers.size(); ++index) {
    if (index == at.job->self) continue;
    auto to = peers.find(at.job->workers[index].id);
    if (to == peers.end()) continue;
    auto header = std::make_shared<proto::link_message>();
    auto& end = *header->mutable_end();
    set_ref(*end.mutable_ref(), at.job->key);
    end.set_from(world->id);
    end.set_blocks(at.sent[index].blocks);
    end.set_rows(at.sent[index].rows);
    to->second.queue.push_back({at.job, std::move(header), nullptr});
    pump(to->second);
  }
}

void control_state::pump(peer& to) {
  bool freed = false;
  while (!to.queue.empty()) {
    auto& next = to.queue.front();
    auto bytes = body_bytes(next.body);
    bool over = next.job->over.load();
    if (!over && next.body && !to.credit.may_send()) break;
    if (!over) {
      net::send(*to.handle, *next.header, next.body);
      to.credit.sent(bytes);
    }
    next.job->queued_bytes.fetch_sub(bytes);
    freed = freed || bytes > 0;
    to.queue.pop_front();
  }
  if (freed) broadcast(resume_work{});
}

void control_state::peer_closed(const std::string& worker, const status& reason) {
  auto queue = std::move(peers[worker].queue);
  for (const auto& item : queue) item.job->queued_bytes.fetch_sub(body_bytes(item.body));
  peers.erase(worker);
  for (auto& [id, query] : queries) {
    auto at = query.current;
    if (!at || at->now != attempt::phase::running || !at->job->stateful()) continue;
    for (const auto& placed : at->job->workers)
      if (placed.id == worker) {
        fail_attempt(*at, {errc::unreachable, "worker " + world->id + " lost its link to worker " + worker + ": " + reason.message()});
        break;
      }
  }
}

} // namespace sluice::worker
