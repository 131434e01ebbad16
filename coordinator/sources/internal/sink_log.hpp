#pragma once
#include <optional>
#include <vector>

#include "coordinator/sources/file_listing.hpp"

namespace sluice::sources {

/// The files of a folder that a file sink wrote, from its `_spark_metadata` log; empty optional if it has none.
/// Errors: corrupt_file, storage_io.
result<std::optional<std::vector<file_entry>>> list_sink_log(storage::file_system& files, const std::string& folder);

} // namespace sluice::sources
