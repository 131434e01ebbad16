#pragma once
/// What the parser makes of SQL text. Nothing is resolved here: names are as written, types are text.
/// Every node knows its position in the whole job text.
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/status.hpp"

namespace sluice::sql {

struct expression;
using expression_ptr = std::shared_ptr<const expression>;

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
  get_item          ///< args[0][args[1]]
};

struct expression {
  expression_kind kind = expression_kind::null_literal;
  std::string text;
  std::string suffix;
  std::string type;
  std::vector<std::string> parts;
  std::vector<expression_ptr> args;
  expression_ptr filter;      ///< call: FILTER (WHERE …)
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

struct query;
using query_ptr = std::shared_ptr<const query>;

struct relation {
  enum class kind { table, path, subquery };
  kind what = kind::table;
  std::string name;             ///< table: name; path: the path
  std::string format;           ///< path: json in json.`/dir`
  bool is_stream = false;
  std::vector<option> options;  ///< STREAM t WITH (…)
  query_ptr subquery;
  std::string alias;
  text_position position;
};

struct select_item {
  expression_ptr value;
  std::string alias;
  text_position position;
};

struct order_item {
  expression_ptr value;
  bool ascending = true;
  std::optional<bool> nulls_first;
};

struct common_table {
  std::string name;
  std::vector<std::string> columns;  ///< WITH t (a, b) AS …
  query_ptr body;
  text_position position;
};

struct query {
  std::vector<common_table> with;
  bool distinct = false;
  std::vector<select_item> items;
  std::optional<relation> from;
  expression_ptr where;
  std::vector<expression_ptr> group_by;
  bool group_by_all = false;
  expression_ptr having;
  std::vector<order_item> order_by;
  expression_ptr limit;
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
