#pragma once
/// Arrow's status as ours, for the rooms that call Arrow.
#include <arrow/result.h>

#include "common/base/status.hpp"

namespace sluice::data {

inline status from_arrow(const arrow::Status& error, errc code = errc::internal) {
  return error.ok() ? ok() : status{error.IsOutOfMemory() ? errc::memory_limit : code, error.message()};
}

template <class T>
result<T> from_arrow(arrow::Result<T> value, errc code = errc::internal) {
  if (!value.ok())
    return from_arrow(value.status(), code);
  return std::move(value).ValueUnsafe();
}

} // namespace sluice::data
