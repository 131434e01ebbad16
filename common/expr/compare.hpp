#pragma once
/// Comparison with Spark's order: NaN equals NaN and is greatest, -0.0 equals 0.0, text by bytes, nulls first inside nested values.
/// Room-internal.
#include <cmath>

#include "common/expr/kernel.hpp"

namespace sluice::expr {

enum class comparison { equal, not_equal, less, less_or_equal, greater, greater_or_equal };

/// Writes 0 or 1 per row; rows with a null side get an arbitrary value. Both operands have the same type.
status compare(comparison what, const operand& left, const operand& right, std::int64_t rows, std::vector<std::uint8_t>& out);
/// -1, 0, 1 of two values (nulls first); any orderable type.
int compare_values(const arrow::Array& left, std::int64_t i, const arrow::Array& right, std::int64_t j);

template <class T>
bool value_equal(T a, T b) noexcept {
  if constexpr (std::is_floating_point_v<T>)
    return a == b || (a != a && b != b);
  else
    return a == b;
}

template <class T>
bool value_less(T a, T b) noexcept {
  if constexpr (std::is_floating_point_v<T>)
    return a < b || (b != b && a == a);
  else
    return a < b;
}

template <comparison what, class T>
bool holds(const T& a, const T& b) noexcept {
  if constexpr (what == comparison::equal)
    return value_equal(a, b);
  else if constexpr (what == comparison::not_equal)
    return !value_equal(a, b);
  else if constexpr (what == comparison::less)
    return value_less(a, b);
  else if constexpr (what == comparison::less_or_equal)
    return !value_less(b, a);
  else if constexpr (what == comparison::greater)
    return value_less(b, a);
  else
    return !value_less(a, b);
}

} // namespace sluice::expr
