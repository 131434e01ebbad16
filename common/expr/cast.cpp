#include "common/expr/cast.hpp"

#include "common/expr/coercion.hpp"
#include "common/expr/messages.hpp"
#include "common/expr/text_writer.hpp"
#include "common/expr/utf8.hpp"
#include "common/expr/tables.hpp"

namespace sluice::expr {

expr_ptr make_cast(const expr_ptr& input, const data::type_ptr& type, text_position position, bool implicit) {
  auto made = std::make_shared<node>();
  made->kind = node_kind::call;
  made->type = type;
  made->name = "cast";
  made->parameter = implicit ? "implicit" : "";
  made->nullable = input->nullable || (is_text(*input->type) && !is_text(*type));
  made->args = {input};
  made->position = position;
  return made;
}

bool can_cast(const arrow::DataType& from, const arrow::DataType& to, bool ansi) {
  if (data::same_type(from, to) || is_null(from))
    return true;
  if (from.id() == arrow::Type::LIST && to.id() == arrow::Type::LIST)
    return can_cast(*from.field(0)->type(), *to.field(0)->type(), ansi);
  if (from.id() == arrow::Type::MAP && to.id() == arrow::Type::MAP) {
    const auto& x = static_cast<const arrow::MapType&>(from);
    const auto& y = static_cast<const arrow::MapType&>(to);
    return can_cast(*x.key_type(), *y.key_type(), ansi) && can_cast(*x.item_type(), *y.item_type(), ansi);
  }
  if (from.id() == arrow::Type::STRUCT && to.id() == arrow::Type::STRUCT) {
    if (from.num_fields() != to.num_fields())
      return false;
    for (int i = 0; i < from.num_fields(); ++i)
      if (!can_cast(*from.field(i)->type(), *to.field(i)->type(), ansi))
        return false;
    return true;
  }
  if (is_text(to))
    return true;
  if (!is_atomic(from) || !is_atomic(to))
    return false;
  if (is_text(from))
    return true;
  const bool from_boolean = from.id() == arrow::Type::BOOL, to_boolean = to.id() == arrow::Type::BOOL;
  if (from.id() == arrow::Type::BINARY || to.id() == arrow::Type::BINARY)
    return to.id() == arrow::Type::BINARY && is_integral(from) && !ansi;
  if (is_date(from))
    return is_any_timestamp(to) || (!ansi && (is_number_type(to) || to_boolean));
  if (is_any_timestamp(from)) {
    if (is_date(to) || is_any_timestamp(to))
      return true;
    return !is_ntz(from) && (is_number_type(to) || (to_boolean && !ansi));
  }
  if (is_any_timestamp(to))
    return !is_ntz(to) && (is_number_type(from) || (from_boolean && !ansi));
  return !is_date(to);
}

namespace {

/// Whether a cast of a value that is not null can give null.
bool cast_may_null(const arrow::DataType& from, const arrow::DataType& to, bool ansi) {
  return !ansi && !is_text(to) && !(is_number_type(from) && is_fractional(to)) && !(is_integral(from) && is_integral(to));
}

result<data::array_ptr> cast_to_text(const frame& call, const operand& input) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of({&input, 1}, call.rows));
  text_writer writer{call.context.session.time_zone};
  std::string text;
  return build_texts(call.rows, nulls, [&](std::int64_t i, arrow::StringBuilder& out) {
    text.clear();
    writer.append(text, *input.array, input.at(i));
    if (input.id() == arrow::Type::BINARY)
      replace_invalid_utf8(text);
    return data::from_arrow(out.Append(text));
  });
}

result<data::array_ptr> cast_to_binary(const frame& call, const operand& input) {
  if (input.id() == arrow::Type::STRING)
    return data::from_arrow(input.array->View(arrow::binary()));
  arrow::BinaryBuilder builder;
  return with_number_type(input.id(), [&]<class T>() -> result<data::array_ptr> {
    numbers<T> values{input};
    for (std::int64_t i = 0; i < call.rows; ++i) {
      std::string bytes;
      for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8)
        bytes += static_cast<char>(static_cast<__int128>(values[i]) >> shift);
      SLUICE_RETURN_IF_ERROR(data::from_arrow(input.null(i) ? builder.AppendNull() : builder.Append(bytes)));
    }
    return finish_builder(builder);
  });
}

/// Casts the values below a list or map; the offsets stay. The children are cast from the first to the last one in use.
result<std::shared_ptr<arrow::ArrayData>> cast_child(const frame& call, const data::array_ptr& child, const data::type_ptr& to) {
  frame inner{call.call, call.context, child->length()};
  SLUICE_ASSIGN_OR_RETURN(auto cast, cast_array(inner, operand{child, false}, to));
  return cast->data();
}

result<data::array_ptr> cast_nested(const frame& call, const operand& input, const data::type_ptr& to) {
  auto copy = input.array->data()->Copy();
  copy->type = to;
  if (input.id() == arrow::Type::STRUCT) {
    const auto& parent = static_cast<const arrow::StructArray&>(*input.array);
    SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of({&input, 1}, input.array->length()));
    arrow::ArrayVector fields;
    for (int f = 0; f < parent.num_fields(); ++f) {
      SLUICE_ASSIGN_OR_RETURN(auto child, data::from_arrow(parent.GetFlattenedField(f)));
      SLUICE_ASSIGN_OR_RETURN(auto cast, cast_child(call, child, to->field(f)->type()));
      fields.push_back(arrow::MakeArray(cast));
    }
    return data::array_ptr{std::make_shared<arrow::StructArray>(to, input.array->length(), fields,
                                                                input.array->null_count() ? nulls.bits() : nullptr)};
  }
  if (input.id() == arrow::Type::LIST) {
    const auto& list = static_cast<const arrow::ListArray&>(*input.array);
    SLUICE_ASSIGN_OR_RETURN(copy->child_data[0], cast_child(call, list.values(), to->field(0)->type()));
    return arrow::MakeArray(copy);
  }
  const auto& map = static_cast<const arrow::MapArray&>(*input.array);
  const auto& map_type = static_cast<const arrow::MapType&>(*to);
  SLUICE_ASSIGN_OR_RETURN(auto keys, cast_child(call, map.keys(), map_type.key_type()));
  SLUICE_ASSIGN_OR_RETURN(auto items, cast_child(call, map.items(), map_type.item_type()));
  copy->child_data[0] = arrow::ArrayData::Make(map_type.value_type(), keys->length, {nullptr}, {keys, items}, 0);
  return arrow::MakeArray(copy);
}

result<data::array_ptr> evaluate_cast(const frame& call, const operands& args) { return cast_array(call, args[0], call.call.type); }

result<resolved> resolve_cast(std::vector<expr_ptr>&, call_site& site) {
  return status{errc::parse_syntax, "CAST is written CAST(value AS type)", site.position};
}

constexpr function cast_table[] = {
  {"cast", "", 1, 1, resolve_cast, evaluate_cast, nullptr, "CAST(a AS type)", "The value as another type; an error if it does not fit (null without ANSI mode)."},
};

} // namespace

status malformed_input(const frame& call, std::string_view text, const arrow::DataType& to) {
  return call.fail(errc::cast_invalid_input, "The value '" + std::string{text} + "' of the type \"STRING\" cannot be cast to \"" + sql_type(to) +
                                               "\" because it is malformed. Correct the value as per the syntax, or change its target type. "
                                               "Use `try_cast` to tolerate malformed input and return NULL instead.");
}

status cast_overflows(const frame& call, const std::string& value, const arrow::DataType& from, const arrow::DataType& to) {
  return call.fail(errc::cast_overflow, "The value " + value + " of the type \"" + sql_type(from) + "\" cannot be cast to \"" + sql_type(to) +
                                          "\" due to an overflow. Use `try_cast` to tolerate overflow and return NULL instead.");
}

result<data::array_ptr> cast_array(const frame& call, const operand& input, const data::type_ptr& to) {
  const auto& from = *input.array->type();
  if (from.Equals(*to))
    return input.array;
  if (is_null(from))
    return all_null(to, call.rows);
  if (is_date(from) && (is_number_type(*to) || to->id() == arrow::Type::BOOL))
    return all_null(to, call.rows);
  switch (to->id()) {
    case arrow::Type::STRING: return cast_to_text(call, input);
    case arrow::Type::BINARY: return cast_to_binary(call, input);
    case arrow::Type::BOOL: return cast_to_boolean(call, input);
    case arrow::Type::DATE32: case arrow::Type::TIMESTAMP: return cast_to_datetime(call, input, to);
    case arrow::Type::DECIMAL128: return cast_to_decimal(call, input, to);
    case arrow::Type::STRUCT: case arrow::Type::LIST: case arrow::Type::MAP: return cast_nested(call, input, to);
    default: return cast_to_number(call, input, to);
  }
}

result<expr_ptr> cast(expr_ptr input, const data::type_ptr& type, text_position position, const options& session) {
  if (!can_cast(*input->type, *type, session.ansi)) {
    auto text = to_sql(*make_cast(input, type, position, false));
    return status{errc::datatype_mismatch,
                  "Cannot resolve \"" + text + "\" due to data type mismatch: cannot cast \"" + sql_type(*input->type) + "\" to \"" +
                    sql_type(*type) + "\".",
                  position}
      .with_spark_class(can_cast(*input->type, *type, false) ? "DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION"
                                                             : "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION");
  }
  auto made = std::make_shared<node>(*make_cast(input, type, position, false));
  made->nullable = input->nullable || cast_may_null(*input->type, *type, session.ansi);
  return expr_ptr{made};
}

std::span<const function> cast_functions() { return cast_table; }

} // namespace sluice::expr
