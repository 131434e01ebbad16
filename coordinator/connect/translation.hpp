#pragma once
/// A client's relation as a query of the SQL analyzer, with the tables that only this query sees. Pure.
///
///   auto what = translate(relation, {catalog, settings, views, directory});
///   plan::analyze_query(*what->query, scoped_catalog(catalog, *what), settings);
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/plan/analyzer.hpp"
#include "common/sql/ast.hpp"

namespace spark::connect {
class Relation;
} // namespace spark::connect

namespace sluice::connect {

struct translated {
  sql::query_ptr query;
  std::map<std::string, plan::relation> relations;             ///< files and rows, by made-up names
  std::map<std::string, std::vector<data::batch_ptr>> rows;    ///< of the relations whose rows came with the plan
  bool streaming = false;                                      ///< reads a stream
};

/// Views of a session: plans that are resolved where they are used. Names in lower case.
using view_map = std::map<std::string, spark::connect::Relation>;

/// Rows that a client sent ahead of its plans, by "cache/<hash>".
using artifact_map = std::map<std::string, std::shared_ptr<const std::string>>;

struct translation_context {
  const plan::catalog_view& catalog;
  const plan::session_settings& settings;
  const view_map& views;
  std::string directory;  ///< resolves relative paths
  const artifact_map* artifacts = nullptr;
};

/// Errors: unsupported_feature, naming the relation that Sluice has not; those of the analyzer.
result<translated> translate(const spark::connect::Relation& relation, const translation_context& context);

/// The relation with the views in it put in by name, so that later changes of a name do not change it.
spark::connect::Relation expand_views(spark::connect::Relation relation, const view_map& views);

/// A catalog with the tables of one query before those of all.
class scoped_catalog : public plan::catalog_view {
public:
  scoped_catalog(const plan::catalog_view& outer, const translated& scope) : outer_(outer), scope_(scope) {}
  std::optional<plan::relation> find(const std::string& name) const override {
    auto found = scope_.relations.find(name);
    return found == scope_.relations.end() ? outer_.find(name) : found->second;
  }
  std::vector<std::string> names() const override { return outer_.names(); }

private:
  const plan::catalog_view& outer_;
  const translated& scope_;
};

} // namespace sluice::connect
