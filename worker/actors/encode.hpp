#pragma once
/// Rows as bodies of frames, none larger than a link takes. Pure.
#include <functional>

#include "common/data/types.hpp"

namespace sluice::worker {

using body_sink = std::function<void(std::int64_t rows, std::shared_ptr<arrow::Buffer> body)>;

/// Encodes a batch, halving it while its encoding is too large. Error limit_exceeded for a single row that is.
status encode_bounded(const data::batch_ptr& rows, const body_sink& sink);

} // namespace sluice::worker
