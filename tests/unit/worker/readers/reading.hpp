#pragma once
// Reads text through the real readers over the in-memory file system and prints the rows.
#include <arrow/api.h>

#include <numeric>
#include <string>
#include <vector>

#include "common/storage/memory_file_system.hpp"
#include "worker/readers/internal/json_reader.hpp"

namespace sluice::readers::testing {

struct outcome {
  std::vector<std::string> rows;  // values joined by '|', null for nulls
  read_counts counts;
  status error;
};

inline std::string print(const arrow::Array& array, std::int64_t row) {
  if (array.IsNull(row)) return "null";
  const auto scalar = array.GetScalar(row).ValueOrDie();
  switch (array.type_id()) {
    case arrow::Type::TIMESTAMP: return std::to_string(static_cast<const arrow::TimestampArray&>(array).Value(row));
    case arrow::Type::DATE32: return std::to_string(static_cast<const arrow::Date32Array&>(array).Value(row));
    case arrow::Type::BINARY: return std::string(static_cast<const arrow::BinaryArray&>(array).GetView(row));
    case arrow::Type::STRING: return std::string(static_cast<const arrow::StringArray&>(array).GetView(row));
    case arrow::Type::STRUCT: {
      const auto& structs = static_cast<const arrow::StructArray&>(array);
      std::string text = "{";
      for (int i = 0; i < structs.num_fields(); ++i) text += (i > 0 ? "," : "") + print(*structs.field(i), row);
      return text + "}";
    }
    case arrow::Type::LIST: {
      const auto& lists = static_cast<const arrow::ListArray&>(array);
      std::string text = "[";
      for (auto i = lists.value_offset(row); i < lists.value_offset(row + 1); ++i)
        text += (i > lists.value_offset(row) ? "," : "") + print(*lists.values(), i);
      return text + "]";
    }
    case arrow::Type::MAP: {
      const auto& maps = static_cast<const arrow::MapArray&>(array);
      std::string text = "(";
      for (auto i = maps.value_offset(row); i < maps.value_offset(row + 1); ++i)
        text += (i > maps.value_offset(row) ? "," : "") + print(*maps.keys(), i) + "=" + print(*maps.items(), i);
      return text + ")";
    }
    default: return scalar->ToString();
  }
}

struct reading {
  plan::file_source source;
  reader_options options;
  json_reader_tuning tuning;
  expr::eval_context context;
  storage::memory_file_system files;
  std::string path = "/in/file.json";

  explicit reading(const std::string& ddl, plan::option_map given = {}) {
    source.name = "t";
    source.format = "json";
    source.options = std::move(given);
    source.schema = ddl.empty() ? arrow::schema(arrow::FieldVector{}) : data::schema_from_ddl(ddl).value();
    source.columns.resize(static_cast<std::size_t>(source.schema->num_fields()));
    std::iota(source.columns.begin(), source.columns.end(), 0);
    context.batch_time_us = 1700000000000000;
  }

  void write(const std::string& text) {
    (void)files.make_directories("/in");
    (void)files.remove(path);
    auto file = files.create(path).value();
    (void)file->append(text);
    (void)file->close();
  }

  split whole() {
    const auto info = files.stat(path).value();
    return {0, path, 0, info.size, info.size, info.mtime_us, info.inode};
  }

  outcome read(const split& part) {
    outcome out;
    auto reader = source.format == "json" ? open_json(source, part, context, files, options, tuning) : open(source, part, context, files, options);
    if (!reader.ok()) {
      out.error = reader.error();
      return out;
    }
    for (;;) {
      auto batch = (*reader)->next();
      if (!batch.ok()) {
        out.error = batch.error();
        break;
      }
      if (*batch == nullptr) break;
      const auto valid = (*batch)->ValidateFull();
      if (!valid.ok()) out.error = {errc::internal, valid.ToString()};
      for (std::int64_t row = 0; row < (*batch)->num_rows(); ++row) {
        std::string text;
        for (int i = 0; i < (*batch)->num_columns(); ++i) text += (i > 0 ? "|" : "") + print(*(*batch)->column(i), row);
        out.rows.push_back(text);
      }
    }
    out.counts = (*reader)->counts();
    return out;
  }

  outcome read(const std::string& text) {
    write(text);
    return read(whole());
  }
};

inline std::vector<std::string> rows_of(const std::string& ddl, const std::string& text, plan::option_map options = {}) {
  reading in(ddl, std::move(options));
  auto out = in.read(text);
  if (!out.error.ok()) return {out.error.to_string()};
  return out.rows;
}

} // namespace sluice::readers::testing
