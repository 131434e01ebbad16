#include "coordinator/connect/session.hpp"

#include "common/sql/nearest.hpp"
#include "proto/spark/connect/base.pb.h"

namespace sluice::connect {
namespace {

constexpr std::size_t most_artifact_bytes = 1UL << 30;
constexpr std::size_t most_streams = 200;  ///< queries that are over are forgotten beyond this

} // namespace

result<config_reply> session::configure(const spark::connect::ConfigRequest_Operation& operation) {
  std::lock_guard lock(mutex_);
  return configuration_.apply(operation);
}
plan::session_settings session::settings() const {
  std::lock_guard lock(mutex_);
  return configuration_.settings();
}
std::string session::setting(const std::string& key) const {
  spark::connect::ConfigRequest_Operation operation;
  operation.mutable_get_option()->add_keys(key);
  std::lock_guard lock(mutex_);
  auto reply = const_cast<configuration&>(configuration_).apply(operation);
  return reply.ok() && reply->pairs.front().second ? *reply->pairs.front().second : std::string{};
}
status session::set(const std::string& key, const std::string& value) {
  spark::connect::ConfigRequest_Operation operation;
  auto& pair = *operation.mutable_set()->add_pairs();
  pair.set_key(key);
  pair.set_value(value);
  auto done = configure(operation);
  return done.ok() ? ok() : done.error();
}
std::string session::time_zone() const { return setting("spark.sql.session.timeZone"); }

view_map session::views() const {
  std::lock_guard lock(mutex_);
  return views_;
}
status session::define_view(const std::string& name, spark::connect::Relation relation, bool replace) {
  std::lock_guard lock(mutex_);
  auto key = sql::to_lower(name);
  if (!replace && views_.contains(key))
    return status(errc::already_exists, "Cannot create the temporary view `" + name + "` because it already exists.\nChoose a different name, drop "
                  "or replace the existing view, or add the IF NOT EXISTS clause to tolerate pre-existing views.")
        .with_spark_class("TEMP_TABLE_OR_VIEW_ALREADY_EXISTS");
  views_[key] = std::move(relation);
  return ok();
}
bool session::drop_view(const std::string& name) {
  std::lock_guard lock(mutex_);
  return views_.erase(sql::to_lower(name)) > 0;
}

catalog::result_tables session::tables() const {
  catalog::result_tables out;
  std::lock_guard lock(mutex_);
  for (const auto& [run, stream] : streams_)
    if (stream->schema) out.put({stream->name, stream->id, stream->schema, stream->mode});
  return out;
}
std::map<std::string, query_id> session::table_queries() const {
  std::map<std::string, query_id> out;
  std::lock_guard lock(mutex_);
  for (const auto& [run, stream] : streams_)
    if (stream->schema) out[catalog::fold(stream->name)] = stream->id;
  return out;
}

bool session::has_artifact(const std::string& name) const {
  std::lock_guard lock(mutex_);
  return artifacts_.contains(name);
}
status session::add_artifact(const std::string& name, std::string bytes) {
  std::lock_guard lock(mutex_);
  if (artifacts_.contains(name)) return ok();
  if (artifact_bytes_ + bytes.size() > most_artifact_bytes)
    return {errc::limit_exceeded, "the session's cached rows hold more than " + std::to_string(most_artifact_bytes) + " bytes"};
  artifact_bytes_ += bytes.size();
  artifacts_[name] = std::make_shared<const std::string>(std::move(bytes));
  return ok();
}
artifact_map session::artifacts() const {
  std::lock_guard lock(mutex_);
  return artifacts_;
}

operation_ptr session::find_operation(const std::string& id) const {
  std::lock_guard lock(mutex_);
  auto found = operations_.find(id);
  return found == operations_.end() ? nullptr : found->second;
}
bool session::add_operation(const operation_ptr& operation) {
  std::lock_guard lock(mutex_);
  return operations_.emplace(operation->facts().id, operation).second;
}
void session::remove_operation(const std::string& id) {
  std::lock_guard lock(mutex_);
  operations_.erase(id);
}
std::vector<operation_ptr> session::operations() const {
  std::lock_guard lock(mutex_);
  std::vector<operation_ptr> out;
  for (const auto& [id, operation] : operations_) out.push_back(operation);
  return out;
}

status session::reserve_name(const std::string& name) {
  if (name.empty()) return ok();
  std::lock_guard lock(mutex_);
  auto folded = catalog::fold(name);
  bool taken = starting_.contains(folded);
  for (const auto& [run, stream] : streams_) taken = taken || (catalog::fold(stream->name) == folded && stream->now().active);
  if (!taken) {
    starting_.insert(std::move(folded));
    return ok();
  }
  return {errc::query_active, "Cannot start query with name " + name + " as a query with that name is already active in this SparkSession"};
}
void session::release_name(const std::string& name) {
  std::lock_guard lock(mutex_);
  starting_.erase(catalog::fold(name));
}
void session::add_stream(const stream_ptr& stream) {
  std::lock_guard lock(mutex_);
  for (auto it = streams_.begin(); it != streams_.end();) {
    // the newest query of a name has its table; beyond the bound, those that are over go
    bool replaced = !stream->name.empty() && catalog::fold(it->second->name) == catalog::fold(stream->name);
    if (replaced) it->second->schema = nullptr;
    if (streams_.size() > most_streams && !it->second->now().active) it = streams_.erase(it);
    else ++it;
  }
  streams_[stream->run.text] = stream;
}
stream_ptr session::find_stream(const std::string& id, const std::string& run) const {
  std::lock_guard lock(mutex_);
  for (const auto& [key, stream] : streams_)
    if (stream->id.text == id && (run.empty() ? stream->now().active : key == run)) return stream;
  return nullptr;
}
std::vector<stream_ptr> session::streams() const {
  std::lock_guard lock(mutex_);
  std::vector<stream_ptr> out;
  for (const auto& [run, stream] : streams_) out.push_back(stream);
  return out;
}

void session::publish(const stream_event& event) {
  operation_ptr bus;
  {
    std::lock_guard lock(mutex_);
    bus = bus_;
  }
  if (!bus) return;
  spark::connect::ExecutePlanResponse response;
  auto& out = *response.mutable_streaming_query_listener_events_result()->add_events();
  out.set_event_json(event.json);
  out.set_event_type(static_cast<spark::connect::StreamingQueryEventType>(event.what));
  bus->send(std::move(response));
}
bool session::open_bus(const operation_ptr& bus) {
  std::lock_guard lock(mutex_);
  if (bus_ && !bus_->is_over()) return false;
  bus_ = bus;
  return true;
}
operation_ptr session::close_bus() {
  std::lock_guard lock(mutex_);
  return std::exchange(bus_, nullptr);
}
bool session::has_bus() const {
  std::lock_guard lock(mutex_);
  return bus_ != nullptr;
}
void session::forget_terminated() {
  std::lock_guard lock(mutex_);
  for (const auto& [run, stream] : streams_)
    if (!stream->now().active) forgotten_.insert(run);
}
stream_ptr session::terminated() const {
  std::lock_guard lock(mutex_);
  stream_ptr found;
  for (const auto& [run, stream] : streams_)
    if (!stream->now().active && !forgotten_.contains(run) && (!found || !stream->now().error.ok())) found = stream;
  return found;
}

void session::copy_from(const session& other) {
  std::scoped_lock lock(mutex_, other.mutex_);
  configuration_ = other.configuration_;
  views_ = other.views_;
  artifacts_ = other.artifacts_;
  artifact_bytes_ = other.artifact_bytes_;
}

void session::touch(microseconds now) {
  std::lock_guard lock(mutex_);
  last_used_ = now;
}
microseconds session::last_used() const {
  std::lock_guard lock(mutex_);
  return last_used_;
}

} // namespace sluice::connect
