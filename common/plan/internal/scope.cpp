#include "common/plan/internal/scope.hpp"

#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>

#include "common/sql/nearest.hpp"

namespace sluice::plan::internal {

bool equal_names(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) { return lower(x) == lower(y); });
}

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

expr::expr_ptr moved_column(const expr::node& column, int index) {
  auto copy = std::make_shared<expr::node>(column);
  copy->index = index;
  return copy;
}

expr::expr_ptr move_columns(const expr::expr_ptr& node, const std::function<int(int)>& change) {
  return rewrite(node, [&](const expr::expr_ptr& at) -> expr::expr_ptr {
    return at->kind == expr::node_kind::column ? moved_column(*at, change(at->index)) : nullptr;
  });
}

bool has_outer(const expr::node& node) {
  if (node.kind == expr::node_kind::column && node.index >= outer_base) return true;
  return std::any_of(node.args.begin(), node.args.end(), [](const auto& arg) { return has_outer(*arg); });
}

void split_conjuncts(const expr::expr_ptr& condition, std::vector<expr::expr_ptr>& out) {
  if (condition->kind == expr::node_kind::call && condition->name == "and" && condition->args.size() == 2 && condition->parameter.empty()) {
    split_conjuncts(condition->args[0], out);
    split_conjuncts(condition->args[1], out);
  } else {
    out.push_back(condition);
  }
}

expr::expr_ptr join_conjuncts(const std::vector<expr::expr_ptr>& parts) {
  expr::expr_ptr out;
  for (const auto& part : parts) {
    if (!out) {
      out = part;
      continue;
    }
    auto both = std::make_shared<expr::node>();
    both->kind = expr::node_kind::call;
    both->name = "and";
    both->type = arrow::boolean();
    both->nullable = out->nullable || part->nullable;
    both->position = out->position;
    both->args = {out, part};
    out = std::move(both);
  }
  return out;
}

result<expr::expr_ptr> coerced(expr::expr_ptr value, const data::type_ptr& type, text_position position, const expr::options& session) {
  if (data::same_type(*value->type, *type)) return value;
  SLUICE_ASSIGN_OR_RETURN(auto cast, expr::cast(std::move(value), type, position, session));
  if (cast->kind != expr::node_kind::call) return cast;
  auto hidden = std::make_shared<expr::node>(*cast);
  hidden->parameter = "implicit";
  return expr::expr_ptr(std::move(hidden));
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
  for (const auto& column : columns)
    if (column.seen == visibility::shown) names.push_back(column.name);
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
