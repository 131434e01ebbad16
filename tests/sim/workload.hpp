#pragma once
/// What a simulation runs: queries and their input. One `workload` is one query; all queries of a simulation read the same files.
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "common/base/environment.hpp"
#include "common/data/types.hpp"

namespace sluice::sim {

/// What rows are grouped by: not at all, all rows together, the action, a window, or both.
enum class grouping { none, all, key, sliding, tumbling, key_sliding, key_tumbling };
enum class row_filter { nothing, not_find, some_ids };
enum class output_mode { append, update, complete };
enum class sink_kind { memory, console, json, parquet };
enum class aggregate {
  count, count_value, count_if, sum, sum_double, sum_decimal, avg, avg_decimal, min, max, first, last, stddev_samp, stddev_pop,
  var_samp, var_pop, collect_list, collect_set
};
inline constexpr int num_aggregates = 18;
const char* to_text(grouping what);
const char* to_text(row_filter what);
const char* to_text(output_mode what);
const char* to_text(sink_kind what);
/// "count(*)"; as it stands in the query.
const char* to_text(aggregate what);

/// The queries of the first generation. `counts`: the main job, a table in complete mode; `updates`: the same in update mode;
/// `copies`: a filter into a folder of JSON lines.
enum class job_kind { counts, updates, copies };

inline constexpr const char* data_folder = "/sim/data";

struct workload {
  std::string name = "result";
  std::string sink_folder = "/sim/out";
  std::string checkpoint = "/sim/checkpoint";
  grouping group = grouping::key_sliding;
  std::vector<aggregate> aggregates{aggregate::count};
  row_filter where = row_filter::nothing;
  bool having = false;             ///< only groups of two rows or more
  output_mode mode = output_mode::complete;
  sink_kind sink = sink_kind::memory;
  bool drop_malformed = false;
  std::string trigger;             ///< empty: batches follow one another
  int files_per_trigger = 1;       ///< 0: no bound
  // ---- the input, the same for all queries ----
  int num_files = 4;
  int rows_per_file = 40;
  bool rich = false;               ///< lines have all columns; else id, time and action
  int bad_one_in = 0;              ///< one in so many lines is damaged; 0: none

  void become(job_kind kind);
  std::string text() const;
  std::string job() const;
  /// Reads the whole result; empty for queries without a table.
  std::string select() const;
  bool has_table() const { return sink == sink_kind::memory; }
  bool has_files() const { return sink == sink_kind::json || sink == sink_kind::parquet; }
  /// The query may be submitted again after it ended: tables that grow with each batch may not.
  bool restartable() const { return sink != sink_kind::memory || mode == output_mode::complete; }
  /// Whether the column `id` stands anywhere in the query.
  bool uses_id() const;
  /// It ends by itself once it has read what there is.
  bool bounded() const { return trigger == "availableNow" || trigger == "once"; }
  /// Content of input file `number`; row ids are unique over all files.
  std::string file(int number) const;
  static std::string path(int number);
};

/// Rows as texts: values in the order of the result's columns, '|' between.
using row_bag = std::multiset<std::string>;

/// Rows of record batches. Windows are written by their start.
row_bag rows_of(const std::vector<data::batch_ptr>& batches);
/// Rows of a published file. Empty text: fine.
std::string rows_of_file(const workload& work, const std::string& bytes, row_bag& rows);
/// The first rows that only one of them has; empty if they are equal.
std::string difference(const row_bag& expected, const row_bag& found);

} // namespace sluice::sim
