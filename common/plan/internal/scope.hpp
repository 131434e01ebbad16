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
  std::string qualifier;  ///< alias or name of the relation
  std::string name;
  data::type_ptr type;
  bool nullable = true;
};
using scope = std::vector<scope_column>;

/// Structural equality; names and positions do not count.
bool same_expression(const expr::node& a, const expr::node& b);
/// Number of nodes, shared ones counted each time; stops counting above `limit`.
int expanded_size(const expr::node& node, int limit);
/// Copies the tree; `replace` gives a node's replacement or null to look into its arguments. Types stay as they are.
expr::expr_ptr rewrite(const expr::expr_ptr& node, const std::function<expr::expr_ptr(const expr::expr_ptr&)>& replace);

/// Schema of (name, expression) pairs.
data::schema_ptr schema_of(const std::vector<expr::expr_ptr>& expressions, const std::vector<std::string>& names);
/// "A column … with name `x` cannot be resolved. Did you mean one of the following? [`a`, `b`]."
status unresolved(const std::vector<std::string>& parts, const scope& columns, const std::vector<std::string>& more, text_position position);

bool equal_names(std::string_view a, std::string_view b);  ///< without regard to case

} // namespace sluice::plan::internal
