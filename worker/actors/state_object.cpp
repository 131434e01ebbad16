#include "worker/actors/state_object.hpp"

#include <set>

#include "common/base/seeded_bug.hpp"
#include "common/storage/durable.hpp"
#include "common/storage/object_names.hpp"
#include "common/storage/path.hpp"

namespace sluice::worker {
namespace {

/// A directory below the checkpoint; made if missing, unless the checkpoint itself is not visible here.
status need_directory(const surroundings& world, const std::string& path, const std::string& root) {
  if (world.files->stat(path).ok()) return ok();
  if (!world.files->stat(root).ok())
    return {errc::path_not_shared, "worker " + world.id + " cannot see " + root +
                                       "; it must be on storage that all workers share"};
  return storage::durable_make_directories(*world.files, path);
}

status write_state(const batch_job& job, const std::vector<std::shared_ptr<slot_output>>& outputs, const surroundings& world,
                   written_batch& written) {
  auto name = storage::object_name(job.key.batch, SLUICE_BUG(state_by_number) ? "0-0" : job.key.attempt, job.self, "state");
  std::string bytes;
  for (const auto& output : outputs)
    for (const auto& section : output->sections) {
      written.extents.push_back({section.group, name, static_cast<std::int64_t>(bytes.size()),
                                 static_cast<std::int64_t>(section.bytes.size()), storage::checksum(section.bytes),
                                 section.snapshot, section.rows});
      bytes += section.bytes;
    }
  if (written.extents.empty()) return ok();
  storage::append_trailer(bytes);
  auto directory = storage::join_path(job.checkpoint, "state");
  SLUICE_RETURN_IF_ERROR(need_directory(world, directory, job.checkpoint));
  if (SLUICE_BUG(state_by_number)) (void)world.files->remove(storage::join_path(directory, name));
  SLUICE_ASSIGN_OR_RETURN(auto file, world.files->create(storage::join_path(directory, name)));
  SLUICE_RETURN_IF_ERROR(file->append(bytes));
  if (SLUICE_BUG(retry_sync) && !file->sync().ok()) SLUICE_RETURN_IF_ERROR(file->sync());
  if (!SLUICE_BUG(retry_sync) && !SLUICE_BUG(ack_before_state_sync)) SLUICE_RETURN_IF_ERROR(file->sync());
  SLUICE_RETURN_IF_ERROR(file->close());
  if (SLUICE_BUG(ack_before_directory_sync)) return ok();
  return world.files->sync_directory(directory);
}

/// Rows of all slots as one object of this worker.
status write_rows_object(const batch_job& job, const std::vector<std::shared_ptr<slot_output>>& outputs, const surroundings& world,
                         written_batch& written) {
  std::unique_ptr<sinks::staged_writer> writer;
  for (const auto& output : outputs)
    for (const auto& rows : output->rows) {
      if (!writer) {
        auto name = storage::object_name(job.key.batch, job.key.attempt, job.self, "rows");
        SLUICE_RETURN_IF_ERROR(need_directory(world, job.staging, job.checkpoint));
        SLUICE_ASSIGN_OR_RETURN(writer, sinks::open("rows", job.plan->sink.options, job.plan->output,
                                                    storage::join_path(job.staging, name), job.context, *world.files));
      }
      SLUICE_RETURN_IF_ERROR(writer->append(rows));
    }
  if (!writer) return ok();
  SLUICE_ASSIGN_OR_RETURN(auto file, writer->finish());
  written.staged.push_back({std::move(file), static_cast<std::int32_t>(job.self)});
  return ok();
}

status finish_writers(const std::vector<std::shared_ptr<slot_output>>& outputs, written_batch& written) {
  for (const auto& output : outputs) {
    if (!output->writer) continue;
    SLUICE_ASSIGN_OR_RETURN(auto file, output->writer->finish());
    written.staged.push_back({std::move(file), output->first_split});
  }
  return ok();
}

/// The staged files' names survive a crash: their directory, and those above it that may be new.
status sync_staging(const batch_job& job, const surroundings& world, const written_batch& written) {
  if (written.staged.empty() || SLUICE_BUG(unsynced_staging_folder)) return ok();
  SLUICE_RETURN_IF_ERROR(world.files->sync_directory(job.staging));
  if (job.collect_output) return ok();
  auto above = storage::parent_path(job.staging);
  SLUICE_RETURN_IF_ERROR(world.files->sync_directory(above));
  return world.files->sync_directory(storage::parent_path(above));
}

} // namespace

result<std::shared_ptr<written_batch>> write_objects(const batch_job& job, const std::vector<std::shared_ptr<slot_output>>& outputs,
                                                     const surroundings& world) {
  auto written = std::make_shared<written_batch>();
  auto started = world.clock->monotonic();
  SLUICE_RETURN_IF_ERROR(write_state(job, outputs, world, *written).with_context("writing state"));
  SLUICE_RETURN_IF_ERROR(write_rows_object(job, outputs, world, *written).with_context("staging rows"));
  SLUICE_RETURN_IF_ERROR(finish_writers(outputs, *written).with_context("staging rows"));
  SLUICE_RETURN_IF_ERROR(sync_staging(job, world, *written).with_context("staging rows"));
  written->write_us = (world.clock->monotonic() - started).count();
  return written;
}

} // namespace sluice::worker
