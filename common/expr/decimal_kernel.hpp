#pragma once
/// Decimal arithmetic with Spark's result types. Room-internal.
#include "common/expr/coercion.hpp"

namespace sluice::expr {

/// Result type of a + - * / % over two decimals.
data::type_ptr decimal_result(char op, decimal_shape a, decimal_shape b);
/// Evaluates + - * / % (by the call's name) on two decimal operands.
result<data::array_ptr> decimal_arithmetic(const frame& call, const operands& args);
result<data::array_ptr> decimal_integral_divide(const frame& call, const operands& args);

/// value * 10^(to - from), rounded half up when digits go; false when more than 38 digits remain.
bool rescale(__int128 value, int from, int to, __int128& out);
bool fits(__int128 value, int precision);

} // namespace sluice::expr
