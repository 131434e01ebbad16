#include "common/plan/internal/pruner.hpp"

#include <arrow/type.h>

#include <algorithm>
#include <numeric>

#include "common/plan/internal/query_analyzer.hpp"

namespace sluice::plan::internal {
namespace {

constexpr int largest_merged = 10'000;

std::vector<std::string> names_of(const arrow::Schema& schema) { return schema.field_names(); }

std::shared_ptr<node> copy_with_input(const node& from, node_ptr input) {
  auto out = std::make_shared<node>(from);
  out->inputs = {std::move(input)};
  return out;
}

bool is_identity(const node& project) {
  const auto& input = *project.inputs[0]->output;
  const auto& expressions = project.action.expressions;
  if (static_cast<int>(expressions.size()) != input.num_fields()) return false;
  for (int i = 0; i < input.num_fields(); ++i) {
    const auto& e = *expressions[i];
    if (e.kind != expr::node_kind::column || e.index != i || project.output->field(i)->name() != input.field(i)->name()) return false;
  }
  return true;
}

/// Whether substituting `below` into `above` computes nothing twice.
bool can_merge(const std::vector<expr::expr_ptr>& above, const std::vector<expr::expr_ptr>& below) {
  std::vector<int> used;
  int size = 0;
  for (const auto& e : above) {
    expr::collect_columns(*e, used);
    size += expanded_size(*e, largest_merged);
  }
  std::vector<int> counts(below.size());
  for (int i : used) {
    if (++counts[i] > 1 && below[i]->kind == expr::node_kind::call) return false;
    size += expanded_size(*below[i], largest_merged);
    if (size > largest_merged) return false;
  }
  return true;
}

struct pruned {
  node_ptr root;
  std::vector<int> mapping;  ///< old column -> new, -1: gone
};

using column_set = std::vector<bool>;

void mark(column_set& set, const expr::node& expression) {
  std::vector<int> used;
  expr::collect_columns(expression, used);
  for (int i : used) set[i] = true;
}

pruned prune(const node_ptr& at, const column_set& wanted);

std::vector<int> keep_marked(const column_set& wanted, std::vector<int>& kept) {
  std::vector<int> mapping(wanted.size(), -1);
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (wanted[i]) {
      mapping[i] = static_cast<int>(kept.size());
      kept.push_back(static_cast<int>(i));
    }
  return mapping;
}

data::schema_ptr select_fields(const arrow::Schema& schema, const std::vector<int>& kept) {
  arrow::FieldVector fields;
  for (int i : kept) fields.push_back(schema.field(i));
  return arrow::schema(std::move(fields));
}

pruned prune_scan(const node& at, const column_set& wanted) {
  auto out = std::make_shared<node>(at);
  std::vector<int> kept;
  auto mapping = keep_marked(wanted, kept);
  auto& columns = at.what == node::kind::file_scan ? out->source.columns : out->columns;
  std::vector<int> remaining;
  for (int i : kept) remaining.push_back(columns[i]);
  columns = std::move(remaining);
  out->output = select_fields(*at.output, kept);
  return {out, std::move(mapping)};
}

pruned prune_project(const node& at, const column_set& wanted) {
  std::vector<int> kept;
  auto mapping = keep_marked(wanted, kept);
  column_set below(at.inputs[0]->output->num_fields());
  for (int i : kept) mark(below, *at.action.expressions[i]);
  auto input = prune(at.inputs[0], below);
  if (kept.empty() && !wanted.empty()) return {input.root, std::move(mapping)};
  auto out = copy_with_input(at, input.root);
  out->action.expressions.clear();
  for (int i : kept) out->action.expressions.push_back(expr::remap_columns(at.action.expressions[i], input.mapping));
  out->action.output = out->output = select_fields(*at.output, kept);
  return {out, std::move(mapping)};
}

pruned prune_aggregate(const node& at, const column_set& wanted) {
  const auto& what = at.aggregate;
  auto fixed = what.keys.size() + (what.window ? 1 : 0);
  column_set here = wanted;
  for (std::size_t i = 0; i < fixed; ++i) here[i] = true;
  std::vector<int> kept;
  auto mapping = keep_marked(here, kept);
  column_set below(at.inputs[0]->output->num_fields());
  for (const auto& key : what.keys) mark(below, *key);
  if (what.window) mark(below, *what.window->time);
  for (std::size_t k = 0; k < what.calls.size(); ++k) {
    if (!here[fixed + k]) continue;
    for (const auto& arg : what.calls[k].args) mark(below, *arg);
    if (what.calls[k].filter) mark(below, *what.calls[k].filter);
  }
  auto input = prune(at.inputs[0], below);
  auto out = copy_with_input(at, input.root);
  auto& next = out->aggregate;
  for (auto& key : next.keys) key = expr::remap_columns(key, input.mapping);
  if (next.window) next.window->time = expr::remap_columns(next.window->time, input.mapping);
  next.calls.clear();
  for (std::size_t k = 0; k < what.calls.size(); ++k) {
    if (!here[fixed + k]) continue;
    auto call = what.calls[k];
    for (auto& arg : call.args) arg = expr::remap_columns(arg, input.mapping);
    if (call.filter) call.filter = expr::remap_columns(call.filter, input.mapping);
    next.calls.push_back(std::move(call));
  }
  next.output = out->output = select_fields(*at.output, kept);
  return {out, std::move(mapping)};
}

pruned prune_filter_or_sort(const node& at, const column_set& wanted) {
  column_set here = wanted;
  for (const auto& e : at.action.expressions) mark(here, *e);
  for (const auto& key : at.sort) mark(here, *key.expression);
  auto input = prune(at.inputs[0], here);
  auto out = copy_with_input(at, input.root);
  for (auto& e : out->action.expressions) e = expr::remap_columns(e, input.mapping);
  for (auto& key : out->sort) key.expression = expr::remap_columns(key.expression, input.mapping);
  out->output = input.root->output;
  if (at.what == node::kind::filter) out->action.output = out->output;
  return {out, std::move(input.mapping)};
}

pruned prune(const node_ptr& at, const column_set& wanted) {
  switch (at->what) {
    case node::kind::file_scan:
    case node::kind::table_scan: return prune_scan(*at, wanted);
    case node::kind::one_row: return {at, {}};
    case node::kind::project: return prune_project(*at, wanted);
    case node::kind::aggregate: return prune_aggregate(*at, wanted);
    case node::kind::filter:
    case node::kind::sort:
    case node::kind::limit: return prune_filter_or_sort(*at, wanted);
  }
  return {at, {}};
}

} // namespace

node_ptr collapse_projections(const node_ptr& root) {
  if (root->inputs.empty()) return root;
  auto input = collapse_projections(root->inputs[0]);
  auto out = input == root->inputs[0] ? std::make_shared<node>(*root) : copy_with_input(*root, input);
  if (root->what != node::kind::project) return out;
  if (input->what == node::kind::project && can_merge(out->action.expressions, input->action.expressions)) {
    for (auto& e : out->action.expressions) e = expr::substitute_columns(e, input->action.expressions);
    out->inputs = input->inputs;
  }
  if (is_identity(*out)) return out->inputs[0];
  return out;
}

node_ptr prune_columns(const node_ptr& root) {
  auto out = prune(root, column_set(root->output->num_fields(), true));
  if (out.root->output->num_fields() == root->output->num_fields()) return out.root;
  // a filter or sort at the top may carry more than was asked for: cut it off
  std::vector<expr::expr_ptr> shown;
  for (int i = 0; i < root->output->num_fields(); ++i) {
    const auto& field = root->output->field(i);
    shown.push_back(expr::column(out.mapping[i], field->type(), field->name(), field->nullable()));
  }
  return make_project(out.root, std::move(shown), names_of(*root->output));
}

} // namespace sluice::plan::internal
