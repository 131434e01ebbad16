#include "tests/sim/workload.hpp"

#include <arrow/api.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <sstream>

namespace sluice::sim {
namespace {

const char* const actions[] = {"open", "close", "edit", "save", "find", "undo", "copy"};
constexpr std::int64_t slide = 300, size = 600;

struct event {
  std::int64_t id = 0, time = 0;
  std::string action;
};

std::vector<event> events_of(const std::string& content) {
  std::vector<event> out;
  std::istringstream in(content);
  for (std::string line; std::getline(in, line);) {
    event row;
    char action[32] = {};
    long long id = 0, time = 0;
    if (std::sscanf(line.c_str(), R"({"id":%lld,"time":%lld,"action":"%31[a-z]"})", &id, &time, action) != 3) continue;
    out.push_back({id, time, action});
  }
  return out;
}

using window_key = std::pair<std::string, std::int64_t>;

std::string count_row(const window_key& key, std::int64_t count) {
  return key.first + " " + std::to_string(key.second) + " " + std::to_string(count);
}

} // namespace

const char* to_text(job_kind kind) {
  switch (kind) {
    case job_kind::counts: return "counts";
    case job_kind::updates: return "updates";
    case job_kind::copies: return "copies";
  }
  return "";
}

std::string workload::job() const {
  std::string text = std::string("CREATE TEMPORARY VIEW events (id BIGINT, time TIMESTAMP, action STRING) USING json OPTIONS (path '") +
                     data_folder + "', maxFilesPerTrigger '" + std::to_string(files_per_trigger) + "');\n";
  auto place = std::string("checkpointLocation '") + checkpoint + "'";
  if (kind == job_kind::copies)
    return text + "CREATE STREAMING TABLE result USING json OPTIONS (path '" + sink_folder + "', outputMode 'append', " + place +
           ") AS SELECT id, action FROM STREAM events WHERE action <> 'find'";
  return text + "CREATE STREAMING TABLE result USING memory OPTIONS (outputMode '" + (kind == job_kind::counts ? "complete" : "update") +
         "', " + place + ") AS SELECT action, window(time, '10 minutes', '5 minutes') AS window, count(*) AS count FROM STREAM events " +
         "GROUP BY action, window(time, '10 minutes', '5 minutes')";
}

std::string workload::select() const {
  return kind == job_kind::copies ? "" : "SELECT action, window.start AS start, count FROM result";
}

std::string workload::file(int number) const {
  std::string out;
  for (int i = 0; i < rows_per_file; ++i) {
    auto id = static_cast<std::int64_t>(number) * rows_per_file + i;
    auto time = 1'469'500'000 + (id * 37 + number * 101) % 4'000;
    out += "{\"id\":" + std::to_string(id) + ",\"time\":" + std::to_string(time) + ",\"action\":\"" + actions[(id * 5 + number) % 7] + "\"}\n";
  }
  return out;
}

std::string workload::path(int number) {
  char name[32];
  std::snprintf(name, sizeof name, "/%04d.json", number);
  return std::string(data_folder) + name;
}

row_bag expected_rows(job_kind kind, const std::vector<std::vector<std::string>>& batches) {
  row_bag out;
  std::map<window_key, std::int64_t> counts;
  for (const auto& batch : batches) {
    std::set<window_key> touched;
    for (const auto& content : batch)
      for (const auto& row : events_of(content)) {
        if (kind == job_kind::copies) {
          if (row.action != "find") out.insert("{\"id\":" + std::to_string(row.id) + ",\"action\":\"" + row.action + "\"}");
          continue;
        }
        for (auto start = row.time / slide * slide; start > row.time - size; start -= slide) {
          window_key key{row.action, start * 1'000'000};
          ++counts[key];
          touched.insert(key);
        }
      }
    if (kind == job_kind::updates)
      for (const auto& key : touched) out.insert(count_row(key, counts[key]));
  }
  if (kind == job_kind::counts)
    for (const auto& [key, count] : counts) out.insert(count_row(key, count));
  return out;
}

row_bag rows_of(const std::vector<data::batch_ptr>& batches) {
  row_bag out;
  for (const auto& batch : batches)
    for (std::int64_t i = 0; i < batch->num_rows(); ++i) {
      const auto& action = static_cast<const arrow::StringArray&>(*batch->column(0));
      const auto& start = static_cast<const arrow::TimestampArray&>(*batch->column(1));
      const auto& count = static_cast<const arrow::Int64Array&>(*batch->column(2));
      out.insert(count_row({action.GetString(i), start.Value(i)}, count.Value(i)));
    }
  return out;
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
