#pragma once
/// One ExecutePlan call: its responses, numbered and kept until the client has released them, so that a broken stream goes
/// on where it was. Whoever makes responses is slowed down by a client that does not read. Every function may be called
/// from any thread; callbacks run without locks held.
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/base/environment.hpp"
#include "coordinator/connect/errors.hpp"

namespace spark::connect {
class ExecutePlanResponse;
} // namespace spark::connect

namespace sluice::connect {

using shared_bytes = std::shared_ptr<const std::string>;

/// The stream that an operation's responses go to at the moment.
class response_stream {
public:
  virtual ~response_stream() = default;
  /// There is something to take.
  virtual void more() = 0;
  /// Another stream has taken over.
  virtual void replaced() = 0;
};

struct operation_facts {
  std::string session;
  std::string server_session;
  std::string id;
  std::vector<std::string> tags;
  std::string plan;  ///< serialized, to tell a repeated request from another one
  bool reattachable = false;
  bool quiet = false;  ///< no heartbeats
};

class operation {
public:
  explicit operation(operation_facts facts) : facts_(std::move(facts)) {}

  const operation_facts& facts() const { return facts_; }

  // ---- making responses ----

  /// Adds ids. Dropped when the operation is over.
  void send(spark::connect::ExecutePlanResponse response);
  void complete();
  void fail(const error_reply& error);
  /// Whether more may be sent now; if not, `resume` runs once there is room.
  bool has_room(std::function<void()> resume);
  /// Runs at once when it is cancelled already.
  void on_cancel(std::function<void()> action);
  bool is_over() const;
  /// A heartbeat, unless something waits to be read or was sent since `before`.
  void beat(microseconds now, microseconds before);

  // ---- reading them ----

  /// Makes `stream` the reader, after this response (absent: from the first). False: the position is not known any more.
  bool attach(const std::shared_ptr<response_stream>& stream, const std::optional<std::string>& after, std::uint64_t& cursor);
  void detach(const response_stream* stream, microseconds now);
  struct taken {
    shared_bytes response;              ///< null: nothing now, or the end
    bool ended = false;
    std::optional<error_reply> error;   ///< of the end
    bool lost = false;                  ///< the position is not kept any more
  };
  taken take(std::uint64_t cursor);
  void release_until(const std::string& response);
  void release_all();
  /// Ends it with OPERATION_CANCELED; false: it is over already.
  bool cancel();
  /// Since when nobody reads it; none while somebody does.
  std::optional<microseconds> idle_since() const;

private:
  struct entry {
    shared_bytes bytes;
  };
  void end(std::unique_lock<std::mutex>& lock, std::optional<error_reply> error);
  void notify(std::unique_lock<std::mutex>& lock);
  void forget_sent();
  std::optional<std::uint64_t> index_of(const std::string& response) const;

  const operation_facts facts_;
  mutable std::mutex mutex_;
  std::deque<entry> kept_;
  std::uint64_t first_ = 0;   ///< number of the first that is kept
  std::uint64_t sent_ = 0;    ///< how many were taken at least once
  std::size_t kept_bytes_ = 0;
  std::size_t unsent_bytes_ = 0;
  std::weak_ptr<response_stream> stream_;
  const response_stream* reader_ = nullptr;
  std::optional<microseconds> idle_since_;
  microseconds last_sent_{0};
  bool sent_since_beat_ = false;
  bool ended_ = false;
  bool cancelled_ = false;
  std::optional<error_reply> error_;
  std::function<void()> resume_;
  std::function<void()> cancel_action_;
};

/// OPERATION_CANCELED.
status operation_cancelled();

} // namespace sluice::connect
