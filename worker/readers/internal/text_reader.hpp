#pragma once
#include "worker/readers/reader.hpp"

namespace sluice::readers {

/// Reader of text files: a row per line (blank ones too), or with option wholeText a row per file. One column, STRING.
result<std::unique_ptr<split_reader>> open_text(const plan::file_source& source, const split& part, storage::file_system& files,
                                                const reader_options& options);

} // namespace sluice::readers
