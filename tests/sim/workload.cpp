#include "tests/sim/workload.hpp"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <parquet/arrow/reader.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <sstream>

namespace sluice::sim {
namespace {

const char* const actions[] = {"open", "close", "edit", "save", "find", "undo", "copy"};

const char* window_of(grouping group) {
  switch (group) {
    case grouping::sliding:
    case grouping::key_sliding: return "window(time, '10 minutes', '5 minutes')";
    case grouping::tumbling:
    case grouping::key_tumbling: return "window(time, '10 minutes')";
    default: return "";
  }
}
bool has_key(grouping group) { return group == grouping::key || group == grouping::key_sliding || group == grouping::key_tumbling; }

/// The nudge keeps values that lie between two texts on one side, however they were summed up.
std::string number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.7g", value * (1 + 1e-11));
  return text;
}

std::string value_text(const arrow::Array& column, std::int64_t i) {
  if (column.IsNull(i)) return "null";
  switch (column.type_id()) {
    case arrow::Type::INT64: return std::to_string(static_cast<const arrow::Int64Array&>(column).Value(i));
    case arrow::Type::DOUBLE: return number(static_cast<const arrow::DoubleArray&>(column).Value(i));
    case arrow::Type::STRING: return static_cast<const arrow::StringArray&>(column).GetString(i);
    case arrow::Type::TIMESTAMP: return std::to_string(static_cast<const arrow::TimestampArray&>(column).Value(i));
    case arrow::Type::DECIMAL128: return static_cast<const arrow::Decimal128Array&>(column).FormatValue(i);
    case arrow::Type::STRUCT: return value_text(*static_cast<const arrow::StructArray&>(column).field(0), i);
    case arrow::Type::LIST: {
      const auto& lists = static_cast<const arrow::ListArray&>(column);
      std::vector<std::string> items;
      for (auto at = lists.value_offset(i); at < lists.value_offset(i + 1); ++at) items.push_back(value_text(*lists.values(), at));
      // Sets have no order: texts are only in sets, numbers only in lists.
      if (lists.values()->type_id() == arrow::Type::STRING) std::sort(items.begin(), items.end());
      std::string text = "[";
      for (const auto& item : items) text += (text.size() > 1 ? "," : "") + item;
      return text + "]";
    }
    default: return "?" + column.type()->ToString();
  }
}

/// "{"id":1,"action":"open"}" to "1|open"; what is not there is null.
std::string row_of_line(const workload& work, const std::string& line) {
  auto field = [&](const std::string& name) -> std::string {
    auto at = line.find("\"" + name + "\":");
    if (at == std::string::npos) return "null";
    at += name.size() + 3;
    auto text = line.substr(at, line.find_first_of(",}", at) - at);
    return text.front() == '"' ? text.substr(1, text.size() - 2) : text;
  };
  auto row = field("id") + "|" + field("action");
  return work.rich ? row + "|" + field("value") : row;
}

} // namespace

const char* to_text(grouping what) {
  constexpr const char* names[] = {"none", "all", "key", "sliding", "tumbling", "key-sliding", "key-tumbling"};
  return names[static_cast<int>(what)];
}
const char* to_text(row_filter what) {
  constexpr const char* names[] = {"all", "not-find", "some-ids"};
  return names[static_cast<int>(what)];
}
const char* to_text(output_mode what) {
  constexpr const char* names[] = {"append", "update", "complete"};
  return names[static_cast<int>(what)];
}
const char* to_text(sink_kind what) {
  constexpr const char* names[] = {"memory", "console", "json", "parquet"};
  return names[static_cast<int>(what)];
}
const char* to_text(aggregate what) {
  constexpr const char* names[num_aggregates] = {
      "count(*)", "count(value)", "count_if(value > 50)", "sum(value)", "sum(price)", "sum(CAST(price AS DECIMAL(10, 2)))", "avg(price)",
      "avg(CAST(price AS DECIMAL(10, 2)))", "min(value)", "max(action)", "first(value)", "last(action)", "stddev_samp(price)",
      "stddev_pop(price)", "var_samp(price)", "var_pop(price)", "collect_list(id)", "collect_set(action)"};
  return names[static_cast<int>(what)];
}

void workload::become(job_kind kind) {
  bool copies = kind == job_kind::copies;
  group = copies ? grouping::none : grouping::key_sliding;
  where = copies ? row_filter::not_find : row_filter::nothing;
  mode = copies ? output_mode::append : kind == job_kind::counts ? output_mode::complete : output_mode::update;
  sink = copies ? sink_kind::json : sink_kind::memory;
}

bool workload::uses_id() const {
  return group == grouping::none || where == row_filter::some_ids ||
         std::find(aggregates.begin(), aggregates.end(), aggregate::collect_list) != aggregates.end();
}

std::string workload::text() const {
  std::ostringstream out;
  out << name << "(" << to_text(group) << " " << to_text(mode) << " " << to_text(sink) << " where=" << to_text(where);
  if (group != grouping::none) {
    out << " aggregates=";
    for (auto what : aggregates) out << static_cast<int>(what) << (what == aggregates.back() ? "" : ",");
  }
  if (having) out << " having";
  if (drop_malformed) out << " drop-malformed";
  if (!trigger.empty()) out << " trigger='" << trigger << "'";
  out << " per-trigger=" << files_per_trigger << ")";
  return out.str();
}

std::string workload::job() const {
  std::ostringstream out;
  out << "CREATE TEMPORARY VIEW events (id BIGINT, time TIMESTAMP, action STRING" << (rich ? ", value BIGINT, price DOUBLE" : "")
      << ") USING json OPTIONS (path '" << data_folder << "'";
  if (files_per_trigger > 0) out << ", maxFilesPerTrigger '" << files_per_trigger << "'";
  if (drop_malformed) out << ", mode 'DROPMALFORMED'";
  out << ");\nCREATE STREAMING TABLE " << name << " USING " << to_text(sink) << " OPTIONS (outputMode '" << to_text(mode)
      << "', checkpointLocation '" << checkpoint << "'";
  if (has_files()) out << ", path '" << sink_folder << "'";
  if (sink == sink_kind::console) out << ", numRows '100000'";
  if (!trigger.empty()) out << ", trigger '" << trigger << "'";
  out << ") AS SELECT ";
  std::string window = window_of(group);
  if (group == grouping::none) {
    out << "id, action" << (rich ? ", value" : "");
  } else {
    if (has_key(group)) out << "action, ";
    if (!window.empty()) out << window << " AS window, ";
    for (std::size_t i = 0; i < aggregates.size(); ++i) out << (i ? ", " : "") << to_text(aggregates[i]) << " AS a" << i;
  }
  out << " FROM STREAM events";
  if (where == row_filter::not_find) out << " WHERE action <> 'find'";
  if (where == row_filter::some_ids) out << " WHERE id % 3 <> 0";
  if (has_key(group) || !window.empty())
    out << " GROUP BY " << (has_key(group) ? "action" : "") << (has_key(group) && !window.empty() ? ", " : "") << window;
  if (having) out << " HAVING count(*) > 1";
  return out.str();
}

std::string workload::select() const {
  if (!has_table()) return "";
  std::string columns;
  if (group == grouping::none) {
    columns = rich ? "id, action, value" : "id, action";
  } else {
    if (has_key(group)) columns += "action, ";
    if (*window_of(group)) columns += "window.start AS start, ";
    for (std::size_t i = 0; i < aggregates.size(); ++i) columns += (i ? ", a" : "a") + std::to_string(i);
  }
  return "SELECT " + columns + " FROM " + name;
}

std::string workload::file(int number) const {
  std::string out;
  for (int i = 0; i < rows_per_file; ++i) {
    auto id = static_cast<std::int64_t>(number) * rows_per_file + i;
    auto time = std::to_string(1'469'500'000 + (id * 37 + number * 101) % 4'000);
    std::string id_text = std::to_string(id), action = actions[(id * 5 + number) % 7];
    if (bad_one_in > 0 && i > 0 && (id * 31 + number) % bad_one_in == 0) {
      if (id % 2 == 0) {
        out += "no JSON at all: " + id_text + "\n";
        continue;
      }
      id_text = "\"x" + id_text + "\"";
    }
    out += "{\"id\":" + id_text + ",\"time\":" + time + ",\"action\":\"" + action + "\"";
    if (rich) {
      if (id % 5 != 0) out += ",\"value\":" + std::to_string((id * 17 + 3) % 101 - 20);
      if (id % 11 == 0) out += ",\"price\":null";
      else out += ",\"price\":" + std::to_string((id * 13) % 50) + ((id % 4 == 0) ? ".25" : (id % 4 == 1) ? ".5" : ".0");
    }
    out += "}\n";
  }
  return out;
}

std::string workload::path(int number) {
  char name[32];
  std::snprintf(name, sizeof name, "/%04d.json", number);
  return std::string(data_folder) + name;
}

row_bag rows_of(const std::vector<data::batch_ptr>& batches) {
  row_bag out;
  for (const auto& batch : batches)
    for (std::int64_t i = 0; i < batch->num_rows(); ++i) {
      std::string row;
      for (int column = 0; column < batch->num_columns(); ++column) row += (column ? "|" : "") + value_text(*batch->column(column), i);
      out.insert(std::move(row));
    }
  return out;
}

std::string rows_of_file(const workload& work, const std::string& bytes, row_bag& rows) {
  if (work.sink == sink_kind::json) {
    std::istringstream lines(bytes);
    for (std::string line; std::getline(lines, line);) rows.insert(row_of_line(work, line));
    return "";
  }
  auto input = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes));
  auto reader = parquet::arrow::OpenFile(input, arrow::default_memory_pool());
  if (!reader.ok()) return reader.status().ToString();
  (*reader)->set_use_threads(false);
  std::shared_ptr<arrow::Table> table;
  if (auto done = (*reader)->ReadTable(&table); !done.ok()) return done.ToString();
  arrow::TableBatchReader batches(*table);
  std::vector<data::batch_ptr> found;
  for (data::batch_ptr batch; batches.ReadNext(&batch).ok() && batch;) found.push_back(batch);
  rows.merge(rows_of(found));
  return "";
}

std::string difference(const row_bag& expected, const row_bag& found) {
  std::vector<std::string> missing, extra;
  std::set_difference(expected.begin(), expected.end(), found.begin(), found.end(), std::back_inserter(missing));
  std::set_difference(found.begin(), found.end(), expected.begin(), expected.end(), std::back_inserter(extra));
  if (missing.empty() && extra.empty()) return "";
  auto text = std::to_string(missing.size()) + " rows missing, " + std::to_string(extra.size()) + " too many";
  if (!missing.empty()) text += "; missing: " + missing.front();
  if (!extra.empty()) text += "; too many: " + extra.front();
  return text;
}

} // namespace sluice::sim
