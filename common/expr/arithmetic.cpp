#include <cmath>

#include "common/expr/coercion.hpp"
#include "common/expr/decimal_kernel.hpp"
#include "common/expr/messages.hpp"
#include "common/expr/tables.hpp"

namespace sluice::expr {

namespace {

struct add_op {
  static constexpr std::string_view suggestion = "try_add";
  template <class T>
  static bool overflows(T a, T b, T* out) { return __builtin_add_overflow(a, b, out); }
  template <class T>
  static T floating(T a, T b) { return a + b; }
};

struct subtract_op {
  static constexpr std::string_view suggestion = "try_subtract";
  template <class T>
  static bool overflows(T a, T b, T* out) { return __builtin_sub_overflow(a, b, out); }
  template <class T>
  static T floating(T a, T b) { return a - b; }
};

struct multiply_op {
  static constexpr std::string_view suggestion = "try_multiply";
  template <class T>
  static bool overflows(T a, T b, T* out) { return __builtin_mul_overflow(a, b, out); }
  template <class T>
  static T floating(T a, T b) { return a * b; }
};

/// Bytes and shorts have their own message, with the operands.
template <class T>
status small_overflow(const frame& call, T a, T b) {
  const char* suffix = sizeof(T) == 1 ? "Y" : "S";
  return call.fail(errc::arithmetic_overflow,
                   std::to_string(a) + suffix + " " + call.call.name + " " + std::to_string(b) + suffix +
                     " caused overflow. If necessary set \"spark.sql.ansi.enabled\" to \"false\" to bypass this error.",
                   "BINARY_ARITHMETIC_OVERFLOW");
}

template <class T, class Op>
result<data::array_ptr> checked(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<T>::make(call.rows));
  T* values = out.values();
  if constexpr (std::is_floating_point_v<T>) {
    for_each_pair<T, T>(args[0], args[1], call.rows, [values](std::int64_t i, T a, T b) { values[i] = Op::floating(a, b); });
  } else {
    bool overflow = false;
    for_each_pair<T, T>(args[0], args[1], call.rows,
                        [values, &overflow](std::int64_t i, T a, T b) { overflow |= Op::overflows(a, b, &values[i]); });
    if (overflow && call.ansi()) {
      numbers<T> left{args[0]}, right{args[1]};
      for (std::int64_t i = 0; i < call.rows; ++i) {
        T ignored;
        if (nulls.null(i) || !Op::overflows(left[i], right[i], &ignored))
          continue;
        if constexpr (sizeof(T) < 4)
          return small_overflow(call, left[i], right[i]);
        return number_overflow(call, *call.call.type, Op::suggestion);
      }
    }
  }
  return out.finish(call.call.type, nulls);
}

template <class Op>
result<data::array_ptr> evaluate_ring(const frame& call, const operands& args) {
  switch (call.call.type->id()) {
    case arrow::Type::INT8: return checked<std::int8_t, Op>(call, args);
    case arrow::Type::INT16: return checked<std::int16_t, Op>(call, args);
    case arrow::Type::INT32: return checked<std::int32_t, Op>(call, args);
    case arrow::Type::INT64: return checked<std::int64_t, Op>(call, args);
    case arrow::Type::FLOAT: return checked<float, Op>(call, args);
    case arrow::Type::DOUBLE: return checked<double, Op>(call, args);
    default: return decimal_arithmetic(call, args);
  }
}

/// Divides where the divisor is not zero; zero is an error or null.
template <class T, class F>
result<data::array_ptr> divided(const frame& call, const operands& args, status (*zero)(const frame&), F&& divide) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<T>::make(call.rows));
  numbers<T> left{args[0]}, right{args[1]};
  for (std::int64_t i = 0; i < call.rows; ++i) {
    const T divisor = right[i];
    if (divisor == 0) {
      out[i] = 0;
      if (nulls.null(i))
        continue;
      if (call.ansi())
        return zero(call);
      SLUICE_RETURN_IF_ERROR(nulls.set_null(i));
      continue;
    }
    out[i] = divide(left[i], divisor);
  }
  return out.finish(call.call.type, nulls);
}

result<data::array_ptr> evaluate_divide(const frame& call, const operands& args) {
  if (is_decimal_type(*call.call.type))
    return decimal_arithmetic(call, args);
  return divided<double>(call, args, division_by_zero, [](double a, double b) { return a / b; });
}

result<data::array_ptr> evaluate_remainder(const frame& call, const operands& args) {
  if (is_decimal_type(*call.call.type))
    return decimal_arithmetic(call, args);
  return with_number_type(call.call.type->id(), [&]<class T>() -> result<data::array_ptr> {
    return divided<T>(call, args, remainder_by_zero, [](T a, T b) -> T {
      if constexpr (std::is_floating_point_v<T>)
        return std::fmod(a, b);
      else
        return b == -1 ? 0 : static_cast<T>(a % b);
    });
  });
}

result<data::array_ptr> evaluate_pmod(const frame& call, const operands& args) {
  return with_number_type(call.call.type->id(), [&]<class T>() -> result<data::array_ptr> {
    return divided<T>(call, args, remainder_by_zero, [](T a, T b) -> T {
      if constexpr (std::is_floating_point_v<T>) {
        const T r = std::fmod(a, b);
        return r < 0 ? std::fmod(r + b, b) : r;
      } else {
        if (b == -1)
          return 0;
        const T r = static_cast<T>(a % b);
        return r < 0 ? static_cast<T>((r + static_cast<__int128>(b)) % b) : r;
      }
    });
  });
}

result<data::array_ptr> evaluate_div(const frame& call, const operands& args) {
  if (args[0].id() == arrow::Type::DECIMAL128)
    return decimal_integral_divide(call, args);
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  numbers<std::int64_t> left{args[0]}, right{args[1]};
  for (std::int64_t i = 0; call.ansi() && i < call.rows; ++i)
    if (!nulls.null(i) && right[i] == -1 && left[i] == std::numeric_limits<std::int64_t>::min())
      return number_overflow(call, *call.call.type, "try_divide");
  return divided<std::int64_t>(call, args, division_by_zero, [](std::int64_t a, std::int64_t b) {
    return b == -1 ? static_cast<std::int64_t>(-static_cast<std::uint64_t>(a)) : a / b;
  });
}

template <class T>
result<data::array_ptr> negated(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<T>::make(call.rows));
  numbers<T> values{args[0]};
  for (std::int64_t i = 0; i < call.rows; ++i) {
    if constexpr (std::is_floating_point_v<T> || sizeof(T) == 16)
      out[i] = -values[i];
    else if (__builtin_sub_overflow(T{0}, values[i], &out[i]) && call.ansi() && !nulls.null(i))
      return number_overflow(call, *call.call.type, "");
  }
  return out.finish(call.call.type, nulls);
}

result<data::array_ptr> evaluate_negative(const frame& call, const operands& args) {
  return with_number_type(call.call.type->id(), [&]<class T>() { return negated<T>(call, args); });
}

/// Both sides to one numeric type (never decimals of one shape: those keep theirs).
result<data::type_ptr> arithmetic_operands(std::vector<expr_ptr>& args, const call_site& site) {
  for (std::size_t i = 0; i < 2; ++i)
    if (is_text(*args[i]->type) && is_text(*args[1 - i]->type))
      args[i] = implicit_cast(args[i], arrow::float64());
  if (is_null(*args[0]->type) && is_null(*args[1]->type)) {
    args[0] = implicit_cast(args[0], arrow::float64());
    args[1] = implicit_cast(args[1], arrow::float64());
  }
  auto plain = [](const arrow::DataType& type) { return is_integral(type) || is_decimal_type(type); };
  const bool decimals = plain(*args[0]->type) && plain(*args[1]->type) && (is_decimal_type(*args[0]->type) || is_decimal_type(*args[1]->type));
  if (decimals) {
    for (auto& arg : args)
      if (!is_decimal_type(*arg->type))
        arg = implicit_cast(arg, arrow::decimal128(decimal_for(*arg).precision, 0));
    return args[0]->type;
  }
  SLUICE_ASSIGN_OR_RETURN(auto type, unify_pair(args, site));
  if (!is_number_type(*type))
    return site.mismatch("the binary operator requires the input type (\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\"), not \"" +
                           sql_type(*type) + "\".",
                         "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE");
  return type;
}

result<resolved> resolve_ring(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto type, arithmetic_operands(args, site));
  if (is_decimal_type(*type))
    type = decimal_result(site.name[0], shape_of(*args[0]->type), shape_of(*args[1]->type));
  const bool nullable = any_nullable(args) || (is_decimal_type(*type) && !site.session.ansi);
  return resolved{type, nullable};
}

result<resolved> resolve_divide(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto type, arithmetic_operands(args, site));
  if (is_decimal_type(*type))
    return resolved{decimal_result('/', shape_of(*args[0]->type), shape_of(*args[1]->type)), true};
  for (auto& arg : args)
    arg = implicit_cast(arg, arrow::float64());
  return resolved{arrow::float64(), true};
}

result<resolved> resolve_remainder(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto type, arithmetic_operands(args, site));
  if (is_decimal_type(*type))
    type = decimal_result('%', shape_of(*args[0]->type), shape_of(*args[1]->type));
  return resolved{type, true};
}

result<resolved> resolve_pmod(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto type, arithmetic_operands(args, site));
  if (is_decimal_type(*type)) {
    type = wider_decimal(shape_of(*args[0]->type), shape_of(*args[1]->type));
    for (auto& arg : args)
      arg = implicit_cast(arg, type);
  }
  return resolved{type, true};
}

result<resolved> resolve_div(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto type, arithmetic_operands(args, site));
  if (is_fractional(*type))
    return unexpected_type(args, 0, "(\"BIGINT\" or \"DECIMAL\")", site);
  if (!is_decimal_type(*type))
    for (auto& arg : args)
      arg = implicit_cast(arg, arrow::int64());
  return resolved{arrow::int64(), true};
}

result<resolved> resolve_negative(std::vector<expr_ptr>& args, call_site& site) {
  if (is_text(*args[0]->type) || is_null(*args[0]->type))
    args[0] = implicit_cast(args[0], arrow::float64());
  if (!is_number_type(*args[0]->type))
    return unexpected_type(args, 0, "(\"NUMERIC\" or \"INTERVAL\")", site);
  return resolved{args[0]->type, args[0]->nullable};
}

result<resolved> resolve_positive(std::vector<expr_ptr>& args, call_site& site) { return resolve_negative(args, site); }
result<data::array_ptr> evaluate_positive(const frame&, const operands& args) { return args[0].array; }

constexpr function arithmetic_table[] = {
  {"+", "", 2, 2, resolve_ring, evaluate_ring<add_op>, nullptr, "a + b", "Sum of two numbers."},
  {"-", "", 2, 2, resolve_ring, evaluate_ring<subtract_op>, nullptr, "a - b", "Difference of two numbers."},
  {"*", "", 2, 2, resolve_ring, evaluate_ring<multiply_op>, nullptr, "a * b", "Product of two numbers."},
  {"/", "", 2, 2, resolve_divide, evaluate_divide, nullptr, "a / b", "Quotient: double, or decimal for decimals."},
  {"%", "mod", 2, 2, resolve_remainder, evaluate_remainder, nullptr, "a % b", "Remainder with the sign of the dividend."},
  {"pmod", "", 2, 2, resolve_pmod, evaluate_pmod, nullptr, "pmod(a, b)", "Remainder that is never negative for a positive divisor."},
  {"div", "", 2, 2, resolve_div, evaluate_div, nullptr, "a div b", "Quotient cut off to a bigint."},
  {"negative", "", 1, 1, resolve_negative, evaluate_negative, nullptr, "- a", "The number with the other sign."},
  {"positive", "", 1, 1, resolve_positive, evaluate_positive, nullptr, "+ a", "The number itself."},
};

} // namespace

std::span<const function> arithmetic_functions() { return arithmetic_table; }

} // namespace sluice::expr
