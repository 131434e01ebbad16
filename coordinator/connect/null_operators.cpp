// DataFrame.na: fill, drop, replace.
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include "coordinator/connect/internal/frames.hpp"

namespace sluice::connect {
namespace {

sql::expression_ptr call_of(std::string function, std::vector<sql::expression_ptr> args, bool is_operator = false) {
  sql::expression node;
  node.kind = sql::expression_kind::call;
  node.text = std::move(function);
  node.is_operator = is_operator;
  node.args = std::move(args);
  for (const auto& arg : node.args) node.height = std::max(node.height, arg->height + 1), node.weight += arg->weight;
  return std::make_shared<const sql::expression>(std::move(node));
}

sql::expression_ptr whole(std::int64_t value) {
  sql::expression number;
  number.kind = sql::expression_kind::number;
  number.text = std::to_string(value);
  return std::make_shared<const sql::expression>(std::move(number));
}

sql::expression_ptr cast_to(sql::expression_ptr value, const std::string& type) {
  sql::expression node;
  node.kind = sql::expression_kind::cast;
  node.type = type;
  node.height = value->height + 1;
  node.weight = value->weight + 1;
  node.args = {std::move(value)};
  return std::make_shared<const sql::expression>(std::move(node));
}

result<sql::expression_ptr> literal_of(const spark::connect::Expression::Literal& literal) {
  spark::connect::Expression value;
  *value.mutable_literal() = literal;
  return value_of(value);
}

bool holds_numbers(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) || arrow::is_floating(type.id()) || arrow::is_decimal(type.id());
}

/// Whether a value of this kind can stand in for the column.
bool fits(const spark::connect::Expression::Literal& literal, const arrow::DataType& type) {
  switch (literal.literal_type_case()) {
    case spark::connect::Expression::Literal::kBoolean: return type.id() == arrow::Type::BOOL;
    case spark::connect::Expression::Literal::kString: return type.id() == arrow::Type::STRING;
    case spark::connect::Expression::Literal::kNull: return true;
    default: return holds_numbers(type);
  }
}

bool among(const google::protobuf::RepeatedPtrField<std::string>& columns, const std::string& name) {
  return std::any_of(columns.begin(), columns.end(), [&](const auto& column) { return same_name(column, name); });
}

status check_columns(const google::protobuf::RepeatedPtrField<std::string>& columns, const arrow::Schema& schema) {
  for (const auto& column : columns) {
    bool known = std::any_of(schema.fields().begin(), schema.fields().end(), [&](const auto& field) { return same_name(field->name(), column); });
    if (!known) return {errc::unresolved_column, "A column, variable, or function parameter with name `" + column + "` cannot be resolved."};
  }
  return ok();
}

/// Each column as it is or as `change` makes it.
template <class Change>
frame_result changed_columns(frame input, const arrow::Schema& schema, Change change) {
  auto query = over(std::move(input));
  query->items.clear();
  for (const auto& field : schema.fields()) {
    SLUICE_ASSIGN_OR_RETURN(auto value, change(name_tree({field->name()}), *field));
    query->items.push_back({std::move(value), field->name(), {}, {}});
  }
  return frame{std::move(query), "", -1};
}

} // namespace

frame_result fill_of(const spark::connect::NAFill& fill, const relation_translator& translate, const column_lister& columns) {
  SLUICE_ASSIGN_OR_RETURN(auto input, translate(fill.input()));
  SLUICE_ASSIGN_OR_RETURN(auto schema, columns(input));
  SLUICE_RETURN_IF_ERROR(check_columns(fill.cols(), *schema));
  return changed_columns(std::move(input), *schema, [&](sql::expression_ptr column, const arrow::Field& field) -> result<sql::expression_ptr> {
    int which = -1;
    if (fill.cols().empty()) which = 0;
    for (int i = 0; i < fill.cols_size(); ++i)
      if (same_name(fill.cols(i), field.name())) which = fill.values_size() == 1 ? 0 : i;
    if (which < 0 || which >= fill.values_size() || !fits(fill.values(which), *field.type())) return column;
    SLUICE_ASSIGN_OR_RETURN(auto value, literal_of(fill.values(which)));
    auto filling = cast_to(std::move(value), data::type_name(*field.type()));
    if (!arrow::is_floating(field.type()->id())) return call_of("coalesce", {std::move(column), std::move(filling)});
    auto nan_to_null = call_of("nanvl", {std::move(column), cast_to(std::make_shared<const sql::expression>(), data::type_name(*field.type()))});
    return call_of("coalesce", {std::move(nan_to_null), std::move(filling)});
  });
}

frame_result drop_nulls_of(const spark::connect::NADrop& drop, const relation_translator& translate, const column_lister& columns) {
  SLUICE_ASSIGN_OR_RETURN(auto input, translate(drop.input()));
  SLUICE_ASSIGN_OR_RETURN(auto schema, columns(input));
  SLUICE_RETURN_IF_ERROR(check_columns(drop.cols(), *schema));
  std::int64_t wanted = 0;
  sql::expression_ptr count;
  for (const auto& field : schema->fields()) {
    if (!drop.cols().empty() && !among(drop.cols(), field->name())) continue;
    ++wanted;
    auto column = name_tree({field->name()});
    auto there = call_of("is_not_null", {column}, true);
    if (arrow::is_floating(field->type()->id()))
      there = call_of("and", {there, call_of("not", {call_of("isnan", {column})}, true)}, true);
    auto one = call_of("case", {std::move(there), whole(1), whole(0)}, true);
    count = count ? call_of("+", {std::move(count), std::move(one)}, true) : std::move(one);
  }
  auto name = input.alias;
  auto query = over(std::move(input));
  if (count) query->where = call_of(">=", {std::move(count), whole(drop.has_min_non_nulls() ? drop.min_non_nulls() : wanted)}, true);
  return frame{std::move(query), std::move(name), -1};
}

frame_result replace_of(const spark::connect::NAReplace& replace, const relation_translator& translate, const column_lister& columns) {
  SLUICE_ASSIGN_OR_RETURN(auto input, translate(replace.input()));
  SLUICE_ASSIGN_OR_RETURN(auto schema, columns(input));
  SLUICE_RETURN_IF_ERROR(check_columns(replace.cols(), *schema));
  return changed_columns(std::move(input), *schema, [&](sql::expression_ptr column, const arrow::Field& field) -> result<sql::expression_ptr> {
    if (!replace.cols().empty() && !among(replace.cols(), field.name())) return column;
    std::vector<sql::expression_ptr> args;
    auto type = data::type_name(*field.type());
    for (const auto& pair : replace.replacements()) {
      if (!fits(pair.old_value(), *field.type()) || !fits(pair.new_value(), *field.type())) continue;
      SLUICE_ASSIGN_OR_RETURN(auto before, literal_of(pair.old_value()));
      SLUICE_ASSIGN_OR_RETURN(auto after, literal_of(pair.new_value()));
      bool null = pair.old_value().has_null();
      args.push_back(null ? call_of("is_null", {column}, true) : call_of("=", {column, cast_to(std::move(before), type)}, true));
      args.push_back(cast_to(std::move(after), type));
    }
    if (args.empty()) return column;
    args.push_back(column);
    return call_of("case", std::move(args), true);
  });
}

} // namespace sluice::connect
