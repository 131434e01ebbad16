#pragma once
/// Names and what they stand for: the result tables of the cluster, and per job a session of views, tables and
/// settings. Pure and not thread safe: a session belongs to one job, the result tables to the actor that keeps the
/// queries; a job works on a copy. Lookup ignores case; names are kept as written.
///
///   catalog::session session(tables);
///   session.apply(define);                       // CREATE VIEW …, SET …, DROP …
///   plan::analyze(statement, session, session.settings(), directory);
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/ids.hpp"
#include "common/plan/analyzer.hpp"

namespace sluice::catalog {

/// Lower-case form of a name (ASCII letters only, as Spark's resolver compares them).
std::string fold(std::string_view name);

/// The memory table of a streaming query.
struct result_table {
  std::string name;
  query_id query;
  data::schema_ptr schema;
  plan::output_mode mode = plan::output_mode::append;
};

/// Result tables by name. A name that is taken again replaces the older table: the newest query of a name wins.
class result_tables {
public:
  void put(result_table table);
  /// Removes the name only if it still belongs to `query`.
  void erase(std::string_view name, const query_id& query);
  const result_table* find(std::string_view name) const;
  std::vector<std::string> names() const;

private:
  std::map<std::string, result_table, std::less<>> tables_;
};

/// What one job sees: its own views and tables first, then the result tables.
class session : public plan::catalog_view {
public:
  explicit session(result_tables tables = {}) : tables_(std::move(tables)) {}

  std::optional<plan::relation> find(const std::string& name) const override;
  std::vector<std::string> names() const override;

  /// Errors: already_exists (with the name).
  status apply(const plan::define_source& definition);
  status apply(const plan::define_view& definition);
  /// Error: table_not_found, unless IF EXISTS. Result tables cannot be dropped here: unsupported_feature.
  status apply(const plan::drop_relation& drop);
  void apply(const plan::set_variable& assignment);

  const plan::session_settings& settings() const { return settings_; }
  /// Makes a table of a query that this job has started visible to its later statements.
  void add(result_table table) { tables_.put(std::move(table)); }
  const result_tables& tables() const { return tables_; }

private:
  status insert(const std::string& name, bool replace, plan::relation relation);

  struct entry {
    std::string name;
    plan::relation relation;
  };
  std::map<std::string, entry> relations_;
  plan::session_settings settings_;
  result_tables tables_;
};

} // namespace sluice::catalog
