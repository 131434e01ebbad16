#pragma once
/// A few rows of any schema, made of its types alone: edge values, nulls, texts of several lengths. For running fuzzed plans.
#include "common/data/types.hpp"

namespace sluice::fuzz {

data::batch_ptr sample_rows(const data::schema_ptr& schema, int count);

} // namespace sluice::fuzz
