#include "coordinator/actors/query.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>

#include <algorithm>

#include "common/base/log.hpp"
#include "common/net/message.hpp"
#include "coordinator/actors/query_setup.hpp"
#include "coordinator/actors/query_shell.hpp"
#include "coordinator/query/message_codec.hpp"
#include "proto/sluice/link.pb.h"

namespace sluice::actors {

query_shell::~query_shell() = default;

void query_shell::init(pointer actor, query_setup with) {
  self = actor;
  setup = std::move(with);
  auto options = core_options_of(setup.record, setup.settings);
  options.look_only = setup.look_only;
  core = std::make_unique<query::query_core>(std::move(options));
  context = order_context_of(plan());
  if (auto made = make_source(plan()); made.ok()) source = std::move(*made);
}

query::instant query_shell::now() const {
  const auto& clock = *setup.environment->world.clock;
  return {clock.wall().count(), clock.monotonic().count()};
}

/// Feeds an event to the core and performs what it wants; events that arise meanwhile follow in order.
void query_shell::happened(query::query_event event) {
  pending.push_back(std::move(event));
  if (handling) return;
  handling = true;
  while (!pending.empty()) {
    auto next = std::move(pending.front());
    pending.pop_front();
    for (const auto& action : core->handle(next, now()))
      std::visit([this](const auto& order) { perform(order); }, action);
  }
  handling = false;
  if (!waits.empty()) settle_processed();
}

void query_shell::worker_said(const worker_message& message) {
  const auto& header = *message.header;
  if (header.has_prepared()) {
    auto prepared = std::make_shared<query::prepared_report>(query::decode(header.prepared()));
    prepared->worker = message.from.text;
    happened(query::event::prepared{std::move(prepared)});
  } else if (header.has_failed()) {
    happened(query::event::attempt_failed{message.from.text, query::decode(header.failed().ref()),
                                          net::failure_status(header.failed().cause())});
  } else if (header.has_progress()) {
    happened(query::event::attempt_progress{message.from.text, query::decode(header.progress().ref()),
                                            header.progress().rows()});
  }
}

void query_shell::members_changed(const membership& now) {
  std::map<worker_id, member> next;
  for (const auto& worker : now.workers) next.emplace(worker.id, worker);
  auto before = std::exchange(members, std::move(next));
  for (const auto& [id, worker] : before)
    if (members.count(id) == 0) happened(query::event::worker_lost{id});
  for (const auto& [id, worker] : members) {
    auto known = before.find(id);
    if (known == before.end()) happened(query::event::worker_joined{id, worker.data_address, worker.slots});
    if (worker.draining && (known == before.end() || !known->second.draining))
      happened(query::event::worker_draining{id});
  }
  const bool alone = std::all_of(members.begin(), members.end(), [](const auto& entry) { return entry.second.draining; });
  if (alone && !waits_for_workers && !setup.look_only) {
    log::info("query waits: no worker is ready", "query", setup.record.plan.name);
    tell(waiting());
  }
  waits_for_workers = alone;
}

void query_shell::listed(const files_listed& listing) {
  if (listing.batch != wanted_batch || !source) return;
  if (!listing.files->ok()) {
    wanted_batch = -1;
    return happened(query::event::discover_failed{listing.batch, listing.files->error()});
  }
  source->on_listing(listing.files->value());
  choose_input();
}

void query_shell::choose_input() {
  query::event::discovered found;
  found.batch = std::exchange(wanted_batch, -1);
  for (const auto& entry : source->choose(now().wall_us)) found.files.push_back(source_file_of(entry));
  if (found.files.empty())
    for (auto& wait : waits) wait.drained = wait.looked;
  wake_for_input();
  happened(std::move(found));
}

/// Looks again when a source that needs no folder has more.
void query_shell::wake_for_input() {
  if (plan().trigger.what != plan::trigger_spec::kind::as_soon_as_possible) return;
  const auto wall = now().wall_us;
  const auto next = source->next_input_us(wall);
  if (!next || *next == next_look_us) return;
  next_look_us = *next;
  self->delayed_send(self, microseconds{std::max<std::int64_t>(*next - wall, 1000)},
                     query_happened{std::make_shared<const query::query_event>(query::event::input_available{})});
}

void query_shell::recovered(const query_recovered& outcome) {
  if (!outcome.state->ok()) return happened(query::event::recovery_failed{outcome.state->error()});
  const auto& state = outcome.state->value();
  if (source) {
    const auto& name = core->options().source_name;
    if (auto progress = state.source_progress.find(name); progress != state.source_progress.end()) {
      auto restored = source->restore(progress->second);
      if (!restored.ok())
        return happened(
            query::event::recovery_failed{std::move(restored).with_context("source progress in the checkpoint")});
    }
    for (const auto& intent : state.intents)
      for (const auto& input : intent.inputs) perform(query::action::take_input{intent.batch, input.files});
  }
  happened(query::event::recovered{{outcome.state, &state}});
}

caf::result<table_pinned> query_shell::pin(const pin_table& order) {
  auto promise = self->make_response_promise<table_pinned>();
  reads.emplace(order.read, promise);
  happened(query::event::read_requested{order.read});
  return promise;
}

caf::result<input_processed> query_shell::process() {
  auto promise = self->make_response_promise<input_processed>();
  waits.push_back({promise, false, false});
  happened(query::event::input_available{});
  return promise;
}

/// Answers who waits for input that is processed, published and on record.
void query_shell::settle_processed() {
  auto now = core->status_now();
  bool over = now.state == query::query_state::stopped || now.state == query::query_state::finished ||
              now.state == query::query_state::failed;
  std::vector<process_wait> open;
  for (auto& wait : waits) {
    if (over || (wait.drained && now.published >= now.last_batch))
      wait.promise.deliver(input_processed{now.state == query::query_state::failed ? now.error : ok()});
    else
      open.push_back(std::move(wait));
  }
  waits = std::move(open);
}

job_event query_shell::waiting() const { return notice{"query " + setup.record.plan.name + " waits: no worker is ready"}; }

void query_shell::follow(const job_actor& job) {
  followers.push_back(job);
  if (waits_for_workers) self->send(job, query_news{std::make_shared<const job_event>(waiting())});
}

void query_shell::tell(job_event event) {
  if (followers.empty()) return;
  auto shared = std::make_shared<const job_event>(std::move(event));
  for (const auto& job : followers) self->send(job, query_news{shared});
}

void query_shell::report(bool state_changed, const status& error,
                         std::shared_ptr<const query::query_progress> progress) {
  auto status = core->status_now();
  query_report news;
  news.id = setup.record.id;
  news.run = setup.record.run;
  news.state_changed = state_changed;
  news.state = status.state;
  news.error = error;
  news.last_batch = status.last_batch;
  news.workers = status.workers;
  news.progress = std::move(progress);
  news.busy = busy;
  self->send(setup.keeper, std::move(news));
}

namespace {

query_actor::behavior_type query_behavior(query_shell::pointer self, query_setup setup) {
  auto cluster = setup.cluster;
  auto discovery = setup.discovery;
  auto id = setup.record.id.text;
  self->state.init(self, std::move(setup));
  self->attach_functor([cluster, discovery, id, run = self->state.setup.record.run.text, me = self->address()] {
    caf::anon_send(cluster, leave_links{id, me});
    caf::anon_send(discovery, unwatch_folders{run});
  });
  self->set_down_handler([self](const caf::down_msg& down) {
    std::erase_if(self->state.followers, [&](const job_actor& job) { return job.address() == down.source; });
  });
  self->send(cluster, join_links{id, self});
  self->state.happened(query::event::start{});
  return {
      [self](const worker_message& message) { self->state.worker_said(message); },
      [self](const membership& now) { self->state.members_changed(now); },
      [self](const query_happened& news) { self->state.happened(*news.event); },
      [self](const files_listed& listing) { self->state.listed(listing); },
      [self](const query_recovered& outcome) { self->state.recovered(outcome); },
      [self](const console_output& output) { self->state.console(output); },
      [self](const query_timer& timer) { self->state.happened(query::event::timer_fired{timer.kind, timer.token}); },
      [self](const follow_query& follow) {
        self->monitor(follow.job);
        self->state.follow(follow.job);
      },
      [self](const end_query&) { self->state.happened(query::event::stop_requested{}); },
      [self](const process_available&) { return self->state.process(); },
      [self](const pin_table& order) { return self->state.pin(order); },
  };
}

} // namespace

query_actor spawn_query(caf::actor_system& system, query_setup setup) {
  return system.spawn(query_behavior, std::move(setup));
}

} // namespace sluice::actors
