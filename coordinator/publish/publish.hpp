#pragma once
/// Makes a committed batch of a file sink visible: staged files get their final names, `_spark_metadata` its entry. Blocks on files:
/// call from I/O actors. Idempotent; any number of publishers may run at once or crash anywhere: the staged name is the once-only
/// token, and final names and manifest text are functions of the commit record alone.
///
///   SLUICE_RETURN_IF_ERROR(publish_batch(files, "/data/out", record));
#include "common/storage/file_system.hpp"
#include "coordinator/query/records.hpp"

namespace sluice::publish {

/// Publishes batch `record.batch`; all earlier batches must be published. Error: storage_io, disk_full, corrupt_file or broken_chain
/// (manifest entries before it are damaged or missing).
status publish_batch(storage::file_system& files, const std::string& sink_path, const query::commit& record, std::int64_t epoch);

/// Publishes in order; `done` becomes the last batch that is visible (unchanged if none).
status publish_all(storage::file_system& files, const std::string& sink_path, const std::vector<std::shared_ptr<const query::commit>>& records,
                   std::int64_t epoch, std::int64_t& done);

} // namespace sluice::publish
