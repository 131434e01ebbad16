#pragma once
/// A whole aggregation in one hash table, for batch plans: DISTINCT calls too, nothing is flushed. Memory grows with the groups.
#include <functional>

#include "common/exec/aggregate_input.hpp"

namespace sluice::exec {

using batch_reader = std::function<result<data::batch_ptr>()>;  ///< null at the end
/// Told what the groups hold now, now and then; an error ends the aggregation.
using memory_check = std::function<status(std::int64_t bytes)>;

/// Result rows of the aggregation over all batches; by key where there is a window, else in order of first appearance.
result<std::vector<data::batch_ptr>> aggregate_batches(const plan::aggregation& aggregation, const batch_reader& next,
                                                       const expr::eval_context& context, const memory_check& check);

} // namespace sluice::exec
