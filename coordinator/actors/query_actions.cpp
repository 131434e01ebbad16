// How the query actor performs what its core wants: orders to workers, I/O on other actors, timers, reports.
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <caf/actor_system.hpp>
#include <caf/send.hpp>

#include "common/base/log.hpp"
#include "common/net/message.hpp"
#include "coordinator/actors/query_setup.hpp"
#include "coordinator/actors/query_shell.hpp"
#include "coordinator/actors/result_objects.hpp"
#include "coordinator/publish/publish.hpp"
#include "coordinator/query/message_codec.hpp"
#include "proto/sluice/link.pb.h"

namespace sluice::actors {

void query_shell::run_for_event(const io_actor& io, std::function<query::query_event()> work) {
  caf::actor_addr me = self->address();
  self->send(io, run_io{[work = std::move(work), me] {
               auto event = std::make_shared<const query::query_event>(work());
               if (auto target = caf::actor_cast<query_actor>(me))
                 caf::anon_send(target, query_happened{std::move(event)});
             }});
}

void query_shell::run_quietly(const io_actor& io, std::function<status()> work, std::string what) {
  self->send(io, run_io{[work = std::move(work), what = std::move(what), id = setup.record.id.text] {
               auto done = work();
               if (!done.ok()) log::warn(what + " failed", "query", id, "why", done.to_string());
             }});
}

void query_shell::send_to(const worker_id& worker, const proto::link_message& message) {
  if (auto found = members.find(worker); found != members.end()) net::send(*found->second.link, message);
}

void query_shell::perform(const query::action::recover& order) {
  query::takeover_request request;
  request.root = plan().checkpoint;
  request.wanted = metadata_of(setup.record);
  request.run = setup.record.run.text;
  request.owner = setup.environment->owner;
  request.time_us = now().wall_us;
  request.claim = order.claim;
  request.refuse_started = setup.by_hand && keeps_results(plan());
  request.keep_results = keeps_results(plan());
  caf::actor_addr me = self->address();
  self->send(setup.io.fast(setup.record.id.text), run_io{[request, me, files = setup.environment->world.files] {
               auto state = std::make_shared<const result<query::recovered_state>>(query::take_over(*files, request));
               if (auto target = caf::actor_cast<query_actor>(me))
                 caf::anon_send(target, query_recovered{std::move(state)});
             }});
}

void query_shell::perform(const query::action::discover& order) {
  wanted_batch = order.batch;
  for (auto& wait : waits) wait.looked = true;
  if (!source)
    return happened(
        query::event::discover_failed{order.batch, {errc::invalid_option, "the source's options are wrong"}});
  if (!source->needs_listing()) return choose_input();
  caf::actor_addr me = self->address();
  self->send(setup.io.fast(setup.record.id.text),
             run_io{[me, batch = order.batch, from = plan().source, files = setup.environment->world.files] {
               auto listing =
                   std::make_shared<const result<std::vector<sources::file_entry>>>(sources::list_files(*files, from));
               if (auto target = caf::actor_cast<query_actor>(me))
                 caf::anon_send(target, files_listed{batch, std::move(listing)});
             }});
}

void query_shell::perform(const query::action::take_input& order) {
  if (!source) return;
  std::vector<sources::file_entry> entries;
  for (const auto& file : order.files) entries.push_back(entry_of(file));
  source->take(order.batch, entries);
}

void query_shell::perform(const query::action::write_intent& order) {
  busy = true;
  report(false, ok(), nullptr);
  run_for_event(setup.io.fast(setup.record.id.text),
                [record = order.record, root = plan().checkpoint,
                 files = setup.environment->world.files]() -> query::query_event {
                  return query::event::intent_written{record->batch, query::write_intent(*files, root, *record)};
                });
}

void query_shell::perform(const query::action::send_order& order) {
  proto::link_message message;
  query::encode(*order.order, context, *message.mutable_order());
  send_to(order.worker, message);
}

void query_shell::perform(const query::action::drop_attempt& order) {
  proto::link_message message;
  query::encode(order.ref, *message.mutable_dropped()->mutable_ref());
  for (const auto& worker : order.workers) send_to(worker, message);
}

void query_shell::perform(const query::action::write_commit& order) {
  run_for_event(setup.io.fast(setup.record.id.text),
                [record = order.record, root = plan().checkpoint, sink = plan().sink.path,
                 files = setup.environment->world.files]() -> query::query_event {
                  return query::event::commit_written{record->batch, record->attempt,
                                                      query::write_commit(*files, root, sink, *record)};
                });
}

void query_shell::perform(const query::action::announce_commit& order) {
  proto::link_message message;
  query::encode(order.ref, *message.mutable_committed()->mutable_ref());
  for (const auto& worker : order.workers) send_to(worker, message);
}

void query_shell::perform(const query::action::committed& fact) {
  if (fact.replayed || !is_console(plan())) return;
  ++console_reads;
  caf::actor_addr me = self->address();
  self->send(setup.io.slow(setup.record.id.text),
             run_io{[me, record = fact.record, shown = plan(), files = setup.environment->world.files] {
               auto rows = console_batch(*files, shown, *record);
               if (!rows.ok())
                 log::warn("console output cannot be read", "query", shown.name, "why", rows.error().to_string());
               if (auto target = caf::actor_cast<query_actor>(me))
                 caf::anon_send(target, console_output{record->batch, rows.ok() ? *rows : nullptr});
             }});
}

void query_shell::console(const console_output& output) {
  auto shape = console_shape(plan());
  if (output.rows && followers.empty()) print_console(plan(), output.batch, output.rows);
  if (output.rows)
    tell(
        console_rows{plan().name, output.batch, output.rows, plan().session.time_zone, shape.num_rows, shape.truncate});
  if (--console_reads == 0 && held_end) tell_end(*std::exchange(held_end, std::nullopt));
}

void query_shell::perform(const query::action::publish& order) {
  auto last = order.records.empty() ? std::int64_t{-1} : order.records.back()->batch;
  if (plan().sink.path.empty()) return happened(query::event::published{last});
  run_for_event(setup.io.slow(setup.record.id.text),
                [records = order.records, last, sink = plan().sink.path, epoch = core->status_now().epoch,
                 files = setup.environment->world.files]() -> query::query_event {
                  std::int64_t done = -1;
                  auto outcome = publish::publish_all(*files, sink, records, epoch, done);
                  if (!outcome.ok()) return query::event::publish_failed{last, outcome};
                  return query::event::published{last};
                });
}

void query_shell::perform(const query::action::note_published& order) {
  run_quietly(
      setup.io.slow(setup.record.id.text),
      [batch = order.batch, epoch = order.epoch, root = plan().checkpoint, files = setup.environment->world.files] {
        return query::note_published(*files, root, batch, epoch);
      },
      "noting what is published");
}

void query_shell::perform(const query::action::write_base& order) {
  if (source) order.record->source_progress[core->options().source_name] = source->to_json();
  run_for_event(setup.io.slow(setup.record.id.text),
                [record = order.record, root = plan().checkpoint,
                 files = setup.environment->world.files]() -> query::query_event {
                  return query::event::base_written{record->batch, query::write_base(*files, root, *record)};
                });
}

void query_shell::perform(const query::action::collect_garbage& order) {
  run_quietly(
      setup.io.slow(setup.record.id.text),
      [retain = order.retain, root = plan().checkpoint, sink = plan().sink.path,
       files = setup.environment->world.files]() -> status {
        auto removed = query::collect_garbage(*files, root, sink, retain);
        return removed.ok() ? ok() : removed.error();
      },
      "collecting garbage");
}

void query_shell::perform(const query::action::start_read& order) {
  auto waiting = reads.find(order.read);
  if (waiting == reads.end()) return;
  auto promise = std::move(waiting->second);
  reads.erase(waiting);
  promise.deliver(table_pinned{ok(), std::make_shared<const query::action::start_read>(order),
                               std::make_shared<const plan::streaming_plan>(plan()), context});
}

void query_shell::perform(const query::action::refuse_read& refusal) {
  auto waiting = reads.find(refusal.read);
  if (waiting == reads.end()) return;
  auto promise = std::move(waiting->second);
  reads.erase(waiting);
  promise.deliver(table_pinned{refusal.error, nullptr, nullptr, {}});
}

void query_shell::perform(const query::action::report_progress& progress) {
  if (!followers.empty()) tell(query_progress{setup.record.id, plan().name, query::to_json(*progress.progress)});
  busy = false;
  report(false, ok(), progress.progress);
}

void query_shell::perform(const query::action::set_timer& order) {
  self->delayed_send(self, microseconds{order.delay_us}, query_timer{order.kind, order.token});
}

void query_shell::perform(const query::action::state_changed& change) {
  if (change.state == query::query_state::running) watch();
  bool over = change.state == query::query_state::stopped || change.state == query::query_state::finished ||
              change.state == query::query_state::failed;
  if (over) {
    self->send(setup.discovery, unwatch_folders{setup.record.run.text});
    release();
    return tell_end(change.error);
  }
  report(true, change.error, nullptr);
}

/// What the last batches show on the console comes first.
void query_shell::tell_end(const status& error) {
  if (console_reads > 0)
    held_end = error;
  else
    report(true, error, nullptr);
}

/// Workers forget the query, unless what they hold is its table.
void query_shell::release() {
  if (setup.look_only || (is_memory(plan()) && plan().mode == plan::output_mode::complete)) return;
  proto::link_message message;
  message.mutable_released()->set_query(setup.record.id.text);
  message.mutable_released()->set_epoch(core->status_now().epoch);
  for (const auto& [id, worker] : members) net::send(*worker.link, message);
}

/// A query that runs as soon as there is input is woken by its folders; the others look when their time comes.
void query_shell::watch() {
  if (watching || plan().trigger.what != plan::trigger_spec::kind::as_soon_as_possible) return;
  watching = true;
  caf::actor_addr me = self->address();
  auto wake = [me, event = std::make_shared<const query::query_event>(query::event::input_available{})] {
    if (auto target = caf::actor_cast<query_actor>(me)) caf::anon_send(target, query_happened{event});
  };
  self->send(setup.io.fast(setup.record.id.text),
             run_io{[wake, from = plan().source, key = setup.record.run.text, discovery = setup.discovery,
                     files = setup.environment->world.files] {
               caf::anon_send(discovery, watch_folders{key, sources::watched_folders(*files, from), wake});
               wake();
             }});
}

} // namespace sluice::actors
