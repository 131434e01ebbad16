#pragma once
/// The typed actors of a worker.
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include "worker/actors/surroundings.hpp"

namespace sluice::proto {
class link_message;
} // namespace sluice::proto

namespace sluice::worker {

struct link_accepted;
struct link_frame;
struct link_closed;
struct go_online_at;
struct tick;
struct reconnect;
struct leave_cluster;
struct check_leave;
struct end_worker;
struct begin_batch;
struct start_map;
struct merge_block;
struct prepare_batch;
struct settle_layer;
struct release_query;
struct resume_work;
struct start_read;
struct sibling_block;
struct work;
struct outgoing_block;
struct block_done;
struct map_finished;
struct slot_failed;
struct slot_prepared;
struct read_rows;
struct read_finished;
struct write_batch;
struct batch_written;

/// Runs its share of attempts and reads, and owns the tables of its key groups.
using slot_actor = caf::typed_actor<
    /// An attempt begins: load state, take blocks.
    caf::reacts_to<begin_batch>,
    /// All slots know the attempt: read splits and send blocks.
    caf::reacts_to<start_map>,
    /// A block of another worker, and of another slot of this worker.
    caf::reacts_to<merge_block>, caf::reacts_to<sibling_block>,
    /// Everything has arrived: answers slot_prepared.
    caf::reacts_to<prepare_batch>, caf::reacts_to<settle_layer>, caf::reacts_to<release_query>,
    caf::reacts_to<start_read>, caf::reacts_to<resume_work>, caf::reacts_to<work>>;

/// Writes and fsyncs what an attempt leaves behind.
using io_actor = caf::typed_actor<caf::reacts_to<write_batch>>;

/// The worker: links to the coordinator and to peers, attempts, reads, timers. Never touches rows or files.
using control_actor = caf::typed_actor<
    /// Where peers reach this worker; it connects to the coordinator then.
    caf::reacts_to<go_online_at>,
    caf::reacts_to<link_accepted>, caf::reacts_to<link_frame>, caf::reacts_to<link_closed>,
    /// Every heartbeat interval.
    caf::reacts_to<tick>, caf::reacts_to<reconnect>,
    /// Finish what runs, then end.
    caf::reacts_to<leave_cluster>, caf::reacts_to<check_leave>,
    /// End at once.
    caf::reacts_to<end_worker>,
    caf::reacts_to<outgoing_block>, caf::reacts_to<block_done>, caf::reacts_to<map_finished>, caf::reacts_to<slot_failed>,
    caf::reacts_to<slot_prepared>, caf::reacts_to<read_rows>, caf::reacts_to<read_finished>, caf::reacts_to<batch_written>>;

} // namespace sluice::worker
