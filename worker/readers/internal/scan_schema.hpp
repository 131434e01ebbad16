#pragma once
#include "worker/readers/reader.hpp"

namespace sluice::readers {

/// The used columns of a source as nullable fields. Error: invalid_plan for a column that is not there.
result<data::schema_ptr> scan_schema(const plan::file_source& source);
/// JSON with one record per file.
bool is_multiline(const plan::file_source& source);

} // namespace sluice::readers
