// Streaming queries: start, control, listener bus.
#include <algorithm>
#include <atomic>

#include "common/base/log.hpp"
#include "common/plan/options.hpp"
#include "common/sql/ast.hpp"
#include "common/sql/nearest.hpp"
#include "coordinator/connect/execution.hpp"
#include "coordinator/connect/spark_options.hpp"
#include "coordinator/connect/types.hpp"
#include "proto/spark/connect/base.pb.h"

namespace sluice::connect {
namespace {

using spark::connect::Command;
using spark::connect::ExecutePlanResponse;
using spark::connect::StreamingQueryCommand;
using spark::connect::StreamingQueryManagerCommand;
using start_message = spark::connect::WriteStreamOperationStart;

status lacks(const std::string& what) { return {errc::unsupported_feature, what + " is not supported"}; }

// ---- start ----

sql::option option_of(std::string key, std::string value) { return {std::move(key), std::move(value), {}, {}}; }

/// "append", "update", "complete"; empty for another text.
std::string mode_of(const start_message& start) {
  auto mode = sql::to_lower(start.output_mode());
  if (mode.empty()) return "append";
  return mode == "append" || mode == "update" || mode == "complete" ? mode : std::string{};
}

status add_trigger(const start_message& start, std::vector<sql::option>& options) {
  switch (start.trigger_case()) {
    case start_message::kProcessingTimeInterval: {
      auto interval = start.processing_time_interval();
      if (!interval.starts_with("0 ")) options.push_back(option_of("trigger", interval));
      return ok();
    }
    case start_message::kAvailableNow: options.push_back(option_of("trigger", "availableNow")); return ok();
    case start_message::kOnce: options.push_back(option_of("trigger", "once")); return ok();
    case start_message::kContinuousCheckpointInterval: return lacks("continuous processing (trigger(continuous=…))");
    case start_message::kRealTimeBatchDuration: return lacks("the real-time trigger");
    case start_message::TRIGGER_NOT_SET: break;
  }
  return ok();
}

status check_members(const start_message& start) {
  const auto& unknown = start.GetReflection()->GetUnknownFields(start);
  for (int i = 0; i < unknown.field_count(); ++i) {
    auto number = unknown.field(i).number();
    if (number == 13) return lacks("writeStream.foreach, which needs Python on the server,");
    if (number == 14) return lacks("writeStream.foreachBatch, which needs Python on the server,");
    return lacks("member " + std::to_string(number) + " of writeStream.start");
  }
  if (start.has_table_name()) return lacks("writeStream.toTable");
  if (start.partitioning_column_names_size() > 0) return lacks("writeStream.partitionBy");
  if (start.clustering_column_names_size() > 0) return lacks("writeStream.clusterBy");
  if (mode_of(start).empty())
    return status(errc::invalid_option, "Invalid output mode: " + start.output_mode() + ".").with_spark_class("STREAMING_OUTPUT_MODE.INVALID");
  return ok();
}

/// The sink's options; those that nobody knows are dropped with a line in the log, as Spark does without one.
status add_options(const start_message& start, const std::string& format, std::vector<sql::option>& options) {
  auto place = plan::sink_place(format);
  std::map<std::string, std::string> given(start.options().begin(), start.options().end());
  if (start.sink_destination_case() == start_message::kPath) given["path"] = start.path();
  bool is_file = place & plan::file_sink;
  for (const auto& [key, value] : given) {
    auto lower = sql::to_lower(key);
    if (lower == "path" && !is_file) continue;
    auto checked = plan::check_option(key, value, place | plan::streaming_table, "a sink " + format, {}, {});
    if (!checked.ok() && checked.code() == errc::unknown_option && !spark_knows_option(key)) {
      log::warn("an option is ignored", "sink", format, "option", key, "query", start.query_name());
      continue;
    }
    if (!checked.ok()) return checked.error();
    options.push_back(option_of(key, value));
  }
  return ok();
}

status check_sink(const call& call, const start_message& start, const std::string& format) {
  if (format == "memory" && start.query_name().empty())
    return status(errc::invalid_option, "queryName must be specified for memory sink.").with_spark_class("_LEGACY_ERROR_TEMP_1194");
  bool is_file = plan::sink_place(format) & plan::file_sink;
  if (!is_file || !call.session->setting("spark.sql.streaming.checkpointLocation").empty()) return ok();
  for (const auto& [key, value] : start.options())
    if (sql::to_lower(key) == "checkpointlocation") return ok();
  return status(errc::invalid_option, "checkpointLocation must be specified either through option(\"checkpointLocation\", ...) or "
                "SparkSession.conf.set(\"spark.sql.streaming.checkpointLocation\", ...).")
      .with_spark_class("_LEGACY_ERROR_TEMP_1298");
}

result<plan::streaming_plan> plan_stream(const call& call, const scope& scope, const start_message& start) {
  SLUICE_RETURN_IF_ERROR(check_members(start));
  sql::create_streaming_table table;
  table.format = start.format().empty() ? "parquet" : sql::to_lower(start.format());
  if (plan::sink_place(table.format) == 0)
    return status(errc::data_source_not_found, "Failed to find the data source: " + table.format +
                  ". Make sure the provider name is correct and the package is properly registered and compatible with your Spark version.");
  SLUICE_RETURN_IF_ERROR(check_sink(call, start, table.format));
  SLUICE_ASSIGN_OR_RETURN(auto query, translate(start.input(), scope.context()));
  if (!query.streaming)
    return status(errc::unsupported_feature, "'writeStream' can be called only on streaming Dataset/DataFrame.").with_spark_class("WRITE_STREAM_NOT_ALLOWED");
  table.name = start.query_name().empty() ? call.host.random->uuid() : start.query_name();
  table.body = query.query;
  SLUICE_RETURN_IF_ERROR(add_options(start, table.format, table.options));
  SLUICE_RETURN_IF_ERROR(add_trigger(start, table.options));
  table.options.push_back(option_of("outputMode", mode_of(start)));
  SLUICE_ASSIGN_OR_RETURN(auto plan, plan::analyze_stream(table, scoped_catalog(scope.catalog, query), scope.settings, scope.directory));
  plan.name = start.query_name();
  return plan;
}

} // namespace

void start_stream(const call& call, start_message start) {
  with_scope(call, [call, start = std::move(start)](const scope& scope) {
    spark::connect::Plan whole;
    *whole.mutable_root() = start.input();
    auto sql = sql_text_of(whole);
    auto plan = plan_stream(call, scope, start);
    if (!plan.ok()) return fail(call, plan.error(), sql);
    auto reserved = call.session->reserve_name(start.query_name());
    if (!reserved.ok()) return fail(call, reserved);
    auto made = std::make_shared<stream>(start.query_name(), [session = std::weak_ptr(call.session)](stream_event event) {
      if (auto alive = session.lock()) alive->publish(event);
    });
    if (plan->sink.format == "memory") made->schema = all_nullable(plan->output);
    made->mode = plan->mode;
    made->plan_text = plan::explain(*plan);
    call.host.plane.start_query(std::move(*plan), made, [call, made, sql](result<actors::query_started> started) {
      call.session->release_name(made->name);
      if (!started.ok()) return fail(call, started.error(), sql);
      made->id = started->id;
      made->run = started->run;
      call.session->add_stream(made);
      ExecutePlanResponse response;
      auto& out = *response.mutable_write_stream_operation_start_result();
      out.mutable_query_id()->set_id(made->id.text);
      out.mutable_query_id()->set_run_id(made->run.text);
      out.set_name(made->name);
      if (call.session->has_bus()) out.set_query_started_event_json(started_json(*made, call.host.clock->wall().count()));
      call.operation->send(std::move(response));
      call.operation->complete();
      made->announced();
    });
  });
}

namespace {

// ---- one query ----

using command_result = spark::connect::StreamingQueryCommandResult;

ExecutePlanResponse result_of(const stream& query) {
  ExecutePlanResponse response;
  auto& id = *response.mutable_streaming_query_command_result()->mutable_query_id();
  id.set_id(query.id.text);
  id.set_run_id(query.run.text);
  return response;
}

void answer(const call& call, ExecutePlanResponse response) {
  call.operation->send(std::move(response));
  call.operation->complete();
}

void tell_status(const stream& query, command_result& out) {
  auto at = query.now();
  auto& told = *out.mutable_status();
  told.set_is_active(at.active);
  told.set_is_data_available(at.active && at.busy);
  told.set_is_trigger_active(at.active && at.busy);
  if (at.active)
    told.set_status_message(at.busy ? "Processing new data" : "Waiting for data to arrive");
  else
    told.set_status_message(at.error.ok() ? "Stopped" : "Terminated with exception: " + spark_text(at.error));
}

void tell_exception(const stream& query, command_result& out) {
  auto failure = query.failure();
  auto& told = *out.mutable_exception();
  if (failure.ok()) return;
  told.set_exception_message("org.apache.spark.sql.streaming.StreamingQueryException: " + spark_text(failure));
  told.set_error_class("STREAM_FAILED");
}

/// Answers once, whatever comes first.
class first_answer {
public:
  explicit first_answer(std::function<void(bool)> answer) : answer_(std::move(answer)) {}
  void operator()(bool terminated) {
    if (!done_.exchange(true)) answer_(terminated);
  }

private:
  std::atomic<bool> done_ = false;
  std::function<void(bool)> answer_;
};

/// `answer(true)` when the query is over, `answer(false)` when the time is.
std::shared_ptr<first_answer> wait_for(const call& call, std::optional<std::int64_t> timeout_ms, std::function<void(bool)> answer) {
  auto once = std::make_shared<first_answer>(std::move(answer));
  if (timeout_ms)
    call.host.timers.at(call.host.clock->monotonic() + std::chrono::duration_cast<microseconds>(milliseconds(std::clamp<std::int64_t>(*timeout_ms, 0, 1LL << 40))),
                        [once] { (*once)(false); });
  return once;
}

void await_termination(const call& call, const stream_ptr& query, const StreamingQueryCommand& command) {
  std::optional<std::int64_t> timeout;
  if (command.await_termination().has_timeout_ms()) timeout = command.await_termination().timeout_ms();
  auto once = wait_for(call, timeout, [call, query](bool terminated) {
    auto failure = query->failure();
    if (terminated && !failure.ok()) return fail(call, failure);
    auto response = result_of(*query);
    response.mutable_streaming_query_command_result()->mutable_await_termination()->set_terminated(terminated);
    answer(call, std::move(response));
  });
  query->when_over([once] { (*once)(true); });
}

void control_query(const call& call, const StreamingQueryCommand& command) {
  auto query = call.session->find_stream(command.query_id().id(), command.query_id().run_id());
  if (!query)
    return fail(call, {errc::query_not_found, "Streaming query " + command.query_id().id() + " is not found in this session"});
  auto response = result_of(*query);
  auto& out = *response.mutable_streaming_query_command_result();
  switch (command.command_case()) {
    case StreamingQueryCommand::kStatus: tell_status(*query, out); break;
    case StreamingQueryCommand::kLastProgress:
    case StreamingQueryCommand::kRecentProgress: {
      auto recent = query->recent();
      auto& told = *out.mutable_recent_progress();
      if (command.last_progress() && recent.size() > 1) recent.erase(recent.begin(), recent.end() - 1);
      for (auto& json : recent) told.add_recent_progress_json(std::move(json));
      break;
    }
    case StreamingQueryCommand::kStop:
      if (!query->now().active) break;
      return call.host.plane.stop_query(query->id.text, [call, query, response](result<actors::query_detail> detail) {
        if (!detail.ok()) return fail(call, detail.error());
        answer(call, response);
      });
    case StreamingQueryCommand::kProcessAllAvailable: {
      if (auto failure = query->failure(); !failure.ok()) return fail(call, failure);
      if (!query->now().active) break;
      return call.host.plane.process_available(query->id, [call, query, response](status outcome) {
        if (outcome.ok()) return answer(call, response);
        // the failure is told to the stream at about the same time
        query->when_over([call, query, outcome] {
          auto failure = query->failure();
          fail(call, failure.ok() ? outcome : failure);
        });
      });
    }
    case StreamingQueryCommand::kExplain:
      out.mutable_explain()->set_result("== Physical Plan ==\n" + query->plan_text);
      break;
    case StreamingQueryCommand::kException: tell_exception(*query, out); break;
    case StreamingQueryCommand::kAwaitTermination: return await_termination(call, query, command);
    case StreamingQueryCommand::COMMAND_NOT_SET: return fail(call, lacks("a streaming query command that is not known here"));
  }
  answer(call, std::move(response));
}

// ---- all queries of the session ----

using manager_result = spark::connect::StreamingQueryManagerCommandResult;

void fill_instance(const stream& query, manager_result::StreamingQueryInstance& out) {
  out.mutable_id()->set_id(query.id.text);
  out.mutable_id()->set_run_id(query.run.text);
  if (!query.name.empty()) out.set_name(query.name);
}

void await_any(const call& call, const StreamingQueryManagerCommand& command) {
  std::optional<std::int64_t> timeout;
  if (command.await_any_termination().has_timeout_ms()) timeout = command.await_any_termination().timeout_ms();
  auto once = wait_for(call, timeout, [call](bool terminated) {
    auto over = call.session->terminated();
    if (terminated && over)
      if (auto failure = over->failure(); !failure.ok()) return fail(call, failure);
    ExecutePlanResponse response;
    response.mutable_streaming_query_manager_command_result()->mutable_await_any_termination()->set_terminated(terminated);
    answer(call, std::move(response));
  });
  if (call.session->terminated()) return (*once)(true);
  for (const auto& query : call.session->streams())
    if (query->now().active) query->when_over([once] { (*once)(true); });
}

void manage_queries(const call& call, const StreamingQueryManagerCommand& command) {
  ExecutePlanResponse response;
  auto& out = *response.mutable_streaming_query_manager_command_result();
  switch (command.command_case()) {
    case StreamingQueryManagerCommand::kActive:
      out.mutable_active();
      for (const auto& query : call.session->streams())
        if (query->now().active) fill_instance(*query, *out.mutable_active()->add_active_queries());
      break;
    case StreamingQueryManagerCommand::kGetQuery:
      if (auto query = call.session->find_stream(command.get_query(), {}); query) fill_instance(*query, *out.mutable_query());
      break;
    case StreamingQueryManagerCommand::kAwaitAnyTermination: return await_any(call, command);
    case StreamingQueryManagerCommand::kResetTerminated:
      call.session->forget_terminated();
      out.set_reset_terminated(true);
      break;
    case StreamingQueryManagerCommand::COMMAND_NOT_SET:
      return fail(call, lacks("a listener that runs in the server (clients before 4.0)"));
  }
  answer(call, std::move(response));
}

void listener_bus(const call& call, const spark::connect::StreamingQueryListenerBusCommand& command) {
  if (command.has_remove_listener_bus_listener()) {
    if (auto bus = call.session->close_bus()) bus->complete();
    return call.operation->complete();
  }
  if (!call.session->open_bus(call.operation))
    return fail(call, {errc::invalid_plan, "the session has a listener bus already"});
  ExecutePlanResponse added;
  added.mutable_streaming_query_listener_events_result()->set_listener_bus_listener_added(true);
  call.operation->send(std::move(added));
}

} // namespace

void control_stream(const call& call, const Command& command) {
  if (command.has_streaming_query_command()) return control_query(call, command.streaming_query_command());
  if (command.has_streaming_query_manager_command()) return manage_queries(call, command.streaming_query_manager_command());
  listener_bus(call, command.streaming_query_listener_bus_command());
}

} // namespace sluice::connect
