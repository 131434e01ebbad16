#pragma once
/// What the coordinator's actors say to one another; interfaces.hpp tells who takes what.
#include <caf/actor_addr.hpp>

#include "coordinator/actors/interfaces.hpp"
#include "coordinator/actors/query_record.hpp"
#include "coordinator/actors/surroundings.hpp"
#include "coordinator/query/query_events.hpp"

namespace sluice::actors {

// ---- links ----

struct link_opened {
  std::uint64_t link = 0;
  net::link_ptr handle;
};
struct link_frame {
  std::uint64_t link = 0;
  std::shared_ptr<const proto::link_message> header;  ///< null: not decodable
  std::shared_ptr<arrow::Buffer> body;
};
struct link_closed {
  std::uint64_t link = 0;
  status reason;
};
struct check_silence {};
struct worker_message {
  worker_id from;
  std::shared_ptr<const proto::link_message> header;
  std::shared_ptr<arrow::Buffer> body;
};

/// A worker that may get orders, and the link to it (sending never blocks).
struct member {
  worker_id id;
  std::uint32_t slots = 0;
  std::string data_address;
  bool draining = false;
  net::link_ptr link;
};
struct membership {
  std::vector<member> workers;  ///< by id
  std::vector<worker_id> lost;  ///< with this change
};

struct join_links {
  std::string key;
  link_consumer consumer;
};
struct leave_links {
  std::string key;
  caf::actor_addr consumer;  ///< only if it still has the key
};
struct get_workers {};
struct worker_list {
  std::vector<worker_summary> workers;
};
struct close_links {};
struct all_down {
  status outcome;
};

// ---- blocking work ----

struct run_io {
  std::function<void()> work;  ///< sends its own outcome
};

// ---- discovery ----

struct watch_folders {
  std::string key;
  std::vector<std::string> folders;
  std::function<void()> wake;  ///< called by the discovery actor; only sends
};
struct unwatch_folders {
  std::string key;
};
struct wait_for_changes {
  milliseconds timeout{0};
};
struct folders_changed {
  std::vector<std::string> folders;  ///< empty: time is over, look at all
};

// ---- queries ----

/// Something that the core waits for.
struct query_happened {
  std::shared_ptr<const query::query_event> event;
};
/// The source's files, for the batch that the core asked about.
struct files_listed {
  std::int64_t batch = 0;
  std::shared_ptr<const result<std::vector<sources::file_entry>>> files;
};
/// What recovery found, with the source's progress still to be restored.
struct query_recovered {
  std::shared_ptr<const result<query::recovered_state>> state;
};
/// Rows of a committed batch for the console.
struct console_output {
  std::int64_t batch = 0;
  std::shared_ptr<arrow::Buffer> rows;
};
struct query_timer {
  query::timer_kind kind = query::timer_kind::trigger;
  std::uint64_t token = 0;
};
struct follow_query {
  job_actor job;
};
struct end_query {};

/// Fixes the table's newest committed batch for a read.
struct pin_table {
  std::string read;
};
struct table_pinned {
  status error;
  std::shared_ptr<const query::action::start_read> read;
  std::shared_ptr<const plan::streaming_plan> plan;
  query::order_context context;
};

struct begin_query {
  std::shared_ptr<const plan::streaming_plan> plan;
  job_actor job;
  std::shared_ptr<query_follower> follower;
  bool shared_name = false;  ///< others may have the same name
};
/// What the checkpoint of a query that is to start says.
struct query_prepared {
  std::uint64_t order = 0;
  status error;
  std::shared_ptr<const query::metadata> found;  ///< null: a new checkpoint
};
struct record_stored {
  query_id id;
  run_id run;
  status error;
  std::int64_t sequence = -1;
};
struct query_begun {
  status error;
  query_started started;
};
/// A query's state, sent to the keeper of queries with every change of state and every batch.
struct query_report {
  query_id id;
  run_id run;
  bool state_changed = false;
  query::query_state state = query::query_state::starting;
  status error;
  std::int64_t last_batch = -1;
  std::vector<std::string> workers;
  std::shared_ptr<const query::query_progress> progress;
  bool busy = false;
};
struct get_queries {};
struct query_list {
  std::vector<query_summary> queries;
};
struct show_query {
  std::string key;
};
struct stop_query {
  std::string key;
};
struct query_shown {
  status error;
  query_detail detail;
};
struct get_tables {};
struct table_list {
  catalog::result_tables tables;
};
/// Which actor answers for a table.
struct find_table {
  query_id query;
};
struct table_found {
  query_actor query;  ///< null: not known any more
};
struct process_available {
  query_id query;
};
struct input_processed {
  status outcome;
};
struct shut_down {};

// ---- reads ----

/// One worker's share of a read.
struct read_part {
  worker_id worker;
  std::shared_ptr<const proto::link_message> order;
};
struct read_end {
  std::string read;
  status outcome;
  std::shared_ptr<const std::vector<data::batch_ptr>> rows;
};
struct cancel_read {};
struct check_read {
  std::uint64_t heard = 0;  ///< messages that had come when it was armed
};

// ---- jobs ----

/// Something about a query that the job follows.
struct query_news {
  std::shared_ptr<const job_event> event;
};
struct run_statements {};
struct cancel_job {};
/// Blocking work of a job is done; `step` says which (a stale one is ignored).
struct work_done {
  std::uint64_t step = 0;
  status outcome;
  std::shared_ptr<const void> value;
};
struct retry_step {
  std::uint64_t step = 0;
};

} // namespace sluice::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::link_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::link_frame)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::link_closed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::check_silence)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::worker_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::membership)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::join_links)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::leave_links)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::get_workers)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::worker_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::close_links)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::all_down)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::run_io)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::watch_folders)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::unwatch_folders)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::wait_for_changes)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::folders_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::query_happened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::files_listed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::query_recovered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::console_output)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::query_timer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::follow_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::end_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::pin_table)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::table_pinned)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::query_prepared)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::record_stored)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::begin_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::query_begun)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::query_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::get_queries)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::query_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::show_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::stop_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::query_shown)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::get_tables)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::table_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::find_table)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::table_found)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::process_available)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::input_processed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::shut_down)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::read_end)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::cancel_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::check_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::query_news)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::run_statements)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::cancel_job)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::work_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::retry_step)
