#include <arrow/api.h>

#include "common/exec/batch_aggregate.hpp"
#include "common/exec/pipeline.hpp"

namespace sluice::exec {
namespace {

using batches_result = result<std::vector<data::batch_ptr>>;
constexpr int deepest_plan = 1000;

class plan_runner {
public:
  plan_runner(const leaf_reader& leaves, const expr::eval_context& context) : leaves_(leaves), context_(context) {}

  batches_result run(const plan::node& node, int depth) {
    using kind = plan::node::kind;
    if (depth > deepest_plan) return status(errc::invalid_plan, "the plan is nested too deeply");
    switch (node.what) {
      case kind::file_scan:
      case kind::table_scan: return leaves_(node);
      case kind::one_row: return std::vector{arrow::RecordBatch::Make(one_row_schema(node), 1, std::vector<data::array_ptr>{})};
      default: break;
    }
    if (node.inputs.size() != 1 || !node.inputs[0]) return status(errc::invalid_plan, "a plan node without input");
    const auto& child = *node.inputs[0];
    switch (node.what) {
      case kind::filter:
      case kind::project: return stepped(node, child, depth);
      case kind::aggregate: {
        SLUICE_ASSIGN_OR_RETURN(auto input, run(child, depth + 1));
        return aggregate_batches(node.aggregate, input, context_);
      }
      case kind::sort: return sorted(node, child, {}, depth);
      default: return limited(node, child, depth);
    }
  }

private:
  static data::schema_ptr one_row_schema(const plan::node& node) {
    return node.output && node.output->num_fields() == 0 ? node.output : arrow::schema(arrow::FieldVector{});
  }
  batches_result stepped(const plan::node& node, const plan::node& child, int depth) {
    SLUICE_ASSIGN_OR_RETURN(auto batches, run(child, depth + 1));
    auto action = node.action;
    if (!action.output) action.output = node.output;
    for (auto& batch : batches) {
      SLUICE_ASSIGN_OR_RETURN(batch, apply({action}, batch, context_));
    }
    return batches;
  }
  batches_result sorted(const plan::node& node, const plan::node& child, std::optional<std::int64_t> limit, int depth) {
    SLUICE_ASSIGN_OR_RETURN(auto batches, run(child, depth + 1));
    SLUICE_ASSIGN_OR_RETURN(auto rows, sort_and_limit(node.sort, limit, batches, child.output, context_));
    return std::vector{std::move(rows)};
  }
  batches_result limited(const plan::node& node, const plan::node& child, int depth) {
    if (child.what == plan::node::kind::sort && child.inputs.size() == 1 && child.inputs[0])
      return sorted(child, *child.inputs[0], node.limit, depth + 1);
    SLUICE_ASSIGN_OR_RETURN(auto batches, run(child, depth + 1));
    auto left = std::max<std::int64_t>(node.limit, 0);
    for (auto& batch : batches) {
      batch = batch->Slice(0, std::min(left, batch->num_rows()));
      left -= batch->num_rows();
    }
    return batches;
  }

  const leaf_reader& leaves_;
  const expr::eval_context& context_;
};

} // namespace

batches_result run(const plan::batch_plan& plan, const leaf_reader& leaves, const expr::eval_context& context) {
  if (!plan.root) return status(errc::invalid_plan, "an empty plan");
  SLUICE_ASSIGN_OR_RETURN(auto batches, plan_runner(leaves, context).run(*plan.root, 0));
  std::erase_if(batches, [](const auto& batch) { return batch->num_rows() == 0; });
  if (batches.empty()) {
    auto empty = arrow::RecordBatch::MakeEmpty(plan.root->output);
    if (!empty.ok()) return status(errc::memory_limit, empty.status().ToString());
    batches.push_back(*empty);
  }
  return batches;
}

} // namespace sluice::exec
