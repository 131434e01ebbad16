#include <algorithm>
#include <cmath>
#include <optional>

#include "common/expr/calendar.hpp"
#include "common/expr/cast.hpp"
#include "common/expr/coercion.hpp"
#include "common/expr/datetime_text.hpp"
#include "common/expr/messages.hpp"
#include "common/expr/number_text.hpp"

namespace sluice::expr {

namespace {

std::optional<bool> parse_boolean(std::string_view text) {
  std::string lower;
  for (char c : trim_blanks(text).substr(0, 6))
    lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  if (lower == "t" || lower == "true" || lower == "y" || lower == "yes" || lower == "1")
    return true;
  if (lower == "f" || lower == "false" || lower == "n" || lower == "no" || lower == "0")
    return false;
  return std::nullopt;
}

template <class To, class Value, class Convert, class Failed>
result<data::array_ptr> datetime_rows(const frame& call, const operand& input, const data::type_ptr& to, const Value& values,
                                      Convert&& convert, Failed&& failed) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of({&input, 1}, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<To>::make(call.rows));
  for (std::int64_t i = 0; i < call.rows; ++i) {
    out[i] = 0;
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

status timestamp_overflow(const frame& call) { return call.fail(errc::datetime_overflow, "long overflow: the value is outside the range of timestamps"); }

std::optional<std::int64_t> days_to_us(std::int64_t days) {
  std::int64_t micros;
  return __builtin_mul_overflow(days, us_per_day, &micros) ? std::nullopt : std::optional{micros};
}

result<data::array_ptr> to_date(const frame& call, const operand& input, zone_cursor& zone) {
  const auto type = arrow::date32();
  if (input.id() == arrow::Type::STRING)
    return datetime_rows<std::int32_t>(call, input, type, texts{input}, parse_date,
                                       [&](std::string_view text) { return malformed_input(call, text, *type); });
  const bool ntz = is_ntz(*input.array->type());
  auto convert = [&](std::int64_t micros) {
    return std::optional{static_cast<std::int32_t>(floor_div(ntz ? micros : zone.to_local(micros), us_per_day))};
  };
  return datetime_rows<std::int32_t>(call, input, type, numbers<std::int64_t>{input}, convert,
                                     [&](std::int64_t) { return timestamp_overflow(call); });
}

std::optional<std::int64_t> micros_of_seconds(double seconds) {
  const double micros = seconds * us_per_second;
  if (std::isnan(micros) || std::isinf(seconds))
    return std::nullopt;
  constexpr double bound = 9223372036854775807.0;
  return micros >= bound ? std::numeric_limits<std::int64_t>::max()
         : micros <= -bound ? std::numeric_limits<std::int64_t>::min() : static_cast<std::int64_t>(micros);
}

/// Integers are seconds; beyond the range the multiplication saturates, as Java's TimeUnit does.
std::int64_t saturated_micros(__int128 micros) {
  constexpr __int128 low = std::numeric_limits<std::int64_t>::min(), high = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::clamp(micros, low, high));
}

result<data::array_ptr> timestamp_from_number(const frame& call, const operand& input, const data::type_ptr& to) {
  auto overflow = [&](auto) { return timestamp_overflow(call); };
  if (input.id() == arrow::Type::BOOL) {
    const auto& bits = static_cast<const arrow::BooleanArray&>(*input.array);
    SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of({&input, 1}, call.rows));
    SLUICE_ASSIGN_OR_RETURN(auto out, number_output<std::int64_t>::make(call.rows));
    for (std::int64_t i = 0; i < call.rows; ++i)
      out[i] = bits.Value(input.at(i)) ? 1 : 0;
    return out.finish(to, nulls);
  }
  const auto& from = *input.array->type();
  if (is_decimal_type(from)) {
    const int scale = shape_of(from).scale;
    auto convert = [scale](__int128 value) -> std::optional<std::int64_t> {
      if (scale >= 6)
        return saturated_micros(value / power_of_ten(scale - 6));
      __int128 micros;
      if (__builtin_mul_overflow(value, power_of_ten(6 - scale), &micros))
        return std::nullopt;
      return saturated_micros(micros);
    };
    return datetime_rows<std::int64_t>(call, input, to, numbers<__int128>{input}, convert, overflow);
  }
  return with_number_type(input.id(), [&]<class T>() -> result<data::array_ptr> {
    auto convert = [](T value) -> std::optional<std::int64_t> {
      if constexpr (std::is_floating_point_v<T>)
        return micros_of_seconds(value);
      else
        return saturated_micros(static_cast<__int128>(value) * us_per_second);
    };
    return datetime_rows<std::int64_t>(call, input, to, numbers<T>{input}, convert, overflow);
  });
}

result<data::array_ptr> to_timestamp(const frame& call, const operand& input, const data::type_ptr& to, zone_cursor& zone) {
  const bool ntz = is_ntz(*to);
  if (input.id() == arrow::Type::STRING)
    return datetime_rows<std::int64_t>(
      call, input, to, texts{input}, [&](std::string_view text) { return ntz ? parse_timestamp_ntz(text) : parse_timestamp(text, zone); },
      [&](std::string_view text) { return malformed_input(call, text, *to); });
  if (input.id() == arrow::Type::DATE32) {
    auto convert = [&](std::int32_t days) {
      auto local = days_to_us(days);
      return local && !ntz ? std::optional{zone.to_utc(*local)} : local;
    };
    return datetime_rows<std::int64_t>(call, input, to, numbers<std::int32_t>{input}, convert,
                                       [&](std::int32_t) { return timestamp_overflow(call); });
  }
  if (input.id() == arrow::Type::TIMESTAMP) {
    const bool from_ntz = is_ntz(*input.array->type());
    auto convert = [&](std::int64_t micros) {
      return std::optional{from_ntz == ntz ? micros : ntz ? zone.to_local(micros) : zone.to_utc(micros)};
    };
    return datetime_rows<std::int64_t>(call, input, to, numbers<std::int64_t>{input}, convert,
                                       [&](std::int64_t) { return timestamp_overflow(call); });
  }
  return timestamp_from_number(call, input, to);
}

} // namespace

result<data::array_ptr> cast_to_datetime(const frame& call, const operand& input, const data::type_ptr& to) {
  SLUICE_ASSIGN_OR_RETURN(auto where, find_zone(call.context.session.time_zone));
  zone_cursor zone{where};
  return is_date(*to) ? to_date(call, input, zone) : to_timestamp(call, input, to, zone);
}

result<data::array_ptr> cast_to_boolean(const frame& call, const operand& input) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of({&input, 1}, call.rows));
  std::vector<std::uint8_t> bytes(call.rows, 0);
  if (input.id() != arrow::Type::STRING) {
    with_number_type(input.id(), [&]<class T>() {
      numbers<T> values{input};
      for (std::int64_t i = 0; i < call.rows; ++i)
        bytes[i] = values[i] != 0;
    });
    return finish_booleans(bytes, nulls);
  }
  texts values{input};
  for (std::int64_t i = 0; i < call.rows; ++i) {
    if (nulls.null(i))
      continue;
    auto value = parse_boolean(values[i]);
    if (!value && call.ansi())
      return malformed_input(call, values[i], *arrow::boolean());
    if (!value)
      SLUICE_RETURN_IF_ERROR(nulls.set_null(i));
    else
      bytes[i] = *value;
  }
  return finish_booleans(bytes, nulls);
}

} // namespace sluice::expr
