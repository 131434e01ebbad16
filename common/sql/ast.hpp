#pragma once
/// What the parser makes of SQL text. Nothing is resolved here: names are as written, types are text.
/// Every node knows its position in the whole job text.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/status.hpp"

namespace sluice::sql {

struct expression;
using expression_ptr = std::shared_ptr<const expression>;
struct query;
using query_ptr = std::shared_ptr<const query>;

enum class expression_kind {
  null_literal,
  boolean_literal,  ///< text "true" or "false"
  number,           ///< text without suffix; `suffix` L S Y D F BD or "" (upper case)
  string_literal,   ///< text, unescaped
  binary_literal,   ///< X'1F': text holds the bytes
  typed_literal,    ///< DATE '…', TIMESTAMP '…', TIMESTAMP_NTZ '…': `type` and text
  interval,         ///< INTERVAL …: text is "10 minutes"-like
  name,             ///< a.b.c: `parts`
  star,             ///< *, t.*: `parts` holds the qualifier
  call,             ///< operators and functions: `text` is the name in lower case (operators: "+", "and", "is_null", "case", …)
  cast,             ///< args[0] AS `type`
  get_field,        ///< args[0].text
  get_item,         ///< args[0][args[1]]
  lambda,           ///< (a, b) -> body: `parts` are the parameters, args[0] the body
  scalar_subquery,  ///< (SELECT …): `subquery`
  exists,           ///< EXISTS (SELECT …): `subquery`
  in_subquery       ///< args IN (SELECT …): `subquery`; several args are a row
};

struct order_item {
  expression_ptr value;
  bool ascending = true;
  std::optional<bool> nulls_first;
};

struct frame_bound {
  enum class kind { unbounded_preceding, preceding, current_row, following, unbounded_following };
  kind what = kind::current_row;
  expression_ptr value;  ///< preceding, following
};

struct window_frame {
  bool rows = false;  ///< ROWS; otherwise RANGE
  frame_bound lower;
  frame_bound upper;
};

/// OVER (…), and what the WINDOW clause names.
struct window_definition {
  std::string name;  ///< OVER w: the name; a definition of the WINDOW clause: its own
  std::vector<expression_ptr> partition_by;
  std::vector<order_item> order_by;
  std::optional<window_frame> frame;
  text_position position;
};

struct expression {
  expression_kind kind = expression_kind::null_literal;
  std::string text;
  std::string suffix;
  std::string type;
  std::vector<std::string> parts;
  std::vector<expression_ptr> args;        ///< star: the names of EXCEPT (…)
  query_ptr subquery;
  expression_ptr filter;                   ///< call: FILTER (WHERE …)
  std::shared_ptr<const window_definition> over;  ///< call: OVER …
  std::int64_t plan_id = -1;  ///< name, star: only columns of relations with this id (Spark Connect)
  bool distinct = false;      ///< call: f(DISTINCT …)
  bool ignore_nulls = false;  ///< call: IGNORE NULLS
  bool star = false;          ///< call: f(*)
  bool is_operator = false;   ///< call: written as an operator, not as a function
  int height = 1;             ///< of the tree below; bounded by the parser
  int weight = 1;             ///< nodes below, shared ones counted each time; bounded by the parser
  text_position position;
};

/// "key" = value in OPTIONS, TBLPROPERTIES and WITH. Keys keep their spelling.
struct option {
  std::string key;
  std::string value;
  text_position key_position;
  text_position value_position;
};

struct select_item {
  expression_ptr value;
  std::string alias;
  text_position position;
  std::vector<std::string> aliases;  ///< AS (a, b): of a generator; instead of `alias`
};

enum class join_kind { inner, left_outer, right_outer, full_outer, left_semi, left_anti, cross };

struct relation;
using relation_ptr = std::shared_ptr<const relation>;

/// UNPIVOT: each row becomes one per entry of `columns`.
struct unpivot_clause {
  struct entry {
    std::vector<expression_ptr> values;  ///< one per value name
    std::string alias;                   ///< in the name column; empty: the columns' names joined by _
  };
  std::optional<std::vector<expression_ptr>> ids;  ///< unset: all columns that are in no entry
  std::vector<entry> columns;                      ///< empty: all columns that are no id
  std::string variable_name;
  std::vector<std::string> value_names;
  bool include_nulls = false;
};

/// PIVOT: groups by all columns that are not used, one column per value and aggregate.
struct pivot_clause {
  std::optional<std::vector<expression_ptr>> group_by;  ///< unset: all columns that are in neither of the others
  std::vector<select_item> aggregates;
  std::vector<expression_ptr> columns;
  std::vector<select_item> values;  ///< constants; of several columns: calls of `struct`
};

/// TABLESAMPLE: rows whose random number is in [lower, upper).
struct sample_clause {
  double lower = 0;
  double upper = 1;
  std::optional<std::int64_t> seed;
};

struct relation {
  enum class kind { table, path, subquery, values, function, join, lateral_view, pivot, unpivot, sample };
  kind what = kind::table;
  std::string name;             ///< table: name; path: the path; function, lateral_view: the function
  std::string format;           ///< path: json in json.`/dir`
  bool is_stream = false;
  std::vector<option> options;  ///< STREAM t WITH (…)
  query_ptr subquery;
  std::string alias;
  std::vector<std::string> column_aliases;         ///< AS t (a, b)
  std::vector<std::vector<expression_ptr>> rows;   ///< values
  std::vector<expression_ptr> args;                ///< function, lateral_view
  bool outer = false;                              ///< lateral_view: OUTER
  relation_ptr left;                               ///< join, and the input of lateral_view, pivot, unpivot, sample
  relation_ptr right;                              ///< join
  join_kind join = join_kind::inner;
  bool lateral = false;                            ///< join: the right side sees the columns of the left one
  bool natural = false;
  std::vector<std::string> using_columns;
  expression_ptr on;
  std::shared_ptr<const pivot_clause> pivot;
  std::shared_ptr<const unpivot_clause> unpivot;
  sample_clause sample;
  bool transparent = false;     ///< subquery: its columns keep their qualifiers, hidden ones stay reachable (Spark Connect)
  std::int64_t plan_id = -1;    ///< of the columns (Spark Connect)
  text_position position;
};

struct common_table {
  std::string name;
  std::vector<std::string> columns;  ///< WITH t (a, b) AS …
  query_ptr body;
  text_position position;
};

enum class set_operator { none, union_, intersect, except };

/// A SELECT; or with `set` the set operation of `left` and `right`, which has no other clause than WITH (what follows a set
/// operation stands in a SELECT * over it).
struct query {
  std::vector<common_table> with;
  set_operator set = set_operator::none;
  bool set_all = false;
  bool by_name = false;                 ///< union: columns are matched by name
  bool allow_missing_columns = false;   ///< union by name: a column that one side lacks is null there
  query_ptr left;
  query_ptr right;
  bool distinct = false;
  std::vector<std::string> distinct_on;  ///< keep the first row of each value of these result columns (dropDuplicates)
  std::vector<select_item> items;
  std::optional<relation> from;
  expression_ptr where;
  std::vector<expression_ptr> group_by;
  bool group_by_all = false;
  std::vector<std::vector<int>> grouping_sets;  ///< not empty: sets of indexes into `group_by`
  expression_ptr having;
  std::vector<window_definition> windows;  ///< WINDOW clause
  std::vector<order_item> order_by;
  expression_ptr limit;
  expression_ptr offset;
  text_position position;
};

struct column_definition {
  std::string name;
  std::string type;  ///< Spark's type text
  bool not_null = false;
  text_position position;
};

struct set_statement {
  std::string key;
  std::string value;
  text_position position;
};

/// CREATE TEMPORARY VIEW … USING, CREATE TABLE … USING.
struct create_source {
  std::string name;
  bool is_table = false;
  bool or_replace = false;
  bool if_not_exists = false;
  std::vector<column_definition> columns;
  std::string format;
  std::vector<option> options;  ///< OPTIONS, then TBLPROPERTIES; LOCATION as "path"
  std::vector<option> properties;
  text_position position;
  text_position format_position;
};

/// CREATE TEMPORARY VIEW v AS query.
struct create_view {
  std::string name;
  bool or_replace = false;
  bool if_not_exists = false;
  query_ptr body;
  std::string body_text;
  text_position position;
};

struct create_streaming_table {
  std::string name;
  bool if_not_exists = false;
  std::vector<column_definition> columns;  ///< optional: declared types the result is checked against
  std::string format;                      ///< empty: memory
  std::vector<option> options;
  std::vector<option> properties;
  query_ptr body;
  text_position position;
  text_position format_position;
};

struct drop_statement {
  std::string name;
  bool if_exists = false;
  text_position position;
};

struct select_statement {
  query_ptr body;
};

using statement =
    std::variant<set_statement, create_source, create_view, create_streaming_table, drop_statement, select_statement>;

} // namespace sluice::sql
