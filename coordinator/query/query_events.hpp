#pragma once
/// Everything that can happen to a query (events) and everything it can want (actions). The shell turns messages, timers and finished
/// I/O into events, and performs actions in the order given.
#include <variant>

#include "coordinator/query/checkpoint.hpp"
#include "coordinator/query/progress.hpp"

namespace sluice::query {

/// Both clocks at the moment of an event.
struct instant {
  std::int64_t wall_us = 0;
  std::int64_t monotonic_us = 0;
};

enum class query_state { starting, recovering, running, stopping, stopped, finished, failed };
enum class batch_phase { idle, discovering, running, committing };
enum class timer_kind { trigger, silence, retry, publish };
std::string_view to_string(query_state state) noexcept;
std::string_view to_string(batch_phase phase) noexcept;

namespace event {
struct start {};
struct recovered { std::shared_ptr<const recovered_state> state; };
struct recovery_failed { status error; };
struct worker_joined { worker_id id; std::string data_address; std::uint32_t slots = 1; };
struct worker_lost { worker_id id; };
/// It wants to leave: used for no further attempt.
struct worker_draining { worker_id id; };
/// There may be new input. Remembered while a batch runs.
struct input_available {};
/// Answer to action::discover: what to read, in order; empty: nothing new (with freeze: nothing left).
struct discovered { std::int64_t batch = 0; std::vector<source_file> files; };
struct discover_failed { std::int64_t batch = 0; status error; };
struct intent_written { std::int64_t batch = 0; write_outcome<intent> outcome; };
struct prepared { std::shared_ptr<const prepared_report> report; };
struct attempt_failed { std::string worker; attempt_ref ref; status error; };
struct attempt_progress { std::string worker; attempt_ref ref; std::int64_t rows = 0; };
struct commit_written { std::int64_t batch = 0; std::string attempt; write_outcome<commit> outcome; };
/// All batches of the publish action up to `batch` are visible.
struct published { std::int64_t batch = 0; };
/// Something of the publish action failed; `batch` is for the message.
struct publish_failed { std::int64_t batch = 0; status error; };
struct base_written { std::int64_t batch = 0; status error; };
/// Somebody wants the result table at the last committed batch.
struct read_requested { std::string read; };
struct stop_requested {};
struct timer_fired { timer_kind kind = timer_kind::trigger; std::uint64_t token = 0; };
} // namespace event

using query_event =
    std::variant<event::start, event::recovered, event::recovery_failed, event::worker_joined, event::worker_lost, event::worker_draining,
                 event::input_available, event::discovered, event::discover_failed, event::intent_written, event::prepared,
                 event::attempt_failed, event::attempt_progress, event::commit_written, event::published, event::publish_failed,
                 event::base_written, event::read_requested, event::stop_requested, event::timer_fired>;

namespace action {
/// Run `take_over`; answer recovered or recovery_failed. `claim` false: read only.
struct recover { bool claim = true; };
/// Ask the source for the input of `batch`; answer discovered or discover_failed. `all_available`: no per-trigger limits.
/// `freeze`: from the first call on only files that existed then.
struct discover { std::int64_t batch = 0; bool all_available = false; bool freeze = false; };
/// These files are in the durable intent of `batch`: the source's take(). (After recovery the shell restores the source itself, from
/// recovered_state::source_progress and then `intents`.)
struct take_input { std::int64_t batch = 0; std::vector<source_file> files; };
/// Run `write_intent`; answer intent_written.
struct write_intent { std::shared_ptr<const intent> record; };
struct send_order { worker_id worker; std::shared_ptr<const query::order> order; };
/// Tell these workers that the attempt is over (attempt_dropped).
struct drop_attempt { std::vector<worker_id> workers; attempt_ref ref; };
/// Run `write_commit`; answer commit_written.
struct write_commit { std::shared_ptr<const commit> record; };
/// Tell these workers (batch_committed). No answer.
struct announce_commit { std::vector<worker_id> workers; attempt_ref ref; };
/// For the shell's own use: batch is committed (console output, metrics). `replayed`: known from the checkpoint at start.
struct committed { std::shared_ptr<const commit> record; bool replayed = false; };
/// Publish these in order (coordinator/publish); answer published or publish_failed.
struct publish { std::vector<std::shared_ptr<const commit>> records; };
/// Run `note_published`. No answer.
struct note_published { std::int64_t batch = 0; std::int64_t epoch = 0; };
/// Fill `record->source_progress` from the source as it is now (its next discover comes after this), then run `write_base`; answer
/// base_written.
struct write_base { std::shared_ptr<base> record; };
/// Run `collect_garbage`. No answer.
struct collect_garbage { std::int64_t retain = 0; };
/// Complete mode: ask each share's worker for its key groups at `ref`. Other modes: read `objects` in order.
/// Both empty: the table has no rows yet. `ref.batch` -1: nothing is committed.
struct start_read {
  std::string read;
  attempt_ref ref;
  std::int64_t batch_time_us = 0;
  std::uint32_t num_key_groups = 0;
  std::vector<table_share> shares;
  std::vector<output_object> objects;
};
struct refuse_read { std::string read; status error; };
struct report_progress { std::shared_ptr<const query_progress> progress; };
/// Answer timer_fired with kind and token after `delay_us`. A newer timer of a kind replaces an older one (which may fire all the same).
struct set_timer { timer_kind kind = timer_kind::trigger; std::uint64_t token = 0; std::int64_t delay_us = 0; };
/// `error` is set in state failed, and in stopped after being fenced.
struct state_changed { query_state state = query_state::starting; status error; };
} // namespace action

using query_action =
    std::variant<action::recover, action::discover, action::take_input, action::write_intent, action::send_order, action::drop_attempt,
                 action::write_commit, action::announce_commit, action::committed, action::publish, action::note_published,
                 action::write_base, action::collect_garbage, action::start_read, action::refuse_read, action::report_progress,
                 action::set_timer, action::state_changed>;

} // namespace sluice::query
