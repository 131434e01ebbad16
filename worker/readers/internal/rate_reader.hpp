#pragma once
#include "worker/readers/reader.hpp"

namespace sluice::readers {

/// Rows of a rate source. A split's path is "rate:<from>-<to>" (seconds), its file_size the rows of those seconds, mtime_us their
/// beginning, inode their first value; offset and length count rows. Error: invalid_plan.
result<std::unique_ptr<split_reader>> open_rate(const plan::file_source& source, const split& part);

} // namespace sluice::readers
