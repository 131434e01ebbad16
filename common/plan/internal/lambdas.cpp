#include <algorithm>

#include "common/plan/internal/resolver.hpp"

namespace sluice::plan::internal {
namespace {

bool is_lambda(const sql::expression_ptr& arg) { return arg->kind == sql::expression_kind::lambda; }

} // namespace

bool has_lambda(const sql::expression& node) { return std::any_of(node.args.begin(), node.args.end(), is_lambda); }

expr::expr_ptr resolver::find_lambda_variable(const std::string& name) const {
  for (auto i = lambda_variables_.rbegin(); i != lambda_variables_.rend(); ++i)
    if (equal_names(i->name, name)) return i->value;
  return nullptr;
}

result<expr::expr_ptr> resolver::resolve_higher_order(const sql::expression& node) {
  std::vector<expr::expr_ptr> args(node.args.size());
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (is_lambda(node.args[i])) continue;
    SLUICE_ASSIGN_OR_RETURN(args[i], resolve(*node.args[i]));
  }
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (args[i]) continue;
    const auto& written = *node.args[i];
    SLUICE_ASSIGN_OR_RETURN(auto parameters, expr::lambda_parameters(node.text, args, i, written.parts.size(), written.position, session_));
    std::vector<expr::expr_ptr> variables;
    const auto outside = lambda_variables_.size();
    for (std::size_t k = 0; k < parameters.size(); ++k)
      variables.push_back(expr::lambda_variable(static_cast<int>(outside + k + 1), parameters[k], written.parts[k], written.position));
    for (std::size_t k = 0; k < parameters.size(); ++k) lambda_variables_.push_back({written.parts[k], variables[k]});
    auto body = resolve(*written.args[0]);
    lambda_variables_.resize(outside);
    if (!body.ok()) return body;
    args[i] = expr::lambda(std::move(variables), *body);
  }
  return expr::call(node.text, std::move(args), node.position, session_);
}

} // namespace sluice::plan::internal
