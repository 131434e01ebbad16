#include "coordinator/actors/job.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>

#include "common/base/log.hpp"
#include "coordinator/actors/job_state.hpp"
#include "coordinator/actors/query_setup.hpp"

namespace sluice::actors {
namespace {

/// No answer of another actor takes longer than this unless something is broken; starts of queries read whole
/// checkpoints.
constexpr auto answer_timeout = std::chrono::minutes(5);

} // namespace

void job_state::init(pointer actor, job_setup with) {
  self = actor;
  setup = std::move(with);
}

void job_state::run() {
  if (setup.batch) {
    job.selects.push_back({setup.batch->plan});
    own_tables = setup.batch->tables;
    started_all = true;
    return go_on();
  }
  self->request(setup.queries, answer_timeout, get_tables{})
      .then([this](const table_list& list) { plan(list.tables); },
            [this](caf::error&) { end({errc::unreachable, "the coordinator is shutting down"}); });
}

void job_state::plan(const catalog::result_tables& tables) {
  auto planned = plan_job(setup.job, tables);
  if (setup.explain) {
    if (planned.ok())
      setup.explain(explain(*planned));
    else
      setup.explain(planned.error());
    return end(ok());
  }
  if (!planned.ok()) return end(planned.error());
  job = std::move(*planned);
  begin_next();
}

void job_state::begin_next() {
  if (over) return;
  if (next_query == job.queries.size()) {
    started_all = true;
    return go_on();
  }
  auto wanted = std::make_shared<const plan::streaming_plan>(job.queries[next_query].plan);
  self->request(setup.queries, answer_timeout,
                begin_query{std::move(wanted), setup.job.wait ? job_actor{self} : job_actor{}, nullptr, false})
      .then([this](const query_begun& outcome) { begun(outcome); },
            [this](caf::error&) { end({errc::timed_out, "the query did not start in time"}); });
}

void job_state::begun(const query_begun& outcome) {
  if (over) return;
  const auto& query = job.queries[next_query];
  if (!outcome.error.ok()) {
    if (!(query.if_not_exists && outcome.error.code() == errc::query_active)) return end(outcome.error);
    setup.listener->on_event(notice{"query " + query.plan.name + " is running already"});
  } else {
    auto id = outcome.started.id;
    if (is_memory(query.plan)) {
      own_tables[catalog::fold(query.plan.name)] = id;
      if (!query.written_name.empty()) own_tables[catalog::fold(query.written_name)] = id;
    }
    (is_bounded(query.plan) ? bounded : unbounded).insert(id);
    setup.listener->on_event(outcome.started);
  }
  ++next_query;
  begin_next();
}

void job_state::news(const query_news& news) {
  if (over) return;
  setup.listener->on_event(*news.event);
  const auto* ended = std::get_if<query_ended>(news.event.get());
  if (ended == nullptr) return;
  bounded.erase(ended->id);
  unbounded.erase(ended->id);
  query_failed = query_failed || ended->state == "failed";
  go_on();
}

/// Whatever is next once the queries allow it.
void job_state::go_on() {
  if (over || !started_all) return;
  if (!setup.job.wait && !job.queries.empty()) {
    if (!job.selects.empty()) setup.listener->on_event(notice{"the job's SELECTs run only with --wait"});
    return end(ok());
  }
  if (!bounded.empty()) return;
  if (query_failed) return unbounded.empty() ? end(ok()) : void();
  if (next_batch < job.selects.size()) return selecting ? void() : next_select();
  if (unbounded.empty()) end(ok());
}

void job_state::end(status outcome) {
  if (over) return;
  over = true;
  on_work = nullptr;
  if (reading) self->send(reading, cancel_read{});
  if (setup.listener) setup.listener->on_end(outcome);
  else if (setup.explain && !outcome.ok()) setup.explain(outcome);
  if (auto answer = std::exchange(setup.batch_answer, nullptr); answer)
    answer(outcome.ok() ? status(errc::internal, "a SELECT ended without rows") : std::move(outcome));
  setup.listener.reset();
  self->quit();
}

void job_state::cancel() { end({errc::cancelled, "the job was cancelled"}); }

namespace {

job_actor::behavior_type job_behavior(job_state::pointer self, job_setup setup) {
  self->state.init(self, std::move(setup));
  return {
      [self](const run_statements&) { self->state.run(); },
      [self](const query_news& news) { self->state.news(news); },
      [self](const read_end& outcome) { self->state.gathered(outcome); },
      [self](const work_done& outcome) { self->state.worked(outcome); },
      [self](const retry_step& retry) {
        if (!self->state.over && retry.step == self->state.step) self->state.next_leaf();
      },
      [self](const cancel_job&) { self->state.cancel(); },
  };
}

} // namespace

job_actor spawn_job(caf::actor_system& system, job_setup setup) {
  auto job = system.spawn(job_behavior, std::move(setup));
  caf::anon_send(job, run_statements{});
  return job;
}

} // namespace sluice::actors
