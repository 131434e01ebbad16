#pragma once
/// The tree that printSchema() prints. Pure.
#include <string>

#include "common/data/types.hpp"

namespace sluice::connect {

/// Spark's layout; `level` > 0 bounds the depth.
std::string tree_text(const arrow::Schema& schema, int level = 0);

} // namespace sluice::connect
