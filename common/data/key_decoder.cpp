#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include "common/data/arrow_status.hpp"
#include "common/data/key_layout.hpp"
#include "common/data/keys.hpp"

namespace sluice::data {

namespace {

arrow::Status key_cut_off() { return arrow::Status::Invalid("an encoded key is cut off"); }

template <class Builder, class T>
arrow::Status decode_number(std::string_view& rest, arrow::ArrayBuilder& builder) {
  if (rest.size() < sizeof(T))
    return key_cut_off();
  auto value = key_layout::load<T>(rest.data());
  rest.remove_prefix(sizeof(T));
  return static_cast<Builder&>(builder).Append(value);
}

arrow::Status decode_bool(std::string_view& rest, arrow::ArrayBuilder& builder) {
  if (rest.empty())
    return key_cut_off();
  bool value = rest[0] != 0;
  rest.remove_prefix(1);
  return static_cast<arrow::BooleanBuilder&>(builder).Append(value);
}

arrow::Status decode_decimal(std::string_view& rest, arrow::ArrayBuilder& builder) {
  if (rest.size() < 16)
    return key_cut_off();
  auto high = key_layout::load<std::int64_t>(rest.data());
  std::uint64_t low;
  std::memcpy(&low, rest.data() + 8, 8);
  rest.remove_prefix(16);
  return static_cast<arrow::Decimal128Builder&>(builder).Append(arrow::Decimal128(high, key_layout::swap_bytes(low)));
}

arrow::Status decode_text(std::string_view& rest, arrow::ArrayBuilder& builder) {
  auto& text = static_cast<arrow::BinaryBuilder&>(builder);
  auto end = rest.find('\0');
  if (end == std::string_view::npos)
    return key_cut_off();
  if (end + 1 == rest.size() || rest[end + 1] != key_layout::escaped_zero) {
    auto value = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    return text.Append(value);
  }
  std::string value;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] != '\0') {
      value += rest[i];
    } else if (i + 1 < rest.size() && rest[i + 1] == key_layout::escaped_zero) {
      value += '\0';
      ++i;
    } else {
      rest.remove_prefix(i + 1);
      return text.Append(value);
    }
  }
  return key_cut_off();
}

arrow::Status decode_value(const arrow::DataType& type, std::string_view& rest, arrow::ArrayBuilder& builder);

arrow::Status decode_list(const arrow::DataType& type, std::string_view& rest, arrow::ArrayBuilder& builder) {
  auto& list = static_cast<arrow::ListBuilder&>(builder);
  ARROW_RETURN_NOT_OK(list.Append());
  while (true) {
    if (rest.empty())
      return key_cut_off();
    char mark = rest[0];
    rest.remove_prefix(1);
    if (mark != key_layout::value_mark)
      return arrow::Status::OK();
    ARROW_RETURN_NOT_OK(decode_value(*type.field(0)->type(), rest, *list.value_builder()));
  }
}

arrow::Status decode_struct(const arrow::DataType& type, std::string_view& rest, arrow::ArrayBuilder& builder) {
  auto& parent = static_cast<arrow::StructBuilder&>(builder);
  ARROW_RETURN_NOT_OK(parent.Append());
  for (int i = 0; i < type.num_fields(); ++i)
    ARROW_RETURN_NOT_OK(decode_value(*type.field(i)->type(), rest, *parent.field_builder(i)));
  return arrow::Status::OK();
}

arrow::Status decode_value(const arrow::DataType& type, std::string_view& rest, arrow::ArrayBuilder& builder) {
  if (rest.empty())
    return key_cut_off();
  char mark = rest[0];
  rest.remove_prefix(1);
  if (mark == key_layout::null_mark)
    return builder.AppendNull();
  switch (type.id()) {
    case arrow::Type::BOOL: return decode_bool(rest, builder);
    case arrow::Type::INT8: return decode_number<arrow::Int8Builder, std::int8_t>(rest, builder);
    case arrow::Type::INT16: return decode_number<arrow::Int16Builder, std::int16_t>(rest, builder);
    case arrow::Type::INT32: return decode_number<arrow::Int32Builder, std::int32_t>(rest, builder);
    case arrow::Type::DATE32: return decode_number<arrow::Date32Builder, std::int32_t>(rest, builder);
    case arrow::Type::INT64: return decode_number<arrow::Int64Builder, std::int64_t>(rest, builder);
    case arrow::Type::TIMESTAMP: return decode_number<arrow::TimestampBuilder, std::int64_t>(rest, builder);
    case arrow::Type::FLOAT: return decode_number<arrow::FloatBuilder, float>(rest, builder);
    case arrow::Type::DOUBLE: return decode_number<arrow::DoubleBuilder, double>(rest, builder);
    case arrow::Type::DECIMAL128: return decode_decimal(rest, builder);
    case arrow::Type::STRING: case arrow::Type::BINARY: return decode_text(rest, builder);
    case arrow::Type::STRUCT: return decode_struct(type, rest, builder);
    case arrow::Type::LIST: return decode_list(type, rest, builder);
    default: return arrow::Status::Invalid("an encoded key does not fit its type");
  }
}

arrow::Result<array_ptr> decode_column(const type_ptr& type, std::vector<std::string_view>& rest) {
  ARROW_ASSIGN_OR_RAISE(auto builder, arrow::MakeBuilder(type));
  ARROW_RETURN_NOT_OK(builder->Reserve(static_cast<std::int64_t>(rest.size())));
  for (auto& key : rest)
    ARROW_RETURN_NOT_OK(decode_value(*type, key, *builder));
  return builder->Finish();
}

} // namespace

result<std::vector<array_ptr>> key_encoder::decode(std::span<const std::string_view> keys) const {
  std::vector<std::string_view> rest(keys.begin(), keys.end());
  std::vector<array_ptr> columns;
  for (const auto& type : types_) {
    SLUICE_ASSIGN_OR_RETURN(auto column, from_arrow(decode_column(type, rest), errc::corrupt_file));
    columns.push_back(std::move(column));
  }
  for (auto left : rest)
    if (!left.empty())
      return {errc::corrupt_file, "bytes follow an encoded key"};
  return columns;
}

} // namespace sluice::data
