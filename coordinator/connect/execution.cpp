#include "coordinator/connect/execution.hpp"

#include <arrow/api.h>

#include "coordinator/connect/results.hpp"
#include "coordinator/connect/show.hpp"
#include "coordinator/connect/types.hpp"
#include "proto/spark/connect/base.pb.h"

namespace sluice::connect {
namespace {

using spark::connect::ExecutePlanResponse;
using spark::connect::Relation;

void send_schema(const call& call, const arrow::Schema& schema) {
  ExecutePlanResponse response;
  fill(schema, *response.mutable_schema());
  call.operation->send(std::move(response));
}

/// Sends chunks while the client keeps up, and goes on when there is room again.
void pump(const call& call, const std::shared_ptr<result_chunks>& chunks) {
  while (!call.operation->is_over()) {
    if (!call.operation->has_room([call, chunks] { call.host.plane.compute([call, chunks] { pump(call, chunks); }); })) return;
    ExecutePlanResponse response;
    auto filled = chunks->next(response);
    if (!filled.ok()) return fail(call, filled);
    call.operation->send(std::move(response));
    if (chunks->done()) return call.operation->complete();
  }
}

void send_rows(const call& call, const actors::batch_rows& rows) {
  pump(call, std::make_shared<result_chunks>(rows.schema, rows.batches, call.session->time_zone()));
}

using rows_then = std::function<void(const actors::batch_rows&)>;

/// Runs a planned SELECT; `then` goes on with its rows away from the control actors.
void run_rows(const call& call, actors::batch_job job, const std::string& sql, rows_then then) {
  auto handle = call.host.plane.run_batch(std::move(job), [call, sql, then](result<actors::batch_rows> rows) {
    if (!rows.ok()) return fail(call, rows.error(), sql);
    call.host.plane.compute([then, rows = std::move(*rows)] { then(rows); });
  });
  if (handle) call.operation->on_cancel([handle] { handle->cancel(); });
}

Relation limited(const Relation& input, std::int64_t rows) {
  Relation out;
  out.mutable_limit()->set_limit(static_cast<std::int32_t>(std::clamp<std::int64_t>(rows, 0, 2'147'483'647)));
  *out.mutable_limit()->mutable_input() = input;
  return out;
}

/// One row with one text.
void run_text(const call& call, const scope& scope, const Relation& input, std::int64_t rows, const char* column, const std::string& sql,
              std::function<std::string(const actors::batch_rows&)> render) {
  auto job = plan_batch(call, scope, limited(input, rows));
  if (!job.ok()) return fail(call, job.error(), sql);
  auto schema = arrow::schema({arrow::field(column, arrow::utf8(), false)});
  send_schema(call, *schema);
  run_rows(call, std::move(*job), sql, [call, schema, column, render](const actors::batch_rows& rows) {
    send_rows(call, {schema, {text_row(column, render(rows))}});
  });
}

void run_show(const call& call, const scope& scope, const spark::connect::ShowString& wanted, const std::string& sql) {
  show_layout layout{std::max(0, wanted.num_rows()), wanted.truncate(), wanted.vertical(), call.session->time_zone()};
  run_text(call, scope, wanted.input(), layout.num_rows + 1, "show_string", sql,
           [layout](const actors::batch_rows& rows) { return show(*rows.schema, rows.batches, layout); });
}

void run_html(const call& call, const scope& scope, const spark::connect::HtmlString& wanted, const std::string& sql) {
  show_layout layout{std::max(0, wanted.num_rows()), wanted.truncate(), false, call.session->time_zone()};
  run_text(call, scope, wanted.input(), layout.num_rows + 1, "html_string", sql,
           [layout](const actors::batch_rows& rows) { return html(*rows.schema, rows.batches, layout); });
}

std::vector<data::batch_ptr> last_rows(const std::vector<data::batch_ptr>& batches, std::int64_t count) {
  std::vector<data::batch_ptr> out;
  for (auto it = batches.rbegin(); it != batches.rend() && count > 0; ++it) {
    auto take = std::min(count, (*it)->num_rows());
    out.insert(out.begin(), (*it)->Slice((*it)->num_rows() - take));
    count -= take;
  }
  return out;
}

void run_plain(const call& call, const scope& scope, const Relation& relation, const std::string& sql) {
  bool is_tail = relation.rel_type_case() == Relation::kTail;
  auto job = plan_batch(call, scope, is_tail ? relation.tail().input() : relation);
  if (!job.ok()) return fail(call, job.error(), sql);
  send_schema(call, *job->plan.root->output);
  std::int64_t tail = is_tail ? std::max(0, relation.tail().limit()) : -1;
  run_rows(call, std::move(*job), sql, [call, tail](const actors::batch_rows& rows) {
    if (tail < 0) return send_rows(call, rows);
    send_rows(call, {rows.schema, last_rows(rows.batches, tail)});
  });
}

} // namespace

void fail(const call& call, const status& error, const std::string& sql) { call.operation->fail(reply_of(error, sql)); }

void deliver(const call& call, const actors::batch_rows& rows) {
  send_schema(call, *rows.schema);
  send_rows(call, rows);
}

void with_scope(const call& call, std::function<void(const scope&)> then) {
  call.host.plane.compute([call, then = std::move(then)] {
    scope seen{catalog::session(call.session->tables()), call.session->settings(), call.session->views(), call.session->artifacts(),
               call.host.directory};
    then(seen);
  });
}

status check_batch(const translated& query) {
  if (!query.streaming) return ok();
  return status(errc::unsupported_feature, "Queries with streaming sources must be executed with writeStream.start(), or from a streaming table or "
                "flow definition within a Spark Declarative Pipeline.")
      .with_spark_class("_LEGACY_ERROR_TEMP_3102");
}

result<actors::batch_job> plan_batch(const call& call, const scope& scope, const Relation& relation) {
  SLUICE_ASSIGN_OR_RETURN(auto query, translate(relation, scope.context()));
  SLUICE_RETURN_IF_ERROR(check_batch(query));
  actors::batch_job job;
  SLUICE_ASSIGN_OR_RETURN(job.plan, plan::analyze_query(*query.query, scoped_catalog(scope.catalog, query), scope.settings));
  for (auto& [name, rows] : query.rows) job.rows[name] = std::make_shared<const std::vector<data::batch_ptr>>(std::move(rows));
  job.tables = call.session->table_queries();
  return job;
}

void execute_relation(const call& call, const Relation& relation) {
  with_scope(call, [call, relation](const scope& scope) {
    spark::connect::Plan plan;
    *plan.mutable_root() = relation;
    auto sql = sql_text_of(plan);
    switch (relation.rel_type_case()) {
      case Relation::kShowString: return run_show(call, scope, relation.show_string(), sql);
      case Relation::kHtmlString: return run_html(call, scope, relation.html_string(), sql);
      case Relation::kCatalog: {
        auto rows = catalog_rows(call, scope, relation);
        if (!rows.ok()) return fail(call, rows.error());
        return deliver(call, *rows);
      }
      default: return run_plain(call, scope, relation, sql);
    }
  });
}

void execute(const call& call, spark::connect::Plan plan) {
  switch (plan.op_type_case()) {
    case spark::connect::Plan::kRoot: return execute_relation(call, plan.root());
    case spark::connect::Plan::kCommand: return execute_command(call, std::move(*plan.mutable_command()));
    default:
      return fail(call, status(errc::invalid_plan, "The Spark Connect plan is invalid. This oneOf field in spark.connect.Plan is not set: OP_TYPE_NOT_SET")
                            .with_spark_class("CONNECT_INVALID_PLAN.INVALID_ONE_OF_FIELD_NOT_SET"));
  }
}

namespace {

/// The first SQL text below a message, depth first.
std::string find_sql(const google::protobuf::Message& message, int depth) {
  if (const auto* sql = dynamic_cast<const spark::connect::SQL*>(&message)) return sql->query();
  if (depth > 60) return {};
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  const auto& reflection = *message.GetReflection();
  reflection.ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE || field->is_repeated()) continue;
    auto found = find_sql(reflection.GetMessage(message, field), depth + 1);
    if (!found.empty()) return found;
  }
  return {};
}

} // namespace

std::string sql_text_of(const spark::connect::Plan& plan) { return find_sql(plan, 0); }

} // namespace sluice::connect
