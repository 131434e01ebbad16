#pragma once
/// A query's AST to a tree of batch nodes, streaming or not. What a stream may not do is checked later, on the tree.
#include <map>
#include <set>

#include "common/plan/analyzer.hpp"
#include "common/plan/internal/resolver.hpp"

namespace sluice::plan::internal {

struct analyzed_query {
  node_ptr root;
  scope columns;
  bool streaming = false;  ///< its leaf was read with STREAM
};

class query_analyzer {
public:
  enum class purpose { batch, streaming, view };

  query_analyzer(const catalog_view& catalog, const expr::options& session, purpose what)
      : catalog_(catalog), session_(session), purpose_(what) {}

  result<analyzed_query> analyze(const sql::query& query);
  /// A view of this name is being defined: reading it inside is an error.
  void enter_view(const std::string& name);

  /// Where sort, limit, DISTINCT and aggregation nodes stand in the text.
  text_position position_of(const node* at) const;
  bool is_distinct(const node* at) const { return distinct_.contains(at); }

private:
  struct common_table {
    std::string name;
    analyzed_query query;
  };
  struct select;  // one SELECT under analysis

  result<analyzed_query> analyze_from(const std::optional<sql::relation>& from);
  result<analyzed_query> analyze_relation(const sql::relation& from);
  result<analyzed_query> analyze_table(const sql::relation& from);
  result<analyzed_query> analyze_view(const sql::relation& from, const std::string& text);
  result<analyzed_query> scan_files(const sql::relation& from, file_source source);
  status check_streaming(const sql::relation& from, bool is_result_table) const;
  status unknown_table(const sql::relation& from) const;

  status expand_items(select& s, const sql::query& query);
  status resolve_plain(select& s, const sql::query& query);
  status resolve_grouped(select& s, const sql::query& query);
  status resolve_keys(select& s, const sql::query& query);
  status resolve_key(select& s, const sql::query& query, const sql::expression& written);
  result<const sql::expression*> group_target(select& s, const sql::query& query, const sql::expression& written);
  result<expr::expr_ptr> over_groups(const select& s, const expr::expr_ptr& expression) const;
  status resolve_order(select& s, const sql::query& query);
  status add_aggregate(select& s, const sql::query& query);
  status add_projection(select& s, const sql::query& query);
  status add_limit(select& s, const sql::query& query);
  void note(const node_ptr& at, text_position position) { positions_.emplace_back(at, position); }

  const catalog_view& catalog_;
  const expr::options& session_;
  purpose purpose_;
  bool force_stream_ = false;  ///< inside of a view read with STREAM
  std::vector<common_table> tables_;
  std::vector<std::string> views_;
  std::vector<std::pair<node_ptr, text_position>> positions_;
  std::set<const node*> distinct_;
};

node_ptr make_project(node_ptr input, std::vector<expr::expr_ptr> expressions, const std::vector<std::string>& names);
node_ptr make_filter(node_ptr input, expr::expr_ptr condition);
/// Output schema of an aggregation: keys, window, calls.
data::schema_ptr aggregate_schema(const aggregation& what, const std::vector<std::string>& call_names);
/// Whether Spark can group by the type.
bool can_group(const arrow::DataType& type);

} // namespace sluice::plan::internal
