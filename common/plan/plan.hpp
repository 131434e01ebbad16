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

/// How two inputs are joined. The output is the left columns, then the right ones; left_semi and left_anti give the left ones
/// only, `mark` adds one boolean column to them.
struct join_spec {
  enum class kind { inner, left_outer, right_outer, full_outer, left_semi, left_anti, mark };
  struct key {
    expr::expr_ptr left;   ///< over the left columns
    expr::expr_ptr right;  ///< over the right columns; of the same type
    bool null_safe = false;
  };
  kind what = kind::inner;
  std::vector<key> keys;     ///< all have to be equal
  expr::expr_ptr condition;  ///< over both inputs' columns; null: none
  std::optional<key> in;     ///< mark: x IN (…) among the rows with equal keys, null where that is unknown; without condition
  bool null_aware = false;   ///< mark: null when no condition is true and one is null
  bool single = false;       ///< left_outer: two matches of a row are an error (a scalar subquery)
};

/// One bound of a window frame.
struct frame_bound {
  enum class kind { unbounded_preceding, offset, current_row, unbounded_following };
  kind what = kind::current_row;
  std::int64_t rows = 0;  ///< offset of a ROWS frame; negative: preceding
  expr::expr_ptr value;   ///< offset of a RANGE frame: the sort key's value at the bound, for the current row
};

/// One function over the rows of a partition.
struct window_call {
  aggregate_call call;  ///< function, args, filter, ignore_nulls, type; an aggregate or row_number, rank, lag, …
  bool rows = false;    ///< ROWS frame; otherwise RANGE
  frame_bound lower;
  frame_bound upper;
};

struct window_node {
  std::vector<expr::expr_ptr> partition;
  std::vector<sort_key> order;
  std::vector<window_call> calls;
};

/// One row per element of an array or map, beside the columns of the input row.
struct generate_node {
  enum class kind { explode, posexplode, inline_ };
  kind what = kind::explode;
  expr::expr_ptr value;
  bool outer = false;  ///< a row of nulls for an empty or null value
};

struct range_node {
  std::int64_t start = 0;
  std::int64_t end = 0;
  std::int64_t step = 1;
};

/// Batch relational node. Children before parents.
struct node;
using node_ptr = std::shared_ptr<const node>;
struct node {
  enum class kind {
    file_scan, table_scan, one_row, filter, project, aggregate, sort, limit,
    offset,      ///< drops the first `limit` rows
    union_all,   ///< any number of inputs of equal types
    intersect,   ///< rows of both inputs (`all`: as often as in both)
    except,      ///< rows of the first input that are not in the second (`all`: as often as they are left over)
    join,
    expand,      ///< each row once per projection
    generate,
    window,      ///< the input's columns, then one per call
    range,
    single_row,  ///< the only row of the input, or a row of nulls; more are an error
    sample
  };
  kind what = kind::one_row;
  std::vector<node_ptr> inputs;
  data::schema_ptr output;
  file_source source;                       ///< file_scan
  std::string table;                        ///< table_scan: name of a result table (streaming query name)
  std::vector<int> columns;                 ///< table_scan: used columns
  step action;                              ///< filter, project
  aggregation aggregate;                    ///< aggregate (DISTINCT is an aggregate without calls)
  std::vector<sort_key> sort;               ///< sort
  std::int64_t limit = 0;                   ///< limit, offset
  bool all = false;                         ///< intersect, except
  join_spec join;
  std::vector<std::vector<expr::expr_ptr>> projections;  ///< expand: one expression per output column
  generate_node generate;
  window_node window;
  range_node range;
  double sample_from = 0;                   ///< sample: rows whose random number is in [sample_from, sample_to) are kept
  double sample_to = 0;
  std::int64_t seed = 0;                    ///< sample
};

struct batch_plan {
  node_ptr root;
  expr::options session;
};

} // namespace sluice::plan
