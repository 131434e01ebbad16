#include "coordinator/connect/types.hpp"

#include <arrow/type.h>

#include <nlohmann/json.hpp>

#include "proto/spark/connect/types.pb.h"

namespace sluice::connect {
namespace {

using proto_type = spark::connect::DataType;
using json = nlohmann::json;

constexpr int deepest_type = 100;

void fill_field(const arrow::Field& field, proto_type::StructField& out) {
  out.set_name(field.name());
  out.set_nullable(field.nullable());
  fill(*field.type(), *out.mutable_data_type());
}

void fill_struct(const arrow::FieldVector& fields, proto_type& out) {
  auto& body = *out.mutable_struct_();
  for (const auto& field : fields) fill_field(*field, *body.add_fields());
}

void fill_decimal(const arrow::DataType& type, proto_type& out) {
  const auto& decimal = static_cast<const arrow::DecimalType&>(type);
  out.mutable_decimal()->set_precision(decimal.precision());
  out.mutable_decimal()->set_scale(decimal.scale());
}

void fill_list(const arrow::DataType& type, proto_type& out) {
  const auto& element = *static_cast<const arrow::ListType&>(type).value_field();
  out.mutable_array()->set_contains_null(element.nullable());
  fill(*element.type(), *out.mutable_array()->mutable_element_type());
}

void fill_map(const arrow::DataType& type, proto_type& out) {
  const auto& map = static_cast<const arrow::MapType&>(type);
  fill(*map.key_type(), *out.mutable_map()->mutable_key_type());
  fill(*map.item_type(), *out.mutable_map()->mutable_value_type());
  out.mutable_map()->set_value_contains_null(map.item_field()->nullable());
}

result<data::type_ptr> read(const proto_type& type, int depth);

result<data::type_ptr> read_struct(const proto_type::Struct& type, int depth) {
  arrow::FieldVector fields;
  for (const auto& field : type.fields()) {
    SLUICE_ASSIGN_OR_RETURN(auto inner, read(field.data_type(), depth + 1));
    fields.push_back(arrow::field(field.name(), std::move(inner), field.nullable()));
  }
  return data::type_ptr(arrow::struct_(std::move(fields)));
}

data::type_ptr list_of(data::type_ptr element, bool contains_null) {
  return arrow::list(arrow::field("element", std::move(element), contains_null));
}

data::type_ptr map_of(data::type_ptr key, data::type_ptr value, bool contains_null) {
  return std::make_shared<arrow::MapType>(std::move(key), arrow::field("value", std::move(value), contains_null));
}

status too_deep() { return {errc::datatype_mismatch, "the type is nested too deeply"}; }

result<data::type_ptr> decimal_of(int precision, int scale) {
  if (precision < 1 || precision > 38 || scale < 0 || scale > precision)
    return status(errc::datatype_mismatch,
                  "decimal(" + std::to_string(precision) + "," + std::to_string(scale) + ") is no decimal type");
  return data::type_ptr(arrow::decimal128(precision, scale));
}

result<data::type_ptr> read(const proto_type& type, int depth) {
  if (depth > deepest_type) return too_deep();
  switch (type.kind_case()) {
    case proto_type::kNull: return arrow::null();
    case proto_type::kBinary: return arrow::binary();
    case proto_type::kBoolean: return arrow::boolean();
    case proto_type::kByte: return arrow::int8();
    case proto_type::kShort: return arrow::int16();
    case proto_type::kInteger: return arrow::int32();
    case proto_type::kLong: return arrow::int64();
    case proto_type::kFloat: return arrow::float32();
    case proto_type::kDouble: return arrow::float64();
    case proto_type::kString: return arrow::utf8();
    case proto_type::kDate: return arrow::date32();
    case proto_type::kTimestamp: return data::timestamp_type();
    case proto_type::kTimestampNtz: return data::timestamp_ntz_type();
    case proto_type::kCalendarInterval: return arrow::month_day_nano_interval();
    case proto_type::kUnparsed: return data::type_from_name(type.unparsed().data_type_string());
    case proto_type::kStruct: return read_struct(type.struct_(), depth);
    case proto_type::kDecimal:
      return decimal_of(type.decimal().has_precision() ? type.decimal().precision() : 10, type.decimal().scale());
    case proto_type::kArray: {
      SLUICE_ASSIGN_OR_RETURN(auto element, read(type.array().element_type(), depth + 1));
      return list_of(std::move(element), type.array().contains_null());
    }
    case proto_type::kMap: {
      SLUICE_ASSIGN_OR_RETURN(auto key, read(type.map().key_type(), depth + 1));
      SLUICE_ASSIGN_OR_RETURN(auto value, read(type.map().value_type(), depth + 1));
      return map_of(std::move(key), std::move(value), type.map().value_contains_null());
    }
    default: break;
  }
  return status(errc::datatype_mismatch, "the plan has a type that is not supported");
}

// ---- StructType JSON ----

status bad_json(const std::string& what) { return {errc::invalid_argument, "a schema in JSON: " + what}; }

/// A member of an object, or null.
const json* member(const json& from, const char* key) {
  auto at = from.find(key);
  return at == from.end() ? nullptr : &*at;
}

bool flag(const json& from, const char* key) {
  const auto* value = member(from, key);
  return !value || !value->is_boolean() || value->get<bool>();
}

result<data::type_ptr> read(const json& type, int depth);

result<arrow::FieldVector> read_fields(const json& type, int depth) {
  const auto* fields = member(type, "fields");
  if (!fields || !fields->is_array()) return bad_json("a struct without fields");
  arrow::FieldVector out;
  for (const auto& field : *fields) {
    const auto* name = field.is_object() ? member(field, "name") : nullptr;
    const auto* inner = name && name->is_string() ? member(field, "type") : nullptr;
    if (!inner) return bad_json("a field without name or type");
    SLUICE_ASSIGN_OR_RETURN(auto made, read(*inner, depth + 1));
    out.push_back(arrow::field(name->get<std::string>(), std::move(made), flag(field, "nullable")));
  }
  return out;
}

result<data::type_ptr> read(const json& type, int depth) {
  if (depth > deepest_type) return too_deep();
  if (type.is_string()) return data::type_from_name(type.get<std::string>());
  const auto* kind = type.is_object() ? member(type, "type") : nullptr;
  if (!kind || !kind->is_string()) return bad_json("a type that is neither a name nor an object with a type");
  auto inner = [&](const char* key) -> result<data::type_ptr> {
    const auto* value = member(type, key);
    if (!value) return bad_json("a type without " + std::string(key));
    return read(*value, depth + 1);
  };
  const auto& name = kind->get_ref<const std::string&>();
  if (name == "struct") {
    SLUICE_ASSIGN_OR_RETURN(auto fields, read_fields(type, depth));
    return data::type_ptr(arrow::struct_(std::move(fields)));
  }
  if (name == "array") {
    SLUICE_ASSIGN_OR_RETURN(auto element, inner("elementType"));
    return list_of(std::move(element), flag(type, "containsNull"));
  }
  if (name == "map") {
    SLUICE_ASSIGN_OR_RETURN(auto key, inner("keyType"));
    SLUICE_ASSIGN_OR_RETURN(auto value, inner("valueType"));
    return map_of(std::move(key), std::move(value), flag(type, "valueContainsNull"));
  }
  return status(errc::datatype_mismatch, "the type " + name + " is not supported");
}

data::schema_ptr schema_of(const data::type_ptr& type) {
  if (type->id() == arrow::Type::STRUCT) return arrow::schema(type->fields());
  return arrow::schema({arrow::field("value", type)});
}

} // namespace

void fill(const arrow::DataType& type, proto_type& out) {
  switch (type.id()) {
    case arrow::Type::NA: out.mutable_null(); break;
    case arrow::Type::BINARY: out.mutable_binary(); break;
    case arrow::Type::BOOL: out.mutable_boolean(); break;
    case arrow::Type::INT8: out.mutable_byte(); break;
    case arrow::Type::INT16: out.mutable_short_(); break;
    case arrow::Type::INT32: out.mutable_integer(); break;
    case arrow::Type::INT64: out.mutable_long_(); break;
    case arrow::Type::FLOAT: out.mutable_float_(); break;
    case arrow::Type::DOUBLE: out.mutable_double_(); break;
    case arrow::Type::STRING: out.mutable_string(); break;
    case arrow::Type::DATE32: out.mutable_date(); break;
    case arrow::Type::INTERVAL_MONTH_DAY_NANO: out.mutable_calendar_interval(); break;
    case arrow::Type::DECIMAL128: fill_decimal(type, out); break;
    case arrow::Type::STRUCT: fill_struct(type.fields(), out); break;
    case arrow::Type::LIST: fill_list(type, out); break;
    case arrow::Type::MAP: fill_map(type, out); break;
    case arrow::Type::TIMESTAMP:
      if (static_cast<const arrow::TimestampType&>(type).timezone().empty())
        out.mutable_timestamp_ntz();
      else
        out.mutable_timestamp();
      break;
    default: out.mutable_unparsed()->set_data_type_string(data::type_name(type)); break;
  }
}

void fill(const arrow::Schema& schema, proto_type& out) { fill_struct(schema.fields(), out); }

result<data::type_ptr> type_of(const proto_type& type) { return read(type, 0); }

result<data::schema_ptr> schema_from_text(const std::string& text) {
  auto start = text.find_first_not_of(" \t\r\n");
  if (start != std::string::npos && (text[start] == '{' || text[start] == '"')) {
    auto parsed = json::parse(text, nullptr, false);
    if (parsed.is_discarded()) return bad_json("not JSON: " + text.substr(0, 100));
    SLUICE_ASSIGN_OR_RETURN(auto type, read(parsed, 0));
    return schema_of(type);
  }
  auto alone = data::type_from_name(text);
  if (alone.ok()) return schema_of(*alone);
  return data::schema_from_ddl(text);
}

data::schema_ptr all_nullable(const data::schema_ptr& schema) {
  arrow::FieldVector fields;
  for (const auto& field : schema->fields()) fields.push_back(field->WithNullable(true));
  return arrow::schema(std::move(fields));
}

} // namespace sluice::connect
