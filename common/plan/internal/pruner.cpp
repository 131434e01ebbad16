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
    if (i < 0 || static_cast<std::size_t>(i) >= below.size()) return false;
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
  for (int i : used)
    if (i >= 0 && static_cast<std::size_t>(i) < set.size()) set[i] = true;
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

/// The wanted columns of a pruned input, in their order.
node_ptr exact(const pruned& from, const column_set& wanted, const arrow::Schema& before) {
  std::vector<expr::expr_ptr> values;
  std::vector<std::string> names;
  bool same = true;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!wanted[i]) continue;
    const auto& field = *before.field(static_cast<int>(i));
    same = same && from.mapping[i] == static_cast<int>(values.size());
    values.push_back(expr::column(from.mapping[i], field.type(), field.name(), field.nullable()));
    names.push_back(field.name());
  }
  if (same && from.root->output->num_fields() == static_cast<int>(values.size())) return from.root;
  return make_project(from.root, std::move(values), names);
}

/// UNION ALL of the wanted columns; INTERSECT and EXCEPT of all.
pruned prune_set(const node& at, const column_set& wanted) {
  auto here = at.what == node::kind::union_all ? wanted : column_set(wanted.size(), true);
  std::vector<int> kept;
  auto mapping = keep_marked(here, kept);
  auto out = std::make_shared<node>(at);
  out->inputs.clear();
  for (const auto& input : at.inputs) out->inputs.push_back(exact(prune(input, here), here, *input->output));
  out->output = select_fields(*at.output, kept);
  return {out, std::move(mapping)};
}

pruned prune_join(const node& at, const column_set& wanted) {
  auto left = static_cast<std::size_t>(at.inputs[0]->output->num_fields()), right = static_cast<std::size_t>(at.inputs[1]->output->num_fields());
  column_set here(left + right);
  bool mark_column = at.join.what == join_spec::kind::mark;
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (wanted[i] && !(mark_column && i == left)) here[i] = true;
  column_set on_left(left), on_right(right);
  auto keys = at.join.keys;
  if (at.join.in) keys.push_back(*at.join.in);
  for (const auto& key : keys) {
    mark(on_left, *key.left);
    mark(on_right, *key.right);
  }
  if (at.join.condition) mark(here, *at.join.condition);
  for (std::size_t i = 0; i < left; ++i) on_left[i] = on_left[i] || here[i];
  for (std::size_t i = 0; i < right; ++i) on_right[i] = on_right[i] || here[left + i];
  auto l = prune(at.inputs[0], on_left), r = prune(at.inputs[1], on_right);
  auto out = std::make_shared<node>(at);
  out->inputs = {l.root, r.root};
  int width = l.root->output->num_fields();
  auto mapping = l.mapping;
  for (int i : r.mapping) mapping.push_back(i < 0 ? -1 : width + i);
  auto remap = [&](join_spec::key& key) {
    key.left = expr::remap_columns(key.left, l.mapping);
    key.right = expr::remap_columns(key.right, r.mapping);
  };
  for (auto& key : out->join.keys) remap(key);
  if (out->join.in) remap(*out->join.in);
  if (out->join.condition) out->join.condition = expr::remap_columns(out->join.condition, mapping);
  // which columns the output keeps, and where
  bool one_side = at.join.what == join_spec::kind::left_semi || at.join.what == join_spec::kind::left_anti || mark_column;
  std::vector<std::shared_ptr<arrow::Field>> fields(static_cast<std::size_t>(width + (one_side ? 0 : r.root->output->num_fields())));
  std::vector<int> places(wanted.size(), -1);
  for (std::size_t i = 0; i < (one_side ? left : left + right); ++i) {
    if (mapping[i] < 0) continue;
    places[i] = mapping[i];
    fields[static_cast<std::size_t>(mapping[i])] = at.output->field(static_cast<int>(i));
  }
  if (mark_column) {
    places[left] = width;
    fields.push_back(at.output->field(static_cast<int>(left)));
  }
  out->output = arrow::schema(std::move(fields));
  return {out, std::move(places)};
}

pruned prune_expand(const node& at, const column_set& wanted) {
  std::vector<int> kept;
  auto mapping = keep_marked(wanted, kept);
  column_set below(at.inputs[0]->output->num_fields());
  for (const auto& projection : at.projections)
    for (int i : kept) mark(below, *projection[i]);
  auto input = prune(at.inputs[0], below);
  auto out = copy_with_input(at, input.root);
  out->projections.clear();
  for (const auto& projection : at.projections) {
    std::vector<expr::expr_ptr> values;
    for (int i : kept) values.push_back(expr::remap_columns(projection[i], input.mapping));
    out->projections.push_back(std::move(values));
  }
  out->output = select_fields(*at.output, kept);
  return {out, std::move(mapping)};
}

/// Nodes that add columns behind those of their input: all of those they add stay.
pruned prune_adding(const node& at, const column_set& wanted) {
  auto width = static_cast<std::size_t>(at.inputs[0]->output->num_fields());
  column_set below(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(width));
  auto mark_all = [&](const node& from) {
    if (from.generate.value) mark(below, *from.generate.value);
    for (const auto& key : from.window.partition) mark(below, *key);
    for (const auto& key : from.window.order) mark(below, *key.expression);
    for (const auto& call : from.window.calls) {
      for (const auto& arg : call.call.args) mark(below, *arg);
      for (const auto* one : {&call.call.filter, &call.lower.value, &call.upper.value})
        if (*one) mark(below, **one);
    }
  };
  mark_all(at);
  auto input = prune(at.inputs[0], below);
  auto out = copy_with_input(at, input.root);
  auto remap = [&](expr::expr_ptr& value) {
    if (value) value = expr::remap_columns(value, input.mapping);
  };
  remap(out->generate.value);
  for (auto& key : out->window.partition) remap(key);
  for (auto& key : out->window.order) remap(key.expression);
  for (auto& call : out->window.calls) {
    for (auto& arg : call.call.args) remap(arg);
    remap(call.call.filter);
    remap(call.lower.value);
    remap(call.upper.value);
  }
  auto fields = input.root->output->fields();
  auto mapping = input.mapping;
  for (auto i = width; i < wanted.size(); ++i) {
    mapping.push_back(static_cast<int>(fields.size()));
    fields.push_back(at.output->field(static_cast<int>(i)));
  }
  out->output = arrow::schema(std::move(fields));
  return {out, std::move(mapping)};
}

/// Nodes that need all columns of their input.
pruned prune_whole(const node& at) {
  auto count = static_cast<std::size_t>(at.inputs[0]->output->num_fields());
  column_set all(count, true);
  auto out = copy_with_input(at, exact(prune(at.inputs[0], all), all, *at.inputs[0]->output));
  std::vector<int> mapping(count);
  std::iota(mapping.begin(), mapping.end(), 0);
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
    case node::kind::limit:
    case node::kind::offset:
    case node::kind::sample: return prune_filter_or_sort(*at, wanted);
    case node::kind::union_all:
    case node::kind::intersect:
    case node::kind::except: return prune_set(*at, wanted);
    case node::kind::join: return prune_join(*at, wanted);
    case node::kind::expand: return prune_expand(*at, wanted);
    case node::kind::generate:
    case node::kind::window: return prune_adding(*at, wanted);
    case node::kind::single_row: return prune_whole(*at);
    case node::kind::range: {
      auto out = std::make_shared<node>(*at);
      std::vector<int> kept;
      auto mapping = keep_marked(wanted, kept);
      out->output = select_fields(*at->output, kept);
      return {out, std::move(mapping)};
    }
  }
  return {at, {}};
}

} // namespace

node_ptr collapse_projections(const node_ptr& root) {
  if (root->inputs.empty()) return root;
  std::vector<node_ptr> inputs;
  for (const auto& input : root->inputs) inputs.push_back(collapse_projections(input));
  auto out = std::make_shared<node>(*root);
  out->inputs = std::move(inputs);
  if (root->what != node::kind::project) return out;
  const auto& input = out->inputs[0];
  if (input->what == node::kind::project && can_merge(out->action.expressions, input->action.expressions)) {
    for (auto& e : out->action.expressions) e = expr::substitute_columns(e, input->action.expressions);
    auto below = input->inputs;
    out->inputs = std::move(below);
  }
  if (is_identity(*out)) return out->inputs[0];
  return out;
}

node_ptr prune_columns(const node_ptr& root) {
  auto out = prune(push_filters(root), column_set(root->output->num_fields(), true));
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
