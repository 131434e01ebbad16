#pragma once
/// Text of `_spark_metadata` entries: what Spark itself reads to see a file sink's output exactly once. The line of a file is a pure
/// function of its commit record. Format: "v1", then one JSON object per line; every tenth entry (9, 19, …) is "<n>.compact" and
/// holds all lines so far.
#include <string>

#include "coordinator/query/records.hpp"

namespace sluice::query {

inline constexpr std::int64_t manifest_compact_interval = 10;
/// "9.compact" for 9, "10" for 10.
std::string manifest_name(std::int64_t batch);
inline bool manifest_is_compact(std::int64_t batch) { return batch % manifest_compact_interval == manifest_compact_interval - 1; }
/// One line per output file of the commit, each ended by a newline; no "v1".
std::string manifest_lines(const commit& record, const std::string& sink_path);
/// The lines of a manifest entry without "v1"; error corrupt_file if it is none.
result<std::string> manifest_body(std::string_view text, const std::string& path);

} // namespace sluice::query
