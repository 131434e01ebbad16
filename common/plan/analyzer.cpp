#include "common/plan/analyzer.hpp"

#include <arrow/type.h>

#include "common/plan/internal/pruner.hpp"
#include "common/plan/internal/streaming.hpp"
#include "common/plan/options.hpp"
#include "common/sql/nearest.hpp"
#include "common/sql/parser.hpp"

namespace sluice::plan {

using internal::query_analyzer;

namespace {

result<data::schema_ptr> declared_schema(const std::vector<sql::column_definition>& columns) {
  arrow::FieldVector fields;
  for (const auto& column : columns) {
    for (const auto& have : fields)
      if (internal::equal_names(have->name(), column.name))
        return status(errc::already_exists, "The column `" + column.name + "` already exists.", column.position)
            .with_spark_class("COLUMN_ALREADY_EXISTS");
    auto type = data::type_from_name(column.type);
    if (!type.ok()) return std::move(type).error().with_position(column.position);
    fields.push_back(arrow::field(column.name, *type, true));
  }
  return arrow::schema(std::move(fields));
}

class statement_analyzer {
public:
  statement_analyzer(const catalog_view& catalog, const session_settings& session, const std::string& directory)
      : catalog_(catalog), settings_(session), session_(session.expressions()), directory_(directory) {}

  result<action> operator()(const sql::set_statement& statement) {
    SLUICE_RETURN_IF_ERROR(check_setting(statement.key, statement.value, statement.position));
    return action(set_variable{statement.key, statement.value});
  }

  result<action> operator()(const sql::drop_statement& statement) { return action(drop_relation{statement.name, statement.if_exists}); }

  result<action> operator()(const sql::create_source& statement) {
    define_source out;
    out.name = statement.name;
    out.if_not_exists = statement.if_not_exists;
    out.or_replace = statement.or_replace;
    auto& source = out.source;
    source.name = statement.name;
    source.format = statement.format;
    auto place = source_place(source.format);
    if (!place)
      return status(errc::data_source_not_found, "no source is called `" + source.format + "`" +
                    sql::did_you_mean(source.format, source_formats()), statement.format_position);
    source.schema = own_schema(source.format);
    if (place == rate_source && !statement.columns.empty())
      return status(errc::unsupported_feature, "the rate source has its own columns, timestamp and value: leave the list of columns out",
                    statement.position);
    if (statement.columns.empty() && source.schema == nullptr)
      return status(errc::schema_required, "`" + statement.name + "` needs its columns: (name TYPE, …)", statement.position);
    if (!statement.columns.empty()) {
      SLUICE_ASSIGN_OR_RETURN(source.schema, declared_schema(statement.columns));
    }
    for (int i = 0; i < source.schema->num_fields(); ++i) source.columns.push_back(i);
    SLUICE_ASSIGN_OR_RETURN(auto options, internal::join_options(statement.options, statement.properties));
    for (const auto& option : options) SLUICE_RETURN_IF_ERROR(add_source_option(source, place, option));
    if (source.paths.empty() && place != rate_source)
      return status(errc::invalid_option, "the source " + source.format + " needs the option `path`", statement.format_position);
    return action(std::move(out));
  }

  result<action> operator()(const sql::create_view& statement) {
    query_analyzer analyzer(catalog_, session_, query_analyzer::purpose::view);
    analyzer.enter_view(statement.name);
    SLUICE_ASSIGN_OR_RETURN(auto query, analyzer.analyze(*statement.body));
    SLUICE_RETURN_IF_ERROR(check_view_columns(query, statement.position));
    return action(define_view{statement.name, statement.or_replace, statement.body_text});
  }

  result<action> operator()(const sql::create_streaming_table& statement) {
    SLUICE_ASSIGN_OR_RETURN(auto options, internal::read_streaming_options(statement, directory_));
    query_analyzer analyzer(catalog_, session_, query_analyzer::purpose::streaming);
    SLUICE_ASSIGN_OR_RETURN(auto query, analyzer.analyze(*statement.body));
    SLUICE_RETURN_IF_ERROR(check_declared(statement, query));
    start_query out;
    out.if_not_exists = statement.if_not_exists;
    if (options.checkpoint.empty()) SLUICE_RETURN_IF_ERROR(default_checkpoint(statement, options.checkpoint));
    SLUICE_ASSIGN_OR_RETURN(out.plan, internal::make_streaming_plan(analyzer, query, options));
    out.plan.name = statement.name;
    out.plan.session = session_;
    out.plan.settings = settings_.values;
    return action(std::move(out));
  }

  result<action> operator()(const sql::select_statement& statement) {
    query_analyzer analyzer(catalog_, session_, query_analyzer::purpose::batch);
    SLUICE_ASSIGN_OR_RETURN(auto query, analyzer.analyze(*statement.body));
    using namespace internal;
    auto root = collapse_projections(prune_columns(collapse_projections(query.root)));
    return action(run_batch{batch_plan{std::move(root), session_}});
  }

private:
  status add_source_option(file_source& source, unsigned place, const sql::option& option) {
    auto checked = check_option(option.key, option.value, place, "a " + source.format + " source", option.key_position, option.value_position);
    if (!checked.ok()) return checked.error();
    if (checked->key == "path") {
      auto path = internal::resolve_path(option.value, directory_, option.value_position);
      if (!path.ok()) return path.error();
      source.paths = {*std::move(path)};
      return ok();
    }
    source.options[checked->key] = checked->value;
    if (source.options.contains("maxfilespertrigger") && source.options.contains("maxbytespertrigger"))
      return {errc::invalid_option, "maxFilesPerTrigger and maxBytesPerTrigger cannot both be set", option.key_position};
    return ok();
  }

  /// The folder of the query's name below the session's checkpoint location, if that is set.
  status default_checkpoint(const sql::create_streaming_table& statement, std::string& checkpoint) {
    for (const auto& [key, value] : settings_.values) {
      if (!internal::equal_names(key, "spark.sql.streaming.checkpointLocation")) continue;
      auto path = internal::resolve_path(value + "/" + statement.name, directory_, statement.position);
      if (!path.ok()) return path.error();
      checkpoint = *std::move(path);
    }
    return ok();
  }

  status check_view_columns(const internal::analyzed_query& query, text_position position) {
    for (std::size_t i = 0; i < query.columns.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (internal::equal_names(query.columns[i].name, query.columns[j].name))
          return status(errc::already_exists, "The column `" + query.columns[i].name + "` already exists.", position)
              .with_spark_class("COLUMN_ALREADY_EXISTS");
    return ok();
  }

  /// Declared columns of a streaming table must be those of its query.
  status check_declared(const sql::create_streaming_table& statement, const internal::analyzed_query& query) {
    if (statement.columns.empty()) return ok();
    auto schema = declared_schema(statement.columns);
    if (!schema.ok()) return schema.error();
    if (statement.columns.size() != query.columns.size())
      return {errc::datatype_mismatch, "`" + statement.name + "` declares " + std::to_string(statement.columns.size()) +
              " columns, its query has " + std::to_string(query.columns.size()), statement.columns[0].position};
    for (std::size_t i = 0; i < query.columns.size(); ++i) {
      const auto& column = query.columns[i];
      const auto& field = (*schema)->field(static_cast<int>(i));
      if (!internal::equal_names(column.name, field->name()) || !data::same_type(*column.type, *field->type()))
        return {errc::datatype_mismatch, "column " + std::to_string(i + 1) + " is declared as " + field->name() + " " + data::type_name(*field->type()) +
                ", the query gives " + column.name + " " + data::type_name(*column.type), statement.columns[i].position};
    }
    return ok();
  }

  const catalog_view& catalog_;
  const session_settings& settings_;
  expr::options session_;
  const std::string& directory_;
};

} // namespace

result<std::vector<statement_text>> split_statements(const std::string& job, const option_map& variables) {
  SLUICE_RETURN_IF_ERROR(sql::check_utf8(job));
  SLUICE_ASSIGN_OR_RETURN(auto text, sql::substitute_variables(job, variables));
  SLUICE_ASSIGN_OR_RETURN(auto parts, sql::split_at_semicolons(text));
  std::vector<statement_text> out;
  for (auto& part : parts) {
    auto position = part.at(0);
    out.push_back({std::move(part.text), position, std::move(part.anchors)});
  }
  return out;
}

expr::options session_settings::expressions() const {
  expr::options out;
  for (const auto& [key, value] : values) {
    auto lower = sql::to_lower(key);
    if (lower == "spark.sql.ansi.enabled") out.ansi = sql::to_lower(value) != "false";
    if (lower == "spark.sql.session.timezone") out.time_zone = value;
  }
  return out;
}

result<action> analyze(const statement_text& statement, const catalog_view& catalog, const session_settings& session,
                       const std::string& directory) {
  sql::source_text source{statement.text, statement.anchors};
  if (source.anchors.empty() && statement.position.line > 0) source.anchors.push_back({0, statement.position, false});
  SLUICE_ASSIGN_OR_RETURN(auto parsed, sql::parse_statement(source));
  return std::visit(statement_analyzer(catalog, session, directory), parsed);
}

result<batch_plan> analyze_query(const sql::query& query, const catalog_view& catalog, const session_settings& session) {
  std::string directory;
  // the tree is only looked at during the call
  sql::select_statement statement{sql::query_ptr(sql::query_ptr(), &query)};
  SLUICE_ASSIGN_OR_RETURN(auto action, statement_analyzer(catalog, session, directory)(statement));
  return std::get<run_batch>(std::move(action)).plan;
}

result<streaming_plan> analyze_stream(const sql::create_streaming_table& table, const catalog_view& catalog,
                                      const session_settings& session, const std::string& directory) {
  SLUICE_ASSIGN_OR_RETURN(auto action, statement_analyzer(catalog, session, directory)(table));
  return std::get<start_query>(std::move(action)).plan;
}

result<data::schema_ptr> columns_of(const sql::query& query, const catalog_view& catalog, const session_settings& session) {
  auto options = session.expressions();
  query_analyzer analyzer(catalog, options, query_analyzer::purpose::view);
  SLUICE_ASSIGN_OR_RETURN(auto analyzed, analyzer.analyze(query));
  arrow::FieldVector fields;
  for (const auto& column : analyzed.columns) fields.push_back(arrow::field(column.name, column.type, column.nullable));
  return arrow::schema(std::move(fields));
}

result<file_source> analyze_source(const sql::create_source& source, const catalog_view& catalog,
                                   const session_settings& session, const std::string& directory) {
  SLUICE_ASSIGN_OR_RETURN(auto action, statement_analyzer(catalog, session, directory)(source));
  return std::get<define_source>(std::move(action)).source;
}

} // namespace sluice::plan
