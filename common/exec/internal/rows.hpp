#pragma once
/// Whole batches: joined end to end, rows picked and ordered. Pure; any thread.
#include <cstdint>
#include <vector>

#include "common/plan/plan.hpp"

namespace sluice::exec {

/// All rows as one batch of the schema.
result<data::batch_ptr> concatenate(const std::vector<data::batch_ptr>& batches, const data::schema_ptr& schema);
/// The rows in the given order.
result<data::batch_ptr> take_rows(const data::batch_ptr& batch, const std::vector<std::int64_t>& order);
/// Values at the places; -1 gives null.
result<data::array_ptr> take_values(const arrow::Array& values, const std::vector<std::int64_t>& places);
/// The first `kept` places of the rows in the order of the keys.
result<std::vector<std::int64_t>> sorted_order(const std::vector<plan::sort_key>& keys, const data::batch_ptr& rows, std::int64_t kept,
                                               const expr::eval_context& context);
/// What a batch holds in memory.
std::int64_t size_of(const arrow::RecordBatch& batch);

} // namespace sluice::exec
