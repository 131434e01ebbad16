#pragma once
/// From an analysed query and a streaming table's options to a streaming plan; Spark's rules of what a stream may do.
#include "common/plan/internal/query_analyzer.hpp"

namespace sluice::plan::internal {

/// Options of the statement: OPTIONS and TBLPROPERTIES together, checked.
struct streaming_options {
  sink_spec sink;
  output_mode mode = output_mode::append;
  trigger_spec trigger;
  std::string checkpoint;
  text_position mode_position;
  text_position query_position;
};
result<streaming_options> read_streaming_options(const sql::create_streaming_table& statement, const std::string& directory);

/// Refuses what a stream cannot do in this mode, then lays the tree out as source, map steps, aggregation, result steps, sink.
result<streaming_plan> make_streaming_plan(const query_analyzer& analyzer, const analyzed_query& query, const streaming_options& options);

/// Joins OPTIONS and TBLPROPERTIES. Error: invalid_option for a key in both or twice.
result<std::vector<sql::option>> join_options(const std::vector<sql::option>& options, const std::vector<sql::option>& properties);
/// An absolute, normal path. Error: invalid_option for another file system's scheme.
result<std::string> resolve_path(const std::string& path, const std::string& directory, text_position position);
std::string_view mode_name(output_mode mode);

} // namespace sluice::plan::internal
