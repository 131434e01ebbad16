#include "common/net/message.hpp"
#include "proto/sluice/link.pb.h"
#include "worker/actors/control_state.hpp"

namespace sluice::worker {

void control_state::read_message(const proto::link_message& message) {
  switch (message.kind_case()) {
    case proto::link_message::kTableRead: {
      const auto& order = message.table_read();
      auto plan = plan_of(order.plan_digest(), order.plan());
      if (!plan.ok()) return start_read_of(std::move(plan).error(), order.read(), true);
      return start_read_of(make_table_read(order, std::move(*plan), world->options.slots), order.read(), true);
    }
    case proto::link_message::kScan: return start_read_of(make_scan(message.scan()), message.scan().read(), true);
    case proto::link_message::kObjectRead:
      return start_read_of(make_object_read(message.object_read()), message.object_read().read(), false);
    case proto::link_message::kReadCredit:
      if (auto read = reads.find(message.read_credit().read()); read != reads.end()) {
        read->second.credit += message.read_credit().blocks();
        pump(read->second);
      }
      return;
    case proto::link_message::kReadCancel: return cancel_read(message.read_cancel().read());
    default: return;
  }
}

void control_state::start_read_of(result<read_job_ptr> read, const std::string& id, bool all_slots) {
  if (reads.contains(id)) return;
  if (!read.ok()) return end_read(id, read.error());
  auto& entry = reads[id];
  entry.job = *read;
  entry.slots_left = all_slots ? slots.size() : 1;
  if (all_slots) return broadcast(start_read{*read});
  self->send(slots[next_read_slot++ % slots.size()], start_read{*read});
}

void control_state::rows_of_read(const read_rows& message) {
  auto read = reads.find(message.read->read);
  if (read == reads.end() || read->second.job != message.read) return;
  read->second.queue.push_back({message.rows, message.body});
  pump(read->second);
}

void control_state::pump(read_entry& read) {
  bool freed = false;
  while (!read.queue.empty() && read.credit > 0) {
    auto next = std::move(read.queue.front());
    read.queue.pop_front();
    proto::link_message message;
    auto& block = *message.mutable_read_block();
    block.set_read(read.job->read);
    block.set_sequence(read.sequence++);
    block.set_rows(next.rows);
    read.rows += next.rows;
    --read.credit;
    to_coordinator(message, std::move(next.body));
    freed = read.job->queued.fetch_sub(1) == max_queued_read_blocks || freed;
  }
  if (freed) broadcast(resume_work{});
  if (read.slots_left == 0 && read.queue.empty()) end_read(std::string(read.job->read), ok());
}

void control_state::slot_finished_read(const read_finished& message) {
  auto read = reads.find(message.read->read);
  if (read == reads.end() || read->second.job != message.read) return;
  if (!message.outcome.ok()) return end_read(message.read->read, message.outcome);
  --read->second.slots_left;
  pump(read->second);
}

void control_state::end_read(const std::string& id, const status& outcome) {
  proto::link_message message;
  auto& done = *message.mutable_read_done();
  done.set_read(id);
  if (auto read = reads.find(id); read != reads.end()) {
    done.set_blocks(read->second.sequence);
    done.set_rows(read->second.rows);
    read->second.job->over.store(true);
    reads.erase(read);
  }
  if (!outcome.ok()) {
    net::set_failure(*done.mutable_error(), outcome, world->id);
    broadcast(resume_work{});
  }
  to_coordinator(message);
}

void control_state::cancel_read(const std::string& id) {
  auto read = reads.find(id);
  if (read == reads.end()) return;
  read->second.job->over.store(true);
  reads.erase(read);
  broadcast(resume_work{});
}

} // namespace sluice::worker
