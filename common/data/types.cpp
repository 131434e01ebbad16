#include "common/data/types.hpp"

#include <arrow/type.h>

#include "common/data/type_names.hpp"

namespace sluice::data {

std::string quote_identifier(std::string_view name) {
  bool plain = !name.empty() && !(name[0] >= '0' && name[0] <= '9');
  for (char c : name)
    plain = plain && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_');
  if (plain)
    return std::string{name};
  std::string quoted = "`";
  for (char c : name) {
    if (c == '`')
      quoted += '`';
    quoted += c;
  }
  return quoted + "`";
}

namespace {

std::string struct_name(const arrow::DataType& type) {
  std::string text = "struct<";
  for (int i = 0; i < type.num_fields(); ++i) {
    if (i > 0)
      text += ',';
    text += quote_identifier(type.field(i)->name()) + ":" + type_name(*type.field(i)->type());
  }
  return text + ">";
}

std::string decimal_name(const arrow::DataType& type) {
  const auto& decimal = static_cast<const arrow::DecimalType&>(type);
  return "decimal(" + std::to_string(decimal.precision()) + "," + std::to_string(decimal.scale()) + ")";
}

std::string timestamp_name(const arrow::DataType& type) {
  const auto& timestamp = static_cast<const arrow::TimestampType&>(type);
  if (timestamp.unit() != arrow::TimeUnit::MICRO)
    return type.ToString();
  return timestamp.timezone().empty() ? "timestamp_ntz" : "timestamp";
}

} // namespace

std::string type_name(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::NA: return "void";
    case arrow::Type::BOOL: return "boolean";
    case arrow::Type::INT8: return "tinyint";
    case arrow::Type::INT16: return "smallint";
    case arrow::Type::INT32: return "int";
    case arrow::Type::INT64: return "bigint";
    case arrow::Type::FLOAT: return "float";
    case arrow::Type::DOUBLE: return "double";
    case arrow::Type::STRING: return "string";
    case arrow::Type::BINARY: return "binary";
    case arrow::Type::DATE32: return "date";
    case arrow::Type::INTERVAL_MONTH_DAY_NANO: return "interval";
    case arrow::Type::DECIMAL128: return decimal_name(type);
    case arrow::Type::TIMESTAMP: return timestamp_name(type);
    case arrow::Type::STRUCT: return struct_name(type);
    case arrow::Type::LIST: return "array<" + type_name(*static_cast<const arrow::ListType&>(type).value_type()) + ">";
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      return "map<" + type_name(*map.key_type()) + "," + type_name(*map.item_type()) + ">";
    }
    default: return type.ToString();
  }
}

std::string schema_to_ddl(const arrow::Schema& schema) {
  std::string text;
  for (const auto& field : schema.fields()) {
    if (!text.empty())
      text += ", ";
    text += quote_identifier(field->name()) + " " + type_name(*field->type());
    if (!field->nullable())
      text += " NOT NULL";
  }
  return text;
}

type_ptr timestamp_type() {
  static const type_ptr type = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  return type;
}

type_ptr timestamp_ntz_type() {
  static const type_ptr type = arrow::timestamp(arrow::TimeUnit::MICRO);
  return type;
}

type_ptr window_type(const type_ptr& timestamp) {
  return arrow::struct_({arrow::field("start", timestamp), arrow::field("end", timestamp)});
}

bool same_type(const arrow::DataType& a, const arrow::DataType& b) {
  if (a.id() != b.id())
    return false;
  switch (a.id()) {
    case arrow::Type::STRUCT:
      if (a.num_fields() != b.num_fields())
        return false;
      for (int i = 0; i < a.num_fields(); ++i)
        if (a.field(i)->name() != b.field(i)->name() || !same_type(*a.field(i)->type(), *b.field(i)->type()))
          return false;
      return true;
    case arrow::Type::LIST: return same_type(*a.field(0)->type(), *b.field(0)->type());
    case arrow::Type::MAP: {
      const auto& x = static_cast<const arrow::MapType&>(a);
      const auto& y = static_cast<const arrow::MapType&>(b);
      return same_type(*x.key_type(), *y.key_type()) && same_type(*x.item_type(), *y.item_type());
    }
    case arrow::Type::TIMESTAMP: {
      const auto& x = static_cast<const arrow::TimestampType&>(a);
      const auto& y = static_cast<const arrow::TimestampType&>(b);
      return x.unit() == y.unit() && x.timezone().empty() == y.timezone().empty();
    }
    default: return a.Equals(b);
  }
}

} // namespace sluice::data
