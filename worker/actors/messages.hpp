#pragma once
/// What the actors of a worker say to one another; interfaces.hpp tells who takes what. Messages never leave the process.
#include <caf/allowed_unsafe_message_type.hpp>

#include "worker/actors/interfaces.hpp"
#include "worker/actors/slot_batch.hpp"
#include "worker/actors/slot_read.hpp"
#include "worker/actors/state_object.hpp"

namespace sluice::worker {

// ---- links ----
struct link_accepted {
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

// ---- timers and orders to the control actor ----
struct go_online_at {
  std::string data_address;
};
struct tick {};
struct reconnect {
  std::uint64_t attempt = 0;  ///< what it was armed for
};
struct leave_cluster {};
struct check_leave {};
struct end_worker {};

// ---- control actor to slots ----
struct begin_batch {
  job_ptr job;
};
struct start_map {
  job_ptr job;
};
struct merge_block {
  job_ptr job;
  std::uint64_t link = 0;
  std::shared_ptr<arrow::Buffer> body;
};
struct prepare_batch {
  job_ptr job;
};
/// The layer is committed (promote) or abandoned.
struct settle_layer {
  std::string query;
  state::layer_id layer;
  bool promote = false;
};
struct release_query {
  std::string query;
};
/// Credit came back or siblings merged: parked tasks may go on.
struct resume_work {};
struct start_read {
  read_job_ptr read;
};

// ---- slots ----
struct sibling_block {
  job_ptr job;
  data::batch_ptr rows;
};
/// A slot to itself: do one piece of work.
struct work {};

// ---- slots and I/O to the control actor ----
struct outgoing_block {
  job_ptr job;
  destination to;
  std::int64_t rows = 0;
  std::shared_ptr<arrow::Buffer> body;
};
/// A block of a peer is merged (or of no use any more): its credit may go back.
struct block_done {
  std::uint64_t link = 0;
  std::int64_t bytes = 0;
};
struct map_finished {
  job_ptr job;
};
struct slot_failed {
  job_ptr job;
  status error;
};
struct slot_prepared {
  job_ptr job;
  std::uint32_t slot = 0;
  std::shared_ptr<slot_output> output;
};
struct read_rows {
  read_job_ptr read;
  std::int64_t rows = 0;
  std::shared_ptr<arrow::Buffer> body;
};
struct read_finished {
  read_job_ptr read;
  status outcome;
};
struct write_batch {
  job_ptr job;
  std::vector<std::shared_ptr<slot_output>> outputs;  ///< by slot
};
struct batch_written {
  job_ptr job;
  std::shared_ptr<written_batch> written;             ///< null: failed
  status error;
};

} // namespace sluice::worker

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::link_accepted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::link_frame)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::link_closed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::go_online_at)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::reconnect)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::leave_cluster)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::check_leave)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::end_worker)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::begin_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::start_map)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::merge_block)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::prepare_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::settle_layer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::release_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::resume_work)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::start_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::sibling_block)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::work)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::outgoing_block)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::block_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::map_finished)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::slot_failed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::slot_prepared)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::read_rows)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::read_finished)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::write_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::worker::batch_written)
