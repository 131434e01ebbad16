// Commands that are no streaming ones: SQL text, views, batch writes.
#include <arrow/api.h>

#include "common/data/ipc.hpp"
#include "common/sql/nearest.hpp"
#include "common/sql/parser.hpp"
#include "coordinator/connect/execution.hpp"
#include "coordinator/connect/expressions.hpp"
#include "coordinator/connect/results.hpp"
#include "proto/spark/connect/base.pb.h"

namespace sluice::connect {
namespace {

using spark::connect::Command;
using spark::connect::ExecutePlanResponse;
using spark::connect::Relation;

void answer_relation(const call& call, Relation relation) {
  ExecutePlanResponse response;
  *response.mutable_sql_command_result()->mutable_relation() = std::move(relation);
  call.operation->send(std::move(response));
  call.operation->complete();
}

/// Rows that stand in the answer: the client sends them back as a local relation with each action.
void answer_rows(const call& call, const data::batch_ptr& rows) {
  auto bytes = data::encode_batches(rows->schema(), {rows});
  if (!bytes.ok()) return fail(call, bytes.error());
  Relation relation;
  relation.mutable_local_relation()->set_data((*bytes)->ToString());
  answer_relation(call, std::move(relation));
}

void answer_nothing(const call& call) { answer_rows(call, arrow::RecordBatch::Make(arrow::schema(arrow::FieldVector{}), 0, arrow::ArrayVector{})); }

data::batch_ptr table_of_texts(const std::vector<std::string>& names, const std::vector<std::vector<std::string>>& rows) {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (std::size_t i = 0; i < names.size(); ++i) {
    arrow::StringBuilder builder;
    for (const auto& row : rows)
      if (!builder.Append(row[i]).ok()) return nullptr;
    fields.push_back(arrow::field(names[i], arrow::utf8(), false));
    columns.push_back(builder.Finish().ValueOr(nullptr));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), static_cast<std::int64_t>(rows.size()), std::move(columns));
}

void show_tables(const call& call, const scope& scope) {
  arrow::StringBuilder spaces, names;
  arrow::BooleanBuilder temporary;
  bool good = true;
  auto add = [&](const std::string& name, bool temp) {
    good = good && spaces.Append("").ok() && names.Append(name).ok() && temporary.Append(temp).ok();
  };
  for (const auto& [name, view] : scope.views)
    if (!name.starts_with("global_temp.")) add(name, true);
  for (const auto& [name, id] : call.session->table_queries()) add(name, true);
  if (!good) return fail(call, {errc::memory_limit, "the list of tables does not fit"});
  auto schema = arrow::schema({arrow::field("namespace", arrow::utf8(), false), arrow::field("tableName", arrow::utf8(), false),
                               arrow::field("isTemporary", arrow::boolean(), false)});
  answer_rows(call, arrow::RecordBatch::Make(schema, names.length(), {spaces.Finish().ValueOr(nullptr), names.Finish().ValueOr(nullptr),
                                                                      temporary.Finish().ValueOr(nullptr)}));
}

std::string trimmed(std::string text) {
  while (!text.empty() && (std::isspace(static_cast<unsigned char>(text.back())) || text.back() == ';')) text.pop_back();
  std::size_t begin = 0;
  while (begin < text.size() && std::isspace(static_cast<unsigned char>(text[begin]))) ++begin;
  return text.substr(begin);
}

/// The statements that only a session can answer. False: not one of them.
bool session_statement(const call& call, const scope& scope, const std::string& text) {
  auto statement = trimmed(text);
  auto lower = sql::to_lower(statement);
  if (lower == "show tables" || lower == "show views") {
    show_tables(call, scope);
    return true;
  }
  if (lower == "show databases" || lower == "show schemas" || lower == "show namespaces") {
    answer_rows(call, table_of_texts({"namespace"}, {{"default"}}));
    return true;
  }
  bool is_set = lower == "set" || (lower.starts_with("set ") && lower.find('=') == std::string::npos);
  if (!is_set) return false;
  std::vector<std::vector<std::string>> rows;
  if (lower == "set") {
    for (const auto& [key, value] : scope.settings.values) rows.push_back({key, value});
  } else {
    auto key = trimmed(statement.substr(4));
    auto value = call.session->setting(key);
    rows.push_back({key, value.empty() ? "<undefined>" : value});
  }
  answer_rows(call, table_of_texts({"key", "value"}, rows));
  return true;
}

Relation files_of(const sql::create_source& statement) {
  Relation out;
  auto& source = *out.mutable_read()->mutable_data_source();
  source.set_format(statement.format);
  std::string schema;
  for (const auto& column : statement.columns)
    schema += (schema.empty() ? "`" : ", `") + column.name + "` " + column.type;
  source.set_schema(schema);
  for (const auto* options : {&statement.options, &statement.properties})
    for (const auto& option : *options) (*source.mutable_options())[option.key] = option.value;
  return out;
}

/// Runs one statement; what is a query is echoed.
class statement_runner {
public:
  statement_runner(const call& call, const scope& scope, const std::string& text, const Relation& echo)
    : call_(call), scope_(scope), text_(text), echo_(echo) {}

  void operator()(const sql::select_statement&) {
    auto query = translate(echo_, scope_.context());
    if (!query.ok()) return fail(call_, query.error(), text_);
    auto schema = plan::columns_of(*query->query, scoped_catalog(scope_.catalog, *query), scope_.settings);
    if (!schema.ok()) return fail(call_, schema.error(), text_);
    answer_relation(call_, echo_);
  }
  void operator()(const sql::set_statement& statement) {
    auto done = call_.session->set(statement.key, statement.value);
    if (!done.ok()) return fail(call_, done, text_);
    answer_rows(call_, table_of_texts({"key", "value"}, {{statement.key, statement.value}}));
  }
  void operator()(const sql::create_source& statement) {
    if (statement.if_not_exists && scope_.views.contains(sql::to_lower(statement.name))) return answer_nothing(call_);
    define(statement.name, files_of(statement), statement.or_replace);
  }
  void operator()(const sql::create_view& statement) {
    Relation view;
    view.mutable_sql()->set_query(statement.body_text);
    define(statement.name, std::move(view), statement.or_replace);
  }
  void operator()(const sql::create_streaming_table&) {
    fail(call_, status(errc::unsupported_feature, "The feature is not supported: CREATE STREAMING TABLE is only allowed in a pipeline; "
                       "start the query with writeStream")
                    .with_spark_class("UNSUPPORTED_FEATURE.CREATE_PIPELINE_DATASET_QUERY_EXECUTION"), text_);
  }
  void operator()(const sql::drop_statement& statement) {
    if (!call_.session->drop_view(statement.name) && !statement.if_exists)
      return fail(call_, {errc::table_not_found, "The table or view `" + statement.name + "` cannot be found."}, text_);
    answer_nothing(call_);
  }
  template <class Other>
  void operator()(const Other&) {
    fail(call_, {errc::unsupported_feature, "this statement is not supported in a session"}, text_);
  }

private:
  void define(const std::string& name, Relation view, bool replace) {
    auto query = translate(view, scope_.context());
    if (!query.ok()) return fail(call_, query.error(), text_);
    auto schema = plan::columns_of(*query->query, scoped_catalog(scope_.catalog, *query), scope_.settings);
    if (!schema.ok()) return fail(call_, schema.error(), text_);
    auto done = call_.session->define_view(name, std::move(view), replace);
    if (!done.ok()) return fail(call_, done, text_);
    answer_nothing(call_);
  }

  const call& call_;
  const scope& scope_;
  const std::string& text_;
  const Relation& echo_;
};

void run_sql(const call& call, const spark::connect::SqlCommand& command) {
  Relation echo;
  if (command.has_input()) {
    echo = command.input();
  } else {
    auto& sql = *echo.mutable_sql();
    sql.set_query(command.sql());
    *sql.mutable_args() = command.args();
    *sql.mutable_pos_args() = command.pos_args();
    *sql.mutable_named_arguments() = command.named_arguments();
    *sql.mutable_pos_arguments() = command.pos_arguments();
  }
  const auto& inner = echo.has_with_relations() ? echo.with_relations().root() : echo;
  if (!inner.has_sql()) return fail(call, {errc::invalid_plan, "an SQL command without text"});
  auto text = inner.sql().query();
  with_scope(call, [call, echo = std::move(echo), text](const scope& scope) {
    if (session_statement(call, scope, text)) return;
    auto parsed = sql::parse_statement({text, {}});
    if (!parsed.ok()) return fail(call, parsed.error(), text);
    std::visit(statement_runner(call, scope, text, echo), *parsed);
  });
}

void create_view(const call& call, const spark::connect::CreateDataFrameViewCommand& command) {
  with_scope(call, [call, command](const scope& scope) {
    auto query = translate(command.input(), scope.context());
    if (!query.ok()) return fail(call, query.error());
    auto schema = plan::columns_of(*query->query, scoped_catalog(scope.catalog, *query), scope.settings);
    if (!schema.ok()) return fail(call, schema.error());
    auto parts = split_identifier(command.name());
    if (!parts.ok()) return fail(call, parts.error());
    auto name = (command.is_global() ? "global_temp." : "") + parts->back();
    // what the view reads is resolved now: a view may replace the one that it is made of
    auto done = call.session->define_view(name, expand_views(command.input(), scope.views), command.replace());
    if (!done.ok()) return fail(call, done);
    call.operation->complete();
  });
}

} // namespace

void execute_command(const call& call, Command command) {
  switch (command.command_type_case()) {
    case Command::kSqlCommand: return run_sql(call, command.sql_command());
    case Command::kCreateDataframeView: return create_view(call, command.create_dataframe_view());
    case Command::kWriteStreamOperationStart: return start_stream(call, std::move(*command.mutable_write_stream_operation_start()));
    case Command::kStreamingQueryCommand:
    case Command::kStreamingQueryManagerCommand:
    case Command::kStreamingQueryListenerBusCommand: return control_stream(call, command);
    case Command::kRemoveCachedRemoteRelationCommand: return call.operation->complete();
    case Command::kWriteOperation:
      return fail(call, {errc::unsupported_feature, "writing a batch DataFrame (df.write) is not supported; write a stream with "
                                                    "trigger(availableNow=True)"});
    case Command::kWriteOperationV2: return fail(call, {errc::unsupported_feature, "df.writeTo is not supported"});
    case Command::kCheckpointCommand: return fail(call, {errc::unsupported_feature, "df.checkpoint is not supported"});
    case Command::COMMAND_TYPE_NOT_SET: break;
  }
  const auto& unknown = command.GetReflection()->GetUnknownFields(command);
  if (unknown.empty())
    return fail(call, status(errc::invalid_plan, "The Spark Connect plan is invalid. This oneOf field in spark.connect.Command is not set: "
                             "COMMANDTYPE_NOT_SET")
                          .with_spark_class("CONNECT_INVALID_PLAN.INVALID_ONE_OF_FIELD_NOT_SET"));
  static const std::map<int, const char*> names = {{1, "a user-defined function in Python"}, {8, "resources"}, {10, "a user-defined table function in Python"},
                                                   {12, "a data source in Python"}, {13, "resource profiles"}, {16, "MERGE INTO"},
                                                   {17, "machine learning"}, {18, "external commands"}, {19, "pipelines"}};
  auto number = unknown.field(0).number();
  auto name = names.find(number);
  fail(call, {errc::unsupported_feature, (name == names.end() ? "command " + std::to_string(number) + " of Spark Connect" : std::string(name->second)) +
                                             " is not supported"});
}

} // namespace sluice::connect
