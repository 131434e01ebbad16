#include "worker/readers/internal/csv_columns.hpp"

#include <arrow/api.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "common/data/arrow_status.hpp"
#include "common/expr/number_text.hpp"

namespace sluice::readers {

namespace {

// Java's Integer.parseInt and relatives: a sign and digits.
template <class T>
bool read(std::string_view text, T& value) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return false;
  }
  const auto done = std::from_chars(text.data(), text.data() + text.size(), value);
  return !text.empty() && done.ec == std::errc{} && done.ptr == text.data() + text.size();
}

bool read_boolean(std::string_view text, bool& value) {
  std::string lower(text);
  for (auto& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  value = lower == "true";
  return value || lower == "false";
}

// Java's Double.parseDouble: blanks around are ignored, NaN and Infinity are spelled so.
template <class T>
bool read_floating(std::string_view text, const csv_format& format, T& value) {
  using limits = std::numeric_limits<T>;
  if (text == format.nan_value) return value = limits::quiet_NaN(), true;
  if (text == format.positive_infinity) return value = limits::infinity(), true;
  if (text == format.negative_infinity) return value = -limits::infinity(), true;
  auto bare = expr::trim_blanks(text);
  if (bare.starts_with('+') || bare.starts_with('-')) bare.remove_prefix(1);
  const bool word = !bare.empty() && (bare[0] == 'i' || bare[0] == 'I' || bare[0] == 'n' || bare[0] == 'N');
  if (word && bare != "NaN" && bare != "Infinity") return false;
  std::optional<T> parsed;
  if constexpr (std::is_same_v<T, float>) parsed = expr::parse_float(text);
  else parsed = expr::parse_double(text);
  if (parsed) value = *parsed;
  return parsed.has_value();
}

bool read_decimal(std::string_view text, const arrow::Decimal128Type& type, arrow::Decimal128& value) {
  std::string digits;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ') return false;
    if (c != ',') digits += c;
  }
  __int128 unscaled = 0;
  if (expr::parse_decimal(digits, type.precision(), type.scale(), unscaled) != expr::decimal_outcome::good) return false;
  value = arrow::Decimal128(static_cast<std::int64_t>(unscaled >> 64), static_cast<std::uint64_t>(unscaled));
  return true;
}

template <class Builder, class Value, class Read>
result<data::array_ptr> build(const arrow::StringArray& texts, Builder builder, Value value, std::vector<std::uint8_t>& bad, Read&& read_one) {
  SLUICE_RETURN_IF_ERROR(data::from_arrow(builder.Reserve(texts.length())));
  for (std::int64_t row = 0; row < texts.length(); ++row) {
    const bool there = texts.IsValid(row);
    const bool good = there && read_one(texts.GetView(row), value);
    if (there && !good) bad[static_cast<std::size_t>(row)] = 1;
    SLUICE_RETURN_IF_ERROR(data::from_arrow(good ? builder.Append(value) : builder.AppendNull()));
  }
  return data::from_arrow(builder.Finish());
}

template <class Type>
result<data::array_ptr> integers(const arrow::StringArray& texts, std::vector<std::uint8_t>& bad) {
  using value = typename Type::c_type;
  return build(texts, arrow::NumericBuilder<Type>(), value{}, bad, [](std::string_view text, value& out) { return read(text, out); });
}

template <class Type>
result<data::array_ptr> floats(const arrow::StringArray& texts, std::vector<std::uint8_t>& bad, const csv_format& format) {
  using value = typename Type::c_type;
  return build(texts, arrow::NumericBuilder<Type>(), value{}, bad, [&](std::string_view text, value& out) { return read_floating(text, format, out); });
}

} // namespace

csv_columns::csv_columns(std::vector<csv_column> columns, csv_format format, time_parser times)
  : columns_(std::move(columns)), format_(std::move(format)), times_(std::move(times)), texts_(columns_.size()) {
  times_.allow_day_numbers(false);
}

status csv_columns::supported(const std::string& name, const data::type_ptr& type) {
  switch (type->id()) {
    case arrow::Type::INT8: case arrow::Type::INT16: case arrow::Type::INT32: case arrow::Type::INT64: case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE: case arrow::Type::BOOL: case arrow::Type::STRING: case arrow::Type::BINARY: case arrow::Type::DECIMAL128:
    case arrow::Type::DATE32: case arrow::Type::TIMESTAMP: return ok();
    default:
      return status{errc::unsupported_feature, "The CSV datasource doesn't support the column `" + name + "` of the type \"" +
                                                 data::type_name(*type) + "\"."}
        .with_spark_class("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE");
  }
}

void csv_columns::reset() {
  for (auto& text : texts_) {
    text.bytes.clear();
    text.ends.assign(1, 0);
    text.valid.clear();
  }
}

status csv_columns::add(const std::vector<csv_token>& tokens) {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    auto& into = texts_[i];
    const auto at = static_cast<std::size_t>(columns_[i].token);
    const bool null = at >= tokens.size() || is_null(tokens[at]);
    if (!null) into.bytes += tokens[at].text;
    if (into.bytes.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
      return {errc::limit_exceeded, "a chunk of CSV holds more than 2 GiB in one column"};
    into.ends.push_back(static_cast<std::int32_t>(into.bytes.size()));
    into.valid.push_back(null ? 0 : 1);
  }
  return ok();
}

result<data::array_ptr> csv_columns::as_texts(const texts& from, const data::type_ptr& type) const {
  const auto rows = static_cast<std::int64_t>(from.valid.size());
  arrow::TypedBufferBuilder<bool> valid;
  SLUICE_RETURN_IF_ERROR(data::from_arrow(valid.Append(from.valid.data(), rows)));
  const auto nulls = valid.false_count();
  SLUICE_ASSIGN_OR_RETURN(auto bitmap, data::from_arrow(valid.Finish()));
  auto offsets = arrow::Buffer::FromVector(from.ends);
  auto bytes = arrow::Buffer::FromString(from.bytes);
  return arrow::MakeArray(arrow::ArrayData::Make(type, rows, {nulls > 0 ? bitmap : nullptr, std::move(offsets), std::move(bytes)}, nulls));
}

result<data::array_ptr> csv_columns::convert(std::size_t column, std::vector<std::uint8_t>& bad) const {
  const auto& type = columns_[column].type;
  const bool bytes = type->id() == arrow::Type::BINARY;
  SLUICE_ASSIGN_OR_RETURN(auto array, as_texts(texts_[column], bytes ? arrow::binary() : arrow::utf8()));
  const auto& texts = static_cast<const arrow::StringArray&>(*array);
  switch (type->id()) {
    case arrow::Type::INT8: return integers<arrow::Int8Type>(texts, bad);
    case arrow::Type::INT16: return integers<arrow::Int16Type>(texts, bad);
    case arrow::Type::INT32: return integers<arrow::Int32Type>(texts, bad);
    case arrow::Type::INT64: return integers<arrow::Int64Type>(texts, bad);
    case arrow::Type::FLOAT: return floats<arrow::FloatType>(texts, bad, format_);
    case arrow::Type::DOUBLE: return floats<arrow::DoubleType>(texts, bad, format_);
    case arrow::Type::BOOL: return build(texts, arrow::BooleanBuilder(), false, bad, read_boolean);
    case arrow::Type::DECIMAL128:
      return build(texts, arrow::Decimal128Builder(type), arrow::Decimal128(), bad, [&](std::string_view text, arrow::Decimal128& value) {
        return read_decimal(text, static_cast<const arrow::Decimal128Type&>(*type), value);
      });
    case arrow::Type::DATE32:
    case arrow::Type::TIMESTAMP: {
      SLUICE_ASSIGN_OR_RETURN(auto times, times_.parse(type, array));
      for (std::int64_t row = 0; row < texts.length(); ++row)
        if (texts.IsValid(row) && times->IsNull(row)) bad[static_cast<std::size_t>(row)] = 1;
      return times;
    }
    default: return array;
  }
}

} // namespace sluice::readers
