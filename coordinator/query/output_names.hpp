#pragma once
/// Names of output files: pure functions of query, batch and ordinal, so that publishing twice is publishing once.
#include <string>

#include "common/storage/object_names.hpp"

namespace sluice::query {

/// "part-00003-17-<query id>.json", in the sink's folder.
std::string output_file_name(std::int64_t batch, std::int32_t ordinal, const std::string& query, const std::string& extension);
/// "_staging/<batch>-<attempt>", in the sink's folder.
inline std::string staging_directory(std::int64_t batch, const std::string& attempt) {
  return "_staging/" + storage::staging_name(batch, attempt);
}

} // namespace sluice::query
