#include "worker/sinks/staged_writer.hpp"

#include <arrow/api.h>

#include <algorithm>
#include <set>

#include "worker/sinks/internal/compressed_output.hpp"
#include "worker/sinks/internal/formats.hpp"

namespace sluice::sinks {

namespace {

// Options that concern the query, not the files.
constexpr std::string_view query_options[] = {"path", "checkpointlocation", "outputmode", "trigger", "queryname"};

bool is_text(const std::string& format) { return format == "json" || format == "csv" || format == "text"; }
bool is_file_format(const std::string& format) { return is_text(format) || format == "parquet"; }

status no_such_format(const std::string& format) {
  return {errc::data_source_not_found, "there is no file sink of format " + format + "; formats are json, csv, text and parquet"};
}

bool is_known_option(const std::string& format, const std::string& key) {
  using keys = std::set<std::string, std::less<>>;
  static const keys times = {"timestampformat", "timestampntzformat", "dateformat", "timezone"};
  static const keys csv = {"sep", "delimiter", "quote", "escape", "comment", "header", "nullvalue", "emptyvalue", "quoteall", "escapequotes",
                           "ignoreleadingwhitespace", "ignoretrailingwhitespace", "nanvalue", "positiveinf", "negativeinf", "encoding"};
  if (std::find(std::begin(query_options), std::end(query_options), key) != std::end(query_options)) return true;
  if (key == "compression") return is_file_format(format);
  if (format == "json") return times.contains(key) || key == "ignorenullfields";
  return format == "csv" && (times.contains(key) || csv.contains(key));
}

status check_type(const std::string& format, const std::string& name, const arrow::DataType& type) {
  const bool nested = type.num_fields() > 0;
  if ((format == "csv" && (nested || type.id() == arrow::Type::NA)) || (format == "text" && type.id() != arrow::Type::STRING))
    return status{errc::datatype_mismatch, "The " + std::string(format == "csv" ? "CSV" : "Text") + " datasource doesn't support the column `" +
                                             name + "` of the type \"" + data::type_name(type) + "\"."}
      .with_spark_class("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE");
  switch (type.id()) {
    case arrow::Type::INTERVAL_MONTH_DAY_NANO:
    case arrow::Type::NA:
      if (type.id() == arrow::Type::NA && format == "json") return ok();
      return {errc::datatype_mismatch, "column " + name + " of type " + data::type_name(type) + " cannot be written as " + format};
    default: break;
  }
  for (const auto& field : type.fields()) SLUICE_RETURN_IF_ERROR(check_type(format, name, *field->type()));
  return ok();
}

// Spark's rule: a file has no two columns of one name, whatever their case.
status check_names(const arrow::Schema& schema) {
  std::set<std::string> names;
  for (const auto& field : schema.fields()) {
    std::string lower = field->name();
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (!names.insert(lower).second)
      return status{errc::already_exists, "two columns have the name " + field->name()}.with_spark_class("COLUMN_ALREADY_EXISTS");
  }
  return ok();
}

status check_values(const std::string& format, const plan::option_map& options) {
  if (is_text(format)) {
    if (auto codec = text_compression(options); !codec.ok()) return std::move(codec).error();
  }
  if (format == "json") {
    const auto nulls = option_or(options, "ignorenullfields", "true");
    if (nulls != "true" && nulls != "false")
      return {errc::invalid_option, "option ignoreNullFields cannot be '" + nulls + "'; it takes true or false"};
  }
  if (format == "parquet") {
    if (auto codec = parquet_compression(options); !codec.ok()) return std::move(codec).error();
  }
  return ok();
}

} // namespace

std::string option_or(const plan::option_map& options, const char* key, const char* otherwise) {
  const auto it = options.find(key);
  std::string text = it == options.end() ? otherwise : it->second;
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

status validate(const std::string& format, const plan::option_map& options, const data::schema_ptr& schema) {
  if (format == "rows" || format == "memory" || format == "console") return ok();
  if (!is_file_format(format)) return no_such_format(format);
  for (const auto& [key, value] : options)
    if (!is_known_option(format, key)) return {errc::unknown_option, "a " + format + " sink has no option " + key};
  SLUICE_RETURN_IF_ERROR(check_values(format, options));
  if (format == "text" && schema->num_fields() != 1)
    return {errc::unsupported_feature, "Text data source supports only a single column, and you have " + std::to_string(schema->num_fields()) + " columns."};
  if (schema->num_fields() == 0) return {errc::unsupported_feature, "a file sink needs at least one column"};
  SLUICE_RETURN_IF_ERROR(check_names(*schema));
  for (const auto& field : schema->fields()) SLUICE_RETURN_IF_ERROR(check_type(format, field->name(), *field->type()));
  return ok();
}

result<std::unique_ptr<staged_writer>> open(const std::string& format, const plan::option_map& options, const data::schema_ptr& schema,
                                            const std::string& path, const expr::eval_context& context, storage::file_system& files) {
  SLUICE_RETURN_IF_ERROR(check_values(format, options));
  if (!is_file_format(format) && format != "rows") return no_such_format(format);
  SLUICE_ASSIGN_OR_RETURN(auto file, output_file::create(path, files));
  if (format == "json") return make_json_writer(options, schema, context, std::move(file));
  if (format == "csv") return make_csv_writer(options, schema, context, std::move(file));
  if (format == "text") return make_text_writer(options, std::move(file));
  if (format == "parquet") return make_parquet_writer(options, schema, std::move(file));
  return make_rows_writer(schema, std::move(file));
}

std::string file_extension(const std::string& format, const plan::option_map& options) {
  if (is_text(format)) {
    const auto codec = text_compression(options);
    return (format == "text" ? ".txt" : "." + format) + (codec.ok() ? *codec : std::string{});
  }
  if (format == "parquet") {
    const auto codec = parquet_compression(options);
    return (codec.ok() ? *codec : std::string{}) + ".parquet";
  }
  return ".rows";
}

} // namespace sluice::sinks
