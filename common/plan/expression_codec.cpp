#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include "common/data/ipc.hpp"
#include "common/plan/internal/proto_codec.hpp"

namespace sluice::plan::internal {
namespace {

constexpr int deepest_expression = 5000;

template <class ArrowScalar>
auto scalar_value(const arrow::Scalar& scalar) {
  return static_cast<const ArrowScalar&>(scalar).value;
}

void encode_arrow(const arrow::Scalar& scalar, proto::literal* to) {
  auto array = arrow::MakeArrayFromScalar(scalar, 1);
  if (!array.ok()) return to->set_null(true);
  auto schema = arrow::schema({arrow::field("v", scalar.type)});
  auto bytes = data::encode_batches(schema, {arrow::RecordBatch::Make(schema, 1, {*array})});
  if (!bytes.ok()) return to->set_null(true);
  to->set_arrow((*bytes)->ToString());
}

void encode_literal(const expr::node& from, proto::literal* to) {
  to->set_type(data::type_name(*from.type));
  if (!from.value || !from.value->is_valid) return to->set_null(true);
  const auto& scalar = *from.value;
  switch (scalar.type->id()) {
    case arrow::Type::NA: return to->set_null(true);
    case arrow::Type::BOOL: return to->set_boolean(scalar_value<arrow::BooleanScalar>(scalar));
    case arrow::Type::INT8: return to->set_integer(scalar_value<arrow::Int8Scalar>(scalar));
    case arrow::Type::INT16: return to->set_integer(scalar_value<arrow::Int16Scalar>(scalar));
    case arrow::Type::INT32: return to->set_integer(scalar_value<arrow::Int32Scalar>(scalar));
    case arrow::Type::INT64: return to->set_integer(scalar_value<arrow::Int64Scalar>(scalar));
    case arrow::Type::DATE32: return to->set_integer(scalar_value<arrow::Date32Scalar>(scalar));
    case arrow::Type::TIMESTAMP: return to->set_integer(scalar_value<arrow::TimestampScalar>(scalar));
    case arrow::Type::FLOAT: return to->set_real(scalar_value<arrow::FloatScalar>(scalar));
    case arrow::Type::DOUBLE: return to->set_real(scalar_value<arrow::DoubleScalar>(scalar));
    case arrow::Type::STRING: return to->set_text(scalar_value<arrow::StringScalar>(scalar)->ToString());
    case arrow::Type::BINARY: return to->set_binary(scalar_value<arrow::BinaryScalar>(scalar)->ToString());
    case arrow::Type::DECIMAL128: {
      const auto& type = static_cast<const arrow::Decimal128Type&>(*scalar.type);
      return to->set_text(scalar_value<arrow::Decimal128Scalar>(scalar).ToString(type.scale()));
    }
    default: return encode_arrow(scalar, to);
  }
}

result<std::shared_ptr<arrow::Scalar>> decode_arrow(const std::string& bytes, const data::type_ptr& type) {
  SLUICE_ASSIGN_OR_RETURN(auto batches, data::decode_batches(arrow::Buffer::FromString(bytes)));
  if (batches.size() != 1 || batches[0]->num_rows() != 1 || batches[0]->num_columns() != 1) return corrupt_plan("a literal is no single value");
  auto scalar = batches[0]->column(0)->GetScalar(0);
  if (!scalar.ok() || !data::same_type(*(*scalar)->type, *type)) return corrupt_plan("a literal has another type");
  return *scalar;
}

template <class Scalar, class T>
result<std::shared_ptr<arrow::Scalar>> ranged(std::int64_t value) {
  if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) return corrupt_plan("a literal is out of range");
  return std::shared_ptr<arrow::Scalar>(std::make_shared<Scalar>(static_cast<T>(value)));
}

result<std::shared_ptr<arrow::Scalar>> decode_integer(std::int64_t value, const data::type_ptr& type) {
  switch (type->id()) {
    case arrow::Type::INT8: return ranged<arrow::Int8Scalar, std::int8_t>(value);
    case arrow::Type::INT16: return ranged<arrow::Int16Scalar, std::int16_t>(value);
    case arrow::Type::INT32: return ranged<arrow::Int32Scalar, std::int32_t>(value);
    case arrow::Type::DATE32: return ranged<arrow::Date32Scalar, std::int32_t>(value);
    case arrow::Type::INT64: return std::shared_ptr<arrow::Scalar>(std::make_shared<arrow::Int64Scalar>(value));
    case arrow::Type::TIMESTAMP: return std::shared_ptr<arrow::Scalar>(std::make_shared<arrow::TimestampScalar>(value, type));
    default: return corrupt_plan("a literal has another type");
  }
}

result<std::shared_ptr<arrow::Scalar>> decode_text(const std::string& text, const data::type_ptr& type) {
  if (type->id() == arrow::Type::STRING) return std::shared_ptr<arrow::Scalar>(std::make_shared<arrow::StringScalar>(text));
  if (type->id() != arrow::Type::DECIMAL128) return corrupt_plan("a literal has another type");
  const auto& decimal = static_cast<const arrow::Decimal128Type&>(*type);
  arrow::Decimal128 value;
  std::int32_t precision = 0, scale = 0;
  if (!arrow::Decimal128::FromString(text, &value, &precision, &scale).ok() || scale != decimal.scale() ||
      !value.FitsInPrecision(decimal.precision()))
    return corrupt_plan("a decimal literal is wrong");
  return std::shared_ptr<arrow::Scalar>(std::make_shared<arrow::Decimal128Scalar>(value, type));
}

result<std::shared_ptr<arrow::Scalar>> decode_value(const proto::literal& from, const data::type_ptr& type) {
  auto is = [&](arrow::Type::type id) { return type->id() == id; };
  switch (from.value_case()) {
    case proto::literal::kBoolean:
      if (!is(arrow::Type::BOOL)) return corrupt_plan("a literal has another type");
      return std::shared_ptr<arrow::Scalar>(std::make_shared<arrow::BooleanScalar>(from.boolean()));
    case proto::literal::kInteger: return decode_integer(from.integer(), type);
    case proto::literal::kReal:
      if (is(arrow::Type::FLOAT)) return std::shared_ptr<arrow::Scalar>(std::make_shared<arrow::FloatScalar>(static_cast<float>(from.real())));
      if (!is(arrow::Type::DOUBLE)) return corrupt_plan("a literal has another type");
      return std::shared_ptr<arrow::Scalar>(std::make_shared<arrow::DoubleScalar>(from.real()));
    case proto::literal::kText: return decode_text(from.text(), type);
    case proto::literal::kBinary:
      if (!is(arrow::Type::BINARY)) return corrupt_plan("a literal has another type");
      return std::shared_ptr<arrow::Scalar>(std::make_shared<arrow::BinaryScalar>(arrow::Buffer::FromString(from.binary())));
    case proto::literal::kArrow: return decode_arrow(from.arrow(), type);
    default: return corrupt_plan("a literal has no value");
  }
}

result<expr::expr_ptr> decode_literal(const proto::literal& from, text_position position) {
  auto type = data::type_from_name(from.type());
  if (!type.ok()) return corrupt_plan("a literal has the unknown type " + from.type());
  if (from.value_case() == proto::literal::kNull) {
    auto null = std::make_shared<expr::node>(*expr::null_literal(*type));
    null->position = position;
    return expr::expr_ptr(std::move(null));
  }
  SLUICE_ASSIGN_OR_RETURN(auto value, decode_value(from, *type));
  return expr::literal(std::move(value), position);
}

} // namespace

void encode_expression(const expr::node& from, proto::expression* to) {
  to->set_type(data::type_name(*from.type));
  to->set_nullable(from.nullable);
  to->set_at_line(from.position.line);
  to->set_at_column(from.position.column);
  to->set_at_offset(from.position.offset);
  switch (from.kind) {
    case expr::node_kind::literal: return encode_literal(from, to->mutable_value());
    case expr::node_kind::column:
      to->mutable_input()->set_index(from.index);
      return to->mutable_input()->set_name(from.name);
    case expr::node_kind::call: break;
  }
  auto* call = to->mutable_function_call();
  call->set_function(from.name);
  call->set_parameter(from.parameter);
  for (const auto& arg : from.args) encode_expression(*arg, call->add_args());
}

result<expr::expr_ptr> decode_expression(const proto::expression& from, const arrow::Schema& input, int depth) {
  if (depth > deepest_expression) return corrupt_plan("an expression is nested too deep");
  text_position position{from.at_line(), from.at_column(), from.at_offset()};
  if (from.has_value()) return decode_literal(from.value(), position);
  auto type = data::type_from_name(from.type());
  if (!type.ok()) return corrupt_plan("an expression has the unknown type " + from.type());
  if (from.has_input()) {
    int index = from.input().index();
    if (index < 0 || index >= input.num_fields() || !data::same_type(*input.field(index)->type(), **type))
      return corrupt_plan("column " + std::to_string(index) + " does not fit the input");
    return expr::column(index, *type, from.input().name(), from.nullable(), position);
  }
  if (!from.has_function_call()) return corrupt_plan("an expression is empty");
  auto out = std::make_shared<expr::node>();
  out->kind = expr::node_kind::call;
  out->type = *type;
  out->nullable = from.nullable();
  out->name = from.function_call().function();
  out->parameter = from.function_call().parameter();
  out->position = position;
  for (const auto& arg : from.function_call().args()) {
    SLUICE_ASSIGN_OR_RETURN(auto value, decode_expression(arg, input, depth + 1));
    out->args.push_back(std::move(value));
  }
  return expr::expr_ptr(std::move(out));
}

} // namespace sluice::plan::internal
