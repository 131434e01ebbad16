#pragma once
/// Stateless operators over record batches. Pure; any thread.
#include <functional>
#include <vector>

#include "common/plan/plan.hpp"

namespace sluice::exec {

/// Runs the steps in order. A batch without rows passes through with the right schema.
result<data::batch_ptr> apply(const std::vector<plan::step>& steps, data::batch_ptr batch, const expr::eval_context& context);

/// Sorts all rows (Spark's order: NaN greatest, nulls as asked; stable) and keeps the first `limit` (if any).
result<data::batch_ptr> sort_and_limit(const std::vector<plan::sort_key>& keys, std::optional<std::int64_t> limit,
                                       const std::vector<data::batch_ptr>& batches, const data::schema_ptr& schema,
                                       const expr::eval_context& context);

/// Where a batch plan's leaves come from: the batches of a scan, or an error. Called once per leaf.
using leaf_reader = std::function<result<std::vector<data::batch_ptr>>(const plan::node& leaf)>;
/// Runs a batch plan to its result rows (at least the schema, as one empty batch). Memory grows with the rows that sort and aggregate hold.
result<std::vector<data::batch_ptr>> run(const plan::batch_plan& plan, const leaf_reader& leaves, const expr::eval_context& context);

} // namespace sluice::exec
