#pragma once
/// One client's session: settings, views, running operations, streaming queries, cached rows. Kept by the service; any
/// thread, under its own lock.
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "coordinator/catalog/catalog.hpp"
#include "coordinator/connect/configuration.hpp"
#include "coordinator/connect/operation.hpp"
#include "coordinator/connect/streams.hpp"
#include "coordinator/connect/translation.hpp"
#include "proto/spark/connect/relations.pb.h"

namespace sluice::connect {

using operation_ptr = std::shared_ptr<operation>;

class session : public std::enable_shared_from_this<session> {
public:
  session(std::string user, std::string id, std::string server_id)
    : user(std::move(user)), id(std::move(id)), server_id(std::move(server_id)) {}

  const std::string user;
  const std::string id;
  const std::string server_id;  ///< tells this session from one of the same id before a restart

  // ---- settings and names ----
  result<config_reply> configure(const spark::connect::ConfigRequest_Operation& operation);
  plan::session_settings settings() const;
  std::string time_zone() const;
  std::string setting(const std::string& key) const;  ///< empty: not set
  status set(const std::string& key, const std::string& value);

  view_map views() const;
  /// Error: already_exists.
  status define_view(const std::string& name, spark::connect::Relation relation, bool replace);
  bool drop_view(const std::string& name);
  /// Memory tables of this session's queries: as in Spark, a session does not see those of others.
  catalog::result_tables tables() const;
  /// Queries behind the names of this session's own tables.
  std::map<std::string, query_id> table_queries() const;

  // ---- rows of large local relations ----
  bool has_artifact(const std::string& name) const;
  /// Error: limit_exceeded.
  status add_artifact(const std::string& name, std::string bytes);
  artifact_map artifacts() const;

  // ---- operations ----
  operation_ptr find_operation(const std::string& id) const;
  /// False: there is one of this id.
  bool add_operation(const operation_ptr& operation);
  void remove_operation(const std::string& id);
  std::vector<operation_ptr> operations() const;

  // ---- streaming queries ----
  /// Keeps the name for a query that is about to start. Error: query_active.
  status reserve_name(const std::string& name);
  void release_name(const std::string& name);
  void add_stream(const stream_ptr& stream);
  stream_ptr find_stream(const std::string& id, const std::string& run) const;
  std::vector<stream_ptr> streams() const;
  /// Tells the listener bus, if there is one.
  void publish(const stream_event& event);
  /// The bus's own operation; a second one is refused by a null.
  bool open_bus(const operation_ptr& bus);
  operation_ptr close_bus();
  bool has_bus() const;
  /// resetTerminated(): queries over by now do not end a later awaitAnyTermination().
  void forget_terminated();
  /// One that is over and was not forgotten; null if there is none.
  stream_ptr terminated() const;

  /// Settings, views and cached rows of another session.
  void copy_from(const session& other);
  void touch(microseconds now);
  microseconds last_used() const;

private:
  mutable std::mutex mutex_;
  configuration configuration_;
  view_map views_;
  std::map<std::string, std::shared_ptr<const std::string>> artifacts_;
  std::size_t artifact_bytes_ = 0;
  std::map<std::string, operation_ptr> operations_;
  std::set<std::string> starting_;
  std::map<std::string, stream_ptr> streams_;  ///< by run
  std::set<std::string> forgotten_;            ///< runs
  operation_ptr bus_;
  microseconds last_used_{0};
};
using session_ptr = std::shared_ptr<session>;

} // namespace sluice::connect
