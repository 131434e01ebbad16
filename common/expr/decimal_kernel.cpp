#include "common/expr/decimal_kernel.hpp"

#include <arrow/util/decimal.h>

#include "common/expr/messages.hpp"
#include "common/expr/number_text.hpp"

namespace sluice::expr {

data::type_ptr decimal_result(char op, decimal_shape a, decimal_shape b) {
  const int scale = std::max(a.scale, b.scale);
  switch (op) {
    case '*': return adjusted_decimal(a.precision + b.precision + 1, a.scale + b.scale);
    case '/': {
      const int digits = std::max(6, a.scale + b.precision + 1);
      return adjusted_decimal(a.precision - a.scale + b.scale + digits, digits);
    }
    case '%': case 'm': return adjusted_decimal(std::min(a.precision - a.scale, b.precision - b.scale) + scale, scale);
    default: return adjusted_decimal(std::max(a.precision - a.scale, b.precision - b.scale) + scale + 1, scale);
  }
}

bool fits(__int128 value, int precision) { return value < power_of_ten(precision) && value > -power_of_ten(precision); }

bool rescale(__int128 value, int from, int to, __int128& out) {
  if (to >= from) {
    if (to - from > 38)
      return out = 0, value == 0;
    return !__builtin_mul_overflow(value, power_of_ten(to - from), &out) && fits(out, 38);
  }
  if (from - to > 38)
    return out = 0, true;
  const auto unit = power_of_ten(from - to);
  out = value / unit;
  const auto rest = value % unit;
  if ((rest < 0 ? -rest : rest) >= unit - (rest < 0 ? -rest : rest))
    out += value < 0 ? -1 : 1;
  return true;
}

namespace {

using wide = arrow::Decimal256;

wide widen(__int128 value) {
  return wide{arrow::Decimal128{static_cast<std::int64_t>(value >> 64), static_cast<std::uint64_t>(value)}};
}

wide wide_power(int power) { return wide{arrow::BasicDecimal256::GetScaleMultiplier(power)}; }

wide wide_abs(const wide& value) { return value.IsNegative() ? wide{-value} : value; }

/// numerator / denominator, rounded half up.
wide rounded_quotient(const wide& numerator, const wide& denominator) {
  wide quotient{numerator / denominator};
  const wide rest{wide_abs(wide{numerator % denominator})};
  const wide size = wide_abs(denominator);
  if (rest >= wide{size + wide{-rest}})
    quotient += numerator.IsNegative() == denominator.IsNegative() ? wide{1} : wide{-1};
  return quotient;
}

/// The exact result as a wide number at `scale`.
struct exact {
  wide value;
  int scale;
};

struct decimal_sides {
  char op;
  decimal_shape left, right, out;
};

exact compute(const decimal_sides& sides, __int128 a, __int128 b) {
  const int common = std::max(sides.left.scale, sides.right.scale);
  const wide x{widen(a) * wide_power(common - sides.left.scale)};
  const wide y{widen(b) * wide_power(common - sides.right.scale)};
  switch (sides.op) {
    case '+': return {wide{x + y}, common};
    case '-': return {wide{x + wide{-y}}, common};
    case '*': return {wide{widen(a) * widen(b)}, sides.left.scale + sides.right.scale};
    case '/': {
      // One rounding only, straight to the result's scale. 38 digits times 10^38 fit into 76.
      const int shift = sides.out.scale - sides.left.scale + sides.right.scale;
      if (shift >= 0)
        return {rounded_quotient(wide{widen(a) * wide_power(std::min(shift, 38))}, widen(b)), sides.out.scale};
      return {rounded_quotient(widen(a), wide{widen(b) * wide_power(-shift)}), sides.out.scale};
    }
    default: return {wide{x % y}, common};
  }
}

bool narrow(const exact& from, const decimal_shape& to, __int128& out) {
  wide value = from.value;
  if (to.scale > from.scale)
    value = wide{value * wide_power(to.scale - from.scale)};
  else if (to.scale < from.scale)
    value = rounded_quotient(value, wide_power(from.scale - to.scale));
  if (!value.FitsInPrecision(to.precision))
    return false;
  const auto words = value.little_endian_array();
  out = static_cast<__int128>(static_cast<unsigned __int128>(words[1]) << 64 | words[0]);
  return true;
}

/// Sums and products of short decimals without wide numbers; false when it must be done in full.
bool compute_short(const decimal_sides& sides, __int128 a, __int128 b, __int128& out) {
  if (sides.op == '*')
    return sides.left.scale + sides.right.scale == sides.out.scale && sides.left.precision + sides.right.precision <= 37 &&
           (out = a * b, true);
  const int common = std::max(sides.left.scale, sides.right.scale);
  if ((sides.op != '+' && sides.op != '-') || common != sides.out.scale || sides.out.precision >= 38)
    return false;
  a *= power_of_ten(common - sides.left.scale);
  b *= power_of_ten(common - sides.right.scale);
  out = sides.op == '+' ? a + b : a - b;
  return true;
}

std::string exact_text(const exact& value) { return wide{value.value}.ToString(value.scale); }

} // namespace

result<data::array_ptr> decimal_arithmetic(const frame& call, const operands& args) {
  const char op = call.call.name == "mod" ? '%' : call.call.name[0];
  const decimal_sides sides{op, shape_of(*args[0].array->type()), shape_of(*args[1].array->type()), shape_of(*call.call.type)};
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<__int128>::make(call.rows));
  numbers<__int128> left{args[0]}, right{args[1]};
  for (std::int64_t i = 0; i < call.rows; ++i) {
    out[i] = 0;
    if (nulls.null(i))
      continue;
    const __int128 a = left[i], b = right[i];
    if ((op == '/' || op == '%') && b == 0) {
      if (call.ansi())
        return op == '/' ? division_by_zero(call) : remainder_by_zero(call);
      SLUICE_RETURN_IF_ERROR(nulls.set_null(i));
      continue;
    }
    if (compute_short(sides, a, b, out[i]))
      continue;
    const auto value = compute(sides, a, b);
    if (narrow(value, sides.out, out[i]))
      continue;
    if (call.ansi())
      return decimal_out_of_range(call, exact_text(value), sides.out.precision, sides.out.scale);
    SLUICE_RETURN_IF_ERROR(nulls.set_null(i));
  }
  return out.finish(call.call.type, nulls);
}

result<data::array_ptr> decimal_integral_divide(const frame& call, const operands& args) {
  const auto left_shape = shape_of(*args[0].array->type());
  const auto right_shape = shape_of(*args[1].array->type());
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<std::int64_t>::make(call.rows));
  numbers<__int128> left{args[0]}, right{args[1]};
  const int common = std::max(left_shape.scale, right_shape.scale);
  for (std::int64_t i = 0; i < call.rows; ++i) {
    out[i] = 0;
    if (nulls.null(i))
      continue;
    if (right[i] == 0) {
      if (call.ansi())
        return division_by_zero(call);
      SLUICE_RETURN_IF_ERROR(nulls.set_null(i));
      continue;
    }
    const wide quotient{wide{widen(left[i]) * wide_power(common - left_shape.scale)} /
                        wide{widen(right[i]) * wide_power(common - right_shape.scale)}};
    __int128 value = 0;
    const bool small = narrow({quotient, 0}, {38, 0}, value);
    if (call.ansi() && (!small || value != static_cast<std::int64_t>(value)))
      return number_overflow(call, *call.call.type, "try_divide");
    out[i] = static_cast<std::int64_t>(value);
  }
  return out.finish(call.call.type, nulls);
}

} // namespace sluice::expr
