#include <arrow/scalar.h>
#include <arrow/type.h>

#include "common/expr/expr.hpp"

namespace sluice::expr {

expr_ptr literal(std::shared_ptr<arrow::Scalar> value, text_position position) {
  auto made = std::make_shared<node>();
  made->kind = node_kind::literal;
  made->type = value->type;
  made->nullable = !value->is_valid;
  made->value = std::move(value);
  made->position = position;
  return made;
}

expr_ptr null_literal(const data::type_ptr& type) { return literal(arrow::MakeNullScalar(type)); }

expr_ptr column(int index, const data::type_ptr& type, std::string name, bool nullable, text_position position) {
  auto made = std::make_shared<node>();
  made->kind = node_kind::column;
  made->type = type;
  made->nullable = nullable;
  made->index = index;
  made->name = std::move(name);
  made->position = position;
  return made;
}

bool is_constant(const node& expression) {
  if (expression.kind == node_kind::column || expression.name == "lambda_variable")
    return false;
  for (const auto& arg : expression.args)
    if (!is_constant(*arg))
      return false;
  return true;
}

namespace {

/// Same tree with every column replaced by `leaf(column)`; shares what does not change.
template <class Leaf>
expr_ptr map_leaves(const expr_ptr& expression, const Leaf& leaf) {
  if (expression->kind == node_kind::column)
    return leaf(expression);
  std::vector<expr_ptr> args;
  bool changed = false;
  for (const auto& arg : expression->args) {
    args.push_back(map_leaves(arg, leaf));
    changed = changed || args.back() != arg;
  }
  if (!changed)
    return expression;
  auto copy = std::make_shared<node>(*expression);
  copy->args = std::move(args);
  return copy;
}

} // namespace

expr_ptr remap_columns(const expr_ptr& expression, const std::vector<int>& mapping) {
  return map_leaves(expression, [&](const expr_ptr& leaf) -> expr_ptr {
    if (leaf->index < 0 || leaf->index >= static_cast<int>(mapping.size()) || mapping[leaf->index] == leaf->index)
      return leaf;
    auto copy = std::make_shared<node>(*leaf);
    copy->index = mapping[leaf->index];
    return copy;
  });
}

expr_ptr substitute_columns(const expr_ptr& expression, const std::vector<expr_ptr>& replacements) {
  return map_leaves(expression, [&](const expr_ptr& leaf) -> expr_ptr {
    bool known = leaf->index >= 0 && leaf->index < static_cast<int>(replacements.size());
    return known ? replacements[leaf->index] : leaf;
  });
}

void collect_columns(const node& expression, std::vector<int>& out) {
  if (expression.kind == node_kind::column)
    out.push_back(expression.index);
  for (const auto& arg : expression.args)
    collect_columns(*arg, out);
}

} // namespace sluice::expr
