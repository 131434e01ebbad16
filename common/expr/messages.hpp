#pragma once
/// Spark's run-time messages that several kernels raise. Room-internal.
#include <string>

#include "common/expr/kernel.hpp"

namespace sluice::expr {

inline std::string bypass_hint() { return " If necessary set \"spark.sql.ansi.enabled\" to \"false\" to bypass this error."; }

inline status division_by_zero(const frame& call) {
  return call.fail(errc::divide_by_zero, "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead." + bypass_hint());
}

inline status remainder_by_zero(const frame& call) {
  return call.fail(errc::divide_by_zero, "Remainder by zero. Use `try_mod` to tolerate divisor being 0 and return NULL instead." + bypass_hint(),
                   "REMAINDER_BY_ZERO");
}

/// "long overflow. Use 'try_add' …"
inline status number_overflow(const frame& call, const arrow::DataType& type, std::string_view suggestion) {
  std::string what = type.id() == arrow::Type::INT64 ? "long" : type.id() == arrow::Type::INT32 ? "integer" : data::type_name(type);
  auto text = what + " overflow.";
  if (!suggestion.empty())
    text += " Use '" + std::string{suggestion} + "' to tolerate overflow and return NULL instead.";
  return call.fail(errc::arithmetic_overflow, text + bypass_hint());
}

/// `value` is the exact result as text.
inline status decimal_out_of_range(const frame& call, const std::string& value, int precision, int scale) {
  return call.fail(errc::numeric_out_of_range,
                   value + " cannot be represented as Decimal(" + std::to_string(precision) + ", " + std::to_string(scale) +
                     "). If necessary set \"spark.sql.ansi.enabled\" to \"false\" to bypass this error, and return NULL instead.",
                   "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION");
}

} // namespace sluice::expr
