#include <arrow/type.h>

#include <numeric>

#include "common/plan/internal/query_analyzer.hpp"
#include "common/plan/options.hpp"
#include "common/sql/nearest.hpp"
#include "common/sql/parser.hpp"

namespace sluice::plan::internal {
namespace {

constexpr std::size_t deepest_view = 50;

scope columns_of(const arrow::Schema& schema, const std::string& qualifier) {
  scope out;
  for (const auto& field : schema.fields()) out.push_back({qualifier, field->name(), field->type(), field->nullable()});
  return out;
}

std::string shown_name(const sql::relation& from) { return from.alias.empty() ? from.name : from.alias; }

} // namespace

void query_analyzer::enter_view(const std::string& name) { views_.push_back(sql::to_lower(name)); }

text_position query_analyzer::position_of(const node* at) const {
  for (const auto& [node, position] : positions_)
    if (node.get() == at) return position;
  return {};
}

result<analyzed_query> query_analyzer::analyze_from(const std::optional<sql::relation>& from) {
  if (from) return analyze_relation(*from);
  analyzed_query out;
  auto leaf = std::make_shared<node>();
  leaf->what = node::kind::one_row;
  leaf->output = arrow::schema({});
  out.root = leaf;
  return out;
}

result<analyzed_query> query_analyzer::analyze_relation(const sql::relation& from) {
  SLUICE_ASSIGN_OR_RETURN(auto out, analyze_named(from));
  if (from.plan_id >= 0)
    for (auto& column : out.columns) column.plan_ids.push_back(from.plan_id);
  return out;
}

/// Columns of another name: AS t (a, b).
status query_analyzer::rename_columns(const sql::relation& from, analyzed_query& query) const {
  if (from.column_aliases.empty()) return ok();
  if (from.column_aliases.size() != query.columns.size())
    return status(errc::parse_syntax, "Number of column aliases does not match number of columns. Number of column aliases: " +
                  std::to_string(from.column_aliases.size()) + "; number of columns: " + std::to_string(query.columns.size()) + ".", from.position)
        .with_spark_class("ASSIGNMENT_ARITY_MISMATCH");
  for (std::size_t i = 0; i < query.columns.size(); ++i) query.columns[i].name = from.column_aliases[i];
  return ok();
}

result<analyzed_query> query_analyzer::analyze_named(const sql::relation& from) {
  using kind = sql::relation::kind;
  result<analyzed_query> out = analyzed_query{};
  switch (from.what) {
    case kind::table: out = analyze_table(from); break;
    case kind::subquery: out = analyze(*from.subquery, nullptr, from.transparent); break;
    case kind::path: return analyze_path(from);
    case kind::values: out = analyze_values(from); break;
    case kind::function: out = analyze_function(from); break;
    case kind::join: return analyze_join(from);
    case kind::lateral_view: return analyze_lateral_view(from);
    case kind::pivot: out = analyze_pivot(from); break;
    case kind::unpivot: out = analyze_unpivot(from); break;
    case kind::sample: out = analyze_sample(from); break;
  }
  if (!out.ok()) return out;
  bool keeps = (from.transparent || from.what == kind::sample) && from.alias.empty();
  if (!keeps && from.what != kind::table)
    for (auto& column : out->columns) column.qualifier = from.alias;
  SLUICE_RETURN_IF_ERROR(rename_columns(from, *out));
  return out;
}

result<analyzed_query> query_analyzer::analyze_path(const sql::relation& from) {
  if (!source_place(from.format))
    return status(errc::data_source_not_found, "no source is called `" + from.format + "`" + sql::did_you_mean(from.format, {"json", "parquet"}),
                  from.position);
  return status(errc::unsupported_feature, "reading " + from.format + ".`" + from.name + "` needs the schema to be inferred, which is not supported; "
                "declare it: CREATE TEMPORARY VIEW v (column type, …) USING " + from.format + " OPTIONS (path '" + from.name + "')",
                from.position);
}

status query_analyzer::unknown_table(const sql::relation& from) const {
  auto names = catalog_.names();
  for (const auto& table : tables_) names.push_back(table.name);
  return {errc::table_not_found, "The table or view `" + from.name + "` cannot be found" + sql::did_you_mean(from.name, names) + ".",
          from.position};
}

status query_analyzer::check_streaming(const sql::relation& from, bool is_result_table) const {
  bool is_stream = from.is_stream || force_stream_;
  if (is_result_table && is_stream)
    return {errc::unsupported_feature, "`" + from.name + "` is the result table of a streaming query and can only be read without STREAM",
            from.position};
  if (purpose_ == purpose::batch && is_stream)
    return {errc::unsupported_feature, "STREAM " + from.name + " in a SELECT: a batch reads `" + from.name +
            "` without STREAM; to run a streaming query use CREATE STREAMING TABLE name AS SELECT …", from.position};
  if (purpose_ == purpose::streaming && !is_stream)
    return {errc::unsupported_feature, is_result_table
            ? "a streaming table cannot read `" + from.name + "`, the result table of a streaming query"
            : "a streaming table reads a stream: write STREAM " + from.name + " instead of " + from.name, from.position};
  return ok();
}

result<analyzed_query> query_analyzer::analyze_table(const sql::relation& from) {
  auto lower = sql::to_lower(from.name);
  for (auto table = tables_.rbegin(); table != tables_.rend(); ++table) {
    if (table->name != lower) continue;
    if (from.is_stream)
      return status(errc::unsupported_feature, "STREAM over the common table `" + from.name + "`: write STREAM inside of it", from.position);
    auto out = table->query;
    for (auto& column : out.columns) column.qualifier = shown_name(from), column.plan_ids.clear();
    return out;
  }
  for (const auto& view : views_)
    if (view == lower)
      return status(errc::unsupported_feature, "the view `" + from.name + "` reads itself", from.position).with_spark_class("RECURSIVE_VIEW");
  auto found = catalog_.find(lower);
  if (!found) return unknown_table(from);
  if (!found->view_query.empty()) return analyze_view(from, found->view_query);
  SLUICE_RETURN_IF_ERROR(check_streaming(from, found->is_result_table));
  if (!found->is_result_table) {
    auto source = std::move(found->source);
    if (!source.schema) source.schema = found->schema;
    return scan_files(from, std::move(source));
  }
  if (!from.options.empty())
    return status(errc::unsupported_feature, "a result table takes no options", from.options[0].key_position);
  auto leaf = std::make_shared<node>();
  leaf->what = node::kind::table_scan;
  leaf->table = found->source.name.empty() ? from.name : found->source.name;
  leaf->output = found->schema;
  leaf->columns.resize(found->schema->num_fields());
  std::iota(leaf->columns.begin(), leaf->columns.end(), 0);
  return analyzed_query{leaf, columns_of(*found->schema, shown_name(from)), false};
}

result<analyzed_query> query_analyzer::scan_files(const sql::relation& from, file_source source) {
  for (const auto& option : from.options) {
    SLUICE_ASSIGN_OR_RETURN(auto checked, check_option(option.key, option.value, source_place(source.format), "a " + source.format + " source",
                                                   option.key_position, option.value_position));
    if (checked.key == "path") return status(errc::invalid_option, "the path of a stream cannot be changed here", option.key_position);
    source.options[checked.key] = checked.value;
  }
  if (source.options.contains("maxfilespertrigger") && source.options.contains("maxbytespertrigger"))
    return status(errc::invalid_option, "maxFilesPerTrigger and maxBytesPerTrigger cannot both be set",
                  from.options.empty() ? from.position : from.options[0].key_position);
  if (source.name.empty()) source.name = from.name;
  source.columns.resize(source.schema->num_fields());
  std::iota(source.columns.begin(), source.columns.end(), 0);
  auto leaf = std::make_shared<node>();
  leaf->what = node::kind::file_scan;
  leaf->output = source.schema;
  leaf->source = std::move(source);
  return analyzed_query{leaf, columns_of(*leaf->output, shown_name(from)), from.is_stream || force_stream_};
}

result<analyzed_query> query_analyzer::analyze_view(const sql::relation& from, const std::string& text) {
  if (!from.options.empty())
    return status(errc::unsupported_feature, "STREAM … WITH (…) over a view of a query: give the options where the view reads its source",
                  from.options[0].key_position);
  if (views_.size() >= deepest_view) return status(errc::unsupported_feature, "views are nested too deep", from.position);
  auto in_view = [&](status error) {
    return std::move(error).with_context("in view `" + from.name + "`").with_position(from.position);
  };
  auto parsed = sql::parse_query({text, {}});
  if (!parsed.ok()) return in_view(std::move(parsed).error());
  std::vector<common_table> outer;
  outer.swap(tables_);
  bool was_forced = std::exchange(force_stream_, force_stream_ || from.is_stream);
  enter_view(from.name);
  auto out = analyze(**parsed);
  views_.pop_back();
  force_stream_ = was_forced;
  outer.swap(tables_);
  if (!out.ok()) return in_view(std::move(out).error());
  for (auto& column : out->columns) column.qualifier = shown_name(from);
  return out;
}

} // namespace sluice::plan::internal
