#pragma once
/// Rows that come with a plan: spark.range() and createDataFrame(). Pure.
#include <cstdint>
#include <vector>

#include "common/data/types.hpp"

namespace sluice::connect {

struct plan_rows {
  data::schema_ptr schema;
  std::vector<data::batch_ptr> batches;
};

/// start, start + step, … below (above, for a negative step) `end`. Errors: invalid_plan for a step of 0, unsupported_feature
/// for more than 50 million rows, which would stand in memory.
result<plan_rows> range_rows(std::int64_t start, std::int64_t end, std::int64_t step);

/// An Arrow IPC stream as clients send it, with the names and types of `schema` (null: those of the stream). Errors:
/// corrupt_file, datatype_mismatch.
result<plan_rows> local_rows(const std::string& stream, data::schema_ptr schema);

} // namespace sluice::connect
