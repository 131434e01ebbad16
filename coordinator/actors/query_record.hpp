#pragma once
/// The coordinator's memory of its queries: <data-dir>/queries/<id>/<seq>, write-once text records, the highest number
/// holds. Blocking file access: I/O actors and start-up only.
///
///   sluice query v1
///   {"id": …, "sequence": 3, "name": …, "run": …, "desired": "running", "checkpoint": …, "plan": base64, …}
///   xxh3:<16 hex>
#include <optional>
#include <string>
#include <vector>

#include "common/base/ids.hpp"
#include "common/plan/plan.hpp"
#include "common/storage/file_system.hpp"

namespace sluice::actors {

/// What a coordinator that comes up does about a query.
enum class desired_state { running, stopped, finished, failed };

std::string_view name_of(desired_state state);

struct query_record {
  query_id id;
  run_id run;
  std::int64_t sequence = -1;  ///< -1: not stored yet
  std::int64_t started_us = 0;  ///< wall time of the run's start
  desired_state desired = desired_state::running;
  plan::streaming_plan plan;   ///< with name, checkpoint and captured settings
  std::uint32_t key_groups = 128;
  std::int64_t last_batch = -1;  ///< known when the query ended
  std::string last_progress;     ///< of the run that ended
  status error;                  ///< failed: why
};

std::string encode(const query_record& record);
/// Errors: corrupt_file, unsupported_format.
result<query_record> decode_query_record(std::string_view bytes, const std::string& path);

/// The newest record of every query. A folder without any valid record (a submit cut off by a crash) is skipped; a
/// record that is damaged is an error. Of several that should run on one checkpoint only its owner does; the others are stopped.
result<std::vector<query_record>> load_query_records(storage::file_system& files, const std::string& data_dir);
/// Writes `record` under the next number, durably, and removes all but the one before. Gives the record with its
/// number.
result<query_record> store_query_record(storage::file_system& files, const std::string& data_dir, query_record record);

} // namespace sluice::actors
