#include "worker/actors/slot.hpp"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <deque>
#include <map>

#include "common/base/seeded_bug.hpp"
#include "common/data/ipc.hpp"
#include "worker/actors/messages.hpp"

namespace sluice::worker {
namespace {

std::int64_t size_of(const data::batch_ptr& rows) {
  std::int64_t bytes = 64;
  for (const auto& column : rows->columns())
    for (const auto& buffer : column->data()->buffers)
      if (buffer) bytes += buffer->size();
  return bytes;
}

struct slot_state;
using slot_pointer = slot_actor::stateful_pointer<slot_state>;

/// The shell around slot_batch and slot_read: mailbox in, port out, and the round of tasks.
struct slot_state : slot_port, read_port {
  static inline const char* name = "slot";

  struct task_entry {
    std::shared_ptr<slot_task> task;
    bool parked = false;
  };

  slot_pointer self = nullptr;
  surroundings_ptr world;
  slot_neighbours neighbours;
  slot_settings settings;
  std::map<std::string, std::shared_ptr<state::aggregate_table>> tables;
  std::map<std::string, std::vector<bool>> covered;            ///< key groups that a query's table here answers for: its last order's
  std::map<std::string, std::shared_ptr<slot_batch>> batches;  ///< running attempts by query
  std::deque<task_entry> tasks;
  bool scheduled = false;
  bool counted_parked = false;

  // ---- slot_port, read_port ----
  void block_for_peer(const job_ptr& job, destination to, std::int64_t rows, std::shared_ptr<arrow::Buffer> body) override {
    job->queued_bytes.fetch_add(body->size());
    self->send(neighbours.control, outgoing_block{job, to, rows, std::move(body)});
  }
  void block_for_sibling(const job_ptr& job, std::uint32_t slot, data::batch_ptr rows) override {
    neighbours.traffic->bytes.fetch_add(size_of(rows));
    self->send((*neighbours.siblings)[slot], sibling_block{job, std::move(rows)});
  }
  void map_finished(const job_ptr& job) override { self->send(neighbours.control, worker::map_finished{job}); }
  void failed(const job_ptr& job, status error) override { self->send(neighbours.control, slot_failed{job, std::move(error)}); }
  bool congested(const job_ptr& job) override {
    auto limit = static_cast<std::int64_t>(world->options.exchange_memory_bytes);
    if (job->queued_bytes.load() > limit / 4) return true;
    if (neighbours.traffic->bytes.load() <= limit) return false;
    if (!std::exchange(counted_parked, true)) neighbours.traffic->parked.fetch_add(1);
    return neighbours.traffic->bytes.load() > limit;
  }
  void rows_read(const read_job_ptr& read, std::int64_t rows, std::shared_ptr<arrow::Buffer> body) override {
    self->send(neighbours.control, read_rows{read, rows, std::move(body)});
  }
  void read_finished(const read_job_ptr& read, status outcome) override {
    self->send(neighbours.control, worker::read_finished{read, std::move(outcome)});
  }

  // ---- tasks ----
  void schedule() {
    if (scheduled) return;
    for (const auto& entry : tasks)
      if (!entry.parked) {
        scheduled = true;
        self->send(self, work{});
        return;
      }
  }
  void add(std::shared_ptr<slot_task> task) {
    tasks.push_back({std::move(task), false});
    schedule();
  }
  void wake(const slot_task* task) {
    for (auto& entry : tasks)
      if (task == nullptr || entry.task.get() == task) entry.parked = false;
    schedule();
  }
  void work_some() {
    scheduled = false;
    auto next = std::find_if(tasks.begin(), tasks.end(), [](const auto& entry) { return !entry.parked; });
    if (next == tasks.end()) return;
    auto entry = std::move(*next);
    tasks.erase(next);
    auto outcome = entry.task->step();
    if (outcome != progress::done) tasks.push_back({std::move(entry.task), outcome == progress::parked});
    schedule();
  }

  // ---- batches ----
  result<state::aggregate_table*> table_of(const batch_job& job) {
    if (!job.stateful()) return nullptr;
    auto& held = tables[job.key.query];
    if (!held) {
      state::table_options options;
      options.num_key_groups = job.routes.num_key_groups;
      options.memory_bytes = world->options.state_memory_bytes / world->options.slots;
      options.spill_environment = world->spill_environment;
      if (!world->options.data_dir.empty())
        options.spill_directory =
            world->options.data_dir + "/spill/" + job.key.query + "-" + std::to_string(settings.slot);
      auto made = state::aggregate_table::make(*job.plan->aggregate, job.plan->mode, job.context, options);
      if (!made.ok()) return std::move(made).error();
      held = std::move(*made);
    }
    auto& groups = covered[job.key.query];
    groups.clear();
    for (auto destination : job.routes.destination_of_group) groups.push_back(destination == job.first_destination() + settings.slot);
    return held.get();
  }
  /// A table of the right version still lacks the key groups that other workers owned.
  std::shared_ptr<state::aggregate_table> table_covering(const read_job& read) {
    auto table = tables.find(read.query);
    if (table == tables.end() || read.groups_of_slot.size() <= settings.slot) return nullptr;
    const auto& groups = covered[read.query];
    for (auto group : read.groups_of_slot[settings.slot])
      if (!SLUICE_BUG(read_uncovered_groups) && (group >= groups.size() || !groups[group])) return nullptr;
    return table->second;
  }
  void end_batch(const std::string& query) {
    auto found = batches.find(query);
    if (found == batches.end()) return;
    std::erase_if(tasks, [&](const auto& entry) { return entry.task == found->second; });
    batches.erase(found);
  }
  void begin(const job_ptr& job) {
    end_batch(job->key.query);
    auto table = table_of(*job);
    if (!table.ok()) return failed(job, std::move(table).error());
    auto batch = std::make_shared<slot_batch>(settings, *this, job, *table);
    batches[job->key.query] = batch;
    add(std::move(batch));
  }
  slot_batch* running(const job_ptr& job) {
    auto found = batches.find(job->key.query);
    return found != batches.end() && found->second->job() == job ? found->second.get() : nullptr;
  }
  void start(const job_ptr& job) {
    if (auto* batch = running(job)) {
      batch->start_map();
      wake(batch);
    }
  }
  void merge(const merge_block& block) {
    if (auto* batch = running(block.job)) {
      auto rows = data::decode_batches(block.body);
      if (!rows.ok()) {
        failed(block.job, std::move(rows).error().with_context("a block of another worker"));
      } else {
        for (auto& part : *rows) batch->arrived(std::move(part));
      }
    }
    self->send(neighbours.control, block_done{block.link, block.body ? block.body->size() : 0});
  }
  void merge(const sibling_block& block) {
    if (auto* batch = running(block.job)) batch->arrived(block.rows);
    auto limit = static_cast<std::int64_t>(world->options.exchange_memory_bytes);
    auto before = neighbours.traffic->bytes.fetch_sub(size_of(block.rows));
    if (before - size_of(block.rows) <= limit && neighbours.traffic->parked.load() > 0)
      for (const auto& sibling : *neighbours.siblings) self->send(sibling, resume_work{});
  }
  void resume() {
    if (std::exchange(counted_parked, false)) neighbours.traffic->parked.fetch_sub(1);
    wake(nullptr);
  }
  void prepare(const job_ptr& job) {
    auto* batch = running(job);
    if (!batch) return;
    auto output = batch->prepare();
    end_batch(job->key.query);
    if (output) self->send(neighbours.control, slot_prepared{job, settings.slot, std::move(output)});
  }
  void settle(const settle_layer& order) {
    auto found = batches.find(order.query);
    if (!order.promote && found != batches.end() && found->second->job()->layer() == order.layer) end_batch(order.query);
    auto table = tables.find(order.query);
    if (table == tables.end()) return;
    if (order.promote)
      table->second->promote(order.layer);
    else
      table->second->drop(order.layer);
  }
  void release(const std::string& query) {
    end_batch(query);
    tables.erase(query);
    covered.erase(query);
  }
  void start(const start_read& order) { add(std::make_shared<slot_read>(settings, *this, order.read, table_covering(*order.read))); }
};

slot_actor::behavior_type slot_behavior(slot_pointer self, surroundings_ptr world, std::uint32_t slot, slot_neighbours neighbours) {
  auto& state = self->state;
  state.self = self;
  state.world = std::move(world);
  state.neighbours = std::move(neighbours);
  const auto& options = state.world->options;
  state.settings.slot = slot;
  state.settings.partial_memory_bytes = options.partial_memory_bytes;
  state.settings.reader.morsel_bytes = options.morsel_bytes;
  state.settings.reader.max_record_bytes = options.max_record_bytes;
  state.settings.files = state.world->files.get();
  state.settings.clock = state.world->clock.get();
  state.settings.worker = state.world->id;
  return {
      [self](const begin_batch& order) { self->state.begin(order.job); },
      [self](const start_map& order) { self->state.start(order.job); },
      [self](const merge_block& block) { self->state.merge(block); },
      [self](const sibling_block& block) { self->state.merge(block); },
      [self](const prepare_batch& order) { self->state.prepare(order.job); },
      [self](const settle_layer& order) { self->state.settle(order); },
      [self](const release_query& order) { self->state.release(order.query); },
      [self](const start_read& order) { self->state.start(order); },
      [self](const resume_work&) { self->state.resume(); },
      [self](const work&) { self->state.work_some(); },
  };
}

} // namespace

slot_actor spawn_slot(caf::actor_system& system, surroundings_ptr world, std::uint32_t slot, slot_neighbours neighbours) {
  if (world->options.detached)
    return system.spawn<caf::detached>(slot_behavior, std::move(world), slot, std::move(neighbours));
  return system.spawn(slot_behavior, std::move(world), slot, std::move(neighbours));
}

} // namespace sluice::worker
