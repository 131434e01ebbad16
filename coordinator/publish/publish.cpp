#include "coordinator/publish/publish.hpp"

#include <set>

#include "common/storage/durable.hpp"
#include "common/storage/path.hpp"
#include "coordinator/query/manifest.hpp"

namespace sluice::publish {
namespace {

std::string manifest_directory(const std::string& sink_path) { return storage::join_path(sink_path, "_spark_metadata"); }

status move_file(storage::file_system& files, const std::string& sink_path, const query::output_object& object) {
  const auto staged = storage::join_path(sink_path, object.staged);
  const auto final_path = storage::join_path(sink_path, object.final_path);
  auto moved = files.rename(staged, final_path);
  if (moved.ok() || moved.code() != errc::no_such_file) return moved;
  // The token is gone: it was published, and what became of the file since is its readers' business.
  return ok();
}

status move_output(storage::file_system& files, const std::string& sink_path, const query::commit& record) {
  std::set<std::string> sources;
  for (const auto& object : record.output) {
    SLUICE_RETURN_IF_ERROR(move_file(files, sink_path, object));
    sources.insert(storage::parent_path(storage::join_path(sink_path, object.staged)));
  }
  // Names appear before their tokens are durably gone.
  SLUICE_RETURN_IF_ERROR(files.sync_directory(sink_path));
  for (const auto& source : sources) {
    auto synced = files.sync_directory(source);
    if (!synced.ok() && synced.code() != errc::no_such_file) return synced;
    if (synced.ok()) (void)files.remove(source);
  }
  return ok();
}

/// All manifest lines of batches up to `batch`, which is before a compact entry: the last compact one and what follows it.
result<std::string> earlier_lines(storage::file_system& files, const std::string& directory, std::int64_t batch) {
  std::string lines;
  const auto first = batch - batch % query::manifest_compact_interval - 1;  // the compact entry before, -1: none
  for (auto n = std::max<std::int64_t>(first, 0); n < batch; ++n) {
    const auto path = storage::join_path(directory, query::manifest_name(n));
    auto text = files.read(path);
    if (!text.ok() && text.code() == errc::no_such_file) return status{errc::broken_chain, "manifest entry " + path + " is missing"};
    if (!text.ok()) return text.error();
    SLUICE_ASSIGN_OR_RETURN(const auto body, query::manifest_body(*text, path));
    lines += body;
  }
  return lines;
}

status write_manifest(storage::file_system& files, const std::string& sink_path, const query::commit& record, std::int64_t epoch) {
  const auto directory = manifest_directory(sink_path);
  const auto path = storage::join_path(directory, query::manifest_name(record.batch));
  if (files.stat(path).ok()) return files.sync_directory(directory);
  std::string text = "v1\n";
  if (query::manifest_is_compact(record.batch)) {
    SLUICE_ASSIGN_OR_RETURN(const auto earlier, earlier_lines(files, directory, record.batch));
    text += earlier;
  }
  text += query::manifest_lines(record, sink_path);
  text.pop_back();  // Spark writes no newline at the end
  auto written = storage::durable_create(files, path, text, std::to_string(epoch));
  return written.code() == errc::file_exists ? files.sync_directory(directory) : written;
}

} // namespace

status publish_batch(storage::file_system& files, const std::string& sink_path, const query::commit& record, std::int64_t epoch) {
  if (const auto directory = manifest_directory(sink_path); !files.stat(directory).ok())
    SLUICE_RETURN_IF_ERROR(storage::durable_make_directories(files, directory));
  SLUICE_RETURN_IF_ERROR(move_output(files, sink_path, record));
  return write_manifest(files, sink_path, record, epoch);
}

status publish_all(storage::file_system& files, const std::string& sink_path, const std::vector<std::shared_ptr<const query::commit>>& records,
                   std::int64_t epoch, std::int64_t& done) {
  for (const auto& record : records) {
    SLUICE_RETURN_IF_ERROR(publish_batch(files, sink_path, *record, epoch));
    done = record->batch;
  }
  return ok();
}

} // namespace sluice::publish
