#pragma once
/// Names, literals and calls of the AST to typed expressions over a scope.
#include "common/plan/aggregates.hpp"
#include "common/plan/internal/scope.hpp"

namespace sluice::plan::internal {

/// What aggregation a SELECT needs, gathered while its expressions are resolved. In those expressions columns [0, inputs) are the
/// input's, `window_index()` is the window and `call_index(k)` the k-th aggregate.
struct aggregate_collector {
  int num_inputs = 0;
  std::optional<window_spec> window;  ///< of GROUP BY
  std::vector<aggregate_call> calls;

  int window_index() const { return num_inputs; }
  int call_index(std::size_t k) const { return num_inputs + 1 + static_cast<int>(k); }
  /// The index of an equal call, added if new.
  std::size_t add(aggregate_call call);
};

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

  result<expr::expr_ptr> resolve(const sql::expression& node);
  /// As resolve, and a boolean: `place` is for the message.
  result<expr::expr_ptr> resolve_condition(const sql::expression& node, const std::string& place);
  /// window(time, size[, slide[, start]]).
  result<window_spec> resolve_window(const sql::expression& node);

private:
  result<expr::expr_ptr> resolve_name(const sql::expression& node);
  result<expr::expr_ptr> resolve_alias(const std::string& name, text_position position);
  result<expr::expr_ptr> fields_of(expr::expr_ptr base, const std::vector<std::string>& parts, std::size_t from, text_position position);
  result<expr::expr_ptr> resolve_call(const sql::expression& node);
  result<expr::expr_ptr> resolve_aggregate_call(const sql::expression& node);
  /// `time` + or - INTERVAL `span`.
  result<expr::expr_ptr> resolve_interval_sum(const sql::expression& node, const sql::expression& time, const sql::expression& span);
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
  std::string place_;
  std::string place_class_;
  const std::vector<named_expression>* aliases_ = nullptr;
  bool aliases_first_ = false;
  bool in_aggregate_ = false;
  std::vector<named_expression> lambda_variables_;  ///< of the lambdas around, innermost last
};

/// Literals of the AST.
result<expr::expr_ptr> resolve_literal(const sql::expression& node, const expr::options& session);

/// Whether an aggregate function is called inside.
bool has_aggregate(const sql::expression& node);
bool is_window_call(const sql::expression& node);
bool has_lambda(const sql::expression& node);
bool has_window_call(const sql::expression& node);

} // namespace sluice::plan::internal
