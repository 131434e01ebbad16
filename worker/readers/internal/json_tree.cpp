#include "worker/readers/internal/json_tree.hpp"

#include <limits>

#include "common/data/arrow_status.hpp"
#include "worker/readers/internal/json_scalar.hpp"

namespace sluice::readers {

namespace {

conversion good_if(bool good) { return good ? conversion::good : conversion::bad; }

// Walks the members of a checked object: visit(key begin, key end, value begin, value end) -> status.
template <class Visit>
status walk_members(const char* p, const json_grammar& grammar, const Visit& visit) {
  p = skip_blanks(p + 1, grammar);
  while (*p != '}') {
    bool escaped = false;
    const char* key = p;
    p = skip_string(p + 1, *p, escaped);
    const char* key_end = p;
    p = skip_blanks(skip_blanks(p, grammar) + 1, grammar);
    const char* value = p;
    p = skip_value(p, grammar, 0);
    SLUICE_RETURN_IF_ERROR(visit(key, key_end, value, p));
    p = skip_blanks(p, grammar);
    if (*p == ',') p = skip_blanks(p + 1, grammar);
  }
  return ok();
}

} // namespace

bool fits_integer(arrow::Type::type type, std::int64_t& value) noexcept {
  switch (type) {
    case arrow::Type::INT8:
      if (value < -128 || value > 255) return false;
      value = static_cast<std::int8_t>(value);
      return true;
    case arrow::Type::INT16: return value >= INT16_MIN && value <= INT16_MAX;
    case arrow::Type::INT32: return value >= INT32_MIN && value <= INT32_MAX;
    default: return true;
  }
}

result<conversion> tree_converter::convert(const char* begin, const char* end, const data::type_ptr& type, json_tree& tree) const {
  const token kind = token_of(begin);
  tree = {};
  if (kind == token::null) return conversion::good;
  tree.present = true;
  result<conversion> done = conversion::bad;
  switch (type->id()) {
    case arrow::Type::STRUCT:
      if (kind == token::object) done = members(begin, static_cast<const arrow::StructType&>(*type), tree);
      break;
    case arrow::Type::LIST:
      if (kind == token::array) done = elements(begin, static_cast<const arrow::ListType&>(*type).value_type(), tree);
      break;
    case arrow::Type::MAP:
      if (kind == token::object) done = entries(begin, static_cast<const arrow::MapType&>(*type), tree);
      break;
    default: done = scalar(begin, end, type, tree);
  }
  if (done.ok() && *done == conversion::bad) tree = {};
  return done;
}

result<conversion> tree_converter::scalar(const char* begin, const char* end, const data::type_ptr& type, json_tree& tree) const {
  const token kind = token_of(begin);
  switch (type->id()) {
    case arrow::Type::BOOL:
      tree.integer = *begin == 't';
      return good_if(kind == token::boolean);
    case arrow::Type::INT8: case arrow::Type::INT16: case arrow::Type::INT32: case arrow::Type::INT64:
      return good_if(parse_long(begin, end, tree.integer) && fits_integer(type->id(), tree.integer));
    case arrow::Type::FLOAT: {
      float value = 0;
      const bool good = parse_float(begin, end, value);
      tree.real = value;
      return good_if(good);
    }
    case arrow::Type::DOUBLE: return good_if(parse_double(begin, end, tree.real));
    case arrow::Type::STRING:
      tree.text = kind == token::string ? decoded_string(begin, end) : std::string(begin, end);
      return conversion::good;
    case arrow::Type::BINARY:
      return good_if(kind == token::string && decode_base64(decoded_string(begin, end), tree.text));
    case arrow::Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::Decimal128Type&>(*type);
      return good_if(parse_decimal(begin, end, decimal.precision(), decimal.scale(), tree.decimal));
    }
    case arrow::Type::DATE32: case arrow::Type::TIMESTAMP: return time_text(begin, end, type, tree);
    default: return conversion::bad;
  }
}

result<conversion> tree_converter::time_text(const char* begin, const char* end, const data::type_ptr& type, json_tree& tree) const {
  const bool zoned = type->id() == arrow::Type::TIMESTAMP && !static_cast<const arrow::TimestampType&>(*type).timezone().empty();
  if (token_of(begin) == token::number && zoned && parse_long(begin, end, tree.integer)) {
    tree.integer = static_cast<std::int64_t>(static_cast<std::uint64_t>(tree.integer) * 1000000u);
    return conversion::good;
  }
  if (token_of(begin) != token::string || end - begin <= 2) return conversion::bad;
  arrow::StringBuilder builder;
  data::array_ptr texts;
  SLUICE_RETURN_IF_ERROR(data::from_arrow(builder.Append(decoded_string(begin, end))));
  SLUICE_RETURN_IF_ERROR(data::from_arrow(builder.Finish(&texts)));
  SLUICE_ASSIGN_OR_RETURN(const auto parsed, times_.parse(type, texts));
  if (parsed->IsNull(0)) return conversion::bad;
  tree.integer = type->id() == arrow::Type::DATE32 ? static_cast<const arrow::Date32Array&>(*parsed).Value(0)
                                                   : static_cast<const arrow::TimestampArray&>(*parsed).Value(0);
  return conversion::good;
}

// A malformed member nulls that member only; of equal names the last readable one counts.
result<conversion> tree_converter::members(const char* begin, const arrow::StructType& type, json_tree& tree) const {
  tree.items.resize(static_cast<std::size_t>(type.num_fields()));
  auto outcome = conversion::good;
  const auto walked = walk_members(begin, grammar_, [&](const char* key, const char* key_end, const char* value, const char* end) -> status {
    const int index = type.GetFieldIndex(decoded_string(key, key_end));
    if (index < 0) return ok();
    json_tree item;
    SLUICE_ASSIGN_OR_RETURN(const auto done, convert(value, end, type.field(index)->type(), item));
    if (done != conversion::good) outcome = conversion::partial;
    if (done != conversion::bad) tree.items[static_cast<std::size_t>(index)] = std::move(item);
    return ok();
  });
  if (!walked.ok()) return walked;
  return outcome;
}

result<conversion> tree_converter::elements(const char* begin, const data::type_ptr& element, json_tree& tree) const {
  auto outcome = conversion::good;
  const char* p = skip_blanks(begin + 1, grammar_);
  while (*p != ']') {
    const char* value = p;
    p = skip_value(p, grammar_, 0);
    tree.items.emplace_back();
    SLUICE_ASSIGN_OR_RETURN(const auto done, convert(value, p, element, tree.items.back()));
    if (done == conversion::bad) return conversion::bad;
    if (done == conversion::partial) outcome = conversion::partial;
    p = skip_blanks(p, grammar_);
    if (*p == ',') p = skip_blanks(p + 1, grammar_);
  }
  return outcome;
}

result<conversion> tree_converter::entries(const char* begin, const arrow::MapType& type, json_tree& tree) const {
  auto outcome = conversion::good;
  const auto walked = walk_members(begin, grammar_, [&](const char* key, const char* key_end, const char* value, const char* end) -> status {
    tree.items.emplace_back();
    tree.items.back().present = true;
    tree.items.back().text = decoded_string(key, key_end);
    json_tree item;
    SLUICE_ASSIGN_OR_RETURN(const auto done, convert(value, end, type.item_type(), item));
    if (done == conversion::bad) outcome = conversion::bad;
    else if (done == conversion::partial && outcome == conversion::good) outcome = conversion::partial;
    tree.items.push_back(std::move(item));
    return ok();
  });
  if (!walked.ok()) return walked;
  return outcome;
}

namespace {

template <class Builder, class Value>
arrow::Status append_as(arrow::ArrayBuilder& builder, const Value& value) {
  return static_cast<Builder&>(builder).Append(value);
}

arrow::Status append_tree(arrow::ArrayBuilder& builder, const arrow::DataType& type, const json_tree& tree) {
  if (!tree.present) return builder.AppendNull();
  switch (type.id()) {
    case arrow::Type::BOOL: return append_as<arrow::BooleanBuilder>(builder, tree.integer != 0);
    case arrow::Type::INT8: return append_as<arrow::Int8Builder>(builder, static_cast<std::int8_t>(tree.integer));
    case arrow::Type::INT16: return append_as<arrow::Int16Builder>(builder, static_cast<std::int16_t>(tree.integer));
    case arrow::Type::INT32: return append_as<arrow::Int32Builder>(builder, static_cast<std::int32_t>(tree.integer));
    case arrow::Type::INT64: return append_as<arrow::Int64Builder>(builder, tree.integer);
    case arrow::Type::FLOAT: return append_as<arrow::FloatBuilder>(builder, static_cast<float>(tree.real));
    case arrow::Type::DOUBLE: return append_as<arrow::DoubleBuilder>(builder, tree.real);
    case arrow::Type::STRING: return append_as<arrow::StringBuilder>(builder, tree.text);
    case arrow::Type::BINARY: return append_as<arrow::BinaryBuilder>(builder, tree.text);
    case arrow::Type::DECIMAL128: return append_as<arrow::Decimal128Builder>(builder, tree.decimal);
    case arrow::Type::DATE32: return append_as<arrow::Date32Builder>(builder, static_cast<std::int32_t>(tree.integer));
    case arrow::Type::TIMESTAMP: return append_as<arrow::TimestampBuilder>(builder, tree.integer);
    case arrow::Type::STRUCT: {
      auto& structs = static_cast<arrow::StructBuilder&>(builder);
      ARROW_RETURN_NOT_OK(structs.Append());
      for (int i = 0; i < structs.num_fields(); ++i)
        ARROW_RETURN_NOT_OK(append_tree(*structs.field_builder(i), *type.field(i)->type(), tree.items[static_cast<std::size_t>(i)]));
      return arrow::Status::OK();
    }
    case arrow::Type::LIST: {
      auto& lists = static_cast<arrow::ListBuilder&>(builder);
      ARROW_RETURN_NOT_OK(lists.Append());
      for (const auto& item : tree.items)
        ARROW_RETURN_NOT_OK(append_tree(*lists.value_builder(), *static_cast<const arrow::ListType&>(type).value_type(), item));
      return arrow::Status::OK();
    }
    case arrow::Type::MAP: {
      auto& maps = static_cast<arrow::MapBuilder&>(builder);
      const auto& map = static_cast<const arrow::MapType&>(type);
      ARROW_RETURN_NOT_OK(maps.Append());
      for (std::size_t i = 0; i + 1 < tree.items.size(); i += 2) {
        ARROW_RETURN_NOT_OK(append_tree(*maps.key_builder(), *map.key_type(), tree.items[i]));
        ARROW_RETURN_NOT_OK(append_tree(*maps.item_builder(), *map.item_type(), tree.items[i + 1]));
      }
      return arrow::Status::OK();
    }
    default: return builder.AppendNull();
  }
}

} // namespace

status tree_converter::append(arrow::ArrayBuilder& builder, const arrow::DataType& type, const json_tree& tree) {
  return data::from_arrow(append_tree(builder, type, tree));
}

status tree_converter::supported(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL: case arrow::Type::INT8: case arrow::Type::INT16: case arrow::Type::INT32: case arrow::Type::INT64:
    case arrow::Type::FLOAT: case arrow::Type::DOUBLE: case arrow::Type::STRING: case arrow::Type::BINARY: case arrow::Type::DECIMAL128:
    case arrow::Type::DATE32: case arrow::Type::TIMESTAMP: case arrow::Type::NA:
      return ok();
    case arrow::Type::STRUCT: case arrow::Type::LIST:
      for (const auto& field : type.fields()) SLUICE_RETURN_IF_ERROR(supported(*field->type()));
      return ok();
    case arrow::Type::MAP:
      if (static_cast<const arrow::MapType&>(type).key_type()->id() != arrow::Type::STRING) break;
      return supported(*static_cast<const arrow::MapType&>(type).item_type());
    default: break;
  }
  return {errc::unsupported_feature, "JSON cannot be read as " + data::type_name(type)};
}

} // namespace sluice::readers
