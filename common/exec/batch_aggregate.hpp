#pragma once
/// A whole aggregation in one hash table, for batch plans: DISTINCT calls too, nothing is flushed. Memory grows with the groups.
#include "common/exec/aggregate_input.hpp"

namespace sluice::exec {

/// Result rows of the aggregation over all batches; by key where there is a window, else in order of first appearance.
result<std::vector<data::batch_ptr>> aggregate_batches(const plan::aggregation& aggregation,
                                                       const std::vector<data::batch_ptr>& batches,
                                                       const expr::eval_context& context);

} // namespace sluice::exec
