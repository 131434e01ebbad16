#pragma once
/// The columns that names can mean at one place of a query, and trees of typed expressions over them.
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/plan/plan.hpp"
#include "common/sql/ast.hpp"

namespace sluice::plan::internal {

struct scope_column {
  enum class visibility {
    shown,
    qualified,  ///< not part of `*` and found only with its qualifier: what USING left out
    internal    ///< never found by name: results of subqueries, columns carried along
  };
  std::string qualifier;  ///< alias or name of the relation
  std::string name;
  data::type_ptr type;
  bool nullable = true;
  visibility seen = visibility::shown;
  std::vector<std::int64_t> plan_ids = {};  ///< DataFrames that the column belongs to (Spark Connect)
};
using scope = std::vector<scope_column>;
using visibility = scope_column::visibility;

/// While one SELECT is resolved, column indexes from these on stand for what is computed later.
inline constexpr int window_base = 1 << 24;     ///< + k: the k-th window function
inline constexpr int generator_base = 1 << 25;  ///< + k: the k-th column of the generator
inline constexpr int grouping_base = 1 << 26;   ///< + k: the k-th grouping() or grouping_id()
inline constexpr int outer_base = 1 << 27;      ///< + i: column i of the query around a subquery

/// Structural equality; names and positions do not count.
bool same_expression(const expr::node& a, const expr::node& b);
/// Number of nodes, shared ones counted each time; stops counting above `limit`.
int expanded_size(const expr::node& node, int limit);
/// Copies the tree; `replace` gives a node's replacement or null to look into its arguments. Types stay as they are.
expr::expr_ptr rewrite(const expr::expr_ptr& node, const std::function<expr::expr_ptr(const expr::expr_ptr&)>& replace);
/// The column moved to another place.
expr::expr_ptr moved_column(const expr::node& column, int index);
/// Every column's index changed by `change`.
expr::expr_ptr move_columns(const expr::expr_ptr& node, const std::function<int(int)>& change);
bool has_outer(const expr::node& node);

/// The conjuncts of AND, in order.
void split_conjuncts(const expr::expr_ptr& condition, std::vector<expr::expr_ptr>& out);
/// Their AND; null for none.
expr::expr_ptr join_conjuncts(const std::vector<expr::expr_ptr>& parts);
/// An invisible cast; the expression itself if it has the type.
result<expr::expr_ptr> coerced(expr::expr_ptr value, const data::type_ptr& type, text_position position, const expr::options& session);

/// Schema of (name, expression) pairs.
data::schema_ptr schema_of(const std::vector<expr::expr_ptr>& expressions, const std::vector<std::string>& names);
/// "A column … with name `x` cannot be resolved. Did you mean one of the following? [`a`, `b`]."
status unresolved(const std::vector<std::string>& parts, const scope& columns, const std::vector<std::string>& more, text_position position);

bool equal_names(std::string_view a, std::string_view b);  ///< without regard to case

} // namespace sluice::plan::internal
