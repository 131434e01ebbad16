// explode, posexplode, inline and stack.
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>

#include "common/plan/internal/query_analyzer.hpp"
#include "common/sql/nearest.hpp"

namespace sluice::plan::internal {
namespace {

status wrong_type(const std::string& name, const expr::node& value, const std::string& wanted, text_position position) {
  return {errc::datatype_mismatch, "Cannot resolve \"" + name + "(" + expr::to_sql(value) + ")\" due to data type mismatch: it requires " + wanted +
                                       ", but the argument has the type \"" + sql::to_upper(data::type_name(*value.type)) + "\".", position};
}

bool any_nullable(const std::vector<expr::expr_ptr>& values) {
  return std::any_of(values.begin(), values.end(), [](const auto& value) { return value->nullable; });
}

/// Whether field k of the structs in array(struct(…), …) may be null.
bool field_nullable(const expr::node& array, int k) {
  return std::any_of(array.args.begin(), array.args.end(), [&](const auto& item) {
    bool named = item->name == "named_struct";
    auto place = static_cast<std::size_t>(named ? 2 * k + 1 : k);
    bool known = item->kind == expr::node_kind::call && (named || item->name == "struct") && place < item->args.size();
    return !known || item->args[place]->nullable;
  });
}

/// stack(n, a, b, …) is inline(array(struct(…), …)).
result<expr::expr_ptr> stacked(std::vector<expr::expr_ptr> args, text_position position, const expr::options& session) {
  std::int64_t rows = 0;
  bool constant = !args.empty() && args[0]->kind == expr::node_kind::literal && args[0]->type->id() == arrow::Type::INT32 && args[0]->value->is_valid;
  if (constant) rows = static_cast<const arrow::Int32Scalar&>(*args[0]->value).value;
  if (args.size() < 2) return status(errc::wrong_num_args, "The `stack` requires > 1 parameters but the actual number is " + std::to_string(args.size()) + ".", position);
  if (rows <= 0 || rows > 10'000) return status(errc::datatype_mismatch, "the first argument of stack must be a constant number of rows", position);
  auto values = static_cast<std::int64_t>(args.size()) - 1;
  auto width = (values + rows - 1) / rows;
  std::vector<data::type_ptr> types(static_cast<std::size_t>(width), arrow::null());
  for (std::int64_t i = 0; i < values; ++i) {
    auto& type = types[static_cast<std::size_t>(i % width)];
    const auto& value = *args[static_cast<std::size_t>(i + 1)];
    if (type->id() == arrow::Type::NA) type = value.type;
    else if (value.type->id() != arrow::Type::NA && !data::same_type(*type, *value.type))
      return status(errc::datatype_mismatch, "the columns of stack have different types: \"" + sql::to_upper(data::type_name(*type)) + "\" and \"" +
                    sql::to_upper(data::type_name(*value.type)) + "\"", position).with_spark_class("DATATYPE_MISMATCH.STACK_COLUMN_DIFF_TYPES");
  }
  std::vector<expr::expr_ptr> structs;
  for (std::int64_t row = 0; row < rows; ++row) {
    std::vector<expr::expr_ptr> fields;
    for (std::int64_t k = 0; k < width; ++k) {
      auto at = row * width + k + 1;
      auto value = at <= values ? args[static_cast<std::size_t>(at)] : expr::null_literal(types[static_cast<std::size_t>(k)]);
      if (value->type->id() == arrow::Type::NA) value = expr::null_literal(types[static_cast<std::size_t>(k)]);
      fields.push_back(expr::literal(std::make_shared<arrow::StringScalar>("col" + std::to_string(k)), position));
      fields.push_back(std::move(value));
    }
    SLUICE_ASSIGN_OR_RETURN(auto made, expr::call("named_struct", std::move(fields), position, session));
    structs.push_back(std::move(made));
  }
  return expr::call("array", std::move(structs), position, session);
}

} // namespace

bool is_generator(const std::string& name) {
  for (std::string_view known : {"explode", "explode_outer", "posexplode", "posexplode_outer", "inline", "inline_outer", "stack"})
    if (name == known) return true;
  return false;
}

result<generator_parts> make_generator(const std::string& name, std::vector<expr::expr_ptr> args, bool outer, text_position position,
                                       const expr::options& session) {
  generator_parts out;
  using kind = generate_node::kind;
  out.node.outer = outer || name.ends_with("_outer");
  if (name == "stack") {
    SLUICE_ASSIGN_OR_RETURN(out.node.value, stacked(std::move(args), position, session));
  } else {
    if (args.size() != 1)
      return status(errc::wrong_num_args, "The `" + name + "` requires 1 parameters but the actual number is " + std::to_string(args.size()) + ".", position);
    out.node.value = std::move(args[0]);
  }
  const auto& type = *out.node.value->type;
  bool known = false, elements = true;  // of array(…) itself it is known which elements may be null
  if (out.node.value->kind == expr::node_kind::call && out.node.value->name == "array") {
    known = true;
    elements = any_nullable(out.node.value->args);
  }
  bool is_array = type.id() == arrow::Type::LIST;
  out.node.what = name.starts_with("pos") ? kind::posexplode : name.starts_with("inline") || name == "stack" ? kind::inline_ : kind::explode;
  auto add = [&](std::string column, const data::type_ptr& of, bool nullable) {
    out.names.push_back(std::move(column));
    out.types.push_back(of);
    out.nullable.push_back(nullable || out.node.outer || name == "stack");
  };
  if (out.node.what == kind::inline_) {
    if (!is_array || type.field(0)->type()->id() != arrow::Type::STRUCT) return wrong_type(name, *out.node.value, "an \"ARRAY<STRUCT>\"", position);
    for (int k = 0; k < type.field(0)->type()->num_fields(); ++k) {
      const auto& field = *type.field(0)->type()->field(k);
      add(field.name(), field.type(), known ? elements || field_nullable(*out.node.value, k) : field.nullable() || type.field(0)->nullable());
    }
    return out;
  }
  if (out.node.what == kind::posexplode) add("pos", arrow::int32(), false);
  if (is_array) {
    add("col", type.field(0)->type(), known ? elements : type.field(0)->nullable());
  } else if (type.id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(type);
    add("key", map.key_type(), false);
    add("value", map.item_type(), map.item_field()->nullable());
  } else {
    return wrong_type(name, *out.node.value, "an \"ARRAY\" or a \"MAP\"", position);
  }
  return out;
}

node_ptr add_generator(node_ptr input, const generator_parts& parts, const std::vector<std::string>& names) {
  auto out = std::make_shared<node>();
  out->what = node::kind::generate;
  out->generate = parts.node;
  auto fields = input->output->fields();
  for (std::size_t k = 0; k < parts.types.size(); ++k) fields.push_back(arrow::field(names[k], parts.types[k], parts.nullable[k]));
  out->output = arrow::schema(std::move(fields));
  out->inputs = {std::move(input)};
  return out;
}

} // namespace sluice::plan::internal
