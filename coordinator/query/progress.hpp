#pragma once
/// What a finished batch reports, with the content and JSON shape of Spark's StreamingQueryProgress. Plain values.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::query {

struct state_operator_progress {
  std::string name;             ///< "stateStoreSave", as Spark calls an aggregation
  std::int64_t rows_total = 0;
  std::int64_t rows_updated = 0;
  std::int64_t rows_removed = 0;
  std::int64_t rows_dropped_by_watermark = 0;
  std::int64_t memory_bytes = 0;
  std::int64_t commit_ms = 0;
  std::int64_t updates_ms = 0;
  std::int64_t partitions = 0;
};

struct source_progress {
  std::string description;
  std::optional<std::int64_t> start_offset;  ///< batch that ended before; none for the first
  std::int64_t end_offset = 0;
  std::int64_t rows = 0;
  std::int64_t files = 0;
  std::int64_t bytes = 0;
};

struct query_progress {
  std::string id;
  std::string run_id;
  std::string name;
  std::int64_t timestamp_us = 0;   ///< start of the trigger, wall time
  std::int64_t batch = 0;
  std::int64_t batch_duration_ms = 0;
  std::int64_t input_rows = 0;
  std::optional<double> input_rows_per_second;      ///< unknown for the first batch
  std::optional<double> processed_rows_per_second;
  std::map<std::string, std::int64_t> duration_us;  ///< Spark's stages and ours; written in milliseconds
  std::optional<std::int64_t> watermark_ms;
  std::optional<std::int64_t> max_event_time_us;
  std::vector<state_operator_progress> state_operators;
  std::vector<source_progress> sources;
  std::string sink_description;
  std::int64_t output_rows = -1;
  std::int64_t bad_rows = 0;
  std::string attempt;
  std::int64_t attempts = 1;
};

/// One JSON object on one line, keys in Spark's order, rates with one decimal.
std::string to_json(const query_progress& progress);

} // namespace sluice::query
