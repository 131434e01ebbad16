#include "common/expr/compare.hpp"

#include "common/expr/coercion.hpp"

namespace sluice::expr {

namespace {

template <comparison what, class T>
void compare_numbers(const operand& left, const operand& right, std::int64_t rows, std::uint8_t* out) {
  for_each_pair<T, T>(left, right, rows, [out](std::int64_t i, T a, T b) { out[i] = holds<what>(a, b); });
}

template <comparison what>
void compare_texts(const operand& left, const operand& right, std::int64_t rows, std::uint8_t* out) {
  texts a{left}, b{right};
  if (b.constant && !a.constant) {
    const auto value = b[0];
    for (std::int64_t i = 0; i < rows; ++i)
      out[i] = holds<what>(a.values.GetView(i), value);
    return;
  }
  for (std::int64_t i = 0; i < rows; ++i)
    out[i] = holds<what>(a[i], b[i]);
}

template <comparison what>
void compare_any(const operand& left, const operand& right, std::int64_t rows, std::uint8_t* out) {
  for (std::int64_t i = 0; i < rows; ++i)
    out[i] = holds<what>(compare_values(*left.array, left.at(i), *right.array, right.at(i)), 0);
}

template <comparison what>
void compare_columns(const operand& left, const operand& right, std::int64_t rows, std::uint8_t* out) {
  switch (left.id()) {
    case arrow::Type::INT8: return compare_numbers<what, std::int8_t>(left, right, rows, out);
    case arrow::Type::INT16: return compare_numbers<what, std::int16_t>(left, right, rows, out);
    case arrow::Type::INT32: case arrow::Type::DATE32: return compare_numbers<what, std::int32_t>(left, right, rows, out);
    case arrow::Type::INT64: case arrow::Type::TIMESTAMP: return compare_numbers<what, std::int64_t>(left, right, rows, out);
    case arrow::Type::FLOAT: return compare_numbers<what, float>(left, right, rows, out);
    case arrow::Type::DOUBLE: return compare_numbers<what, double>(left, right, rows, out);
    case arrow::Type::DECIMAL128: return compare_numbers<what, __int128>(left, right, rows, out);
    case arrow::Type::STRING: case arrow::Type::BINARY: return compare_texts<what>(left, right, rows, out);
    case arrow::Type::NA: return;
    default: return compare_any<what>(left, right, rows, out);
  }
}

template <class T>
int order(const T& a, const T& b) {
  return value_less(a, b) ? -1 : value_less(b, a) ? 1 : 0;
}

template <class T>
int order_at(const arrow::Array& left, std::int64_t i, const arrow::Array& right, std::int64_t j) {
  return order(left.data()->GetValues<T>(1)[i], right.data()->GetValues<T>(1)[j]);
}

int compare_lists(const arrow::ListArray& left, std::int64_t i, const arrow::ListArray& right, std::int64_t j) {
  const auto shared = std::min(left.value_length(i), right.value_length(j));
  for (std::int32_t k = 0; k < shared; ++k)
    if (int c = compare_values(*left.values(), left.value_offset(i) + k, *right.values(), right.value_offset(j) + k))
      return c;
  return order(left.value_length(i), right.value_length(j));
}

} // namespace

int compare_values(const arrow::Array& left, std::int64_t i, const arrow::Array& right, std::int64_t j) {
  if (left.IsNull(i) || right.IsNull(j))
    return static_cast<int>(left.IsValid(i)) - static_cast<int>(right.IsValid(j));
  switch (left.type_id()) {
    case arrow::Type::BOOL:
      return order(static_cast<const arrow::BooleanArray&>(left).Value(i), static_cast<const arrow::BooleanArray&>(right).Value(j));
    case arrow::Type::STRING: case arrow::Type::BINARY:
      return order(static_cast<const arrow::BinaryArray&>(left).GetView(i), static_cast<const arrow::BinaryArray&>(right).GetView(j));
    case arrow::Type::STRUCT: {
      const auto& a = static_cast<const arrow::StructArray&>(left);
      const auto& b = static_cast<const arrow::StructArray&>(right);
      for (int f = 0; f < a.num_fields(); ++f)
        if (int c = compare_values(*a.field(f), i, *b.field(f), j))
          return c;
      return 0;
    }
    case arrow::Type::LIST:
      return compare_lists(static_cast<const arrow::ListArray&>(left), i, static_cast<const arrow::ListArray&>(right), j);
    default:
      return with_number_type(left.type_id(), [&]<class T>() { return order_at<T>(left, i, right, j); });
  }
}

status compare(comparison what, const operand& left, const operand& right, std::int64_t rows, std::vector<std::uint8_t>& out) {
  out.resize(rows);
  switch (what) {
    case comparison::equal: compare_columns<comparison::equal>(left, right, rows, out.data()); break;
    case comparison::not_equal: compare_columns<comparison::not_equal>(left, right, rows, out.data()); break;
    case comparison::less: compare_columns<comparison::less>(left, right, rows, out.data()); break;
    case comparison::less_or_equal: compare_columns<comparison::less_or_equal>(left, right, rows, out.data()); break;
    case comparison::greater: compare_columns<comparison::greater>(left, right, rows, out.data()); break;
    case comparison::greater_or_equal: compare_columns<comparison::greater_or_equal>(left, right, rows, out.data()); break;
  }
  return ok();
}

} // namespace sluice::expr
