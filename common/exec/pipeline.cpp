#include "common/exec/pipeline.hpp"

#include <arrow/api.h>
#include <fmt/format.h>

#include "common/exec/internal/evaluate_column.hpp"

namespace sluice::exec {
namespace {

result<data::batch_ptr> empty_batch(const data::schema_ptr& schema) {
  auto made = arrow::RecordBatch::MakeEmpty(schema);
  if (!made.ok()) return status(errc::memory_limit, made.status().ToString());
  return *made;
}

result<data::batch_ptr> project(const plan::step& step, const data::batch_ptr& batch, const expr::eval_context& context) {
  if (static_cast<std::size_t>(step.output->num_fields()) != step.expressions.size())
    return status(errc::invalid_plan, "a projection has another number of columns than its schema");
  std::vector<data::array_ptr> columns;
  for (const auto& expression : step.expressions) {
    SLUICE_ASSIGN_OR_RETURN(auto column, evaluate_column(*expression, *batch, context));
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(step.output, batch->num_rows(), std::move(columns));
}

} // namespace

result<data::batch_ptr> apply(const std::vector<plan::step>& steps, data::batch_ptr batch, const expr::eval_context& context) {
  for (const auto& step : steps) {
    if (batch->num_rows() == 0) return empty_batch(steps.back().output);
    if (step.what == plan::step::kind::filter) {
      if (step.expressions.size() != 1) return status(errc::invalid_plan, "a filter has one condition");
      SLUICE_ASSIGN_OR_RETURN(batch, expr::filter(*step.expressions[0], batch, context));
    } else {
      SLUICE_ASSIGN_OR_RETURN(batch, project(step, batch, context));
    }
  }
  if (batch->num_rows() == 0 && !steps.empty()) return empty_batch(steps.back().output);
  return batch;
}

} // namespace sluice::exec
