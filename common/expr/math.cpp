#include <cmath>

#include "common/expr/coercion.hpp"
#include "common/expr/decimal_kernel.hpp"
#include "common/expr/messages.hpp"
#include "common/expr/number_text.hpp"
#include "common/expr/tables.hpp"

namespace sluice::expr {

namespace {

template <class T>
result<data::array_ptr> absolute(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<T>::make(call.rows));
  numbers<T> values{args[0]};
  for (std::int64_t i = 0; i < call.rows; ++i) {
    const T value = values[i];
    if constexpr (std::is_floating_point_v<T>) {
      out[i] = std::abs(value);
    } else if constexpr (sizeof(T) == 16) {
      out[i] = value < 0 ? -value : value;
    } else {
      if (call.ansi() && value == std::numeric_limits<T>::min() && !nulls.null(i))
        return number_overflow(call, *call.call.type, "");
      out[i] = value < 0 ? static_cast<T>(T{0} - static_cast<std::make_unsigned_t<T>>(value)) : value;
    }
  }
  return out.finish(call.call.type, nulls);
}

result<data::array_ptr> evaluate_abs(const frame& call, const operands& args) {
  return with_number_type(call.call.type->id(), [&]<class T>() { return absolute<T>(call, args); });
}

enum class rounding { half_up, half_even, up, down };

/// value / unit, rounded; unit > 0.
__int128 rounded_division(__int128 value, __int128 unit, rounding mode) {
  const __int128 quotient = value / unit, rest = value % unit;
  if (rest == 0)
    return quotient;
  const __int128 size = rest < 0 ? -rest : rest;
  const int away = value < 0 ? -1 : 1;
  switch (mode) {
    case rounding::up: return value > 0 ? quotient + 1 : quotient;
    case rounding::down: return value < 0 ? quotient - 1 : quotient;
    case rounding::half_up: return size >= unit - size ? quotient + away : quotient;
    case rounding::half_even:
      if (size != unit - size)
        return size > unit - size ? quotient + away : quotient;
      return quotient % 2 == 0 ? quotient : quotient + away;
  }
  return quotient;
}

/// Java rounds the shortest decimal text of a double, so 2.675 to two places is 2.68.
template <class T>
T rounded_floating(T value, int places, rounding mode) {
  if (!std::isfinite(value) || places > 325)
    return value;
  std::string text;
  if constexpr (sizeof(T) == 4)
    append_float(text, value);
  else
    append_double(text, value);
  // digits and exponent of the text
  const bool negative = text[0] == '-';
  std::string digits;
  int exponent = 0;
  bool point = false;
  for (std::size_t i = negative; i < text.size(); ++i) {
    if (text[i] == '.') {
      point = true;
    } else if (text[i] == 'E') {
      exponent += std::stoi(text.substr(i + 1));
      break;
    } else {
      digits += text[i];
      exponent -= point;
    }
  }
  const long drop = -static_cast<long>(exponent) - places;
  if (drop <= 0)
    return value;
  if (drop > static_cast<long>(digits.size()))
    return negative ? -T{0} : T{0};
  __int128 unscaled = 0;
  for (char c : digits)
    unscaled = unscaled * 10 + (c - '0');
  if (drop > 38)
    return 0;
  const auto kept = rounded_division(negative ? -unscaled : unscaled, power_of_ten(static_cast<int>(drop)), mode);
  std::string out;
  append_integer(out, kept);
  out += "E" + std::to_string(-places);
  return sizeof(T) == 4 ? static_cast<T>(*parse_float(out)) : static_cast<T>(*parse_double(out));
}

int places_of(const operands& args) {
  if (args.size() < 2 || args[1].null(0))
    return 0;
  return numbers<std::int32_t>{args[1]}[0];
}

template <class T>
result<data::array_ptr> rounded(const frame& call, const operands& args, rounding mode) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<T>::make(call.rows));
  numbers<T> values{args[0]};
  const int places = places_of(args);
  for (std::int64_t i = 0; i < call.rows; ++i) {
    out[i] = values[i];
    if (nulls.null(i))
      continue;
    if constexpr (std::is_floating_point_v<T>) {
      out[i] = rounded_floating(values[i], places, mode);
    } else if (places < 0) {
      const auto unit = power_of_ten(std::min(-places, 38));
      const auto value = -places > 20 ? __int128{0} : rounded_division(values[i], unit, mode) * unit;
      if (call.ansi() && (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()))
        return number_overflow(call, *call.call.type, "");
      out[i] = static_cast<T>(value);
    }
  }
  return out.finish(call.call.type, nulls);
}

result<data::array_ptr> rounded_decimal(const frame& call, const operands& args, rounding mode, int places) {
  const int from = shape_of(*args[0].array->type()).scale;
  const auto shape = shape_of(*call.call.type);
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<__int128>::make(call.rows));
  numbers<__int128> values{args[0]};
  for (std::int64_t i = 0; i < call.rows; ++i) {
    out[i] = 0;
    if (nulls.null(i))
      continue;
    const int drop = from - places;
    __int128 value = drop <= 0 ? values[i] : drop > 38 ? 0 : rounded_division(values[i], power_of_ten(drop), mode);
    const int scale = drop <= 0 ? from : places;
    if (rescale(value, scale, shape.scale, out[i]) && fits(out[i], shape.precision))
      continue;
    if (call.ansi()) {
      std::string text;
      append_decimal(text, values[i], from);
      return decimal_out_of_range(call, text, shape.precision, shape.scale);
    }
    SLUICE_RETURN_IF_ERROR(nulls.set_null(i));
  }
  return out.finish(call.call.type, nulls);
}

template <rounding mode>
result<data::array_ptr> evaluate_round(const frame& call, const operands& args) {
  if (is_decimal_type(*call.call.type))
    return rounded_decimal(call, args, mode, places_of(args));
  switch (call.call.type->id()) {
    case arrow::Type::INT8: return rounded<std::int8_t>(call, args, mode);
    case arrow::Type::INT16: return rounded<std::int16_t>(call, args, mode);
    case arrow::Type::INT32: return rounded<std::int32_t>(call, args, mode);
    case arrow::Type::FLOAT: return rounded<float>(call, args, mode);
    case arrow::Type::DOUBLE: return rounded<double>(call, args, mode);
    default: return rounded<std::int64_t>(call, args, mode);
  }
}

/// ceil and floor: of a double a bigint (saturating, as in Java), of a decimal a decimal without places.
template <rounding mode>
result<data::array_ptr> evaluate_ceiling(const frame& call, const operands& args) {
  if (args[0].id() == arrow::Type::DECIMAL128)
    return rounded_decimal(call, args, mode, 0);
  if (args[0].id() == arrow::Type::INT64)
    return args[0].array;
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<std::int64_t>::make(call.rows));
  numbers<double> values{args[0]};
  for (std::int64_t i = 0; i < call.rows; ++i) {
    const double value = mode == rounding::up ? std::ceil(values[i]) : std::floor(values[i]);
    if (call.ansi() && !nulls.null(i) && value == value && !(value >= -9223372036854775808.0 && value < 9223372036854775808.0))
      return call.fail(errc::arithmetic_overflow, "overflow." + bypass_hint());
    out[i] = value != value ? 0
             : value >= 9223372036854775807.0 ? std::numeric_limits<std::int64_t>::max()
             : value <= -9223372036854775808.0 ? std::numeric_limits<std::int64_t>::min() : static_cast<std::int64_t>(value);
  }
  return out.finish(call.call.type, nulls);
}

template <double (*f)(double)>
result<data::array_ptr> evaluate_double(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<double>::make(call.rows));
  numbers<double> values{args[0]};
  for (std::int64_t i = 0; i < call.rows; ++i)
    out[i] = f(values[i]);
  return out.finish(call.call.type, nulls);
}

double square_root(double value) { return std::sqrt(value); }
double exponential(double value) { return std::exp(value); }

result<data::array_ptr> evaluate_power(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<double>::make(call.rows));
  for_each_pair<double, double>(args[0], args[1], call.rows,
                                [values = out.values()](std::int64_t i, double a, double b) { values[i] = std::pow(a, b); });
  return out.finish(call.call.type, nulls);
}

result<resolved> resolve_abs(std::vector<expr_ptr>& args, call_site& site) {
  if (is_text(*args[0]->type) || is_null(*args[0]->type))
    args[0] = implicit_cast(args[0], arrow::float64());
  if (!is_number_type(*args[0]->type))
    return unexpected_type(args, 0, "(\"NUMERIC\" or \"ANSI INTERVAL\")", site);
  return resolved{args[0]->type, args[0]->nullable};
}

result<int> literal_places(const std::vector<expr_ptr>& args, const call_site& site) {
  const node* places = args[1].get();
  while (places->kind == node_kind::call && places->name == "cast")
    places = places->args[0].get();
  bool negative = false;
  if (places->kind == node_kind::call && places->name == "negative") {
    negative = true;
    places = places->args[0].get();
  }
  if (places->kind != node_kind::literal)
    return site.mismatch("the input `scale` should be a foldable \"INT\" expression; however, got \"" + to_sql(*args[1]) + "\".",
                         "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT");
  auto value = parse_integer(places->value->is_valid ? to_sql(*places) : "0", false);
  if (!value || *value > 1000 || *value < -1000)
    return site.mismatch("the scale is out of range.");
  return static_cast<int>(negative ? -*value : *value);
}

result<resolved> resolve_round(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto input, resolve_abs(args, site));
  if (args.size() < 2)
    args.push_back(literal(std::make_shared<arrow::Int32Scalar>(0)));
  SLUICE_RETURN_IF_ERROR(require(args, 1, arrow::int32(), site));
  SLUICE_ASSIGN_OR_RETURN(int places, literal_places(args, site));
  if (!is_decimal_type(*input.type))
    return input;
  const auto shape = shape_of(*input.type);
  const int integral = shape.precision - shape.scale + 1;
  if (places < 0)
    return resolved{arrow::decimal128(std::min(std::max(integral, -places + 1), 38), 0), true};
  const int scale = std::min(shape.scale, places);
  return resolved{arrow::decimal128(std::min(integral + scale, 38), scale), true};
}

result<resolved> resolve_ceiling(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto input, resolve_abs(args, site));
  if (is_decimal_type(*input.type)) {
    const auto shape = shape_of(*input.type);
    return resolved{bounded_decimal(shape.precision - shape.scale + (shape.scale > 0 ? 1 : 0), 0), args[0]->nullable};
  }
  args[0] = implicit_cast(args[0], is_integral(*input.type) ? arrow::int64() : arrow::float64());
  return resolved{arrow::int64(), args[0]->nullable};
}

template <rounding mode>
result<data::array_ptr> evaluate_ceiling_to(const frame& call, const operands& args) {
  return args.size() == 2 ? evaluate_round<mode>(call, args) : evaluate_ceiling<mode>(call, args);
}
result<resolved> resolve_ceiling_to(std::vector<expr_ptr>& args, call_site& site) {
  if (args.size() == 1)
    return resolve_ceiling(args, site);
  if (is_text(*args[0]->type) || is_null(*args[0]->type))
    args[0] = implicit_cast(args[0], arrow::float64());
  if (is_number_type(*args[0]->type) && !is_decimal_type(*args[0]->type)) {
    const auto shape = decimal_for(*args[0]);
    args[0] = implicit_cast(args[0], arrow::decimal128(shape.precision, shape.scale));
  }
  return resolve_round(args, site);
}

result<resolved> resolve_doubles(std::vector<expr_ptr>& args, call_site& site) {
  for (std::size_t i = 0; i < args.size(); ++i)
    SLUICE_RETURN_IF_ERROR(require(args, i, arrow::float64(), site));
  return resolved{arrow::float64(), any_nullable(args)};
}

constexpr function math_table[] = {
  {"abs", "", 1, 1, resolve_abs, evaluate_abs, nullptr, "abs(a)", "The number without its sign."},
  {"round", "", 1, 2, resolve_round, evaluate_round<rounding::half_up>, nullptr, "round(a[, places])", "Rounded half up."},
  {"bround", "", 1, 2, resolve_round, evaluate_round<rounding::half_even>, nullptr, "bround(a[, places])", "Rounded half to even."},
  {"ceil", "ceiling", 1, 2, resolve_ceiling_to, evaluate_ceiling_to<rounding::up>, nullptr, "ceil(a[, places])", "The smallest integer, or number with so many places, that is not less."},
  {"floor", "", 1, 2, resolve_ceiling_to, evaluate_ceiling_to<rounding::down>, nullptr, "floor(a[, places])", "The greatest integer, or number with so many places, that is not more."},
  {"sqrt", "", 1, 1, resolve_doubles, evaluate_double<square_root>, nullptr, "sqrt(a)", "Square root."},
  {"exp", "", 1, 1, resolve_doubles, evaluate_double<exponential>, nullptr, "exp(a)", "e to the power of a."},
  {"power", "pow", 2, 2, resolve_doubles, evaluate_power, nullptr, "power(a, b)", "a to the power of b."},
};

} // namespace

std::span<const function> math_functions() { return math_table; }

} // namespace sluice::expr
