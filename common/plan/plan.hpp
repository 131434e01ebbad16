#pragma once
/// What the analyzer produces and the engine runs. Plain immutable structs; `codec.hpp` turns them into plan.proto and back.
/// A streaming query is one source, a map pipeline, at most one aggregation (exchange by key group), a result pipeline
/// and a sink. A batch query is a tree of relational nodes whose leaves are scans.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/expr/expr.hpp"

namespace sluice::plan {

using option_map = std::map<std::string, std::string>;  ///< keys in lower case

/// A relation stored outside: files of a format under paths.
struct file_source {
  std::string name;                 ///< of view or table, for messages
  std::string format;               ///< json, parquet (csv, text later)
  std::vector<std::string> paths;   ///< absolute
  data::schema_ptr schema;          ///< declared columns (all nullable)
  std::vector<int> columns;         ///< which of them the plan uses, ascending; the scan's output schema is exactly these
  option_map options;               ///< every option as given (maxfilespertrigger, mode, timestampformat, …)
};

/// One step over record batches.
struct step {
  enum class kind { filter, project };
  kind what = kind::filter;
  std::vector<expr::expr_ptr> expressions;  ///< filter: one boolean; project: one per output column
  data::schema_ptr output;                  ///< schema after the step
};

/// window(time, size, slide, start) as a grouping expression. All in microseconds.
struct window_spec {
  expr::expr_ptr time;  ///< timestamp or timestamp_ntz over the aggregation's input
  std::int64_t size_us = 0;
  std::int64_t slide_us = 0;  ///< = size for tumbling
  std::int64_t start_us = 0;
};

struct aggregate_call {
  std::string function;                ///< lower case: count, sum, avg, min, max, first, last, count_if, stddev_samp, …
  std::vector<expr::expr_ptr> args;    ///< coerced, over the aggregation's input; empty for count(*)
  expr::expr_ptr filter;               ///< FILTER (WHERE …) or null
  bool distinct = false;               ///< batch only
  bool ignore_nulls = false;           ///< first, last
  data::type_ptr type;                 ///< result type, Spark's rules
};

/// GROUP BY keys [, window]. Output schema: keys in order, then "window" (if any) as struct<start,end>, then one per call.
struct aggregation {
  std::vector<expr::expr_ptr> keys;
  std::vector<std::string> key_names;
  std::optional<window_spec> window;
  std::vector<aggregate_call> calls;
  data::schema_ptr output;
};

struct sort_key {
  expr::expr_ptr expression;
  bool ascending = true;
  bool nulls_first = true;
};

enum class output_mode { append, update, complete };

struct trigger_spec {
  enum class kind { as_soon_as_possible, interval, available_now, once };
  kind what = kind::as_soon_as_possible;
  std::int64_t interval_us = 0;
};

struct sink_spec {
  std::string format;  ///< memory, console, json, parquet
  std::string path;    ///< file sinks, absolute
  option_map options;
};

struct streaming_plan {
  std::string name;                         ///< of the streaming table = query name
  file_source source;
  std::vector<step> map_steps;              ///< over the source's columns
  std::optional<aggregation> aggregate;     ///< over the output of map_steps
  std::vector<step> result_steps;           ///< having, final projection: over the aggregation's output (empty if stateless)
  std::vector<sort_key> sort;               ///< complete mode: applied when the table is read or written whole, over the output
  std::optional<std::int64_t> limit;        ///< likewise
  output_mode mode = output_mode::append;
  trigger_spec trigger;
  sink_spec sink;
  std::string checkpoint;                   ///< absolute; empty: the coordinator picks one under its data directory
  data::schema_ptr output;                  ///< schema of the result
  expr::options session;
  option_map settings;                      ///< SET key = value of the job (shuffle partitions, state settings), captured
};

/// Batch relational node. Children before parents; joins come with more children later.
struct node;
using node_ptr = std::shared_ptr<const node>;
struct node {
  enum class kind { file_scan, table_scan, one_row, filter, project, aggregate, sort, limit };
  kind what = kind::one_row;
  std::vector<node_ptr> inputs;
  data::schema_ptr output;
  file_source source;                       ///< file_scan
  std::string table;                        ///< table_scan: name of a result table (streaming query name)
  std::vector<int> columns;                 ///< table_scan: used columns
  step action;                              ///< filter, project
  aggregation aggregate;                    ///< aggregate (DISTINCT is an aggregate without calls)
  std::vector<sort_key> sort;               ///< sort
  std::int64_t limit = 0;                   ///< limit
};

struct batch_plan {
  node_ptr root;
  expr::options session;
};

} // namespace sluice::plan
