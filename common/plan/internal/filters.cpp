// Moves filters below joins, so that a condition on one side filters that side and `FROM a, b WHERE a.x = b.x` joins by key.
#include <arrow/type.h>

#include <algorithm>
#include <array>

#include "common/plan/internal/pruner.hpp"
#include "common/plan/internal/query_analyzer.hpp"

namespace sluice::plan::internal {
namespace {

using spec_kind = join_spec::kind;

/// Gives another value each time it is asked: stays where it is.
bool is_volatile(const expr::node& e) {
  static constexpr std::array<std::string_view, 8> names{"rand", "random", "randn", "uuid", "shuffle", "monotonically_increasing_id", "randstr", "uniform"};
  if (e.kind == expr::node_kind::call && std::find(names.begin(), names.end(), e.name) != names.end()) return true;
  return std::any_of(e.args.begin(), e.args.end(), [](const auto& arg) { return is_volatile(*arg); });
}

node_ptr with_inputs(const node& from, std::vector<node_ptr> inputs) {
  auto out = std::make_shared<node>(from);
  out->inputs = std::move(inputs);
  return out;
}

bool joins_below(const node& at) {
  if (at.what == node::kind::join) return true;
  return (at.what == node::kind::filter || at.what == node::kind::project) && joins_below(*at.inputs[0]);
}

node_ptr filtered(node_ptr input, const std::vector<expr::expr_ptr>& parts) {
  return parts.empty() ? input : make_filter(std::move(input), join_conjuncts(parts));
}

node_ptr push(const node_ptr& at, std::vector<expr::expr_ptr> parts);

node_ptr push_into_join(const node& at, std::vector<expr::expr_ptr> parts) {
  int left = at.inputs[0]->output->num_fields();
  int right = left + at.inputs[1]->output->num_fields();
  auto what = at.join.what;
  bool to_left = what != spec_kind::right_outer && what != spec_kind::full_outer;
  bool to_right = what == spec_kind::inner || what == spec_kind::right_outer;
  std::vector<expr::expr_ptr> for_left, for_right, stay;
  auto spec = at.join;
  for (auto& part : parts) {
    std::vector<int> used;
    expr::collect_columns(*part, used);
    auto all = [&](int from, int to) { return std::all_of(used.begin(), used.end(), [&](int i) { return i >= from && i < to; }); };
    if (is_volatile(*part) || used.empty()) stay.push_back(std::move(part));
    else if (to_left && all(0, left)) for_left.push_back(std::move(part));
    else if (to_right && all(left, right)) for_right.push_back(move_columns(part, [&](int i) { return i - left; }));
    else if (what == spec_kind::inner) split_condition(part, left, spec);
    else stay.push_back(std::move(part));
  }
  auto out = std::make_shared<node>(at);
  out->join = std::move(spec);
  out->inputs = {push(at.inputs[0], std::move(for_left)), push(at.inputs[1], std::move(for_right))};
  return filtered(std::move(out), stay);
}

/// The tree under `at` with the conditions applied to its rows.
node_ptr push(const node_ptr& at, std::vector<expr::expr_ptr> parts) {
  if (at->what == node::kind::filter && joins_below(*at)) {
    std::vector<expr::expr_ptr> own;
    split_conjuncts(at->action.expressions[0], own);
    parts.insert(parts.begin(), own.begin(), own.end());
    return push(at->inputs[0], std::move(parts));
  }
  if (at->what == node::kind::join) return push_into_join(*at, std::move(parts));
  if (at->what == node::kind::project && joins_below(*at)) {
    // conditions on columns that are handed on as they are go below
    std::vector<expr::expr_ptr> below, stay;
    for (auto& part : parts) {
      std::vector<int> used;
      expr::collect_columns(*part, used);
      const auto& values = at->action.expressions;
      bool plain = std::all_of(used.begin(), used.end(), [&](int i) {
        return i >= 0 && static_cast<std::size_t>(i) < values.size() && values[i]->kind == expr::node_kind::column;
      });
      if (plain && !used.empty() && !is_volatile(*part)) below.push_back(expr::substitute_columns(part, at->action.expressions));
      else stay.push_back(std::move(part));
    }
    return filtered(with_inputs(*at, {push(at->inputs[0], std::move(below))}), stay);
  }
  std::vector<node_ptr> inputs;
  for (const auto& input : at->inputs) inputs.push_back(push(input, {}));
  return filtered(inputs == at->inputs ? at : with_inputs(*at, std::move(inputs)), parts);
}

} // namespace

node_ptr push_filters(const node_ptr& root) { return push(root, {}); }

} // namespace sluice::plan::internal
