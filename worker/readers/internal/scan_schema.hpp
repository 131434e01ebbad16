#pragma once
#include "worker/readers/reader.hpp"

namespace sluice::readers {

/// The used columns of a source as nullable fields. Error: invalid_plan for a column that is not there.
result<data::schema_ptr> scan_schema(const plan::file_source& source);
/// Option multiLine: records may span lines, so the file is read whole (JSON: one record a file).
bool is_multiline(const plan::file_source& source);
/// Option wholeText of a text source: one row a file.
bool is_whole_text(const plan::file_source& source);

} // namespace sluice::readers
