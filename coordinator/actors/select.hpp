#pragma once
/// What running a SELECT needs besides actors: orders for the workers, and the final computing. Private to the room.
#include "coordinator/actors/job_plan.hpp"
#include "coordinator/actors/messages.hpp"
#include "coordinator/sources/split_plan.hpp"

namespace sluice::actors {

/// Orders that read a file chain: each split goes to the worker with the least work per slot.
std::vector<read_part> scan_parts(const std::string& read, const plan::batch_plan& whole, const plan::node_ptr& chain,
                                  const std::vector<sources::split>& splits, const std::vector<worker_summary>& workers,
                                  std::int64_t batch_time_us);
/// Orders that read a complete-mode table as pinned.
std::vector<read_part> table_parts(const table_pinned& pinned);

/// A table's rows as its query shows them (sorted, limited) and of the columns asked for.
result<std::vector<data::batch_ptr>> shape_table(const plan::streaming_plan& plan, const std::vector<int>& columns,
                                                 const data::schema_ptr& output,
                                                 const std::vector<data::batch_ptr>& rows, std::int64_t batch_time_us);

/// The columns that a scan uses (none named: all), under its schema.
data::batch_ptr used_columns(const data::batch_ptr& batch, const std::vector<int>& columns, const data::schema_ptr& output);

/// Runs the rest of the plan over its leaves' rows.
result<std::vector<data::batch_ptr>> run_rest(const plan::batch_plan& rest,
                                              const std::vector<std::vector<data::batch_ptr>>& leaves,
                                              std::int64_t batch_time_us);
/// The same, with the result packed the result into pieces that fit a message.
result<std::vector<result_rows>> run_select(const plan::batch_plan& rest,
                                            const std::vector<std::vector<data::batch_ptr>>& leaves,
                                            std::int64_t batch_time_us);

} // namespace sluice::actors
