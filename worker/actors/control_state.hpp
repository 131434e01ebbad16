#pragma once
/// State of the control actor. Parts: links and timers (control.cpp), attempts (control_batches.cpp), the exchange with peers
/// (control_exchange.cpp), reads (control_reads.cpp). Tests may read it.
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <map>
#include <set>

#include "worker/actors/messages.hpp"
#include "worker/actors/slot.hpp"
#include "worker/exchange/credit.hpp"
#include "worker/exchange/exchange_tracker.hpp"

namespace sluice::worker {

/// Link ids are drawn by handlers on any thread.
std::uint64_t next_link_id();
/// Handler that turns what happens on a link into messages to the control actor.
net::link_handler handler_for(const control_actor& control, std::uint64_t link);

struct sent_to_peer {
  std::uint64_t blocks = 0;
  std::int64_t rows = 0;
};

/// An attempt from its order to its answer.
struct attempt {
  enum class phase { running, preparing, writing, answered, failed };
  job_ptr job;
  phase now = phase::running;
  exchange::exchange_tracker tracker{{}};
  std::size_t maps_left = 0;
  std::size_t outputs_left = 0;
  std::vector<std::shared_ptr<slot_output>> outputs;  ///< by slot
  std::map<std::uint32_t, sent_to_peer> sent;         ///< by index of the worker
  std::shared_ptr<const proto::link_message> answer;
  std::int64_t last_signs = 0;
  microseconds started{0}, mapped{0}, merged{0}, prepared{0};
  bool unfinished() const { return now == phase::running || now == phase::preparing || now == phase::writing; }
};

/// A block or end marker that came before the order.
struct early_frame {
  attempt_key key;
  link_frame frame;
};

struct query_entry {
  std::shared_ptr<attempt> current;
  std::optional<attempt_key> floor;  ///< attempts up to this one are over
  std::vector<early_frame> early;
};

/// Blocks on their way to one other worker.
struct peer {
  struct item {
    job_ptr job;
    std::shared_ptr<const proto::link_message> header;
    std::shared_ptr<arrow::Buffer> body;  ///< null: an end marker
  };
  std::string id;
  std::uint64_t link = 0;
  net::link_ptr handle;
  exchange::send_credit credit;
  std::deque<item> queue;
};

/// A data link that a peer opened.
struct peer_link {
  net::link_ptr handle;
  std::string worker;  ///< empty before its hello
};

struct read_entry {
  struct block {
    std::int64_t rows = 0;
    std::shared_ptr<arrow::Buffer> body;
  };
  read_job_ptr job;
  std::size_t slots_left = 0;
  std::deque<block> queue;
  std::uint64_t credit = 4;
  std::uint64_t sequence = 0;
  std::int64_t rows = 0;
};

struct control_state;
using control_pointer = control_actor::stateful_pointer<control_state>;

struct control_state {
  static inline const char* name = "worker";

  control_pointer self = nullptr;
  surroundings_ptr world;
  std::vector<slot_actor> slots;
  io_actor io;
  std::string data_address;

  // ---- the coordinator ----
  std::uint64_t coordinator_link = 0;
  net::link_ptr coordinator;
  bool welcomed = false;
  std::uint64_t connect_attempts = 0;
  microseconds backoff{0};
  microseconds last_heard{0};
  microseconds heartbeat{0}, silence{0};
  std::uint64_t heartbeats = 0;
  bool leaving = false;
  microseconds leaving_since{0};

  void online(std::string address);
  void connect();
  void connect_later();
  void to_coordinator(const proto::link_message& message, std::shared_ptr<arrow::Buffer> body = nullptr);
  void frame(const link_frame& message);
  void coordinator_frame(const link_frame& message);
  void closed(const link_closed& message);
  void on_tick();
  void leave();
  void check_leave();
  void end();
  void broadcast(auto&& message) {
    for (const auto& slot : slots) self->send(slot, message);
  }
  microseconds now() const { return world->clock->monotonic(); }

  // ---- attempts ----
  std::map<std::string, query_entry> queries;
  std::map<std::string, std::shared_ptr<const plan::streaming_plan>> plans;  ///< by digest

  result<std::shared_ptr<const plan::streaming_plan>> plan_of(const std::string& digest, const std::string& bytes);
  void order(const proto::batch_order& order);
  status begin(query_entry& query, const proto::batch_order& order);
  std::shared_ptr<attempt> running(const job_ptr& job);
  void map_done(const job_ptr& job);
  void all_arrived(attempt& at);
  void slot_done(const slot_prepared& message);
  void written(const batch_written& message);
  void answer(attempt& at, const written_batch& written);
  void fail(const attempt_key& key, const status& cause);
  void fail_attempt(attempt& at, const status& cause);
  void abandon(attempt& at);
  void committed(const attempt_key& key);
  void dropped(const attempt_key& key);
  void released(const std::string& query, std::int64_t epoch);
  /// Whether a message of this epoch may act on the query. A higher one than any before ends what older ones began.
  bool admits(const std::string& query, std::int64_t epoch);
  bool is_outdated(const attempt_key& key) const;
  void abandon_everything();
  bool idle() const;
  std::map<std::string, std::int64_t> epochs;      ///< highest seen by query; outlives the query's release

  // ---- the exchange ----
  std::map<std::string, peer> peers;               ///< by worker id
  std::map<std::uint64_t, peer_link> peer_links;
  exchange::receive_budget budget{0};

  void open_peers(const batch_job& job);
  void peer_frame(peer_link& from, const link_frame& message);
  void exchange_frame(const link_frame& message);
  void take(attempt& at, const link_frame& message);
  void discard(const link_frame& message);
  void discard_early(query_entry& query);
  void replay_early(query_entry& query);
  void give_back(std::uint64_t link, std::int64_t bytes);
  void grant(std::uint64_t link, std::int64_t bytes);
  void outgoing(const outgoing_block& block);
  void send_ends(attempt& at);
  void pump(peer& to);
  void peer_closed(const std::string& worker, const status& reason);

  // ---- reads ----
  std::map<std::string, read_entry> reads;
  std::uint32_t next_read_slot = 0;

  void start_read_of(result<read_job_ptr> read, const std::string& id, bool all_slots);
  void read_message(const proto::link_message& message);
  void rows_of_read(const read_rows& message);
  void pump(read_entry& read);
  void slot_finished_read(const read_finished& message);
  void end_read(const std::string& id, const status& outcome);
  void cancel_read(const std::string& id);
};

} // namespace sluice::worker
