#pragma once
/// One SELECT under analysis.
#include <map>

#include "common/plan/internal/query_analyzer.hpp"

namespace sluice::plan::internal {

/// A subquery in an expression of a grouped SELECT: joined above the aggregation.
struct late_subquery {
  const sql::expression* written = nullptr;
  int column = -1;  ///< its place in the scope while the SELECT is resolved
};

/// One entry of the select list.
struct result_column {
  std::string name;
  const sql::expression* written = nullptr;  ///< null for a column of *
  int column = -1;                           ///< of *: which
  bool has_alias = false;
  text_position position;
  expr::expr_ptr value;
  std::vector<std::string> aliases;          ///< of a generator
  visibility seen = visibility::shown;
};

/// Expressions of a grouped SELECT are in the collector's numbering until `over_groups`.
struct query_analyzer::select {
  using item = result_column;
  struct order {
    expr::expr_ptr value;
    int ordinal = -1;  ///< position in the select list
    bool ascending = true;
    bool nulls_first = true;
    text_position position;
  };

  analyzed_query input;
  const scope* outer = nullptr;  ///< columns of the query around this subquery
  std::vector<item> items;
  std::vector<named_expression> aliases;  ///< of the items resolved so far
  bool grouped = false;
  bool bare_star = false;  ///< SELECT * alone: hidden columns stay reachable
  aggregate_collector collector;
  subquery_columns subqueries;
  std::set<const sql::expression*> null_aware;  ///< IN subqueries whose "unknown" counts
  std::vector<late_subquery> late;
  std::map<const sql::expression*, analyzed_query> analyzed;  ///< subqueries
  window_collector windows;
  std::vector<expr::expr_ptr> keys;
  std::vector<std::string> key_names;
  std::vector<std::vector<int>> grouping_sets;  ///< of indexes into `keys`
  std::vector<std::string> call_names;
  expr::expr_ptr having;
  std::vector<expr::expr_ptr> correlated;  ///< conjuncts of WHERE with columns of the outer query
  std::vector<generator_parts> generators;  ///< their columns one after the other are generator_base + k
  std::vector<order> orders;
  node_ptr root;
  scope output;
  expr::expr_ptr empty_value;  ///< first item where no row came in, of an aggregation without keys
  bool limited = false;
};

} // namespace sluice::plan::internal
