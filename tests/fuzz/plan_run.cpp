#include "tests/fuzz/plan_run.hpp"

#include <arrow/api.h>

#include "common/exec/aggregate.hpp"
#include "common/exec/pipeline.hpp"
#include "tests/fuzz/sample_rows.hpp"
#include "tests/fuzz/target.hpp"
#include "worker/state/aggregate_table.hpp"

namespace sluice::fuzz {
namespace {

constexpr int num_rows = 7;
constexpr std::uint32_t num_groups = 4;
constexpr std::int64_t batch_time_us = 1700000000000000;

void require_valid(const data::batch_ptr& rows, const data::schema_ptr& schema) {
  require(rows->ValidateFull().ok(), "a plan gives rows that are not valid: " + rows->ValidateFull().ToString());
  require(rows->num_columns() == schema->num_fields(), "a plan gives another number of columns than it announces");
  for (int i = 0; i < rows->num_columns(); ++i)
    require(data::same_type(*rows->column(i)->type(), *schema->field(i)->type()),
            "a plan gives " + rows->column(i)->type()->ToString() + " and announces " + schema->field(i)->type()->ToString());
}

data::schema_ptr scan_schema(const plan::file_source& source) {
  arrow::FieldVector fields;
  for (auto column : source.columns) fields.push_back(source.schema->field(column));
  return arrow::schema(std::move(fields));
}

/// Blocks through a table, and its rows.
std::vector<data::batch_ptr> aggregate(const plan::streaming_plan& plan, const data::batch_ptr& rows, const expr::eval_context& context) {
  state::table_options options;
  options.num_key_groups = num_groups;
  std::vector<data::batch_ptr> out;
  auto partial = exec::partial_aggregator::make(*plan.aggregate, {num_groups, std::vector<std::uint32_t>(num_groups, 0)}, context, 0, {});
  auto table = state::aggregate_table::make(*plan.aggregate, plan.mode, context, options);
  if (!partial.ok() || !table.ok()) return out;
  std::vector<exec::routed_block> blocks;
  if (!(*partial)->add(rows, 0, 0, blocks).ok() || !(*partial)->flush(blocks).ok()) return out;
  const state::layer_id layer{0, "a"};
  require((*table)->begin({}, layer).ok(), "an empty table refuses a batch");
  for (const auto& block : blocks)
    if (!(*table)->merge(block.rows).ok()) return out;
  auto prepared = (*table)->prepare({}, true, false);
  if (!prepared.ok()) return out;
  return prepared->output;
}

} // namespace

void run_batch(const plan::batch_plan& plan) {
  const expr::eval_context context{plan.session, batch_time_us};
  auto rows = exec::run(plan, [](const plan::node& leaf) -> result<std::vector<data::batch_ptr>> {
    return std::vector<data::batch_ptr>{sample_rows(leaf.output, num_rows)};
  }, context);
  if (!rows.ok()) return;
  for (const auto& batch : *rows) require_valid(batch, plan.root->output);
}

void run_stream(const plan::streaming_plan& plan) {
  const expr::eval_context context{plan.session, batch_time_us};
  auto rows = exec::apply(plan.map_steps, sample_rows(scan_schema(plan.source), num_rows), context);
  if (!rows.ok()) return;
  std::vector<data::batch_ptr> results{*rows};
  if (plan.aggregate) results = aggregate(plan, *rows, context);
  for (const auto& part : results) {
    if (plan.aggregate) require_valid(part, plan.aggregate->output);
    auto done = exec::apply(plan.result_steps, part, context);
    if (!done.ok()) return;
    require_valid(*done, plan.output);
  }
}

} // namespace sluice::fuzz
