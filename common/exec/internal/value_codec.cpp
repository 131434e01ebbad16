#include "common/exec/internal/value_codec.hpp"

#include <algorithm>
#include <cstring>

namespace sluice::exec {
namespace {

bool holds_map(const arrow::DataType& type) {
  if (type.id() == arrow::Type::MAP) return true;
  return std::any_of(type.fields().begin(), type.fields().end(), [](const auto& field) { return holds_map(*field->type()); });
}

/// A map as list of structs: the same memory under another type, and back.
data::type_ptr entries_type(const arrow::MapType& map) {
  return arrow::list(arrow::field("element", arrow::struct_({map.key_field(), map.item_field()})));
}
data::array_ptr retyped(const data::array_ptr& array, const data::type_ptr& type) {
  auto data = array->data()->Copy();
  data->type = type;
  data->child_data[0] = data->child_data[0]->Copy();
  data->child_data[0]->type = type->field(0)->type();
  return arrow::MakeArray(std::move(data));
}

} // namespace

result<value_codec> value_codec::make(const data::type_ptr& type) {
  value_codec codec;
  codec.type_ = codec.encoded_ = type;
  switch (type->id()) {
    case arrow::Type::BOOL: codec.form_ = form::boolean; break;
    case arrow::Type::STRING:
    case arrow::Type::BINARY: codec.form_ = form::text; break;
    case arrow::Type::STRUCT:
    case arrow::Type::LIST:
    case arrow::Type::NA: codec.form_ = form::nested; break;
    case arrow::Type::MAP:
      codec.form_ = form::nested;
      codec.encoded_ = entries_type(static_cast<const arrow::MapType&>(*type));
      break;
    default:
      if (!arrow::is_fixed_width(type->id())) return status(errc::unsupported_feature, type->ToString() + " as value of an aggregate");
      codec.width_ = static_cast<const arrow::FixedWidthType&>(*type).bit_width() / 8;
  }
  if (codec.form_ == form::nested && holds_map(*codec.encoded_))
    return status(errc::unsupported_feature, "an aggregate over " + data::type_name(*type));
  return codec;
}

std::string_view value_codec::view::operator[](std::int64_t row) const {
  switch (codec_->form_) {
    case form::boolean: return static_cast<const arrow::BooleanArray&>(*array_).Value(row) ? "\1" : std::string_view("\0", 1);
    case form::text: return static_cast<const arrow::BinaryArray&>(*array_).GetView(row);
    case form::nested: return std::string_view(bytes_).substr(offsets_[row], offsets_[row + 1] - offsets_[row]);
    case form::fixed: break;
  }
  const auto* start = reinterpret_cast<const char*>(array_->data()->buffers[1]->data());
  return {start + (array_->offset() + row) * codec_->width_, static_cast<std::size_t>(codec_->width_)};
}

result<value_codec::view> value_codec::read(const data::array_ptr& array) const {
  view values;
  values.codec_ = this;
  values.array_ = array;
  if (form_ == form::nested)
    SLUICE_RETURN_IF_ERROR(data::key_encoder({encoded_}).encode({encoded_ == type_ ? array : retyped(array, encoded_)}, values.bytes_,
                                                              values.offsets_));
  return values;
}

namespace {

result<data::array_ptr> write_fixed(const data::type_ptr& type, int width,
                                    const std::vector<std::optional<std::string_view>>& values) {
  auto count = static_cast<std::int64_t>(values.size());
  auto data = arrow::AllocateBuffer(count * width);
  auto bits = arrow::AllocateEmptyBitmap(count);
  if (!data.ok() || !bits.ok()) return status(errc::memory_limit, "no memory for aggregate columns");
  auto* target = (*data)->mutable_data();
  std::memset(target, 0, static_cast<std::size_t>(count * width));
  for (std::int64_t i = 0; i < count; ++i) {
    if (!values[i]) continue;
    std::memcpy(target + i * width, values[i]->data(), static_cast<std::size_t>(width));
    (*bits)->mutable_data()[i / 8] |= static_cast<std::uint8_t>(1u << (i % 8));
  }
  return arrow::MakeArray(arrow::ArrayData::Make(
      type, count, {std::shared_ptr<arrow::Buffer>(std::move(*bits)), std::shared_ptr<arrow::Buffer>(std::move(*data))}));
}

template <class Builder, class Item>
result<data::array_ptr> write_built(const data::type_ptr& type, const std::vector<std::optional<std::string_view>>& values,
                                    Item&& item) {
  Builder builder(type, arrow::default_memory_pool());
  for (const auto& value : values) {
    auto done = value ? item(builder, *value) : builder.AppendNull();
    if (!done.ok()) return status(errc::memory_limit, done.ToString());
  }
  data::array_ptr array;
  if (auto done = builder.Finish(&array); !done.ok()) return status(errc::memory_limit, done.ToString());
  return array;
}

/// Nested values: nulls are decoded from the encoding of a null.
result<data::array_ptr> write_nested(const data::type_ptr& type, const std::vector<std::optional<std::string_view>>& values) {
  auto null = arrow::MakeArrayOfNull(type, 1);
  if (!null.ok()) return status(errc::memory_limit, null.status().ToString());
  data::key_encoder encoder({type});
  std::string bytes;
  std::vector<std::uint32_t> offsets;
  SLUICE_RETURN_IF_ERROR(encoder.encode({*null}, bytes, offsets));
  std::vector<std::string_view> keys;
  keys.reserve(values.size());
  for (const auto& value : values) keys.push_back(value.value_or(bytes));
  SLUICE_ASSIGN_OR_RETURN(auto columns, encoder.decode(keys));
  return columns[0];
}

} // namespace

result<data::array_ptr> value_codec::write(const std::vector<std::optional<std::string_view>>& values) const {
  if (form_ == form::fixed) return write_fixed(type_, width_, values);
  if (form_ == form::nested) {
    SLUICE_ASSIGN_OR_RETURN(auto array, write_nested(encoded_, values));
    return encoded_ == type_ ? array : retyped(array, type_);
  }
  if (form_ == form::boolean)
    return write_built<arrow::BooleanBuilder>(type_, values,
                                              [](auto& builder, auto value) { return builder.Append(value[0] != 0); });
  if (type_->id() == arrow::Type::STRING)
    return write_built<arrow::StringBuilder>(type_, values, [](auto& builder, auto value) { return builder.Append(value); });
  return write_built<arrow::BinaryBuilder>(type_, values, [](auto& builder, auto value) { return builder.Append(value); });
}

} // namespace sluice::exec
