#pragma once
/// The typed actors of the coordinator and the messages between them. Messages never leave the process (what crosses
/// nodes is Protobuf on a link), so they carry shared immutable payloads and need no inspectors. Facts are nouns,
/// orders imperatives.
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include "common/plan/plan.hpp"
#include "coordinator/actors/control_plane.hpp"
#include "coordinator/catalog/catalog.hpp"
#include "coordinator/sources/file_listing.hpp"

namespace sluice::proto {
class link_message;
} // namespace sluice::proto

namespace sluice::actors {

struct link_opened;
struct link_frame;
struct link_closed;
struct check_silence;
struct worker_message;
struct membership;
struct join_links;
struct leave_links;
struct get_workers;
struct worker_list;
struct close_links;
struct run_io;
struct watch_folders;
struct unwatch_folders;
struct wait_for_changes;
struct folders_changed;
struct query_happened;
struct files_listed;
struct query_recovered;
struct console_output;
struct query_timer;
struct follow_query;
struct end_query;
struct pin_table;
struct table_pinned;
struct query_prepared;
struct record_stored;
struct begin_query;
struct query_begun;
struct query_report;
struct get_queries;
struct query_list;
struct show_query;
struct stop_query;
struct query_shown;
struct get_tables;
struct table_list;
struct find_table;
struct table_found;
struct process_available;
struct input_processed;
struct shut_down;
struct all_down;
struct read_end;
struct cancel_read;
struct check_read;
struct query_news;
struct run_statements;
struct cancel_job;
struct work_done;
struct retry_step;

/// Runs blocking work (files, compute) and sends what comes out where the work says.
using io_actor = caf::typed_actor<caf::reacts_to<run_io>>;

/// Whoever takes messages from workers: queries and reads.
using link_consumer = caf::typed_actor<
    /// A control message of a worker that belongs to this consumer.
    caf::reacts_to<worker_message>,
    /// The workers there are now; comes at joining and after each change.
    caf::reacts_to<membership>>;

/// Registry of workers and switchboard of their links.
using cluster_actor = caf::typed_actor<
    caf::reacts_to<link_opened>, caf::reacts_to<link_frame>, caf::reacts_to<link_closed>,
    /// Timer: closes links that have been silent for too long.
    caf::reacts_to<check_silence>,
    /// Messages that name `key` (query or read id) go to the consumer from now on.
    caf::reacts_to<join_links>, caf::reacts_to<leave_links>,
    caf::replies_to<get_workers>::with<worker_list>,
    /// Closes every link (shutdown).
    caf::replies_to<close_links>::with<all_down>>;

/// Wakes queries when their folders change.
using discovery_actor = caf::typed_actor<
    caf::reacts_to<watch_folders>, caf::reacts_to<unwatch_folders>,
    caf::reacts_to<folders_changed>>;
/// Sits in the folder watch; apart, so that discovery stays reachable.
using watch_actor = caf::typed_actor<caf::reacts_to<wait_for_changes>>;

/// A job: runs its statements in order and tells its listener.
using job_actor = caf::typed_actor<
    caf::reacts_to<run_statements>,
    /// News of a query it follows.
    caf::reacts_to<query_news>,
    /// Rows it asked a read for, work it gave away, and its own timer.
    caf::reacts_to<read_end>, caf::reacts_to<work_done>, caf::reacts_to<retry_step>,
    caf::reacts_to<cancel_job>>;

/// Gathers the rows of one read from the workers, with credits.
using read_actor = link_consumer::extend<caf::reacts_to<cancel_read>,
    /// Timer: nothing may have come for too long.
    caf::reacts_to<check_read>>;

/// One streaming query.
using query_actor = link_consumer::extend<
    /// What I/O brought.
    caf::reacts_to<query_happened>, caf::reacts_to<files_listed>, caf::reacts_to<query_recovered>,
    caf::reacts_to<console_output>,
    /// A timer, with what it was armed for.
    caf::reacts_to<query_timer>,
    /// Sends news (progress, console rows) to a job from now on.
    caf::reacts_to<follow_query>,
    /// Stops it; a report tells when it is done.
    caf::reacts_to<end_query>,
    /// Answers when what the source holds now is processed.
    caf::replies_to<process_available>::with<input_processed>,
    /// Fixes the table's newest batch for a read.
    caf::replies_to<pin_table>::with<table_pinned>>;

/// All queries the coordinator knows, running or not, and their records.
using queries_actor = caf::typed_actor<
    /// Starts a query; the answer comes when it runs and its record is durable.
    caf::replies_to<begin_query>::with<query_begun>,
    caf::reacts_to<query_prepared>, caf::reacts_to<record_stored>,
    caf::reacts_to<query_report>,
    caf::replies_to<get_queries>::with<query_list>,
    caf::replies_to<show_query>::with<query_shown>,
    caf::replies_to<stop_query>::with<query_shown>,
    caf::replies_to<get_tables>::with<table_list>,
    caf::replies_to<find_table>::with<table_found>,
    caf::replies_to<process_available>::with<input_processed>,
    /// Ends all query actors; their desired state stays.
    caf::replies_to<shut_down>::with<all_down>>;

} // namespace sluice::actors
