#include "coordinator/query/progress.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

namespace sluice::query {
namespace {

using progress_json = nlohmann::ordered_json;

/// "2016-07-26T03:00:00.123Z". Civil date from days by the usual era arithmetic.
std::string iso_time(std::int64_t us) {
  const auto floor_div = [](std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); };
  const auto ms = floor_div(us, 1000);
  const auto days = floor_div(ms, 86'400'000);
  const auto rest = ms - days * 86'400'000;
  const auto z = days + 719'468;
  const auto era = floor_div(z, 146'097);
  const auto doe = z - era * 146'097;
  const auto yoe = (doe - doe / 1460 + doe / 36'524 - doe / 146'096) / 365;
  const auto doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const auto mp = (5 * doy + 2) / 153;
  const auto month = mp < 10 ? mp + 3 : mp - 9;
  char text[160];
  std::snprintf(text, sizeof text, "%04lld-%02lld-%02lldT%02lld:%02lld:%02lld.%03lldZ", static_cast<long long>(yoe + era * 400 + (month <= 2)),
                static_cast<long long>(month), static_cast<long long>(doy - (153 * mp + 2) / 5 + 1), static_cast<long long>(rest / 3'600'000),
                static_cast<long long>(rest / 60'000 % 60), static_cast<long long>(rest / 1000 % 60), static_cast<long long>(rest % 1000));
  return text;
}

void put_rate(progress_json& to, const char* key, const std::optional<double>& rate) {
  if (rate && std::isfinite(*rate)) to[key] = std::round(*rate * 10) / 10;
}

progress_json durations(const std::map<std::string, std::int64_t>& from) {
  progress_json out = progress_json::object();
  for (const auto& [stage, us] : from) out[stage] = us / 1000;
  return out;
}

progress_json operator_json(const state_operator_progress& op) {
  return {{"operatorName", op.name},
          {"numRowsTotal", op.rows_total},
          {"numRowsUpdated", op.rows_updated},
          {"allUpdatesTimeMs", op.updates_ms},
          {"numRowsRemoved", op.rows_removed},
          {"allRemovalsTimeMs", 0},
          {"commitTimeMs", op.commit_ms},
          {"memoryUsedBytes", op.memory_bytes},
          {"numRowsDroppedByWatermark", op.rows_dropped_by_watermark},
          {"numShufflePartitions", op.partitions},
          {"numStateStoreInstances", op.partitions}};
}

progress_json source_json(const source_progress& source, const query_progress& of) {
  const auto offset = [](std::int64_t n) -> progress_json { return {{"logOffset", n}}; };
  progress_json out = progress_json::object();
  out["description"] = source.description;
  out["startOffset"] = source.start_offset ? offset(*source.start_offset) : progress_json(nullptr);
  out["endOffset"] = offset(source.end_offset);
  out["latestOffset"] = nullptr;
  out["numInputRows"] = source.rows;
  put_rate(out, "inputRowsPerSecond", of.input_rows_per_second);
  put_rate(out, "processedRowsPerSecond", of.processed_rows_per_second);
  out["metrics"] = {{"numFiles", std::to_string(source.files)}, {"numBytes", std::to_string(source.bytes)}};
  return out;
}

} // namespace

std::string to_json(const query_progress& from) {
  progress_json out = progress_json::object();
  out["id"] = from.id;
  out["runId"] = from.run_id;
  out["name"] = from.name.empty() ? progress_json(nullptr) : progress_json(from.name);
  out["timestamp"] = iso_time(from.timestamp_us);
  out["batchId"] = from.batch;
  out["batchDuration"] = from.batch_duration_ms;
  out["numInputRows"] = from.input_rows;
  put_rate(out, "inputRowsPerSecond", from.input_rows_per_second);
  put_rate(out, "processedRowsPerSecond", from.processed_rows_per_second);
  out["durationMs"] = durations(from.duration_us);
  progress_json event_time = progress_json::object();
  if (from.watermark_ms) {
    if (from.max_event_time_us) event_time["max"] = iso_time(*from.max_event_time_us);
    event_time["watermark"] = iso_time(*from.watermark_ms * 1000);
  }
  if (!event_time.empty()) out["eventTime"] = std::move(event_time);
  out["stateOperators"] = progress_json::array();
  for (const auto& op : from.state_operators) out["stateOperators"].push_back(operator_json(op));
  out["sources"] = progress_json::array();
  for (const auto& source : from.sources) out["sources"].push_back(source_json(source, from));
  out["sink"] = {{"description", from.sink_description}, {"numOutputRows", from.output_rows}};
  if (from.bad_rows > 0) out["sink"]["metrics"] = {{"badRecords", std::to_string(from.bad_rows)}};
  return out.dump(-1, ' ', false, progress_json::error_handler_t::replace);
}

} // namespace sluice::query
