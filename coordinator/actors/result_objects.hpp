#pragma once
/// Committed output that the coordinator itself reads: rows objects of result tables and of the console. Blocks on
/// files: I/O actors only.
#include <cstdio>

#include "common/plan/plan.hpp"
#include "common/storage/file_system.hpp"
#include "coordinator/query/records.hpp"

namespace sluice::actors {

/// Rows of one object (Arrow IPC with a trailer). Errors: corrupt_file, no_such_file, storage_io, each with the path.
result<std::vector<data::batch_ptr>> read_rows_object(storage::file_system& files, const std::string& path,
                                                      std::int64_t size);

/// Rows of several objects in their order; `limit_bytes` bounds what they hold together. Error: memory_limit.
result<std::vector<data::batch_ptr>> read_rows_objects(storage::file_system& files, const std::string& checkpoint,
                                                       const std::vector<query::output_object>& objects,
                                                       std::int64_t limit_bytes);

struct console_form {
  std::int64_t num_rows = 20;
  bool truncate = true;
};
console_form console_shape(const plan::streaming_plan& plan);
/// What a committed batch shows: sorted and limited as the query says, at most one row more than is printed, as an IPC
/// stream.
result<std::shared_ptr<arrow::Buffer>> console_batch(storage::file_system& files, const plan::streaming_plan& plan,
                                                     const query::commit& record);
/// Where `print_console` writes; simulations turn it away.
inline std::FILE* console_stream = stdout;
/// For a query that nobody follows: one JSON object per row.
void print_console(const plan::streaming_plan& plan, std::int64_t batch, const std::shared_ptr<arrow::Buffer>& rows);

/// Bytes that batches hold.
std::int64_t bytes_of(const std::vector<data::batch_ptr>& batches);

} // namespace sluice::actors
