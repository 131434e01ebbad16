#include <arrow/scalar.h>

#include <cmath>

#include "common/expr/messages.hpp"
#include "common/expr/number_text.hpp"
#include "common/expr/points.hpp"
#include "common/expr/rows.hpp"
#include "common/expr/tables.hpp"
#include "common/expr/text_writer.hpp"

namespace sluice::expr {

namespace {

/// "1234567.5" to "1,234,567.5".
std::string grouped(const std::string& plain) {
  const std::size_t sign = plain[0] == '-';
  const auto point = std::min(plain.find('.'), plain.size());
  std::string out = plain.substr(0, sign);
  for (std::size_t i = sign; i < point; ++i) {
    out += plain[i];
    if ((point - i - 1) % 3 == 0 && i + 1 < point)
      out += ',';
  }
  return out + plain.substr(point);
}

/// Half to even, as Java's DecimalFormat.
std::string decimal_places(__int128 unscaled, int scale, int places) {
  __int128 value = unscaled;
  if (places < scale) {
    const auto unit = power_of_ten(std::min(scale - places, 38));
    const auto quotient = value / unit, rest = value % unit, size = rest < 0 ? -rest : rest;
    const bool away = size * 2 > unit || (size * 2 == unit && quotient % 2 != 0);
    value = quotient + (away ? (unscaled < 0 ? -1 : 1) : 0);
    scale = places;
  }
  std::string text;
  append_decimal(text, value, scale);
  if (value == 0 && unscaled < 0)
    text = "-" + text;
  if (places > scale)
    text += (scale == 0 ? "." : "") + std::string(places - scale, '0');
  return text;
}

result<data::array_ptr> evaluate_format_number(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  numbers<std::int32_t> places{args[1]};
  arrow::StringBuilder out;
  for (std::int64_t i = 0; i < call.rows; ++i) {
    if (nulls.null(i) || places[i] < 0) {
      SLUICE_RETURN_IF_ERROR(data::from_arrow(out.AppendNull()));
      continue;
    }
    const int digits = std::min(places[i], 340);
    std::string text;
    if (args[0].id() == arrow::Type::DOUBLE) {
      const double value = numbers<double>{args[0]}[i];
      if (std::isfinite(value)) {
        char buffer[800];
        text = grouped({buffer, static_cast<std::size_t>(std::snprintf(buffer, sizeof buffer, "%.*f", digits, value))});
      } else {
        text = std::isnan(value) ? "NaN" : value > 0 ? "∞" : "-∞";
      }
    } else {
      const int scale = shape_of(*args[0].array->type()).scale;
      text = grouped(decimal_places(numbers<__int128>{args[0]}[i], scale, digits));
    }
    SLUICE_RETURN_IF_ERROR(data::from_arrow(out.Append(text)));
  }
  return finish_builder(out);
}
result<resolved> resolve_format_number(std::vector<expr_ptr>& args, call_site& site) {
  if (is_text(*args[1]->type))
    return status{errc::unsupported_feature, "format_number with a pattern is not supported; give the number of places", site.position};
  SLUICE_RETURN_IF_ERROR(require(args, 1, arrow::int32(), site));
  if (is_text(*args[0]->type) || is_null(*args[0]->type) || is_fractional(*args[0]->type))
    SLUICE_RETURN_IF_ERROR(require(args, 0, arrow::float64(), site));
  else if (is_integral(*args[0]->type))
    args[0] = implicit_cast(args[0], arrow::decimal128(20, 0));
  else if (!is_decimal_type(*args[0]->type))
    return unexpected_type(args, 0, "\"NUMERIC\"", site);
  return resolved{arrow::utf8(), true};
}

/// One conversion of a format: %[argument$][flags][width][.precision]letter
struct conversion {
  std::size_t argument = 0;  ///< from 1; 0: the next
  std::string flags;
  int width = 0;
  int precision = -1;
  char letter = 0;
};

class formatter {
public:
  formatter(const frame& call, const operands& args) : call_(call), args_(args), writer_(call.context.session.time_zone) {}

  status row(std::int64_t i, std::string& out) {
    text format = texts{args_[0]}[i];
    std::size_t next = 1;
    while (!format.empty()) {
      const auto percent = std::min(format.find('%'), format.size());
      out += format.substr(0, percent);
      format.remove_prefix(percent);
      if (format.empty())
        break;
      conversion one;
      if (!read(format, one))
        return wrong("the format is malformed");
      if (one.letter == '%' || one.letter == 'n') {
        pad(out, one.letter == 'n' ? "\n" : "%", one);
        continue;
      }
      const auto place = one.argument ? one.argument : next++;
      if (place >= args_.size())
        return wrong("Format specifier '%" + std::string{one.letter} + "'");
      SLUICE_RETURN_IF_ERROR(convert(out, one, args_[place], i));
    }
    return ok();
  }

private:
  status wrong(const std::string& why) const { return call_.fail(errc::invalid_parameter_value, "format_string: " + why, "IllegalArgumentException"); }

  static bool read(text& format, conversion& one) {
    std::size_t i = 1;
    auto number = [&] {
      int value = 0;
      for (; i < format.size() && std::isdigit(static_cast<unsigned char>(format[i])) && value < 100000; ++i)
        value = value * 10 + (format[i] - '0');
      return value;
    };
    const auto begin = i;
    const int first = number();
    if (i < format.size() && format[i] == '$' && first > 0) {
      one.argument = first;
      ++i;
    } else {
      i = begin;
    }
    for (; i < format.size() && text{"-#+ 0,("}.find(format[i]) != text::npos; ++i)
      one.flags += format[i];
    one.width = number();
    if (i < format.size() && format[i] == '.') {
      ++i;
      one.precision = number();
    }
    if (i >= format.size())
      return false;
    one.letter = format[i];
    format.remove_prefix(i + 1);
    return true;
  }

  static bool has(const conversion& one, char flag) { return one.flags.find(flag) != std::string::npos; }

  static void pad(std::string& out, std::string value, const conversion& one) {
    std::int64_t points = 0;
    for (unsigned char c : value)
      points += (c & 0xc0) != 0x80;
    const auto missing = one.width > points ? static_cast<std::size_t>(one.width - points) : 0;
    if (has(one, '-'))
      out += value + std::string(missing, ' ');
    else
      out += std::string(missing, ' ') + value;
  }

  /// Sign, brackets and zeros around the digits of a number.
  static void pad_number(std::string& out, std::string digits, bool negative, const conversion& one) {
    if (has(one, ','))
      digits = grouped(digits);
    std::string front = negative ? (has(one, '(') ? "(" : "-") : has(one, '+') ? "+" : has(one, ' ') ? " " : "";
    const std::string back = negative && has(one, '(') ? ")" : "";
    if (has(one, '0'))
      while (static_cast<int>(front.size() + digits.size() + back.size()) < one.width)
        front += '0';
    pad(out, front + digits + back, one);
  }

  std::string shown(const operand& arg, std::int64_t i) {
    std::string value;
    writer_.append(value, *arg.array, arg.at(i));
    return value;
  }

  status convert(std::string& out, const conversion& one, const operand& arg, std::int64_t i) {
    const char letter = static_cast<char>(one.letter | 0x20);
    const bool null = arg.id() == arrow::Type::NA || arg.null(i);
    std::string made;
    if (letter == 'b') {
      made = null ? "false" : arg.id() == arrow::Type::BOOL ? shown(arg, i) : "true";
    } else if (null || letter == 's') {
      made = null ? "null" : shown(arg, i);
      if (one.precision >= 0)
        made = first_points(made, one.precision);
    } else if (letter == 'd' || letter == 'x' || letter == 'o') {
      return integer(out, one, arg, i);
    } else if (letter == 'f' || letter == 'e' || letter == 'g') {
      return real(out, one, arg, i);
    } else if (letter == 'c' && is_integral(*arg.array->type())) {
      made += static_cast<char>(std::stoll(shown(arg, i)));
    } else {
      return wrong("Conversion = '" + std::string{one.letter} + "'");
    }
    if (one.letter == 'S' || one.letter == 'B')
      for (auto& c : made)
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    pad(out, made, one);
    return ok();
  }

  status integer(std::string& out, const conversion& one, const operand& arg, std::int64_t i) {
    if (!is_integral(*arg.array->type()))
      return wrong(std::string{one.letter} + " != " + data::type_name(*arg.array->type()));
    auto digits = shown(arg, i);
    const bool negative = digits[0] == '-';
    if (one.letter == 'd') {
      pad_number(out, digits.substr(negative), negative, one);
      return ok();
    }
    auto bits = static_cast<std::uint64_t>(std::stoll(digits));
    if (arg.id() == arrow::Type::INT32)
      bits &= 0xffffffffu;
    else if (arg.id() == arrow::Type::INT16)
      bits &= 0xffffu;
    else if (arg.id() == arrow::Type::INT8)
      bits &= 0xffu;
    char buffer[32];
    const auto size = std::snprintf(buffer, sizeof buffer, one.letter == 'x' ? "%lx" : one.letter == 'X' ? "%lX" : "%lo", bits);
    pad_number(out, (has(one, '#') ? one.letter == 'o' ? "0" : "0x" : "") + std::string(buffer, size), false, one);
    return ok();
  }

  status real(std::string& out, const conversion& one, const operand& arg, std::int64_t i) {
    const auto value = parse_double(shown(arg, i));
    if (!(is_fractional(*arg.array->type()) || is_decimal_type(*arg.array->type())) || !value)
      return wrong(std::string{one.letter} + " != " + data::type_name(*arg.array->type()));
    if (!std::isfinite(*value)) {
      pad(out, std::isnan(*value) ? "NaN" : *value < 0 ? has(one, '(') ? "(Infinity)" : "-Infinity" : has(one, '+') ? "+Infinity" : "Infinity", one);
      return ok();
    }
    char buffer[800];
    const char shape[] = {'%', '.', '*', static_cast<char>(one.letter), 0};
    const auto size = std::snprintf(buffer, sizeof buffer, shape, std::min(one.precision < 0 ? 6 : one.precision, 340), std::abs(*value));
    pad_number(out, std::string(buffer, size), std::signbit(*value), one);
    return ok();
  }

  const frame& call_;
  const operands& args_;
  text_writer writer_;
};

result<data::array_ptr> evaluate_format(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of({args.data(), 1}, call.rows));
  formatter format{call, args};
  std::string text;
  return build_texts(call.rows, nulls, [&](std::int64_t i, arrow::StringBuilder& out) -> status {
    text.clear();
    SLUICE_RETURN_IF_ERROR(format.row(i, text));
    return data::from_arrow(out.Append(text));
  });
}
result<resolved> resolve_format(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_RETURN_IF_ERROR(require(args, 0, arrow::utf8(), site));
  return resolved{arrow::utf8(), args[0]->nullable};
}

constexpr function format_table[] = {
  {"format_number", "", 2, 2, resolve_format_number, evaluate_format_number, nullptr, "format_number(number, places)", "The number with commas, rounded half to even."},
  {"format_string", "printf", 1, any_number, resolve_format, evaluate_format, nullptr, "format_string(format, a, ...)", "The values in a format like Java's: %s %d %05d %.2f %x ..."},
};

} // namespace

std::span<const function> format_functions() { return format_table; }

} // namespace sluice::expr
