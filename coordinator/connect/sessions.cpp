#include "coordinator/connect/sessions.hpp"

#include "common/base/log.hpp"

namespace sluice::connect {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_sessions = 10'000;
constexpr std::size_t most_closed = 10'000;
constexpr microseconds heartbeat = 2s;
constexpr microseconds unread_operation = 5min;
constexpr microseconds idle_session = 60min;

} // namespace

bool is_uuid(const std::string& text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) return false;
  }
  return true;
}

status handle_error(const std::string& condition, const std::string& handle, const std::string& text) {
  return status(errc::invalid_plan, "The handle " + handle + " is invalid. " + text).with_spark_class("INVALID_HANDLE." + condition);
}

result<session_ptr> sessions::open(const std::string& user, const std::string& id, const std::string& observed) {
  if (!is_uuid(id))
    return handle_error("FORMAT", id.substr(0, 64), "Handle must be an UUID string of the format '00112233-4455-6677-8899-aabbccddeeff'");
  std::lock_guard lock(mutex_);
  if (closed_.contains({user, id})) return handle_error("SESSION_CLOSED", id, "Session was closed.");
  auto found = sessions_.find({user, id});
  auto changed = [&] {
    return handle_error("SESSION_CHANGED", id, "The existing Spark server driver instance has restarted. Please reconnect.");
  };
  if (found == sessions_.end()) {
    if (!observed.empty()) return changed();
    if (sessions_.size() >= most_sessions)
      return status(errc::limit_exceeded, "there are " + std::to_string(most_sessions) + " sessions already; stop some");
    found = sessions_.emplace(key{user, id}, std::make_shared<session>(user, id, host_.random->uuid())).first;
  } else if (!observed.empty() && observed != found->second->server_id) {
    return changed();
  }
  found->second->touch(host_.clock->monotonic());
  return found->second;
}

session_ptr sessions::find(const std::string& user, const std::string& id) {
  std::lock_guard lock(mutex_);
  auto found = sessions_.find({user, id});
  if (found == sessions_.end()) return nullptr;
  found->second->touch(host_.clock->monotonic());
  return found->second;
}

session_ptr sessions::close(const std::string& user, const std::string& id, bool may_come_back) {
  session_ptr gone;
  {
    std::lock_guard lock(mutex_);
    key name{user, id};
    if (auto found = sessions_.find(name); found != sessions_.end()) {
      gone = found->second;
      sessions_.erase(found);
    }
    if (!may_come_back && closed_.insert(name).second) {
      closed_order_.push_back(name);
      if (closed_order_.size() > most_closed) {
        closed_.erase(closed_order_.front());
        closed_order_.pop_front();
      }
    }
  }
  if (gone) end(gone);
  return gone;
}

result<session_ptr> sessions::clone(const session_ptr& from, const std::string& new_id) {
  auto id = new_id.empty() ? host_.random->uuid() : new_id;
  if (find(from->user, id)) return status(errc::invalid_plan, "there is a session " + id + " already").with_spark_class("INVALID_CLONE_SESSION_REQUEST.TARGET_SESSION_ID_ALREADY_EXISTS");
  SLUICE_ASSIGN_OR_RETURN(auto made, open(from->user, id, {}));
  made->copy_from(*from);
  return made;
}

void sessions::end(const session_ptr& session) {
  if (auto bus = session->close_bus()) bus->complete();
  for (const auto& operation : session->operations()) operation->cancel();
  for (const auto& query : session->streams())
    if (query->now().active)
      host_.plane.stop_query(query->id.text, [id = query->id](const result<actors::query_detail>& stopped) {
        if (!stopped.ok()) log::warn("a query of a closed session cannot be stopped", "query", id.text, "why", stopped.error().to_string());
      });
}

std::vector<session_ptr> sessions::all() {
  std::lock_guard lock(mutex_);
  std::vector<session_ptr> out;
  for (const auto& [name, session] : sessions_) out.push_back(session);
  return out;
}

void sessions::tick(microseconds now) {
  for (const auto& session : all()) {
    auto operations = session->operations();
    for (const auto& operation : operations) {
      operation->beat(now, now - heartbeat);
      auto idle = operation->idle_since();
      if (!idle || now - *idle < unread_operation) continue;
      operation->cancel();
      session->remove_operation(operation->facts().id);
    }
    if (!operations.empty() || now - session->last_used() < idle_session) continue;
    bool runs = false;
    for (const auto& query : session->streams()) runs = runs || query->now().active;
    if (runs) continue;
    log::info("an idle session ends", "session", session->id);
    close(session->user, session->id, false);
  }
}

void sessions::end_all(const error_reply& reason) {
  for (const auto& session : all())
    for (const auto& operation : session->operations()) operation->fail(reason);
}

} // namespace sluice::connect
