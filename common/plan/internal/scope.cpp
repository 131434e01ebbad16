#include "common/plan/internal/scope.hpp"

#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>

#include "common/sql/nearest.hpp"

namespace sluice::plan::internal {

bool equal_names(std::string_view a, std::string_view b) { return a.size() == b.size() && sql::to_lower(a) == sql::to_lower(b); }

bool same_expression(const expr::node& a, const expr::node& b) {
  if (&a == &b) return true;
  if (a.kind != b.kind || a.index != b.index || a.args.size() != b.args.size() || a.parameter != b.parameter) return false;
  if (!data::same_type(*a.type, *b.type)) return false;
  if (a.kind == expr::node_kind::call && a.name != b.name) return false;
  if (a.kind == expr::node_kind::literal && !(a.value && b.value ? a.value->Equals(*b.value) : a.value == b.value)) return false;
  for (std::size_t i = 0; i < a.args.size(); ++i)
    if (!same_expression(*a.args[i], *b.args[i])) return false;
  return true;
}

int expanded_size(const expr::node& node, int limit) {
  int size = 1;
  for (const auto& arg : node.args) {
    if (size > limit) break;
    size += expanded_size(*arg, limit - size);
  }
  return size;
}

expr::expr_ptr rewrite(const expr::expr_ptr& node, const std::function<expr::expr_ptr(const expr::expr_ptr&)>& replace) {
  if (auto replaced = replace(node)) return replaced;
  if (node->args.empty()) return node;
  std::vector<expr::expr_ptr> args;
  bool changed = false;
  for (const auto& arg : node->args) {
    args.push_back(rewrite(arg, replace));
    changed = changed || args.back() != arg;
  }
  if (!changed) return node;
  auto copy = std::make_shared<expr::node>(*node);
  copy->args = std::move(args);
  return copy;
}

data::schema_ptr schema_of(const std::vector<expr::expr_ptr>& expressions, const std::vector<std::string>& names) {
  arrow::FieldVector fields;
  for (std::size_t i = 0; i < expressions.size(); ++i)
    fields.push_back(arrow::field(names[i], expressions[i]->type, expressions[i]->nullable));
  return arrow::schema(std::move(fields));
}

status unresolved(const std::vector<std::string>& parts, const scope& columns, const std::vector<std::string>& more, text_position position) {
  std::string written;
  for (const auto& part : parts) written += (written.empty() ? "`" : ".`") + part + "`";
  std::vector<std::string> names = more;
  for (const auto& column : columns) names.push_back(column.name);
  std::string message = "A column, variable, or function parameter with name " + written + " cannot be resolved.";
  if (names.empty()) {
    return status(errc::unresolved_column, message, position).with_spark_class("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION");
  }
  std::stable_sort(names.begin(), names.end(), [&](const auto& a, const auto& b) {
    return sql::edit_distance(parts.back(), a) < sql::edit_distance(parts.back(), b);
  });
  names.erase(std::unique(names.begin(), names.end()), names.end());
  message += " Did you mean one of the following? [";
  for (std::size_t i = 0; i < std::min<std::size_t>(5, names.size()); ++i) message += (i ? ", `" : "`") + names[i] + "`";
  return {errc::unresolved_column, message + "].", position};
}

} // namespace sluice::plan::internal
