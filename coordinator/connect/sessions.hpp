#pragma once
/// The sessions of all clients. Any thread.
#include <deque>
#include <map>
#include <mutex>
#include <set>

#include "coordinator/connect/engine.hpp"
#include "coordinator/connect/session.hpp"

namespace sluice::connect {

class sessions {
public:
  explicit sessions(engine& host) : host_(host) {}

  /// The session of a call, made if it is new. `observed`: what the client believes to be the session's server id; may be empty.
  /// Errors: INVALID_HANDLE.FORMAT, SESSION_CLOSED, SESSION_CHANGED; limit_exceeded.
  result<session_ptr> open(const std::string& user, const std::string& id, const std::string& observed);
  /// Null if there is none.
  session_ptr find(const std::string& user, const std::string& id);
  /// Ends the session: its operations are cancelled, its queries stop. Null if there is none.
  session_ptr close(const std::string& user, const std::string& id, bool may_come_back);
  /// A session with the settings and views of another. Errors: those of open; invalid_plan if the new id is taken.
  result<session_ptr> clone(const session_ptr& from, const std::string& new_id);
  /// Heartbeats, operations that nobody reads, idle sessions.
  void tick(microseconds now);
  void end_all(const error_reply& reason);

private:
  using key = std::pair<std::string, std::string>;
  void end(const session_ptr& session);
  std::vector<session_ptr> all();

  engine& host_;
  std::mutex mutex_;
  std::map<key, session_ptr> sessions_;
  std::set<key> closed_;
  std::deque<key> closed_order_;
};

/// A status with one of Spark's conditions for handles.
status handle_error(const std::string& condition, const std::string& handle, const std::string& text);
bool is_uuid(const std::string& text);

} // namespace sluice::connect
