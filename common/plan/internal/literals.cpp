#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <charconv>

#include <fast_float/fast_float.h>

#include "common/plan/internal/resolver.hpp"
#include "common/sql/nearest.hpp"

namespace sluice::plan::internal {
namespace {

status bad_literal(const sql::expression& node, const std::string& type) {
  return status(errc::invalid_literal, "The numeric literal " + node.text + " does not fit " + type + ".", node.position)
      .with_spark_class("INVALID_NUMERIC_LITERAL_RANGE");
}

result<expr::expr_ptr> whole_number(const sql::expression& node) {
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(node.text.data(), node.text.data() + node.text.size(), value);
  bool fits = error == std::errc() && end == node.text.data() + node.text.size();
  auto within = [&](std::int64_t low, std::int64_t high) { return fits && value >= low && value <= high; };
  if (node.suffix == "Y")
    return within(INT8_MIN, INT8_MAX) ? result<expr::expr_ptr>(expr::literal(std::make_shared<arrow::Int8Scalar>(value), node.position))
                                      : bad_literal(node, "TINYINT");
  if (node.suffix == "S")
    return within(INT16_MIN, INT16_MAX) ? result<expr::expr_ptr>(expr::literal(std::make_shared<arrow::Int16Scalar>(value), node.position))
                                        : bad_literal(node, "SMALLINT");
  if (node.suffix.empty() && within(INT32_MIN, INT32_MAX))
    return expr::literal(std::make_shared<arrow::Int32Scalar>(static_cast<std::int32_t>(value)), node.position);
  if (fits) return expr::literal(std::make_shared<arrow::Int64Scalar>(value), node.position);
  return bad_literal(node, "BIGINT");
}

result<expr::expr_ptr> decimal_number(const sql::expression& node) {
  std::string digits;
  int scale = 0;
  bool after_point = false;
  std::string_view text = node.text;
  auto exponent_at = text.find_first_of("eE");
  for (char c : text.substr(0, exponent_at)) {
    if (c == '.') after_point = true;
    if (c < '0' || c > '9') continue;
    if (!digits.empty() || c != '0') digits += c;
    if (after_point) ++scale;
  }
  if (exponent_at != std::string_view::npos) {
    int exponent = 0;
    auto part = text.substr(exponent_at + 1);
    if (part.starts_with('+')) part.remove_prefix(1);
    std::from_chars(part.data(), part.data() + part.size(), exponent);
    if (exponent > 100 || exponent < -100) return bad_literal(node, "DECIMAL(38)");
    scale -= exponent;
    for (; scale < 0; ++scale) digits += '0';
  }
  int precision = std::max<int>({static_cast<int>(digits.size()), scale, 1});
  if (precision > 38 || scale > 38) return bad_literal(node, "DECIMAL(38)");
  auto value = arrow::Decimal128::FromString((text.starts_with('-') ? "-" : "") + (digits.empty() ? std::string("0") : digits));
  if (!value.ok()) return bad_literal(node, "DECIMAL(38)");
  return expr::literal(std::make_shared<arrow::Decimal128Scalar>(*value, arrow::decimal128(precision, scale)), node.position);
}

result<expr::expr_ptr> number_literal(const sql::expression& node) {
  bool has_exponent = node.text.find_first_of("eE") != std::string::npos;
  bool has_point = node.text.find('.') != std::string::npos;
  if (node.suffix == "BD") return decimal_number(node);
  if (node.suffix == "D" || node.suffix == "F" || (node.suffix.empty() && has_exponent)) {
    double value = 0;
    auto text = node.text.starts_with('.') ? "0" + node.text : node.text;
    auto parsed = fast_float::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc() && parsed.ec != std::errc::result_out_of_range) return bad_literal(node, "DOUBLE");
    if (value - value != 0) return bad_literal(node, "DOUBLE");
    if (node.suffix == "F") return expr::literal(std::make_shared<arrow::FloatScalar>(static_cast<float>(value)), node.position);
    return expr::literal(std::make_shared<arrow::DoubleScalar>(value), node.position);
  }
  if (has_point) {
    if (!node.suffix.empty()) return bad_literal(node, node.suffix == "L" ? "BIGINT" : node.suffix == "S" ? "SMALLINT" : "TINYINT");
    return decimal_number(node);
  }
  if (has_exponent) return bad_literal(node, "BIGINT");
  auto whole = whole_number(node);
  if (!whole.ok() && node.suffix.empty()) return decimal_number(node);
  return whole;
}

/// The value of a constant expression.
result<std::shared_ptr<arrow::Scalar>> constant_value(const expr::node& node, const expr::options& session) {
  auto one_row = arrow::RecordBatch::Make(arrow::schema({}), 1, std::vector<data::array_ptr>{});
  SLUICE_ASSIGN_OR_RETURN(auto array, expr::evaluate(node, *one_row, {session, 0}));
  auto scalar = array->GetScalar(0);
  if (!scalar.ok()) return status(errc::internal, scalar.status().ToString());
  return *scalar;
}

result<expr::expr_ptr> typed_literal(const sql::expression& node, const expr::options& session) {
  auto bad = status(errc::invalid_literal, "The value of the typed literal " + sql::to_upper(node.type) + " '" + node.text + "' is invalid.",
                    node.position);
  auto type = data::type_from_name(node.type);
  if (!type.ok()) return type.error();
  auto text = expr::literal(std::make_shared<arrow::StringScalar>(node.text), node.position);
  auto cast = expr::cast(text, *type, node.position, session);
  if (!cast.ok()) return bad;
  auto value = constant_value(**cast, session);
  if (!value.ok() || !(*value)->is_valid) return bad;
  return expr::literal(*value, node.position);
}


} // namespace

result<expr::expr_ptr> resolve_literal(const sql::expression& node, const expr::options& session) {
  using kind = sql::expression_kind;
  switch (node.kind) {
    case kind::null_literal: return expr::null_literal(arrow::null());
    case kind::boolean_literal: return expr::literal(std::make_shared<arrow::BooleanScalar>(node.text == "true"), node.position);
    case kind::string_literal: return expr::literal(std::make_shared<arrow::StringScalar>(node.text), node.position);
    case kind::binary_literal:
      return expr::literal(std::make_shared<arrow::BinaryScalar>(arrow::Buffer::FromString(node.text)), node.position);
    case kind::number: return number_literal(node);
    case kind::typed_literal: return typed_literal(node, session);
    default: return status(errc::internal, "not a literal", node.position);
  }
}

} // namespace sluice::plan::internal
