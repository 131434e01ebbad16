// The catalog's calls: names of the session, as rows.
#include <arrow/api.h>

#include "common/sql/nearest.hpp"
#include "coordinator/connect/execution.hpp"
#include "coordinator/connect/expressions.hpp"
#include "proto/spark/connect/relations.pb.h"

namespace sluice::connect {
namespace {

using catalog_message = spark::connect::Catalog;
using rows_result = result<actors::batch_rows>;

/// Rows column by column; a failing append (memory) surfaces when the rows are finished.
class rows_builder {
public:
  void text(const std::string& name, const std::vector<std::optional<std::string>>& values, bool nullable = true) {
    arrow::StringBuilder builder;
    for (const auto& value : values) note(value ? builder.Append(*value) : builder.AppendNull());
    add(name, arrow::utf8(), builder, nullable);
  }
  void flag(const std::string& name, const std::vector<bool>& values) {
    arrow::BooleanBuilder builder;
    for (auto value : values) note(builder.Append(value));
    add(name, arrow::boolean(), builder, false);
  }
  void spaces(const std::string& name, const std::vector<std::vector<std::string>>& values) {
    auto type = arrow::list(arrow::field("element", arrow::utf8(), true));
    auto items = std::make_shared<arrow::StringBuilder>();
    arrow::ListBuilder builder(arrow::default_memory_pool(), items, type);
    for (const auto& value : values) {
      note(builder.Append());
      for (const auto& part : value) note(items->Append(part));
    }
    add(name, type, builder, true);
  }
  rows_result finish() {
    if (!error_.ok()) return status(errc::memory_limit, error_.ToString());
    auto schema = arrow::schema(fields_);
    return actors::batch_rows{schema, {arrow::RecordBatch::Make(schema, rows_, columns_)}};
  }

private:
  void note(const arrow::Status& done) {
    if (!done.ok()) error_ = done;
  }
  void add(const std::string& name, const data::type_ptr& type, arrow::ArrayBuilder& builder, bool nullable) {
    fields_.push_back(arrow::field(name, type, nullable));
    std::shared_ptr<arrow::Array> column;
    note(builder.Finish(&column));
    rows_ = column ? column->length() : 0;
    columns_.push_back(std::move(column));
  }

  arrow::FieldVector fields_;
  arrow::ArrayVector columns_;
  std::int64_t rows_ = 0;
  arrow::Status error_;
};

rows_result one_text(const std::string& value) {
  rows_builder out;
  out.text("value", {value}, false);
  return out.finish();
}
rows_result one_flag(bool value) {
  rows_builder out;
  out.flag("value", {value});
  return out.finish();
}
rows_result nothing() {
  rows_builder out;
  out.text("value", {}, false);
  return out.finish();
}

/// '*' and '|' as in SHOW TABLES LIKE.
bool fits(const std::string& name, const std::string& pattern) {
  if (pattern.empty() || pattern == "*") return true;
  auto match = [](auto self, std::string_view text, std::string_view wanted) -> bool {
    if (wanted.empty()) return text.empty();
    if (wanted[0] == '*' || wanted[0] == '%')
      return self(self, text, wanted.substr(1)) || (!text.empty() && self(self, text.substr(1), wanted));
    return !text.empty() && text[0] == wanted[0] && self(self, text.substr(1), wanted.substr(1));
  };
  auto folded = sql::to_lower(pattern.substr(0, 64));
  for (std::size_t begin = 0; begin <= folded.size();) {
    auto end = std::min(folded.find('|', begin), folded.size());
    if (match(match, sql::to_lower(name), std::string_view(folded).substr(begin, end - begin))) return true;
    begin = end + 1;
  }
  return false;
}

/// Temporary views and the tables of the session's queries.
std::vector<std::string> names_of(const call& call, const scope& scope, const std::string& pattern) {
  std::set<std::string> names;
  for (const auto& [name, view] : scope.views)
    if (!name.starts_with("global_temp.") && fits(name, pattern)) names.insert(name);
  for (const auto& [name, id] : call.session->table_queries())
    if (fits(name, pattern)) names.insert(name);
  return {names.begin(), names.end()};
}

rows_result tables(const std::vector<std::string>& names) {
  using texts = std::vector<std::optional<std::string>>;
  rows_builder out;
  out.text("name", texts(names.begin(), names.end()));
  out.text("catalog", texts(names.size()));
  out.spaces("namespace", std::vector<std::vector<std::string>>(names.size()));
  out.text("description", texts(names.size()));
  out.text("tableType", texts(names.size(), "TEMPORARY"));
  out.flag("isTemporary", std::vector<bool>(names.size(), true));
  return out.finish();
}

rows_result databases(bool listed) {
  using texts = std::vector<std::optional<std::string>>;
  std::size_t rows = listed ? 1 : 0;
  rows_builder out;
  out.text("name", texts(rows, "default"));
  out.text("catalog", texts(rows, "spark_catalog"));
  out.text("description", texts(rows, "default database"));
  out.text("locationUri", texts(rows, ""));
  return out.finish();
}

rows_result columns(const call& call, const scope& scope, const std::string& table) {
  spark::connect::Relation read;
  read.mutable_read()->mutable_named_table()->set_unparsed_identifier(table);
  SLUICE_ASSIGN_OR_RETURN(auto query, translate(read, scope.context()));
  SLUICE_ASSIGN_OR_RETURN(auto schema, plan::columns_of(*query.query, scoped_catalog(scope.catalog, query), scope.settings));
  using texts = std::vector<std::optional<std::string>>;
  texts names, types;
  std::vector<bool> nulls;
  for (const auto& field : schema->fields()) {
    names.push_back(field->name());
    types.push_back(data::type_name(*field->type()));
    nulls.push_back(field->nullable());
  }
  std::vector<bool> no(names.size(), false);
  rows_builder out;
  out.text("name", names);
  out.text("description", texts(names.size()));
  out.text("dataType", types);
  out.flag("nullable", nulls);
  for (const char* flag : {"isPartition", "isBucket", "isCluster"}) out.flag(flag, no);
  return out.finish();
}

bool exists(const call& call, const scope& scope, const std::string& table) {
  spark::connect::Relation read;
  read.mutable_read()->mutable_named_table()->set_unparsed_identifier(table);
  auto query = translate(read, scope.context());
  return query.ok() && plan::columns_of(*query->query, scoped_catalog(scope.catalog, *query), scope.settings).ok();
}

status missing_table(const std::string& name) { return {errc::table_not_found, "The table or view `" + name + "` cannot be found."}; }

} // namespace

rows_result catalog_rows(const call& call, const scope& scope, const spark::connect::Relation& relation) {
  const auto& wanted = relation.catalog();
  switch (wanted.cat_type_case()) {
    case catalog_message::kCurrentDatabase: return one_text("default");
    case catalog_message::kCurrentCatalog: return one_text("spark_catalog");
    case catalog_message::kSetCurrentDatabase:
      if (sql::to_lower(wanted.set_current_database().db_name()) == "default") return nothing();
      return status(errc::table_not_found, "The schema `" + wanted.set_current_database().db_name() + "` cannot be found.").with_spark_class("SCHEMA_NOT_FOUND");
    case catalog_message::kSetCurrentCatalog:
      if (wanted.set_current_catalog().catalog_name() == "spark_catalog") return nothing();
      return status(errc::unsupported_feature, "there is only the catalog spark_catalog");
    case catalog_message::kListCatalogs: {
      rows_builder out;
      out.text("name", {"spark_catalog"});
      out.text("description", {std::nullopt});
      return out.finish();
    }
    case catalog_message::kListDatabases: return databases(fits("default", wanted.list_databases().pattern()));
    case catalog_message::kGetDatabase: return databases(true);
    case catalog_message::kDatabaseExists: return one_flag(sql::to_lower(wanted.database_exists().db_name()) == "default");
    case catalog_message::kListTables: return tables(names_of(call, scope, wanted.list_tables().pattern()));
    case catalog_message::kGetTable:
      if (!exists(call, scope, wanted.get_table().table_name())) return missing_table(wanted.get_table().table_name());
      return tables({wanted.get_table().table_name()});
    case catalog_message::kTableExists: return one_flag(exists(call, scope, wanted.table_exists().table_name()));
    case catalog_message::kListColumns: return columns(call, scope, wanted.list_columns().table_name());
    case catalog_message::kDropTempView: return one_flag(call.session->drop_view(wanted.drop_temp_view().view_name()));
    case catalog_message::kDropGlobalTempView:
      return one_flag(call.session->drop_view("global_temp." + wanted.drop_global_temp_view().view_name()));
    case catalog_message::kIsCached:
      if (!exists(call, scope, wanted.is_cached().table_name())) return missing_table(wanted.is_cached().table_name());
      return one_flag(false);
    case catalog_message::kCacheTable:
    case catalog_message::kUncacheTable:
    case catalog_message::kClearCache:
    case catalog_message::kRefreshTable:
    case catalog_message::kRefreshByPath: return nothing();
    default: break;
  }
  return status(errc::unsupported_feature, "this call of the catalog is not supported");
}

} // namespace sluice::connect
