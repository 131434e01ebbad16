#pragma once
/// Plans as bytes (proto/sluice/plan.proto) for orders to workers and for the coordinator's query records, and the
/// state signature that decides whether a changed query may continue from a checkpoint.
#include <string>

#include "common/plan/plan.hpp"

namespace sluice::plan {

std::string encode(const streaming_plan& plan);
/// Error: corrupt_file or unsupported_format; never crashes on bad bytes.
result<streaming_plan> decode_streaming(std::string_view bytes);
std::string encode(const batch_plan& plan);
result<batch_plan> decode_batch(std::string_view bytes);

/// One line a person can read: key and value types, aggregate functions with versions, window, output mode; "stateless" without aggregation.
/// Equal signatures may share state.
std::string state_signature(const streaming_plan& plan);
/// What identifies the source: format, paths, kind.
std::string source_signature(const streaming_plan& plan);

} // namespace sluice::plan
