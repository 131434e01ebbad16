#pragma once
/// The few compute functions of Arrow that fit Spark's semantics as they are. Room-internal.
#include "common/expr/kernel.hpp"

namespace arrow::compute {
class ExecContext;
}

namespace sluice::expr {

/// This thread's context, without Arrow's thread pool.
arrow::compute::ExecContext& compute_context();
/// values[rows[i]]; null where rows[i] is null. The rows must be in range.
result<data::array_ptr> take(const arrow::Array& values, const arrow::Array& rows);

} // namespace sluice::expr
