#include <cmath>
#include <numbers>

#include "common/expr/messages.hpp"
#include "common/expr/points.hpp"
#include "common/expr/rows.hpp"
#include "common/expr/tables.hpp"

namespace sluice::expr {

namespace {

// The formulas are those of Spark, so that extremes come out alike.
double acosh_of(double x) { return x > 1e150 && std::isfinite(x) ? std::log(x) + 0.6931471805599453 : std::log(x + std::sqrt(x * x - 1)); }
double asinh_of(double x) { return std::isinf(x) ? x : std::abs(x) > 1e150 ? std::copysign(std::log(std::abs(x)) + 0.6931471805599453, x) : std::log(x + std::sqrt(x * x + 1)); }
double atanh_of(double x) { return 0.5 * (std::log1p(x) - std::log1p(-x)); }
double cotangent(double x) { return 1 / std::tan(x); }
double cosecant(double x) { return 1 / std::sin(x); }
double secant(double x) { return 1 / std::cos(x); }
double degrees(double x) { return x * 57.29577951308232; }
double radians(double x) { return x * 0.017453292519943295; }
double sign_of(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }
double rint_of(double x) { return std::rint(x); }
double acos_of(double x) { return std::acos(x); }
double asin_of(double x) { return std::asin(x); }
double atan_of(double x) { return std::atan(x); }
double cbrt_of(double x) { return std::cbrt(x); }
double cos_of(double x) { return std::cos(x); }
double cosh_of(double x) { return std::cosh(x); }
double expm1_of(double x) { return std::expm1(x); }
double sin_of(double x) { return std::sin(x); }
double sinh_of(double x) { return std::sinh(x); }
double tan_of(double x) { return std::tan(x); }
double tanh_of(double x) { return std::tanh(x); }
double atan2_of(double y, double x) { return std::atan2(y + 0.0, x + 0.0); }  // -0.0 counts as 0.0
double hypot_of(double x, double y) { return std::hypot(x, y); }

/// A logarithm of what is not above `least` is null.
template <double (*f)(double), int least>
std::optional<double> logarithm(double x) {
  return x <= least ? std::nullopt : std::optional<double>{f(x)};
}
double log_of(double x) { return std::log(x); }
double log10_of(double x) { return std::log10(x); }
double log2_of(double x) { return std::log(x) / std::log(2.0); }
double log1p_of(double x) { return std::log1p(x); }
std::optional<double> log_to_base(double base, double x) {
  if (base <= 0 || x <= 0)
    return std::nullopt;
  return std::log(x) / std::log(base);
}

double pi_value() { return std::numbers::pi; }
double e_value() { return std::numbers::e; }

std::optional<std::int64_t> factorial(std::int32_t n) {
  if (n < 0 || n > 20)
    return std::nullopt;
  std::int64_t product = 1;
  for (int i = 2; i <= n; ++i)
    product *= i;
  return product;
}

std::optional<std::int64_t> width_bucket(double value, double least, double most, std::int64_t count) {
  if (count <= 0 || count == std::numeric_limits<std::int64_t>::max() || std::isnan(value) || least == most || !std::isfinite(least) || !std::isfinite(most))
    return std::nullopt;
  const double lower = std::min(least, most), upper = std::max(least, most);
  const bool rising = least < most;
  if (value < lower)
    return rising ? 0 : count + 1;
  if (rising ? value >= upper : value > upper)
    return rising ? count + 1 : 0;
  if (!rising && value == lower)
    return count + 1;
  const double share = rising ? (value - lower) / (upper - lower) : (upper - value) / (upper - lower);
  return static_cast<std::int64_t>(static_cast<double>(count) * share) + 1;
}

std::optional<double> first_number(std::optional<double> a, std::optional<double> b) {
  if (a && std::isnan(*a))
    return b;
  return a;
}

/// Java's shifts take the distance modulo the width.
std::int32_t shift_left_32(std::int32_t a, std::int32_t by) { return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) << (by & 31)); }
std::int64_t shift_left_64(std::int64_t a, std::int32_t by) { return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) << (by & 63)); }
std::int32_t shift_right_32(std::int32_t a, std::int32_t by) { return a >> (by & 31); }
std::int64_t shift_right_64(std::int64_t a, std::int32_t by) { return a >> (by & 63); }
std::int32_t shift_unsigned_32(std::int32_t a, std::int32_t by) { return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) >> (by & 31)); }
std::int64_t shift_unsigned_64(std::int64_t a, std::int32_t by) { return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) >> (by & 63)); }

template <class T>
T bits_and(T a, T b) { return static_cast<T>(a & b); }
template <class T>
T bits_or(T a, T b) { return static_cast<T>(a | b); }
template <class T>
T bits_xor(T a, T b) { return static_cast<T>(a ^ b); }
template <class T>
T bits_not(T a) { return static_cast<T>(~a); }

std::int32_t bit_count(std::int64_t a) { return __builtin_popcountll(static_cast<std::uint64_t>(a)); }
std::int32_t bit_count_of_truth(bool a) { return a; }

template <class T>
result<std::int8_t> bit_at(const row_call& call, T value, std::int32_t position) {
  constexpr int width = sizeof(T) * 8;
  if (position < 0 || position >= width)
    return call.bad_parameter("pos", "expects an integer value in [0, " + std::to_string(width) + "), but got " + std::to_string(position) + ".", "BIT_POSITION_RANGE");
  return static_cast<std::int8_t>((static_cast<std::int64_t>(value) >> position) & 1);
}

std::int64_t bitmap_bucket(std::int64_t value) { return value > 0 ? 1 + (value - 1) / 32768 : value / 32768; }
std::int64_t bitmap_position(std::int64_t value) { return value > 0 ? (value - 1) % 32768 : -value % 32768; }
std::int64_t bitmap_count(bytes bitmap) {
  std::int64_t count = 0;
  for (unsigned char byte : bitmap.value)
    count += __builtin_popcount(byte);
  return count;
}

/// Digits of a number from one base to another; a negative target base keeps the sign.
result<bool> conv(const row_call& call, text value, std::int32_t from, std::int32_t to, std::string& out) {
  if (from < 2 || from > 36 || std::abs(to) < 2 || std::abs(to) > 36)
    return false;
  while (!value.empty() && value.front() == ' ')
    value.remove_prefix(1);
  while (!value.empty() && value.back() == ' ')
    value.remove_suffix(1);
  if (value.empty())
    return false;
  const bool negative = value[0] == '-';
  std::uint64_t number = 0;
  bool overflow = false;
  for (std::size_t i = negative; i < value.size(); ++i) {
    const char c = value[i];
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'z' ? c - 'a' + 10 : c >= 'A' && c <= 'Z' ? c - 'A' + 10 : 99;
    if (digit >= from)
      break;
    overflow = overflow || __builtin_mul_overflow(number, static_cast<std::uint64_t>(from), &number) || __builtin_add_overflow(number, static_cast<std::uint64_t>(digit), &number);
  }
  if (overflow) {
    if (call.ansi())
      return call.fail(errc::arithmetic_overflow, "Overflow in function conv()." + bypass_hint());
    number = std::numeric_limits<std::uint64_t>::max();
  }
  bool minus = false;
  if (negative && to > 0) {
    number = static_cast<std::int64_t>(number) < 0 ? std::numeric_limits<std::uint64_t>::max() : 0 - number;
  } else if (negative) {
    minus = true;
  } else if (to < 0 && static_cast<std::int64_t>(number) < 0) {
    number = 0 - number;
    minus = true;
  }
  if (negative && to < 0 && static_cast<std::int64_t>(number) < 0)
    number = 0 - number;
  const auto base = static_cast<std::uint64_t>(std::abs(to));
  do
    out += "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[number % base];
  while ((number /= base) != 0);
  if (minus)
    out += '-';
  std::reverse(out.begin(), out.end());
  return true;
}

constexpr function double_table[] = {
  row_function<acos_of>("acos", "acos(x)", "Arc cosine."),
  row_function<acosh_of>("acosh", "acosh(x)", "Inverse hyperbolic cosine."),
  row_function<asin_of>("asin", "asin(x)", "Arc sine."),
  row_function<asinh_of>("asinh", "asinh(x)", "Inverse hyperbolic sine."),
  row_function<atan_of>("atan", "atan(x)", "Arc tangent."),
  row_function<atan2_of>("atan2", "atan2(y, x)", "Angle of the point (x, y)."),
  row_function<atanh_of>("atanh", "atanh(x)", "Inverse hyperbolic tangent."),
  row_function<cbrt_of>("cbrt", "cbrt(x)", "Cube root."),
  row_function<cos_of>("cos", "cos(x)", "Cosine."),
  row_function<cosh_of>("cosh", "cosh(x)", "Hyperbolic cosine."),
  row_function<cotangent>("cot", "cot(x)", "Cotangent."),
  row_function<cosecant>("csc", "csc(x)", "Cosecant."),
  row_function<secant>("sec", "sec(x)", "Secant."),
  row_function<degrees>("degrees", "degrees(x)", "Radians to degrees."),
  row_function<radians>("radians", "radians(x)", "Degrees to radians."),
  row_function<expm1_of>("expm1", "expm1(x)", "e to the power of x, less 1."),
  row_function<hypot_of>("hypot", "hypot(a, b)", "Square root of the sum of the squares."),
  row_function<logarithm<log_of, 0>>("ln", "ln(x)", "Natural logarithm; null for what is not above 0."),
  row_function<logarithm<log_of, 0>, log_to_base>("log", "log([base, ]x)", "Logarithm, natural without base."),
  row_function<logarithm<log10_of, 0>>("log10", "log10(x)", "Logarithm to base 10."),
  row_function<logarithm<log2_of, 0>>("log2", "log2(x)", "Logarithm to base 2."),
  row_function<logarithm<log1p_of, -1>>("log1p", "log1p(x)", "Natural logarithm of x + 1."),
  row_function<rint_of>("rint", "rint(x)", "The nearest whole number, half to even, as double."),
  row_function<sign_of>("sign signum", "sign(x)", "-1.0, 0.0 or 1.0."),
  row_function<sin_of>("sin", "sin(x)", "Sine."),
  row_function<sinh_of>("sinh", "sinh(x)", "Hyperbolic sine."),
  row_function<tan_of>("tan", "tan(x)", "Tangent."),
  row_function<tanh_of>("tanh", "tanh(x)", "Hyperbolic tangent."),
  row_function<pi_value>("pi", "pi()", "Pi."),
  row_function<e_value>("e", "e()", "Euler's number."),
  row_function<factorial>("factorial", "factorial(n)", "Factorial; null outside 0 to 20."),
  row_function<width_bucket>("width_bucket", "width_bucket(value, min, max, n)", "The bucket of a value in n buckets of equal width; 0 and n + 1 are outside."),
  row_function<first_number>("nanvl", "nanvl(a, b)", "a, or b where a is NaN."),
  row_function<shift_left_32, shift_left_64>("shiftleft <<", "shiftleft(a, n)", "The bits moved to the left."),
  row_function<shift_right_32, shift_right_64>("shiftright >>", "shiftright(a, n)", "The bits moved to the right, with the sign."),
  row_function<shift_unsigned_32, shift_unsigned_64>("shiftrightunsigned >>>", "shiftrightunsigned(a, n)", "The bits moved to the right."),
  row_function<bits_not<std::int32_t>, bits_not<std::int64_t>, bits_not<std::int16_t>, bits_not<std::int8_t>>("~", "~a", "Every bit turned."),
  row_function<bit_count, bit_count_of_truth>("bit_count", "bit_count(a)", "Number of bits that are set."),
  row_function<bit_at<std::int32_t>, bit_at<std::int64_t>, bit_at<std::int16_t>, bit_at<std::int8_t>>("bit_get getbit", "bit_get(a, position)", "The bit at a position, from 0 at the right."),
  row_function<bitmap_bucket>("bitmap_bucket_number", "bitmap_bucket_number(n)", "The bitmap that holds n."),
  row_function<bitmap_position>("bitmap_bit_position", "bitmap_bit_position(n)", "The bit of n in its bitmap."),
  row_function<bitmap_count>("bitmap_count", "bitmap_count(bitmap)", "Number of bits set in a bitmap."),
  row_function<conv>("conv", "conv(digits, from, to)", "Digits of a number in another base."),
};

/// a & b and the like: both sides to their common integral type first.
template <auto... F>
result<resolved> resolve_bits(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto type, unify_pair(args, site));
  if (is_null(*type)) {
    args[0] = implicit_cast(args[0], arrow::int32());
    args[1] = implicit_cast(args[1], arrow::int32());
  } else if (!is_integral(*type)) {
    return site.mismatch("the binary operator requires the input type \"INTEGRAL\", not \"" + sql_type(*type) + "\".", "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE");
  }
  return rows_detail::overloads<F...>::resolve(args, site);
}

template <auto... F>
constexpr function bit_operator(std::string_view name, std::string_view doc) {
  return {name, "", 2, 2, resolve_bits<F...>, rows_detail::overloads<F...>::evaluate, nullptr, name, doc};
}

constexpr function bit_table[] = {
  bit_operator<bits_and<std::int32_t>, bits_and<std::int64_t>, bits_and<std::int16_t>, bits_and<std::int8_t>>("&", "a & b: the bits set in both."),
  bit_operator<bits_or<std::int32_t>, bits_or<std::int64_t>, bits_or<std::int16_t>, bits_or<std::int8_t>>("|", "a | b: the bits set in one of both."),
  bit_operator<bits_xor<std::int32_t>, bits_xor<std::int64_t>, bits_xor<std::int16_t>, bits_xor<std::int8_t>>("^", "a ^ b: the bits set in only one of both."),
};

} // namespace

std::span<const function> double_functions() { return double_table; }
std::span<const function> bit_functions() { return bit_table; }

} // namespace sluice::expr
