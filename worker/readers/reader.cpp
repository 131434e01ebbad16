#include "worker/readers/reader.hpp"

#include <arrow/api.h>

#include <algorithm>
#include <cctype>

#include "worker/readers/internal/csv_reader.hpp"
#include "worker/readers/internal/json_reader.hpp"
#include "worker/readers/internal/line_source.hpp"
#include "worker/readers/internal/parquet_reader.hpp"
#include "worker/readers/internal/rate_reader.hpp"
#include "worker/readers/internal/scan_schema.hpp"
#include "worker/readers/internal/text_reader.hpp"

namespace sluice::readers {

result<data::schema_ptr> scan_schema(const plan::file_source& source) {
  arrow::FieldVector fields;
  for (const int index : source.columns) {
    if (index < 0 || source.schema == nullptr || index >= source.schema->num_fields())
      return status{errc::invalid_plan, "source " + source.name + " has no column number " + std::to_string(index)};
    fields.push_back(source.schema->field(index)->WithNullable(true));
  }
  return arrow::schema(std::move(fields));
}

namespace {

bool is_set(const plan::file_source& source, const char* key) {
  const auto it = source.options.find(key);
  if (it == source.options.end()) return false;
  const auto& text = it->second;
  return text.size() == 4 && std::equal(text.begin(), text.end(), "true", [](unsigned char a, char b) { return std::tolower(a) == b; });
}

} // namespace

bool is_multiline(const plan::file_source& source) { return is_set(source, "multiline"); }
bool is_whole_text(const plan::file_source& source) { return is_set(source, "wholetext"); }

bool is_splittable(const plan::file_source& source, const std::string& path) {
  const bool lines = source.format == "json" || source.format == "csv" || source.format == "text";
  if (!lines || is_multiline(source) || is_whole_text(source)) return false;
  const auto codec = compression_of(source.options, path);
  return codec.ok() && *codec == compression::none;
}

result<std::unique_ptr<split_reader>> open(const plan::file_source& source, const split& part, const expr::eval_context& context,
                                           storage::file_system& files, const reader_options& options) {
  if (source.format == "json") return open_json(source, part, context, files, options);
  if (source.format == "parquet") return open_parquet(source, part, files, options);
  if (source.format == "csv") return open_csv(source, part, context, files, options);
  if (source.format == "text") return open_text(source, part, files, options);
  if (source.format == "rate") return open_rate(source, part);
  return status{errc::data_source_not_found, "files of format " + source.format + " cannot be read; formats are json, csv, text and parquet"};
}

} // namespace sluice::readers
