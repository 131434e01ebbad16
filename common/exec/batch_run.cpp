// Opens a batch plan as a tree of row sources.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "common/exec/batch_aggregate.hpp"
#include "common/exec/internal/row_source.hpp"
#include "common/exec/internal/rows.hpp"

namespace sluice::exec {
namespace {

constexpr int deepest_plan = 1000;
constexpr std::int64_t sort_slack = 1 << 16;  ///< rows beyond the limit that a limited sort gathers before it cuts

class rows_of_leaf final : public row_source {
public:
  rows_of_leaf(plan::node_ptr node, std::shared_ptr<const leaf_reader> leaves) : node_(std::move(node)), leaves_(std::move(leaves)) {}
  result<data::batch_ptr> next() override {
    if (leaves_) {
      SLUICE_ASSIGN_OR_RETURN(batches_, (*leaves_)(*node_));
      leaves_ = nullptr;
    }
    if (at_ == batches_.size()) return data::batch_ptr();
    return std::move(batches_[at_++]);
  }

private:
  plan::node_ptr node_;
  std::shared_ptr<const leaf_reader> leaves_;
  std::vector<data::batch_ptr> batches_;
  std::size_t at_ = 0;
};

class single_batch final : public row_source {
public:
  explicit single_batch(data::batch_ptr batch) : batch_(std::move(batch)) {}
  result<data::batch_ptr> next() override { return std::exchange(batch_, nullptr); }

private:
  data::batch_ptr batch_;
};

class steps_over final : public row_source {
public:
  steps_over(const plan::node& node, source_ptr input, const run_scope& scope)
      : steps_{node.action}, input_(std::move(input)), context_(scope.context) {
    if (!steps_[0].output) steps_[0].output = node.output;
  }
  result<data::batch_ptr> next() override {
    SLUICE_ASSIGN_OR_RETURN(auto batch, input_->next());
    if (!batch) return batch;
    return apply(steps_, std::move(batch), context_);
  }

private:
  std::vector<plan::step> steps_;
  source_ptr input_;
  expr::eval_context context_;
};

class union_all final : public row_source {
public:
  union_all(data::schema_ptr schema, std::vector<source_ptr> inputs) : schema_(std::move(schema)), inputs_(std::move(inputs)) {}
  result<data::batch_ptr> next() override {
    for (; at_ < inputs_.size(); ++at_) {
      SLUICE_ASSIGN_OR_RETURN(auto batch, inputs_[at_]->next());
      if (batch) return arrow::RecordBatch::Make(schema_, batch->num_rows(), batch->columns());
      inputs_[at_] = nullptr;
    }
    return data::batch_ptr();
  }

private:
  data::schema_ptr schema_;
  std::vector<source_ptr> inputs_;
  std::size_t at_ = 0;
};

/// Skips rows, then hands on as many as are asked for.
class slice_of final : public row_source {
public:
  slice_of(source_ptr input, std::int64_t skip, std::int64_t count) : input_(std::move(input)), skip_(skip), left_(count) {}
  result<data::batch_ptr> next() override {
    if (left_ <= 0 || !input_) return data::batch_ptr();
    SLUICE_ASSIGN_OR_RETURN(auto batch, input_->next());
    if (!batch) return batch;
    auto skipped = std::min(skip_, batch->num_rows());
    skip_ -= skipped;
    auto kept = std::min(left_, batch->num_rows() - skipped);
    left_ -= kept;
    if (left_ <= 0) input_ = nullptr;
    return batch->Slice(skipped, kept);
  }

private:
  source_ptr input_;
  std::int64_t skip_;
  std::int64_t left_;
};

/// With a limit only that many rows (and some slack) are held.
class sorted_rows final : public row_source {
public:
  sorted_rows(plan::node_ptr node, std::optional<std::int64_t> limit, source_ptr input, run_scope scope)
      : node_(std::move(node)), limit_(limit), input_(std::move(input)), scope_(std::move(scope)) {}
  result<data::batch_ptr> next() override {
    if (!input_) return data::batch_ptr();
    std::vector<data::batch_ptr> held;
    std::int64_t rows = 0, bytes = 0;
    for (;;) {
      SLUICE_ASSIGN_OR_RETURN(auto batch, input_->next());
      if (!batch) break;
      auto size = size_of(*batch);
      SLUICE_RETURN_IF_ERROR(scope_.budget->hold(size));
      bytes += size;
      rows += batch->num_rows();
      held.push_back(std::move(batch));
      if (!limit_ || rows < *limit_ + sort_slack) continue;
      SLUICE_ASSIGN_OR_RETURN(auto best, sort_and_limit(node_->sort, limit_, held, node_->output, scope_.context));
      rows = best->num_rows();
      SLUICE_RETURN_IF_ERROR(scope_.budget->change(bytes, size_of(*best)));
      bytes = size_of(*best);
      held = {std::move(best)};
    }
    input_ = nullptr;
    return sort_and_limit(node_->sort, limit_, held, node_->output, scope_.context);
  }

private:
  plan::node_ptr node_;
  std::optional<std::int64_t> limit_;
  source_ptr input_;
  run_scope scope_;
};

class aggregated_rows final : public row_source {
public:
  aggregated_rows(plan::node_ptr node, source_ptr input, run_scope scope)
      : node_(std::move(node)), input_(std::move(input)), scope_(std::move(scope)) {}
  result<data::batch_ptr> next() override {
    if (input_) {
      std::int64_t held = 0;
      auto input = std::exchange(input_, nullptr);
      SLUICE_ASSIGN_OR_RETURN(rows_, aggregate_batches(node_->aggregate, [&] { return input->next(); }, scope_.context,
                                                       [&](std::int64_t bytes) {
                                                         auto before = std::exchange(held, bytes);
                                                         return scope_.budget->change(before, bytes);
                                                       }));
    }
    if (at_ == rows_.size()) return data::batch_ptr();
    return std::move(rows_[at_++]);
  }

private:
  plan::node_ptr node_;
  source_ptr input_;
  run_scope scope_;
  std::vector<data::batch_ptr> rows_;
  std::size_t at_ = 0;
};

/// The value of a scalar subquery.
class only_row final : public row_source {
public:
  only_row(data::schema_ptr schema, source_ptr input) : schema_(std::move(schema)), input_(std::move(input)) {}
  result<data::batch_ptr> next() override {
    if (!input_) return data::batch_ptr();
    data::batch_ptr found;
    for (;;) {
      SLUICE_ASSIGN_OR_RETURN(auto batch, input_->next());
      if (!batch) break;
      if (batch->num_rows() == 0) continue;
      if (found || batch->num_rows() > 1)
        return status(errc::invalid_plan, "More than one row returned by a subquery used as an expression.")
            .with_spark_class("SCALAR_SUBQUERY_TOO_MANY_ROWS");
      found = std::move(batch);
    }
    input_ = nullptr;
    if (found) return arrow::RecordBatch::Make(schema_, 1, found->columns());
    std::vector<data::array_ptr> nulls;
    for (const auto& field : schema_->fields()) {
      auto null = arrow::MakeArrayOfNull(field->type(), 1);
      if (!null.ok()) return status(errc::memory_limit, null.status().ToString());
      nulls.push_back(*null);
    }
    return arrow::RecordBatch::Make(schema_, 1, std::move(nulls));
  }

private:
  data::schema_ptr schema_;
  source_ptr input_;
};

class plan_opener {
public:
  plan_opener(leaf_reader leaves, run_scope scope)
      : leaves_(std::make_shared<const leaf_reader>(std::move(leaves))), scope_(std::move(scope)) {}

  result<source_ptr> open(const plan::node_ptr& node, int depth) {
    using kind = plan::node::kind;
    if (depth > deepest_plan) return status(errc::invalid_plan, "the plan is nested too deeply");
    if (!node) return status(errc::invalid_plan, "a plan node without input");
    if (node->what == kind::limit) return limited(node, depth);
    std::vector<source_ptr> inputs;
    for (const auto& input : node->inputs) {
      SLUICE_ASSIGN_OR_RETURN(auto opened, open(input, depth + 1));
      inputs.push_back(std::move(opened));
    }
    switch (node->what) {
      case kind::file_scan:
      case kind::table_scan: return source_ptr(std::make_unique<rows_of_leaf>(node, leaves_));
      case kind::one_row: {
        auto schema = arrow::schema(arrow::FieldVector{});
        return source_ptr(std::make_unique<single_batch>(arrow::RecordBatch::Make(schema, 1, std::vector<data::array_ptr>{})));
      }
      case kind::range: return make_range(node);
      case kind::union_all: return source_ptr(std::make_unique<union_all>(node->output, std::move(inputs)));
      case kind::join:
      case kind::intersect:
      case kind::except:
        if (inputs.size() != 2) return status(errc::invalid_plan, "a plan node has two inputs");
        return node->what == kind::join ? make_join(node, std::move(inputs[0]), std::move(inputs[1]), scope_)
                                        : make_set_operator(node, std::move(inputs[0]), std::move(inputs[1]), scope_);
      default: break;
    }
    if (inputs.size() != 1) return status(errc::invalid_plan, "a plan node without input");
    return over(node, std::move(inputs[0]));
  }

private:
  result<source_ptr> over(const plan::node_ptr& node, source_ptr input) {
    using kind = plan::node::kind;
    switch (node->what) {
      case kind::filter:
      case kind::project: return source_ptr(std::make_unique<steps_over>(*node, std::move(input), scope_));
      case kind::aggregate: return source_ptr(std::make_unique<aggregated_rows>(node, std::move(input), scope_));
      case kind::sort: return source_ptr(std::make_unique<sorted_rows>(node, std::nullopt, std::move(input), scope_));
      case kind::offset:
        return source_ptr(std::make_unique<slice_of>(std::move(input), node->limit, std::numeric_limits<std::int64_t>::max()));
      case kind::expand: return make_expand(node, std::move(input), scope_);
      case kind::generate: return make_generate(node, std::move(input), scope_);
      case kind::window: return make_window(node, std::move(input), scope_);
      case kind::sample: return make_sample(node, std::move(input));
      case kind::single_row: return source_ptr(std::make_unique<only_row>(node->output, std::move(input)));
      default: return status(errc::invalid_plan, "a plan node is unknown");
    }
  }

  result<source_ptr> limited(const plan::node_ptr& node, int depth) {
    if (node->inputs.size() != 1 || !node->inputs[0]) return status(errc::invalid_plan, "a plan node without input");
    const auto& child = node->inputs[0];
    bool sorts = child->what == plan::node::kind::sort && child->inputs.size() == 1;
    SLUICE_ASSIGN_OR_RETURN(auto input, open(sorts ? child->inputs[0] : child, depth + 1));
    auto limit = std::max<std::int64_t>(node->limit, 0);
    if (sorts) return source_ptr(std::make_unique<sorted_rows>(child, limit, std::move(input), scope_));
    return source_ptr(std::make_unique<slice_of>(std::move(input), 0, limit));
  }

  std::shared_ptr<const leaf_reader> leaves_;
  run_scope scope_;
};

} // namespace

status row_budget::hold(std::int64_t bytes) {
  held_ += bytes;
  if (held_ <= options_.memory_bytes) return ok();
  auto setting = options_.setting.empty() ? std::string() : fmt::format(" (setting {})", options_.setting);
  return {errc::limit_exceeded, fmt::format("the rows that the query sorts, joins and groups hold more than {} MiB{}",
                                            options_.memory_bytes >> 20, setting)};
}

result<data::batch_ptr> gather(row_source& input, const data::schema_ptr& schema, row_budget& budget) {
  std::vector<data::batch_ptr> held;
  for (;;) {
    SLUICE_ASSIGN_OR_RETURN(auto batch, input.next());
    if (!batch) return concatenate(held, schema);
    SLUICE_RETURN_IF_ERROR(budget.hold(size_of(*batch)));
    held.push_back(std::move(batch));
  }
}

result<std::unique_ptr<row_source>> open(const plan::batch_plan& plan, leaf_reader leaves, const expr::eval_context& context,
                                         const run_options& options) {
  if (!plan.root) return status(errc::invalid_plan, "an empty plan");
  return plan_opener(std::move(leaves), {context, std::make_shared<row_budget>(options)}).open(plan.root, 0);
}

result<std::vector<data::batch_ptr>> run(const plan::batch_plan& plan, const leaf_reader& leaves, const expr::eval_context& context,
                                         const run_options& options) {
  SLUICE_ASSIGN_OR_RETURN(auto rows, open(plan, leaves, context, options));
  std::vector<data::batch_ptr> batches;
  for (;;) {
    SLUICE_ASSIGN_OR_RETURN(auto batch, rows->next());
    if (!batch) break;
    if (batch->num_rows() > 0) batches.push_back(std::move(batch));
  }
  if (batches.empty()) {
    auto empty = arrow::RecordBatch::MakeEmpty(plan.root->output);
    if (!empty.ok()) return status(errc::memory_limit, empty.status().ToString());
    batches.push_back(*empty);
  }
  return batches;
}

} // namespace sluice::exec
