#pragma once
/// Output of a batch as staged files: written and fsynced before prepare, invisible until the coordinator publishes them.
/// Owned by one slot or I/O actor; not thread safe.
#include <memory>
#include <string>

#include "common/plan/plan.hpp"
#include "common/storage/file_system.hpp"

namespace sluice::sinks {

struct staged_file {
  std::string path;
  std::int64_t size = 0;
  std::uint64_t checksum = 0;  ///< XXH3-64 of all bytes
  std::int64_t rows = 0;
};

class staged_writer {
public:
  virtual ~staged_writer() = default;
  virtual status append(const data::batch_ptr& rows) = 0;
  /// Ends, fsyncs and closes the file. The caller fsyncs the directory (once for all files of a batch).
  virtual result<staged_file> finish() = 0;
};

/// `format`: "json" (Spark's JSON lines), "csv", "text", "parquet" (Spark's types), "rows" (Arrow IPC stream with trailer, for result tables and console).
result<std::unique_ptr<staged_writer>> open(const std::string& format, const plan::option_map& options, const data::schema_ptr& schema,
                                            const std::string& path, const expr::eval_context& context, storage::file_system& files);
/// The rows of a "rows" object; verifies the trailer. Error corrupt_file with the path.
result<std::vector<data::batch_ptr>> read_rows(const std::string& path, storage::file_system& files);
/// Checks schema and options at submit. Errors: unsupported_feature, unknown_option, invalid_option, datatype_mismatch.
status validate(const std::string& format, const plan::option_map& options, const data::schema_ptr& schema);
/// ".json", ".parquet", …
std::string file_extension(const std::string& format, const plan::option_map& options);

} // namespace sluice::sinks
