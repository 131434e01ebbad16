#include "coordinator/actors/queries.hpp"

#include <algorithm>
#include <caf/actor_system.hpp>
#include <caf/send.hpp>

#include "common/base/log.hpp"
#include "common/storage/durable.hpp"
#include "common/storage/path.hpp"
#include "coordinator/actors/known_queries.hpp"
#include "coordinator/actors/query.hpp"
#include "coordinator/actors/query_setup.hpp"

namespace sluice::actors {
namespace {

bool has_glob(const std::string& path) { return path.find_first_of("*?[{") != std::string::npos; }

/// Looks at the outside before a query starts: input paths and whose the checkpoint is.
query_prepared look_before_start(storage::file_system& files, const plan::streaming_plan& plan, std::uint64_t order) {
  query_prepared outcome;
  outcome.order = order;
  for (const auto& path : plan.source.paths) {
    if (has_glob(path)) continue;
    auto found = files.stat(path);
    if (found.ok()) continue;
    outcome.error = found.code() == errc::no_such_file ? status(errc::path_not_found, "path does not exist: " + path)
                                                       : found.error();
    return outcome;
  }
  if (plan.checkpoint.empty()) return outcome;
  auto path = query::checkpoint_paths{plan.checkpoint}.metadata();
  auto bytes = files.read(path);
  if (!bytes.ok()) {
    if (bytes.code() != errc::no_such_file) outcome.error = bytes.error();
    return outcome;
  }
  auto metadata = query::decode_metadata(*bytes, path);
  if (metadata.ok())
    outcome.found = std::make_shared<const query::metadata>(std::move(*metadata));
  else
    outcome.error = metadata.error();
  return outcome;
}

} // namespace

known_queries::~known_queries() {
  for (const auto& [id, query] : queries)
    if (query.actor) caf::anon_send_exit(query.actor, caf::exit_reason::user_shutdown);
}

void known_queries::init(pointer actor, queries_setup with) {
  self = actor;
  setup = std::move(with);
  for (auto& record : std::exchange(setup.records, {})) {
    auto id = record.id;
    auto& query = queries[id];
    query.record = std::move(record);
    query.stored = true;
    query.error = query.record.error;
    query.last_batch = query.record.last_batch;
    switch (query.record.desired) {
      case desired_state::running: spawn(query, false); break;
      case desired_state::stopped: query.state = query::query_state::stopped; break;
      case desired_state::finished: query.state = query::query_state::finished; break;
      case desired_state::failed: query.state = query::query_state::failed; break;
    }
  }
}

void known_queries::spawn(known_query& query, bool by_hand) {
  auto settings = settings_for(query.record.plan, setup.environment->options.settings.query);
  query_setup start;
  start.environment = setup.environment;
  start.cluster = setup.cluster;
  start.discovery = setup.discovery;
  start.io = setup.io;
  start.keeper = self;
  start.record = query.record;
  start.settings = settings.ok() ? *settings : setup.environment->options.settings.query;
  start.by_hand = by_hand;
  start.look_only = query.look_only;
  if (!query.look_only) query.state = query::query_state::starting;
  query.actor = spawn_query(self->home_system(), std::move(start));
  for (const auto& job : query.followers) self->send(query.actor, follow_query{job});
}

caf::result<query_begun> known_queries::begin(const begin_query& order) {
  auto promise = self->make_response_promise<query_begun>();
  auto refuse = [&](status error) {
    promise.deliver(query_begun{std::move(error), {}});
    return promise;
  };
  auto folded = catalog::fold(order.plan->name);
  for (const auto& [id, query] : queries)
    if (!order.shared_name && query.active() && catalog::fold(query.record.plan.name) == folded)
      return refuse({errc::query_active, "query " + query.record.plan.name + " (" + id.text + ") is running already"});
  for (const auto& [number, start] : starts)
    if (!order.shared_name && catalog::fold(start.order.plan->name) == folded)
      return refuse({errc::query_active, "query " + order.plan->name + " is being started"});
  if (auto settings = settings_for(*order.plan, setup.environment->options.settings.query); !settings.ok())
    return refuse(settings.error());
  if (auto source = make_source(*order.plan); !source.ok()) return refuse(source.error());
  auto number = next_start++;
  starts.emplace(number, start_order{order, promise});
  self->send(setup.io.fast(order.plan->name),
             run_io{[plan = order.plan, number, keeper = queries_actor{self}, files = setup.environment->world.files] {
               caf::anon_send(keeper, look_before_start(*files, *plan, number));
             }});
  return promise;
}

void known_queries::prepared(const query_prepared& outcome) {
  auto found = starts.find(outcome.order);
  if (found == starts.end()) return;
  auto start = std::move(found->second);
  starts.erase(found);
  auto refuse = [&](status error) { start.promise.deliver(query_begun{std::move(error), {}}); };
  if (!outcome.error.ok()) return refuse(outcome.error);
  auto& random = *setup.environment->world.random;
  query_record record;
  record.plan = *start.order.plan;
  record.id.text = outcome.found ? outcome.found->query : random.uuid();
  record.run.text = random.uuid();
  record.started_us = setup.environment->world.clock->wall().count();
  auto settings = settings_for(record.plan, setup.environment->options.settings.query);
  record.key_groups = outcome.found ? outcome.found->num_key_groups : settings->key_groups;
  if (record.plan.checkpoint.empty())
    record.plan.checkpoint =
        storage::join_path(storage::join_path(setup.environment->options.data_dir, "checkpoints"), record.id.text);
  auto& query = queries[record.id];
  if (query.active())
    return refuse({errc::checkpoint_in_use,
                   "query " + query.record.plan.name + " is running on checkpoint " + record.plan.checkpoint});
  if (query.actor) self->send_exit(query.actor, caf::exit_reason::user_shutdown);
  record.sequence = query.record.sequence;
  std::shared_ptr<known_query> before;
  if (query.stored) before = std::make_shared<known_query>(std::move(query));
  query = known_query{};
  query.record = std::move(record);
  query.before = std::move(before);
  query.starting = start.promise;
  if (start.order.job) query.followers.push_back(start.order.job);
  query.follower = start.order.follower;
  spawn(query, true);
}

/// By value: the id may belong to the entry that goes.
void known_queries::start_failed(query_id id, status error) {
  auto found = queries.find(id);
  if (found == queries.end()) return;
  auto query = std::move(found->second);
  if (query.actor) self->send_exit(query.actor, caf::exit_reason::user_shutdown);
  queries.erase(found);
  if (query.before) {
    auto& again = queries[id] = std::move(*query.before);
    again.actor = nullptr;
    again.look_only = false;
  }
  if (query.starting) query.starting->deliver(query_begun{std::move(error), {}});
}

void known_queries::reported(const query_report& report) {
  auto found = queries.find(report.id);
  if (closing || found == queries.end() || found->second.record.run != report.run) return;
  auto& query = found->second;
  if (query.look_only) {
    // What kept the table from being read may pass: the next reader tries again.
    if (report.state_changed && report.state == query::query_state::failed) drop_actor(query);
    return;
  }
  query.last_batch = report.last_batch;
  query.workers = report.workers;
  if (report.progress) query.progress = report.progress;
  if (query.follower && report.progress) query.follower->on_progress(report.progress);
  if (query.follower) query.follower->on_activity(report.busy);
  if (!report.state_changed) return;
  query.state = report.state;
  switch (report.state) {
    case query::query_state::running:
      if (!query.has_run && !query.stored) store(query);
      query.has_run = true;
      break;
    case query::query_state::stopped:
    case query::query_state::finished:
    case query::query_state::failed: ended(query, report); break;
    default: break;
  }
}

void known_queries::ended(known_query& query, const query_report& report) {
  query.error = report.error;
  if (query.starting && !query.has_run && report.state != query::query_state::finished) {
    auto reason = report.error.ok() ? status(errc::cancelled, "the query was stopped while it started") : report.error;
    return start_failed(query.record.id, std::move(reason));
  }
  if (!report.error.ok())
    log::warn("query ended", "query", query.record.plan.name, "state", query::to_string(report.state), "why",
              report.error.to_string());
  query.record.last_batch = report.last_batch;
  query.record.last_progress = query.progress ? query::to_json(*query.progress) : std::string{};
  bool fenced = report.state == query::query_state::stopped && !report.error.ok();
  if (report.state == query::query_state::finished) query.record.desired = desired_state::finished;
  if (report.state == query::query_state::failed)
    query.record.desired = desired_state::failed, query.record.error = report.error;
  if (report.state == query::query_state::stopped) query.record.desired = desired_state::stopped;
  if (fenced)
    settle(query);
  else
    store(query);
}

/// Writes the record as it is now; one at a time, in order.
void known_queries::store(known_query& query) {
  if (query.storing) {
    query.dirty = true;
    return;
  }
  query.storing = true;
  self->send(setup.io.fast(query.record.id.text),
             run_io{[record = query.record, keeper = queries_actor{self},
                     data_dir = setup.environment->options.data_dir, files = setup.environment->world.files] {
               auto done = store_query_record(*files, data_dir, record);
               caf::anon_send(keeper, record_stored{record.id, record.run, done.ok() ? ok() : done.error(),
                                                    done.ok() ? done->sequence : -1});
             }});
}

void known_queries::stored(const record_stored& outcome) {
  auto found = queries.find(outcome.id);
  if (found == queries.end() || found->second.record.run != outcome.run) return;
  auto& query = found->second;
  query.storing = false;
  if (!outcome.error.ok()) {
    log::error("a query record cannot be written", "query", query.record.plan.name, "why", outcome.error.to_string());
    if (query.starting) return start_failed(outcome.id, outcome.error);
    for (auto& promise : std::exchange(query.stopping, {})) promise.deliver(query_shown{outcome.error, {}});
    if (!query.active()) settle(query);
    return;
  }
  query.record.sequence = outcome.sequence;
  query.stored = true;
  if (query.starting) {
    query.starting->deliver(query_begun{ok(), {query.record.id, query.record.run, query.record.plan.name, {}}});
    query.starting.reset();
  }
  if (std::exchange(query.dirty, false)) return store(query);
  if (query.active() && !query.stopping.empty())
    self->send(query.actor, end_query{});
  else if (!query.active())
    settle(query);
}

/// A query is over and that is on record: tells everybody.
void known_queries::settle(known_query& query) {
  tell_end(query);
  for (auto& promise : std::exchange(query.stopping, {})) promise.deliver(query_shown{ok(), query.detail()});
  // Tables stay readable, by this actor or, if it could not even read the checkpoint, by another.
  if (is_memory(query.record.plan) && query.has_run) return;
  drop_actor(query);
}

void known_queries::drop_actor(known_query& query) {
  if (query.actor) self->send_exit(query.actor, caf::exit_reason::user_shutdown);
  query.actor = nullptr;
}

void known_queries::tell_end(known_query& query) {
  auto event = std::make_shared<const job_event>(
      query_ended{query.record.id, query.record.plan.name, std::string(query::to_string(query.state)), query.error});
  for (const auto& job : std::exchange(query.followers, {})) self->send(job, query_news{event});
  if (auto follower = std::exchange(query.follower, nullptr))
    follower->on_end(std::string(query::to_string(query.state)), query.error);
}

caf::result<query_shown> known_queries::stop(const stop_query& order) {
  auto promise = self->make_response_promise<query_shown>();
  auto found = find(order.key);
  if (!found.ok()) {
    promise.deliver(query_shown{found.error(), {}});
    return promise;
  }
  auto& query = **found;
  if (!query.active()) {
    promise.deliver(query_shown{ok(), query.detail()});
    return promise;
  }
  query.stopping.push_back(promise);
  query.record.desired = desired_state::stopped;
  store(query);
  return promise;
}

void known_queries::shut_down() {
  closing = true;
  for (auto& [id, query] : queries) {
    if (query.actor) self->send_exit(query.actor, caf::exit_reason::user_shutdown);
    query.actor = nullptr;
    query.followers.clear();
  }
}

namespace {

queries_actor::behavior_type keep_queries(known_queries::pointer self, queries_setup setup) {
  self->state.init(self, std::move(setup));
  return {
      [self](const begin_query& order) { return self->state.begin(order); },
      [self](const query_prepared& outcome) { self->state.prepared(outcome); },
      [self](const record_stored& outcome) { self->state.stored(outcome); },
      [self](const query_report& report) { self->state.reported(report); },
      [self](const get_queries&) {
        query_list list;
        for (const auto& [id, query] : self->state.queries) list.queries.push_back(query.summary());
        std::stable_sort(list.queries.begin(), list.queries.end(),
                         [](const auto& a, const auto& b) { return a.name < b.name; });
        return list;
      },
      [self](const show_query& order) { return self->state.show(order.key); },
      [self](const stop_query& order) { return self->state.stop(order); },
      [self](const get_tables&) { return self->state.tables(); },
      [self](const find_table& order) { return self->state.table(order.query); },
      [self](const process_available& order) { return self->state.process(order); },
      [self](const shut_down&) {
        self->state.shut_down();
        return all_down{};
      },
  };
}

} // namespace

queries_actor spawn_queries(caf::actor_system& system, queries_setup setup) {
  return system.spawn(keep_queries, std::move(setup));
}

} // namespace sluice::actors
