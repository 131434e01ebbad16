#pragma once
/// Rewrites of the node tree that keep its result: projections merged, columns nobody reads dropped.
#include "common/plan/plan.hpp"

namespace sluice::plan::internal {

/// Merges a projection into the one above where no work is repeated, and drops projections that change nothing.
node_ptr collapse_projections(const node_ptr& root);
/// Drops columns, expressions and aggregate calls that nothing above uses; scans read only what is left.
node_ptr prune_columns(const node_ptr& root);

/// Filters moved below joins as far as they go (filters.cpp); `prune_columns` begins with it.
node_ptr push_filters(const node_ptr& root);

} // namespace sluice::plan::internal
