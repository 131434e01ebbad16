#pragma once
/// A query's AST to a tree of batch nodes, streaming or not. What a stream may not do is checked later, on the tree.
#include <map>
#include <set>

#include "common/plan/analyzer.hpp"
#include "common/plan/internal/resolver.hpp"

namespace sluice::plan::internal {

struct analyzed_query {
  node_ptr root;
  scope columns;           ///< one per column of the root
  bool streaming = false;  ///< a leaf was read with STREAM
  /// Of a subquery: conditions over its columns and those of the query around it (outer_base + i).
  std::vector<expr::expr_ptr> correlated = {};
  expr::expr_ptr empty_value = nullptr;  ///< of a subquery that aggregates all its rows: the first column if there is none
};

struct result_column;

class query_analyzer {
public:
  enum class purpose { batch, streaming, view };

  query_analyzer(const catalog_view& catalog, const expr::options& session, purpose what)
      : catalog_(catalog), session_(session), purpose_(what) {}

  /// All columns of the result are shown ones.
  result<analyzed_query> analyze(const sql::query& query) { return analyze(query, nullptr, false); }
  /// A view of this name is being defined: reading it inside is an error.
  void enter_view(const std::string& name);

  /// Where joins, set operations, sort, limit, DISTINCT and aggregation nodes stand in the text.
  text_position position_of(const node* at) const;
  bool is_distinct(const node* at) const { return distinct_.contains(at); }

private:
  struct common_table {
    std::string name;
    analyzed_query query;
  };
  struct select;  // one SELECT under analysis (select_state.hpp)

  result<analyzed_query> analyze(const sql::query& query, const scope* outer, bool keep_hidden);
  result<analyzed_query> analyze_select(const sql::query& query, const scope* outer);
  result<analyzed_query> analyze_set(const sql::query& query);
  analyzed_query shown_only(analyzed_query query) const;
  analyzed_query make_union(std::vector<analyzed_query> sides, text_position position);
  status match_sides(const sql::query& query, analyzed_query& left, analyzed_query& right);
  status match_names(const sql::query& query, analyzed_query& left, analyzed_query& right);
  result<analyzed_query> make_set(const sql::query& query, analyzed_query left, analyzed_query right);
  result<analyzed_query> add_distinct(analyzed_query query, text_position position);

  // relations (relations.cpp, derived_relations.cpp, joins.cpp)
  result<analyzed_query> analyze_from(const std::optional<sql::relation>& from);
  result<analyzed_query> analyze_relation(const sql::relation& from);
  result<analyzed_query> analyze_named(const sql::relation& from);
  result<analyzed_query> analyze_path(const sql::relation& from);
  result<analyzed_query> analyze_table(const sql::relation& from);
  result<analyzed_query> analyze_view(const sql::relation& from, const std::string& text);
  result<analyzed_query> scan_files(const sql::relation& from, file_source source);
  result<analyzed_query> analyze_values(const sql::relation& from);
  result<analyzed_query> analyze_function(const sql::relation& from);
  result<analyzed_query> analyze_range(const sql::relation& from);
  result<analyzed_query> analyze_lateral_view(const sql::relation& from);
  result<analyzed_query> analyze_pivot(const sql::relation& from);
  result<analyzed_query> analyze_unpivot(const sql::relation& from);
  result<analyzed_query> analyze_sample(const sql::relation& from);
  result<analyzed_query> analyze_join(const sql::relation& from);
  result<analyzed_query> analyze_lateral_join(const sql::relation& from, analyzed_query left, join_spec spec);
  result<analyzed_query> join_using(const sql::relation& from, analyzed_query left, analyzed_query right);
  result<analyzed_query> generate_over(analyzed_query input, const sql::relation& function, bool outer);
  analyzed_query make_join(analyzed_query left, analyzed_query right, join_spec spec, text_position position);
  status check_streaming(const sql::relation& from, bool is_result_table) const;
  status unknown_table(const sql::relation& from) const;
  status rename_columns(const sql::relation& from, analyzed_query& query) const;

  // select items (select_items.cpp)
  status expand_items(select& s, const sql::query& query);
  status expand_star(select& s, const sql::select_item& item);
  status resolve_items(select& s);
  status resolve_generator(select& s, const result_column& item, std::vector<result_column>& out);
  resolver item_resolver(select& s, bool windows = true);

  // grouping (grouping.cpp)
  status resolve_grouped(select& s, const sql::query& query);
  status resolve_keys(select& s, const sql::query& query);
  result<int> resolve_key(select& s, const sql::query& query, const sql::expression& written);
  result<const sql::expression*> group_target(select& s, const sql::expression& written);
  result<expr::expr_ptr> over_groups(const select& s, const expr::expr_ptr& expression) const;
  status add_correlated_keys(select& s);
  status add_aggregate(select& s, const sql::query& query);
  void add_grouping_sets(select& s, aggregation& what);
  status all_over_groups(select& s);

  // subqueries (subqueries.cpp)
  status attach_subqueries(select& s, const sql::query& query);
  status attach_subquery(select& s, const sql::expression& written);
  status attach_late(select& s);
  result<const analyzed_query*> analyze_subquery(select& s, const sql::expression& written);
  result<node_ptr> join_subquery(select& s, const node_ptr& root, const sql::expression& written, bool late, scope_column& column);

  // ordering (ordering.cpp)
  status resolve_order(select& s, const sql::query& query);
  status add_windows(select& s);
  status add_generate(select& s);
  status add_projection(select& s, const sql::query& query);
  status add_distinct_on(select& s, const sql::query& query);
  status carry_correlated(select& s, std::vector<expr::expr_ptr>& values, std::vector<std::string>& names);
  status add_limit(select& s, const sql::query& query);
  result<std::int64_t> row_count(const sql::expression& written, const std::string& what);
  void note(const node_ptr& at, text_position position) { positions_.emplace_back(at, position); }

  const catalog_view& catalog_;
  const expr::options& session_;
  purpose purpose_;
  bool force_stream_ = false;  ///< inside of a view read with STREAM
  int made_up_ = 0;            ///< names of tables that only the analysis sees
  std::vector<common_table> tables_;
  std::vector<std::string> views_;
  std::vector<std::pair<node_ptr, text_position>> positions_;
  std::set<const node*> distinct_;
};

node_ptr make_project(node_ptr input, std::vector<expr::expr_ptr> expressions, const std::vector<std::string>& names);
node_ptr make_filter(node_ptr input, expr::expr_ptr condition);
/// Column i of the node.
expr::expr_ptr column_of(const node& input, int i);
/// Output schema of an aggregation: keys, window, calls.
data::schema_ptr aggregate_schema(const aggregation& what, const std::vector<std::string>& call_names);
/// Whether Spark can group by the type.
bool can_group(const arrow::DataType& type);
/// An unsigned whole number as written: an ordinal in GROUP BY and ORDER BY.
std::optional<std::int64_t> ordinal_of(const sql::expression& node);
status ordinal_out_of_range(const std::string& clause, std::int64_t ordinal, std::size_t items, text_position position);

/// The condition of a join over both sides' columns as keys and the rest; columns below `left` are the left side's.
void split_condition(const expr::expr_ptr& condition, int left, join_spec& into);

/// explode, posexplode, inline, stack and their _outer forms.
bool is_generator(const std::string& name);
/// A generator over resolved arguments: what it reads and the columns it makes.
struct generator_parts {
  generate_node node;
  std::vector<std::string> names;
  std::vector<data::type_ptr> types;
  std::vector<bool> nullable;
};
result<generator_parts> make_generator(const std::string& name, std::vector<expr::expr_ptr> args, bool outer, text_position position,
                                       const expr::options& session);
/// The generate node over an input.
node_ptr add_generator(node_ptr input, const generator_parts& parts, const std::vector<std::string>& names);

} // namespace sluice::plan::internal
