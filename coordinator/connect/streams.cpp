#include "coordinator/connect/streams.hpp"

#include <nlohmann/json.hpp>

#include "coordinator/connect/errors.hpp"
#include "coordinator/query/progress.hpp"

namespace sluice::connect {
namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t most_reports = 100;

std::string text_of(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

/// lastProgress and recentProgress: offsets are JSON in JSON, and every member that clients look for is there.
std::string recent_json(const query::query_progress& progress) {
  auto out = json::parse(query::to_json(progress));
  for (const char* key : {"inputRowsPerSecond", "processedRowsPerSecond"})
    if (!out.contains(key)) out[key] = 0.0;
  if (!out.contains("eventTime")) out["eventTime"] = json::object();
  for (auto& op : out["stateOperators"])
    if (!op.contains("customMetrics")) op["customMetrics"] = json::object();
  for (auto& source : out["sources"]) {
    for (const char* key : {"startOffset", "endOffset", "latestOffset"})
      if (!source[key].is_null()) source[key] = text_of(source[key]);
    for (const char* key : {"inputRowsPerSecond", "processedRowsPerSecond"})
      if (!source.contains(key)) source[key] = 0.0;
  }
  if (!out["sink"].contains("metrics")) out["sink"]["metrics"] = json::object();
  out["observedMetrics"] = json::object();
  return text_of(out);
}

/// Listener events: offsets are objects, empty maps are left out.
std::string event_json(const query::query_progress& progress) {
  auto report = json::parse(query::to_json(progress));
  for (const char* key : {"inputRowsPerSecond", "processedRowsPerSecond"})
    if (!report.contains(key)) report[key] = 0.0;
  for (auto& source : report["sources"])
    for (const char* key : {"inputRowsPerSecond", "processedRowsPerSecond"})
      if (!source.contains(key)) source[key] = 0.0;
  json out;
  out["progress"] = std::move(report);
  return text_of(out);
}

std::string iso_now(std::int64_t wall_us) {
  query::query_progress clock;
  clock.timestamp_us = wall_us;
  return json::parse(query::to_json(clock))["timestamp"];
}

} // namespace

void stream::announced() {
  while (true) {
    std::vector<stream_event> held;
    {
      std::lock_guard lock(mutex_);
      announced_ = held_.empty();
      if (announced_) return;
      held.swap(held_);
    }
    for (auto& event : held) listener_(std::move(event));
  }
}

void stream::tell(stream_event event) {
  {
    std::lock_guard lock(mutex_);
    if (!announced_) {
      held_.push_back(std::move(event));
      return;
    }
  }
  listener_(std::move(event));
}

stream::state stream::now() const {
  std::lock_guard lock(mutex_);
  return state_;
}

std::vector<std::string> stream::recent() const {
  std::deque<std::shared_ptr<const query::query_progress>> reports;
  {
    std::lock_guard lock(mutex_);
    reports = recent_;
  }
  std::vector<std::string> out;
  for (const auto& report : reports) out.push_back(recent_json(*report));
  return out;
}

void stream::when_over(std::function<void()> action) {
  {
    std::lock_guard lock(mutex_);
    if (state_.active) {
      waiting_.push_back(std::move(action));
      return;
    }
  }
  action();
}

status stream::failure() const {
  auto at = now();
  if (at.error.ok()) return ok();
  return {errc::query_failed, "Query [id = " + id.text + ", runId = " + run.text + "] terminated with exception: " + spark_text(at.error)};
}

void stream::on_activity(bool busy) {
  std::lock_guard lock(mutex_);
  state_.busy = busy;
}

void stream::on_progress(std::shared_ptr<const query::query_progress> progress) {
  {
    std::lock_guard lock(mutex_);
    recent_.push_back(progress);
    if (recent_.size() > most_reports) recent_.pop_front();
  }
  tell({stream_event::kind::progress, event_json(*progress)});
}

void stream::on_end(std::string end, status error) {
  std::vector<std::function<void()>> waiting;
  json event;
  {
    std::lock_guard lock(mutex_);
    state_ = {false, false, std::move(end), std::move(error)};
    waiting.swap(waiting_);
    event = {{"id", id.text}, {"runId", run.text}, {"exception", nullptr}, {"errorClassOnException", nullptr}};
    if (!state_.error.ok()) {
      event["exception"] = java_class(state_.error) + ": " + spark_text(state_.error);
      event["errorClassOnException"] = "STREAM_FAILED";
    }
  }
  tell({stream_event::kind::terminated, text_of(event)});
  for (auto& action : waiting) action();
}

std::string started_json(const stream& stream, std::int64_t wall_us) {
  json out = {{"id", stream.id.text}, {"runId", stream.run.text}};
  out["name"] = stream.name.empty() ? json(nullptr) : json(stream.name);
  out["timestamp"] = iso_now(wall_us);
  out["jobTags"] = json::array();
  return text_of(out);
}

} // namespace sluice::connect
