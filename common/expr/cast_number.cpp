#include <cmath>
#include <optional>

#include "common/expr/calendar.hpp"
#include "common/expr/cast.hpp"
#include "common/expr/coercion.hpp"
#include "common/expr/decimal_kernel.hpp"
#include "common/expr/messages.hpp"
#include "common/expr/number_text.hpp"

namespace sluice::expr {

namespace {

/// The value as Spark writes it in messages: 300S, 3000000000L, 1.0E20D, 12.5BD.
template <class T>
std::string shown(T value, const arrow::DataType& type) {
  std::string text;
  if constexpr (std::is_same_v<T, double> || std::is_same_v<T, float>)
    append_double(text, static_cast<double>(value));
  else if (is_decimal_type(type))
    append_decimal(text, value, shape_of(type).scale);
  else
    append_integer(text, static_cast<__int128>(value));
  switch (type.id()) {
    case arrow::Type::INT8: return text + "Y";
    case arrow::Type::INT16: return text + "S";
    case arrow::Type::INT64: return text + "L";
    case arrow::Type::DOUBLE: return text + "D";
    case arrow::Type::FLOAT: return text + "F";
    case arrow::Type::DECIMAL128: return text + "BD";
    default: return text;
  }
}

/// What `convert(value)` gives for every row; nothing means an error (ANSI, from `failed`) or null.
template <class To, class Value, class Convert, class Failed>
result<data::array_ptr> convert_rows(const frame& call, const operand& input, const data::type_ptr& to, const Value& values,
                                     Convert&& convert, Failed&& failed) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of({&input, 1}, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<To>::make(call.rows));
  for (std::int64_t i = 0; i < call.rows; ++i) {
    out[i] = To{};
    if (nulls.null(i))
      continue;
    std::optional<To> value = convert(values[i]);
    if (value) {
      out[i] = *value;
      continue;
    }
    if (call.ansi())
      return failed(values[i]);
    SLUICE_RETURN_IF_ERROR(nulls.set_null(i));
  }
  return out.finish(to, nulls);
}

template <class To>
result<data::array_ptr> number_from_text(const frame& call, const operand& input, const data::type_ptr& to) {
  const bool fraction = !call.ansi();
  auto convert = [fraction](std::string_view text) -> std::optional<To> {
    if constexpr (std::is_same_v<To, double>) {
      return parse_double(text);
    } else if constexpr (std::is_same_v<To, float>) {
      return parse_float(text);
    } else {
      auto value = parse_integer(text, fraction);
      if (!value || *value < std::numeric_limits<To>::min() || *value > std::numeric_limits<To>::max())
        return std::nullopt;
      return static_cast<To>(*value);
    }
  };
  return convert_rows<To>(call, input, to, texts{input}, convert, [&](std::string_view text) { return malformed_input(call, text, *to); });
}

/// Java's narrowing: floats saturate at int or long, then bits are cut off.
template <class To, class From>
To narrowed(From value) {
  if constexpr (std::is_floating_point_v<To>) {
    return static_cast<To>(value);
  } else if constexpr (std::is_floating_point_v<From>) {
    using wide = std::conditional_t<sizeof(To) == 8, std::int64_t, std::int32_t>;
    if (value != value)
      return 0;
    if (value >= static_cast<From>(std::numeric_limits<wide>::max()))
      return static_cast<To>(std::numeric_limits<wide>::max());
    if (value <= static_cast<From>(std::numeric_limits<wide>::min()))
      return static_cast<To>(std::numeric_limits<wide>::min());
    return static_cast<To>(static_cast<wide>(value));
  } else {
    return static_cast<To>(value);
  }
}

template <class To, class From>
bool in_range(From value) {
  if constexpr (std::is_floating_point_v<To>) {
    return true;
  } else if constexpr (std::is_floating_point_v<From>) {
    const double whole = std::trunc(static_cast<double>(value));
    const double bound = std::ldexp(1.0, sizeof(To) * 8 - 1);
    return whole >= -bound && whole < bound;
  } else {
    return value >= std::numeric_limits<To>::min() && value <= std::numeric_limits<To>::max();
  }
}

template <class To, class From>
result<data::array_ptr> number_from_number(const frame& call, const operand& input, const data::type_ptr& to) {
  numbers<From> values{input};
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of({&input, 1}, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<To>::make(call.rows));
  bool bad = false;
  for (std::int64_t i = 0; i < call.rows; ++i) {
    const From value = values[i];
    bad |= !in_range<To>(value);
    out[i] = narrowed<To>(value);
  }
  if (bad && call.ansi())
    for (std::int64_t i = 0; i < call.rows; ++i)
      if (!nulls.null(i) && !in_range<To>(values[i]))
        return cast_overflows(call, shown(values[i], *input.array->type()), *input.array->type(), *to);
  return out.finish(to, nulls);
}

template <class To>
result<data::array_ptr> number_from_decimal(const frame& call, const operand& input, const data::type_ptr& to) {
  const auto& from = *input.array->type();
  const int scale = shape_of(from).scale;
  auto convert = [&](__int128 value) -> std::optional<To> {
    if constexpr (std::is_floating_point_v<To>) {
      std::string text;
      append_decimal(text, value, scale);
      if constexpr (std::is_same_v<To, float>)
        return *parse_float(text);
      else
        return *parse_double(text);
    } else {
      const auto whole = value / power_of_ten(scale);
      if (whole < std::numeric_limits<To>::min() || whole > std::numeric_limits<To>::max())
        return call.ansi() ? std::nullopt : std::optional<To>{static_cast<To>(whole)};
      return static_cast<To>(whole);
    }
  };
  return convert_rows<To>(call, input, to, numbers<__int128>{input}, convert,
                          [&](__int128 value) { return cast_overflows(call, shown(value, from), from, *to); });
}

template <class To>
result<data::array_ptr> number_from_boolean(const frame& call, const operand& input, const data::type_ptr& to) {
  const auto& bits = static_cast<const arrow::BooleanArray&>(*input.array);
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of({&input, 1}, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<To>::make(call.rows));
  for (std::int64_t i = 0; i < call.rows; ++i)
    out[i] = bits.Value(input.at(i)) ? 1 : 0;
  return out.finish(to, nulls);
}

/// Timestamps are seconds: whole ones, rounded down, for integers.
template <class To>
result<data::array_ptr> number_from_timestamp(const frame& call, const operand& input, const data::type_ptr& to) {
  const auto& from = *input.array->type();
  auto convert = [&](std::int64_t micros) -> std::optional<To> {
    if constexpr (std::is_floating_point_v<To>) {
      return static_cast<To>(static_cast<double>(micros) / us_per_second);
    } else {
      const auto seconds = floor_div(micros, us_per_second);
      if (seconds < std::numeric_limits<To>::min() || seconds > std::numeric_limits<To>::max())
        return std::nullopt;
      return static_cast<To>(seconds);
    }
  };
  return convert_rows<To>(call, input, to, numbers<std::int64_t>{input}, convert, [&](std::int64_t micros) {
    std::string text;
    append_decimal(text, micros, 6);
    return cast_overflows(call, text, from, *to);
  });
}

template <class To>
result<data::array_ptr> number_from_any(const frame& call, const operand& input, const data::type_ptr& to) {
  switch (input.id()) {
    case arrow::Type::STRING: return number_from_text<To>(call, input, to);
    case arrow::Type::BOOL: return number_from_boolean<To>(call, input, to);
    case arrow::Type::INT8: return number_from_number<To, std::int8_t>(call, input, to);
    case arrow::Type::INT16: return number_from_number<To, std::int16_t>(call, input, to);
    case arrow::Type::INT32: return number_from_number<To, std::int32_t>(call, input, to);
    case arrow::Type::INT64: return number_from_number<To, std::int64_t>(call, input, to);
    case arrow::Type::FLOAT: return number_from_number<To, float>(call, input, to);
    case arrow::Type::DOUBLE: return number_from_number<To, double>(call, input, to);
    case arrow::Type::DECIMAL128: return number_from_decimal<To>(call, input, to);
    case arrow::Type::TIMESTAMP: return number_from_timestamp<To>(call, input, to);
    default: return status{errc::internal, "no cast from " + data::type_name(*input.array->type())};
  }
}

/// Text or a fixed-width value as an unscaled decimal.
decimal_outcome to_unscaled(double value, const decimal_shape& shape, __int128& out) {
  if (!std::isfinite(value))
    return decimal_outcome::overflow;
  std::string text;
  append_double(text, value);
  return parse_decimal(text, shape.precision, shape.scale, out);
}

decimal_outcome from_scaled(__int128 value, int scale, const decimal_shape& shape, __int128& out) {
  return rescale(value, scale, shape.scale, out) && fits(out, shape.precision) ? decimal_outcome::good : decimal_outcome::overflow;
}

template <class Value, class Convert, class Show>
result<data::array_ptr> decimal_rows(const frame& call, const operand& input, const data::type_ptr& to, const Value& values,
                                     Convert&& convert, Show&& show) {
  const auto shape = shape_of(*to);
  decimal_outcome outcome = decimal_outcome::good;
  auto one = [&](auto value) -> std::optional<__int128> {
    __int128 unscaled = 0;
    outcome = convert(value, shape, unscaled);
    return outcome == decimal_outcome::good ? std::optional{unscaled} : std::nullopt;
  };
  return convert_rows<__int128>(call, input, to, values, one, [&](auto value) {
    return outcome == decimal_outcome::malformed ? malformed_input(call, show(value), *to)
                                                 : decimal_out_of_range(call, show(value), shape.precision, shape.scale);
  });
}

template <class T>
result<data::array_ptr> decimal_from_integers(const frame& call, const operand& input, const data::type_ptr& to, int scale) {
  auto convert = [scale](T value, const decimal_shape& shape, __int128& out) { return from_scaled(value, scale, shape, out); };
  return decimal_rows(call, input, to, numbers<T>{input}, convert, [scale](T value) {
    std::string text;
    append_decimal(text, value, scale);
    return text;
  });
}

template <class T>
result<data::array_ptr> decimal_from_floats(const frame& call, const operand& input, const data::type_ptr& to) {
  auto convert = [](T value, const decimal_shape& shape, __int128& out) { return to_unscaled(value, shape, out); };
  return decimal_rows(call, input, to, numbers<T>{input}, convert, [](T value) {
    std::string text;
    append_double(text, value);
    return text;
  });
}

} // namespace

result<data::array_ptr> cast_to_number(const frame& call, const operand& input, const data::type_ptr& to) {
  switch (to->id()) {
    case arrow::Type::INT8: return number_from_any<std::int8_t>(call, input, to);
    case arrow::Type::INT16: return number_from_any<std::int16_t>(call, input, to);
    case arrow::Type::INT32: return number_from_any<std::int32_t>(call, input, to);
    case arrow::Type::INT64: return number_from_any<std::int64_t>(call, input, to);
    case arrow::Type::FLOAT: return number_from_any<float>(call, input, to);
    case arrow::Type::DOUBLE: return number_from_any<double>(call, input, to);
    default: return status{errc::internal, "no cast to " + data::type_name(*to)};
  }
}

result<data::array_ptr> cast_to_decimal(const frame& call, const operand& input, const data::type_ptr& to) {
  switch (input.id()) {
    case arrow::Type::STRING: {
      auto convert = [](std::string_view text, const decimal_shape& shape, __int128& out) {
        return parse_decimal(text, shape.precision, shape.scale, out);
      };
      return decimal_rows(call, input, to, texts{input}, convert, [](std::string_view text) { return std::string{text}; });
    }
    case arrow::Type::BOOL: {
      SLUICE_ASSIGN_OR_RETURN(auto numbers_of_bits, number_from_boolean<std::int32_t>(call, input, arrow::int32()));
      return decimal_from_integers<std::int32_t>(call, operand{numbers_of_bits, false}, to, 0);
    }
    case arrow::Type::INT8: return decimal_from_integers<std::int8_t>(call, input, to, 0);
    case arrow::Type::INT16: return decimal_from_integers<std::int16_t>(call, input, to, 0);
    case arrow::Type::INT32: return decimal_from_integers<std::int32_t>(call, input, to, 0);
    case arrow::Type::INT64: return decimal_from_integers<std::int64_t>(call, input, to, 0);
    case arrow::Type::TIMESTAMP: return decimal_from_integers<std::int64_t>(call, input, to, 6);
    case arrow::Type::DECIMAL128: return decimal_from_integers<__int128>(call, input, to, shape_of(*input.array->type()).scale);
    case arrow::Type::FLOAT: return decimal_from_floats<float>(call, input, to);
    case arrow::Type::DOUBLE: return decimal_from_floats<double>(call, input, to);
    default: return status{errc::internal, "no cast from " + data::type_name(*input.array->type())};
  }
}

} // namespace sluice::expr
