#pragma once
/// Operators over record batches, and batch plans. Pure; any thread.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/plan/plan.hpp"

namespace sluice::exec {

/// Runs the steps in order. A batch without rows passes through with the right schema.
result<data::batch_ptr> apply(const std::vector<plan::step>& steps, data::batch_ptr batch, const expr::eval_context& context);

/// Sorts all rows (Spark's order: NaN greatest, nulls as asked; stable) and keeps the first `limit` (if any).
result<data::batch_ptr> sort_and_limit(const std::vector<plan::sort_key>& keys, std::optional<std::int64_t> limit,
                                       const std::vector<data::batch_ptr>& batches, const data::schema_ptr& schema,
                                       const expr::eval_context& context);

/// Where a batch plan's leaves come from: the batches of a scan, or an error. Called once per leaf, when it is first read.
using leaf_reader = std::function<result<std::vector<data::batch_ptr>>(const plan::node& leaf)>;

struct run_options {
  std::int64_t memory_bytes = std::int64_t{1} << 30;  ///< what sorts, joins, aggregations and windows may hold together
  std::string setting;                                ///< its name, for the error
};

/// Rows, pulled batch by batch. Not thread safe.
class row_source {
public:
  virtual ~row_source() = default;
  /// The next rows (may be none), or null at the end; not to be called again after an error or the end.
  virtual result<data::batch_ptr> next() = 0;
};

/// The rows of a plan: filters, projections, unions and the probing side of joins stream; sorts, windows, aggregations and the
/// other side of joins are held. Errors: invalid_plan; when pulled, run-time errors and limit_exceeded.
result<std::unique_ptr<row_source>> open(const plan::batch_plan& plan, leaf_reader leaves, const expr::eval_context& context,
                                         const run_options& options = {});
/// All rows of a plan (at least the schema, as one empty batch).
result<std::vector<data::batch_ptr>> run(const plan::batch_plan& plan, const leaf_reader& leaves, const expr::eval_context& context,
                                         const run_options& options = {});

} // namespace sluice::exec
