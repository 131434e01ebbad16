// How a job runs a SELECT: its leaves are gathered one after the other (result tables at a pinned batch, files through
// the workers), then the rest of the plan is computed away from the control actors.
#include <arrow/record_batch.h>
#include <caf/actor_system.hpp>
#include <caf/send.hpp>

#include "coordinator/actors/job_state.hpp"
#include "coordinator/actors/result_objects.hpp"
#include "coordinator/actors/select.hpp"

namespace sluice::actors {
namespace {

constexpr auto select_timeout = std::chrono::minutes(2);
constexpr auto retry_delay = std::chrono::milliseconds(100);
constexpr int max_tries = 50;

bool passes(const status& error) {
  auto retry = info(error.code()).retry;
  return error.code() != errc::memory_limit && (retry == error_retry::new_attempt || retry == error_retry::backoff);
}

} // namespace

template <class Value>
void job_state::give_away(std::function<result<Value>()> work) {
  caf::actor_addr me = self->address();
  self->send(setup.io.slow(setup.job.text), run_io{[work = std::move(work), me, at = step] {
               auto made = work();
               work_done done{at, made.ok() ? ok() : made.error(), nullptr};
               if (made.ok()) done.value = std::make_shared<const Value>(std::move(*made));
               if (auto target = caf::actor_cast<job_actor>(me)) caf::anon_send(target, std::move(done));
             }});
}

template <class Reply, class Order, class Target>
void job_state::ask(const Target& target, Order order, std::function<void(const Reply&)> then) {
  self->request(target, select_timeout, std::move(order))
      .then([this, then = std::move(then), at = step](const Reply& reply) {
        if (!over && at == step) then(reply);
      },
            [this, at = step](caf::error&) {
              if (!over && at == step) leaf_failed({errc::timed_out, "the coordinator did not answer in time"});
            });
}

void job_state::next_select() {
  selecting = true;
  select = cut_leaves(job.selects[next_batch++].plan);
  rows.clear();
  batch_time_us = setup.environment->world.clock->wall().count();
  tries = 0;
  next_leaf();
}

void job_state::next_leaf() {
  ++step;
  if (rows.size() == select.leaves.size()) return compute();
  const auto& leaf = select.leaves[rows.size()];
  if (setup.batch) {
    if (auto with_plan = setup.batch->rows.find(leaf.table); with_plan != setup.batch->rows.end())
      return local_rows(leaf, *with_plan->second);
  }
  if (leaf.chain)
    list_files(leaf);
  else
    read_table(leaf);
}

/// Rows that came with the plan, with the columns that are used.
void job_state::local_rows(const plan_leaf& leaf, const std::vector<data::batch_ptr>& all) {
  std::vector<data::batch_ptr> used;
  for (const auto& batch : all) used.push_back(used_columns(batch, leaf.columns, leaf.output));
  rows.push_back(std::move(used));
  next_leaf();
}

void job_state::read_table(const plan_leaf& leaf) {
  ask<table_list>(setup.queries, get_tables{},
                  [this, name = leaf.table](const table_list& list) { find_table(list.tables, name); });
}

void job_state::find_table(const catalog::result_tables& tables, const std::string& name) {
  query_id id;
  if (auto own = own_tables.find(catalog::fold(name)); own != own_tables.end())
    id = own->second;
  else if (const auto* table = tables.find(name))
    id = table->query;
  else
    return end({errc::table_not_found, "the table `" + name + "` is not there any more"});
  ask<table_found>(setup.queries, actors::find_table{id}, [this, name](const table_found& found) {
    if (!found.query) return end({errc::table_not_found, "the table `" + name + "` is not there any more"});
    pin(found.query);
  });
}

void job_state::pin(const query_actor& query) {
  ask<table_pinned>(query, pin_table{"r-" + setup.environment->world.random->uuid()},
                    [this](const table_pinned& outcome) { pinned(outcome); });
}

void job_state::pinned(table_pinned outcome) {
  if (!outcome.error.ok()) return leaf_failed(outcome.error);
  table = std::move(outcome);
  if (!table.read->shares.empty()) return gather(table.read->read, table_parts(table));
  if (table.read->objects.empty()) return leaf_rows({});
  on_work = [this](const void* value) { leaf_rows(*static_cast<const std::vector<data::batch_ptr>*>(value)); };
  give_away<std::vector<data::batch_ptr>>(
      [read = table.read, checkpoint = table.context.checkpoint, files = setup.environment->world.files,
       limit = limit_bytes()] { return read_rows_objects(*files, checkpoint, read->objects, limit); });
}

void job_state::list_files(const plan_leaf& leaf) {
  table = {};
  on_work = [this](const void* value) { scan(*static_cast<const std::vector<sources::split>*>(value)); };
  give_away<std::vector<sources::split>>(
      [source = source_of(*leaf.chain), files = setup.environment->world.files,
       bytes = setup.environment->options.settings.query.split_size]() -> result<std::vector<sources::split>> {
        SLUICE_ASSIGN_OR_RETURN(auto listing, sources::list_files(*files, source));
        return sources::plan_splits(listing, source, bytes);
      });
}

void job_state::scan(const std::vector<sources::split>& splits) {
  if (splits.empty()) return leaf_rows({});
  ask<worker_list>(setup.cluster, get_workers{}, [this, splits](const worker_list& list) {
    std::vector<worker_summary> ready;
    for (const auto& worker : list.workers)
      if (worker.state == "ready") ready.push_back(worker);
    if (ready.empty()) return leaf_failed({errc::no_workers, "no worker is ready to read files"});
    auto read = "r-" + setup.environment->world.random->uuid();
    gather(read, scan_parts(read, select.rest, select.leaves[rows.size()].chain, splits, ready, batch_time_us));
  });
}

void job_state::gather(std::string read, std::vector<read_part> parts) {
  read_setup start;
  start.read = std::move(read);
  start.parts = std::move(parts);
  start.limit_bytes = limit_bytes();
  start.silence = setup.environment->options.settings.query.progress_timeout;
  start.cluster = setup.cluster;
  current_read = start.read;
  caf::actor_addr me = self->address();
  start.consumer = [me](read_end outcome) {
    if (auto target = caf::actor_cast<job_actor>(me)) caf::anon_send(target, std::move(outcome));
  };
  reading = spawn_read(self->home_system(), std::move(start));
}

void job_state::gathered(const read_end& outcome) {
  if (over || outcome.read != current_read) return;
  reading = nullptr;
  if (!outcome.outcome.ok()) return leaf_failed(outcome.outcome);
  leaf_rows(*outcome.rows);
}

void job_state::leaf_rows(std::vector<data::batch_ptr> gathered) {
  tries = 0;
  if (!table.plan) {
    rows.push_back(std::move(gathered));
    return next_leaf();
  }
  const auto& leaf = select.leaves[rows.size()];
  on_work = [this](const void* value) {
    rows.push_back(*static_cast<const std::vector<data::batch_ptr>*>(value));
    next_leaf();
  };
  give_away<std::vector<data::batch_ptr>>(
      [plan = table.plan, columns = leaf.columns, output = leaf.output, gathered = std::move(gathered),
       time = table.read->batch_time_us] { return shape_table(*plan, columns, output, gathered, time); });
}

void job_state::compute_batch() {
  on_work = [this](const void* value) {
    auto answer = std::exchange(setup.batch_answer, nullptr);
    answer(batch_rows{setup.batch->plan.root->output, *static_cast<const std::vector<data::batch_ptr>*>(value)});
    end(ok());
  };
  give_away<std::vector<data::batch_ptr>>(
      [rest = select.rest, leaves = std::exchange(rows, {}), time = batch_time_us] { return run_rest(rest, leaves, time); });
  select = {};
}

void job_state::compute() {
  if (setup.batch) return compute_batch();
  on_work = [this](const void* value) { computed(*static_cast<const std::vector<result_rows>*>(value)); };
  give_away<std::vector<result_rows>>([rest = select.rest, leaves = std::exchange(rows, {}), time = batch_time_us] {
    return run_select(rest, leaves, time);
  });
  select = {};
}

void job_state::computed(const std::vector<result_rows>& pieces) {
  for (const auto& piece : pieces) setup.listener->on_event(piece);
  selecting = false;
  ++step;
  go_on();
}

void job_state::worked(const work_done& outcome) {
  if (over || outcome.step != step) return;
  if (!outcome.outcome.ok()) return end(outcome.outcome);
  auto then = std::exchange(on_work, nullptr);
  if (then) then(outcome.value.get());
}

void job_state::leaf_failed(status error) {
  if (over) return;
  reading = nullptr;
  if (!passes(error) || ++tries >= max_tries) return end(std::move(error));
  self->delayed_send(self, retry_delay, retry_step{++step});
}

} // namespace sluice::actors
