#include "coordinator/actors/read.hpp"

#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "common/data/ipc.hpp"
#include "common/net/message.hpp"
#include "coordinator/actors/result_objects.hpp"
#include "proto/sluice/link.pb.h"

namespace sluice::actors {
namespace {

struct read_state {
  static inline const char* name = "read";
  struct share {
    net::link_ptr link;
    std::uint64_t blocks = 0;
    std::int64_t rows = 0;
    bool done = false;
  };

  read_actor::stateful_pointer<read_state> self = nullptr;
  read_setup setup;
  std::map<worker_id, share> shares;  ///< empty until the members are known
  std::vector<data::batch_ptr> rows;
  std::int64_t bytes = 0;
  std::uint64_t heard = 0;
  bool started = false;
  bool ended = false;

  void members(const membership& now);
  void start(const membership& now);
  void said(const worker_message& message);
  void block(share& from, const worker_message& message);
  void done(share& from, const worker_id& worker, const proto::read_done& end);
  void arm();
  void end(status outcome);
};

void read_state::members(const membership& now) {
  if (!started) return start(now);
  for (const auto& lost : now.lost) {
    auto found = shares.find(lost);
    if (found != shares.end() && !found->second.done)
      return end({errc::worker_lost, "worker " + lost.text + " is gone"});
  }
}

void read_state::start(const membership& now) {
  started = true;
  std::map<worker_id, net::link_ptr> links;
  for (const auto& worker : now.workers) links[worker.id] = worker.link;
  for (const auto& part : setup.parts)
    if (links.count(part.worker) == 0) return end({errc::worker_lost, "worker " + part.worker.text + " is gone"});
  if (setup.parts.empty()) return end(ok());
  proto::link_message credit;
  credit.mutable_read_credit()->set_read(setup.read);
  credit.mutable_read_credit()->set_blocks(setup.credit);
  for (const auto& part : setup.parts) {
    auto& share = shares[part.worker];
    share.link = links[part.worker];
    net::send(*share.link, *part.order);
    net::send(*share.link, credit);
  }
}

void read_state::said(const worker_message& message) {
  auto found = shares.find(message.from);
  if (ended || found == shares.end() || found->second.done) return;
  ++heard;
  if (message.header->has_read_block()) block(found->second, message);
  if (message.header->has_read_done()) done(found->second, message.from, message.header->read_done());
}

void read_state::block(share& from, const worker_message& message) {
  const auto& header = message.header->read_block();
  if (!message.body) return end({errc::protocol, "a block without rows from worker " + message.from.text});
  auto batches = data::decode_batches(message.body);
  if (!batches.ok()) return end(std::move(batches).error().with_context("block of worker " + message.from.text));
  ++from.blocks;
  from.rows += header.rows();
  bytes += message.body->size();
  for (auto& batch : *batches) rows.push_back(std::move(batch));
  if (bytes > setup.limit_bytes)
    return end({errc::memory_limit, "the rows read hold more than " + std::to_string(setup.limit_bytes) +
                                        " bytes; filter or aggregate in a streaming query"});
  proto::link_message credit;
  credit.mutable_read_credit()->set_read(setup.read);
  credit.mutable_read_credit()->set_blocks(1);
  net::send(*from.link, credit);
}

void read_state::done(share& from, const worker_id& worker, const proto::read_done& header) {
  if (header.has_error()) return end(net::failure_status(header.error()).with_context("worker " + worker.text));
  if (header.blocks() != from.blocks)
    return end({errc::protocol, "worker " + worker.text + " sent " + std::to_string(header.blocks()) + " blocks, " +
                                    std::to_string(from.blocks) + " came"});
  from.done = true;
  for (const auto& [id, share] : shares)
    if (!share.done) return;
  end(ok());
}

void read_state::arm() { self->delayed_send(self, setup.silence, check_read{heard}); }

void read_state::end(status outcome) {
  if (ended) return;
  ended = true;
  if (!outcome.ok()) {
    proto::link_message cancel;
    cancel.mutable_read_cancel()->set_read(setup.read);
    for (const auto& [id, share] : shares)
      if (!share.done) net::send(*share.link, cancel);
    rows.clear();
  }
  setup.consumer(
      read_end{setup.read, std::move(outcome), std::make_shared<const std::vector<data::batch_ptr>>(std::move(rows))});
  self->send(setup.cluster, leave_links{setup.read, self->address()});
  self->quit();
}

read_actor::behavior_type reading(read_actor::stateful_pointer<read_state> self, read_setup setup) {
  self->state.self = self;
  self->state.setup = std::move(setup);
  self->send(self->state.setup.cluster, join_links{self->state.setup.read, self});
  self->state.arm();
  return {
      [self](const worker_message& message) { self->state.said(message); },
      [self](const membership& now) { self->state.members(now); },
      [self](const cancel_read&) { self->state.end({errc::cancelled, "the read was cancelled"}); },
      [self](const check_read& check) {
        if (check.heard != self->state.heard) return self->state.arm();
        self->state.end({errc::timed_out, "no rows came from the workers for too long"});
      },
  };
}

} // namespace

read_actor spawn_read(caf::actor_system& system, read_setup setup) { return system.spawn(reading, std::move(setup)); }

} // namespace sluice::actors
