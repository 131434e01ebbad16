#include "coordinator/connect/tree.hpp"

#include <arrow/type.h>

namespace sluice::connect {
namespace {

/// Names in this tree are those of StructType, not SQL's.
std::string tree_name(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::INT8: return "byte";
    case arrow::Type::INT16: return "short";
    case arrow::Type::INT32: return "integer";
    case arrow::Type::INT64: return "long";
    case arrow::Type::STRUCT: return "struct";
    case arrow::Type::LIST: return "array";
    case arrow::Type::MAP: return "map";
    default: return data::type_name(type);
  }
}

class tree_printer {
public:
  explicit tree_printer(int level) : level_(level) {}

  void line(const std::string& indent, const std::string& what, const arrow::DataType& type, const std::string& flag, bool nullable, int depth) {
    if (level_ > 0 && depth > level_) return;
    text += indent + "-- " + what + ": " + tree_name(type) + " (" + flag + " = " + (nullable ? "true" : "false") + ")\n";
    children(type, indent + "    |", depth + 1);
  }

  void children(const arrow::DataType& type, const std::string& indent, int depth) {
    if (type.id() == arrow::Type::STRUCT) {
      for (const auto& field : type.fields()) line(indent, field->name(), *field->type(), "nullable", field->nullable(), depth);
    } else if (type.id() == arrow::Type::LIST) {
      line(indent, "element", *type.field(0)->type(), "containsNull", type.field(0)->nullable(), depth);
    } else if (type.id() == arrow::Type::MAP) {
      const auto& map = static_cast<const arrow::MapType&>(type);
      if (level_ > 0 && depth > level_) return;
      text += indent + "-- key: " + tree_name(*map.key_type()) + "\n";
      children(*map.key_type(), indent + "    |", depth + 1);
      line(indent, "value", *map.item_type(), "valueContainsNull", map.item_field()->nullable(), depth);
    }
  }

  std::string text = "root\n";

private:
  int level_;
};

} // namespace

std::string tree_text(const arrow::Schema& schema, int level) {
  tree_printer printer(level);
  for (const auto& field : schema.fields()) printer.line(" |", field->name(), *field->type(), "nullable", field->nullable(), 1);
  return printer.text;
}

} // namespace sluice::connect
