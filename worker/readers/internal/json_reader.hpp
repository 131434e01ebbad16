#pragma once
#include <memory>

#include "worker/readers/reader.hpp"

namespace sluice::readers {

/// For tests and benchmarks: whether the learned layout may be used.
struct json_reader_tuning {
  bool fast_path = true;
};

result<std::unique_ptr<split_reader>> open_json(const plan::file_source& source, const split& part, const expr::eval_context& context,
                                                storage::file_system& files, const reader_options& options,
                                                const json_reader_tuning& tuning = {});

} // namespace sluice::readers
