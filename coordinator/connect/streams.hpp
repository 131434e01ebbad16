#pragma once
/// A streaming query that a session has started: what its client can ask about it, also after its end. Fed by the
/// coordinator's actors, asked by calls; any thread.
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "coordinator/actors/control_plane.hpp"

namespace sluice::connect {

/// Somebody who hears of a session's queries: the listener bus.
struct stream_event {
  enum class kind { progress = 1, terminated = 2 };  ///< as StreamingQueryEventType
  kind what = kind::progress;
  std::string json;
};

class stream : public actors::query_follower {
public:
  struct state {
    bool active = true;
    bool busy = false;
    std::string end;   ///< stopped, finished, failed
    status error;
  };

  stream(std::string name, std::function<void(stream_event)> listener) : name(std::move(name)), listener_(std::move(listener)) {}

  const std::string name;  ///< as the client gave it; may be empty
  query_id id;             ///< set once, before anybody else sees the stream
  run_id run;
  data::schema_ptr schema; ///< of its memory table; null for other sinks
  plan::output_mode mode = plan::output_mode::append;
  std::string plan_text;   ///< for explain

  /// The client knows of the start: events that came before go to the listener now.
  void announced();
  state now() const;
  /// Reports in the shape of lastProgress, the oldest first; at most 100 are kept.
  std::vector<std::string> recent() const;
  /// Runs `action` once the query is over (at once if it is).
  void when_over(std::function<void()> action);
  /// The failure as Spark tells it: condition STREAM_FAILED, with the ids and the cause.
  status failure() const;

  void on_activity(bool busy) override;
  void on_progress(std::shared_ptr<const query::query_progress> progress) override;
  void on_end(std::string state, status error) override;

private:
  mutable std::mutex mutex_;
  state state_;
  std::deque<std::shared_ptr<const query::query_progress>> recent_;
  std::vector<std::function<void()>> waiting_;
  void tell(stream_event event);

  std::function<void(stream_event)> listener_;
  bool announced_ = false;
  std::vector<stream_event> held_;
};
using stream_ptr = std::shared_ptr<stream>;

/// {id, runId, name, timestamp, jobTags}, as listeners get it.
std::string started_json(const stream& stream, std::int64_t wall_us);

} // namespace sluice::connect
