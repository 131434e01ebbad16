#pragma once
#include "worker/readers/reader.hpp"

namespace sluice::readers {

/// Reader of CSV. Errors as open(); invalid_option, unsupported_feature (nested columns).
result<std::unique_ptr<split_reader>> open_csv(const plan::file_source& source, const split& part, const expr::eval_context& context,
                                               storage::file_system& files, const reader_options& options);

} // namespace sluice::readers
