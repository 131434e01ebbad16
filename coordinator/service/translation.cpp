#include "coordinator/service/translation.hpp"

#include <arrow/buffer.h>

namespace sluice::service {
namespace {

template <class... Ts>
struct overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
overloaded(Ts...) -> overloaded<Ts...>;

std::string bytes_of(const std::shared_ptr<arrow::Buffer>& buffer) {
  return buffer ? buffer->ToString() : std::string{};
}

grpc::StatusCode code_of(errc code) {
  switch (code) {
    case errc::query_not_found:
    case errc::path_not_found:
    case errc::table_not_found: return grpc::StatusCode::NOT_FOUND;
    case errc::already_exists:
    case errc::query_active: return grpc::StatusCode::ALREADY_EXISTS;
    case errc::cancelled: return grpc::StatusCode::CANCELLED;
    case errc::timed_out: return grpc::StatusCode::DEADLINE_EXCEEDED;
    case errc::unreachable:
    case errc::no_workers: return grpc::StatusCode::UNAVAILABLE;
    case errc::memory_limit:
    case errc::limit_exceeded: return grpc::StatusCode::RESOURCE_EXHAUSTED;
    default: break;
  }
  switch (info(code).domain) {
    case error_domain::user: return grpc::StatusCode::INVALID_ARGUMENT;
    case error_domain::internal: return grpc::StatusCode::INTERNAL;
    default: return grpc::StatusCode::FAILED_PRECONDITION;
  }
}

} // namespace

void fill(const status& error, proto::error_detail& out) {
  const auto& line = info(error.code());
  out.set_code(static_cast<int>(error.code()));
  out.set_name(std::string(line.name));
  out.set_message(error.message());
  out.set_line(error.position().line);
  out.set_column(error.position().column);
  out.set_spark_class(std::string(error.spark_class()));
  out.set_sqlstate(std::string(line.sqlstate));
}

void fill(const actors::query_summary& summary, proto::query_summary& out) {
  out.set_id(summary.id.text);
  out.set_run_id(summary.run.text);
  out.set_name(summary.name);
  out.set_state(summary.state);
  out.set_batch_id(summary.batch);
  out.set_num_input_rows(summary.num_input_rows);
  out.set_input_rows_per_second(summary.input_rows_per_second);
  out.set_processed_rows_per_second(summary.processed_rows_per_second);
}

void fill(const actors::query_detail& detail, proto::query_detail& out) {
  fill(detail.summary, *out.mutable_summary());
  out.set_sink(detail.sink);
  out.set_checkpoint(detail.checkpoint);
  if (!detail.error.ok()) fill(detail.error, *out.mutable_error());
  out.set_plan(detail.plan);
  out.set_last_progress_json(detail.last_progress);
  for (const auto& worker : detail.workers) out.add_workers(worker);
  for (const auto& path : detail.paths) out.add_paths(path);
  for (const auto& warning : detail.warnings) out.add_warnings(warning);
}

void fill(const actors::worker_summary& worker, proto::worker_info& out) {
  out.set_id(worker.id.text);
  out.set_pid(worker.pid);
  out.set_address(worker.address);
  out.set_slots(worker.slots);
  out.set_state(worker.state);
}

proto::job_event event_of(const actors::job_event& event) {
  proto::job_event out;
  std::visit(overloaded{
                 [&](const actors::query_started& started) {
                   auto& to = *out.mutable_started();
                   to.set_id(started.id.text);
                   to.set_run_id(started.run.text);
                   to.set_name(started.name);
                   for (const auto& warning : started.warnings) to.add_warnings(warning);
                 },
                 [&](const actors::query_progress& progress) {
                   auto& to = *out.mutable_progress();
                   to.set_id(progress.id.text);
                   to.set_name(progress.name);
                   to.set_json(progress.json);
                 },
                 [&](const actors::query_ended& ended) {
                   auto& to = *out.mutable_ended();
                   to.set_id(ended.id.text);
                   to.set_name(ended.name);
                   to.set_state(ended.state);
                   if (!ended.error.ok()) fill(ended.error, *to.mutable_error());
                 },
                 [&](const actors::result_rows& rows) {
                   auto& to = *out.mutable_rows();
                   to.set_arrow(bytes_of(rows.arrow));
                   to.set_last(rows.last);
                   to.set_time_zone(rows.time_zone);
                 },
                 [&](const actors::console_rows& rows) {
                   auto& to = *out.mutable_console();
                   to.set_name(rows.name);
                   to.set_batch(rows.batch);
                   to.set_arrow(bytes_of(rows.arrow));
                   to.set_time_zone(rows.time_zone);
                   to.set_num_rows(rows.num_rows);
                   to.set_truncate(rows.truncate);
                 },
                 [&](const actors::notice& notice) { out.set_notice(notice.text); },
             },
             event);
  return out;
}

actors::job_spec job_of(const proto::job_request& request) {
  actors::job_spec job;
  job.text = request.text();
  job.variables.insert(request.variables().begin(), request.variables().end());
  job.directory = request.directory();
  job.name = request.name();
  job.wait = request.wait();
  job.batch_only = request.batch_only();
  return job;
}

grpc::Status call_status(const status& error) {
  if (error.ok()) return grpc::Status::OK;
  proto::error_detail detail;
  fill(error, detail);
  return {code_of(error.code()), error.to_string(), detail.SerializeAsString()};
}

} // namespace sluice::service
