#pragma once
/// From SQL text to plans. Pure: tables come from the catalog that is handed in; nothing is read from disk.
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/plan/plan.hpp"
#include "common/sql/source_text.hpp"

namespace sluice::sql {
struct create_source;
struct create_streaming_table;
struct query;
} // namespace sluice::sql

namespace sluice::plan {

/// What a name in FROM means.
struct relation {
  bool is_result_table = false;     ///< memory table of a streaming query: batch reads only
  data::schema_ptr schema;
  std::string view_query;           ///< not empty: a view over a query; this text is analysed in its place
  file_source source;               ///< otherwise: files
};

/// Names visible to a job: session views and tables, then result tables. Lookup is by lower-case name.
class catalog_view {
public:
  virtual ~catalog_view() = default;
  virtual std::optional<relation> find(const std::string& name) const = 0;
  virtual std::vector<std::string> names() const = 0;  ///< for "did you mean"
};

/// CREATE TEMPORARY VIEW … USING / CREATE TABLE … USING: registers a file source.
struct define_source {
  std::string name;
  bool if_not_exists = false;
  bool or_replace = false;
  file_source source;
};
/// CREATE TEMPORARY VIEW v AS SELECT …: the text is kept and analysed where it is used.
struct define_view {
  std::string name;
  bool or_replace = false;
  std::string query_text;
};
struct start_query {
  bool if_not_exists = false;
  streaming_plan plan;
};
struct run_batch {
  batch_plan plan;
};
struct set_variable {
  std::string key;
  std::string value;
};
struct drop_relation {
  std::string name;
  bool if_exists = false;
};
using action = std::variant<define_source, define_view, start_query, run_batch, set_variable, drop_relation>;

/// One statement of a job and where it stands.
struct statement_text {
  std::string text;
  text_position position;
  std::vector<sql::text_anchor> anchors;  ///< positions behind replaced variables; empty: text runs on from `position`
};

/// Cuts a job into statements at ';' (outside quotes and comments), after replacing ${key}. Errors: undefined_variable,
/// parse_syntax (unterminated quote or comment), with position in the whole text.
result<std::vector<statement_text>> split_statements(const std::string& job, const option_map& variables);

/// How the session's settings (SET) change analysis.
struct session_settings {
  option_map values;
  expr::options expressions() const;  ///< spark.sql.ansi.enabled, spark.sql.session.timeZone
};

/// Parses and resolves one statement; positions in errors refer to the whole job text. `directory` resolves relative paths.
/// Refuses what is not supported with its position and the nearest known name; output-mode rules are Spark's.
result<action> analyze(const statement_text& statement, const catalog_view& catalog, const session_settings& session,
                       const std::string& directory);

/// The same for trees that were not written as text (Spark Connect). A query that reads a stream is refused as a batch;
/// its columns can be asked for.
result<batch_plan> analyze_query(const sql::query& query, const catalog_view& catalog, const session_settings& session);
result<streaming_plan> analyze_stream(const sql::create_streaming_table& table, const catalog_view& catalog,
                                      const session_settings& session, const std::string& directory);
result<data::schema_ptr> columns_of(const sql::query& query, const catalog_view& catalog, const session_settings& session);
result<file_source> analyze_source(const sql::create_source& source, const catalog_view& catalog,
                                   const session_settings& session, const std::string& directory);

/// Human-readable plans: logical and stages, for `sluice explain` and `show`.
std::string explain(const streaming_plan& plan);
std::string explain(const batch_plan& plan);

} // namespace sluice::plan
