#pragma once
/// Runs plans: relations to rows, commands to their effects, analysis to answers. Nothing here blocks; answers come on other threads.
#include <functional>

#include "coordinator/connect/engine.hpp"
#include "coordinator/connect/session.hpp"

namespace spark::connect {
class AnalyzePlanRequest;
class AnalyzePlanResponse;
class Command;
class Plan;
class WriteStreamOperationStart;
} // namespace spark::connect

namespace sluice::connect {

/// Everything that one call knows.
struct call {
  engine& host;
  session_ptr session;
  operation_ptr operation;  ///< null for calls without responses in a stream
};

/// Runs a plan to the end of its operation.
void execute(const call& call, spark::connect::Plan plan);

/// The answer's ids are the caller's.
void analyze(const call& call, spark::connect::AnalyzePlanRequest request,
             std::function<void(result<spark::connect::AnalyzePlanResponse>, std::string sql)> answer);

/// SQL text of a plan, for positions in messages; empty if there is none.
std::string sql_text_of(const spark::connect::Plan& plan);

// ---- between the files of this room ----

/// What a session sees, as the analyzer wants it.
struct scope {
  catalog::session catalog;
  plan::session_settings settings;
  view_map views;
  artifact_map artifacts;
  std::string directory;
  translation_context context() const { return {catalog, settings, views, directory, &artifacts}; }
};
/// Gathers the scope and goes on away from the control actors.
void with_scope(const call& call, std::function<void(const scope&)> then);

void fail(const call& call, const status& error, const std::string& sql = {});
void execute_relation(const call& call, const spark::connect::Relation& relation);
void execute_command(const call& call, spark::connect::Command command);
void start_stream(const call& call, spark::connect::WriteStreamOperationStart start);
/// streaming_query_command, streaming_query_manager_command and the listener bus.
void control_stream(const call& call, const spark::connect::Command& command);
/// Rows of the catalog's call, with their schema.
result<actors::batch_rows> catalog_rows(const call& call, const scope& scope, const spark::connect::Relation& relation);
/// Sends schema, rows and the end.
void deliver(const call& call, const actors::batch_rows& rows);

/// What a batch plan becomes: ready to run.
result<actors::batch_job> plan_batch(const call& call, const scope& scope, const spark::connect::Relation& relation);
/// Refuses what reads a stream.
status check_batch(const translated& query);

} // namespace sluice::connect
