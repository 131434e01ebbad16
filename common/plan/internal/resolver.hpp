#pragma once
/// Names, literals and calls of the AST to typed expressions over a scope.
#include <map>

#include "common/plan/aggregates.hpp"
#include "common/plan/internal/scope.hpp"

namespace sluice::plan::internal {

/// What aggregation a SELECT needs, gathered while its expressions are resolved. In those expressions columns [0, inputs) are the
/// input's, `window_index()` is the window and `call_index(k)` the k-th aggregate.
struct aggregate_collector {
  /// grouping(a) or grouping_id(a, …): one bit per key, set where the grouping set has it not.
  struct grouping_call {
    std::string name;
    std::vector<int> keys;
    data::type_ptr type;
  };
  int num_inputs = 0;
  bool has_sets = false;                        ///< grouping sets: grouping() is allowed
  const std::vector<expr::expr_ptr>* keys = nullptr;
  std::vector<grouping_call> groupings;
  std::optional<window_spec> window;  ///< of GROUP BY
  std::vector<aggregate_call> calls;

  int window_index() const { return num_inputs; }
  int call_index(std::size_t k) const { return num_inputs + 1 + static_cast<int>(k); }
  /// The index of an equal call, added if new.
  std::size_t add(aggregate_call call);
};

/// The window functions of a SELECT; in its expressions the k-th is the column window_base + k.
struct window_collector {
  struct entry {
    std::string name;
    std::vector<expr::expr_ptr> partition;
    std::vector<sort_key> order;
    window_call call;
    std::vector<expr::expr_ptr> written;  ///< an aggregate's arguments before coercion
    bool nullable = true;
    text_position position;
  };
  std::vector<entry> entries;
  const std::vector<sql::window_definition>* named = nullptr;  ///< WINDOW clause
};

/// Where the results of subqueries stand in the scope.
using subquery_columns = std::map<const sql::expression*, int>;

struct named_expression {
  std::string name;
  expr::expr_ptr value;
};

class resolver {
public:
  resolver(const scope& input, const expr::options& session) : input_(input), session_(session) {}

  /// Aggregates are allowed and gathered here. Otherwise they are refused: `place` names where ("WHERE").
  void allow_aggregates(aggregate_collector& into) { aggregates_ = &into; }
  void refuse_aggregates(std::string place, std::string spark_class) { place_ = std::move(place), place_class_ = std::move(spark_class); }
  /// Names besides the columns: tried after them, or before with `first`.
  void use_aliases(const std::vector<named_expression>& aliases, bool first) { aliases_ = &aliases, aliases_first_ = first; }

  void use_subqueries(const subquery_columns& columns) { subqueries_ = &columns; }
  void use_windows(window_collector& into) { windows_ = &into; }
  /// Names that mean nothing here may mean columns of the query around it (outer_base + i).
  void use_outer(const scope* outer) { outer_ = outer; }

  result<expr::expr_ptr> resolve(const sql::expression& node);
  /// As resolve, and a boolean: `place` is for the message.
  result<expr::expr_ptr> resolve_condition(const sql::expression& node, const std::string& place);
  /// window(time, size[, slide[, start]]).
  result<window_spec> resolve_window(const sql::expression& node);

private:
  result<expr::expr_ptr> resolve_name(const sql::expression& node);
  result<int> find_column(const scope& columns, const sql::expression& node, std::size_t& used) const;
  result<expr::expr_ptr> resolve_subquery(const sql::expression& node);
  result<expr::expr_ptr> resolve_grouping(const sql::expression& node);
  // window functions (window_functions.cpp)
  result<expr::expr_ptr> resolve_over(const sql::expression& node);
  result<sql::window_definition> find_window(const sql::window_definition& over) const;
  status resolve_window_call(const sql::expression& node, window_collector::entry& out);
  status resolve_frame(const sql::window_definition& over, const sql::expression& node, window_collector::entry& out);
  result<frame_bound> resolve_bound(const sql::frame_bound& bound, const sql::window_frame& frame, bool is_lower, const window_collector::entry& in,
                                    text_position position);
  result<expr::expr_ptr> resolve_alias(const std::string& name, text_position position);
  result<expr::expr_ptr> fields_of(expr::expr_ptr base, const std::vector<std::string>& parts, std::size_t from, text_position position);
  result<expr::expr_ptr> resolve_call(const sql::expression& node);
  result<expr::expr_ptr> resolve_aggregate_call(const sql::expression& node);
  /// `time` + or - INTERVAL `span`.
  result<expr::expr_ptr> resolve_interval_sum(const sql::expression& node, const sql::expression& time, const sql::expression& span);
  result<expr::expr_ptr> interval_sum(expr::expr_ptr value, const sql::expression& node, const sql::expression& span);
  result<expr::expr_ptr> resolve_window_use(const sql::expression& node);
  result<std::vector<expr::expr_ptr>> resolve_args(const sql::expression& node);
  /// A call with lambda functions among its arguments (lambdas.cpp).
  result<expr::expr_ptr> resolve_higher_order(const sql::expression& node);
  expr::expr_ptr find_lambda_variable(const std::string& name) const;
  status unknown_function(const sql::expression& node) const;
  expr::expr_ptr window_column(text_position position) const;

  const scope& input_;
  const expr::options& session_;
  aggregate_collector* aggregates_ = nullptr;
  const subquery_columns* subqueries_ = nullptr;
  window_collector* windows_ = nullptr;
  const scope* outer_ = nullptr;
  std::string place_;
  std::string place_class_;
  const std::vector<named_expression>* aliases_ = nullptr;
  bool aliases_first_ = false;
  bool in_aggregate_ = false;
  std::vector<named_expression> lambda_variables_;  ///< of the lambdas around, innermost last
};

/// Literals of the AST.
result<expr::expr_ptr> resolve_literal(const sql::expression& node, const expr::options& session);

/// Whether an aggregate function is called inside, other than over a window.
bool has_aggregate(const sql::expression& node);
bool is_window_call(const sql::expression& node);
bool has_lambda(const sql::expression& node);
bool has_window_call(const sql::expression& node);

} // namespace sluice::plan::internal
