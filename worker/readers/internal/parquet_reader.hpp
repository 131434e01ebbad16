#pragma once
#include <memory>

#include "worker/readers/reader.hpp"

namespace sluice::readers {

/// A whole Parquet file by row groups; columns by name, missing ones null, others cast as Spark allows.
result<std::unique_ptr<split_reader>> open_parquet(const plan::file_source& source, const split& part, storage::file_system& files,
                                                   const reader_options& options);

} // namespace sluice::readers
