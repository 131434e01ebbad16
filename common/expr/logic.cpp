#include "common/expr/coercion.hpp"
#include "common/expr/tables.hpp"

namespace sluice::expr {

namespace {

/// Per row: 0 false, 1 true, 2 unknown.
std::vector<std::uint8_t> truth_of(const operand& value, std::int64_t rows) {
  std::vector<std::uint8_t> truth(rows);
  if (value.id() == arrow::Type::NA) {
    truth.assign(rows, 2);
    return truth;
  }
  const auto& bits = static_cast<const arrow::BooleanArray&>(*value.array);
  if (value.constant) {
    truth.assign(rows, bits.IsNull(0) ? 2 : bits.Value(0));
    return truth;
  }
  const auto* data = bits.values()->data();
  for (std::int64_t i = 0; i < rows; ++i)
    truth[i] = arrow::bit_util::GetBit(data, bits.offset() + i);
  if (bits.null_count() > 0)
    for (std::int64_t i = 0; i < rows; ++i)
      truth[i] = bits.IsNull(i) ? 2 : truth[i];
  return truth;
}

result<operand> finish_truth(std::vector<std::uint8_t>& truth, bool constant) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of({}, static_cast<std::int64_t>(truth.size())));
  for (std::size_t i = 0; i < truth.size(); ++i)
    if (truth[i] == 2) {
      SLUICE_RETURN_IF_ERROR(nulls.set_null(static_cast<std::int64_t>(i)));
      truth[i] = 0;
    }
  SLUICE_ASSIGN_OR_RETURN(auto array, finish_booleans(truth, nulls));
  return operand{array, constant};
}

/// AND (deciding = 0) and OR (deciding = 1): the right side counts, and can fail, only where the left does not decide.
template <std::uint8_t deciding>
result<operand> evaluate_connective(evaluation& evaluate, const node& call) {
  SLUICE_ASSIGN_OR_RETURN(auto left, evaluate(*call.args[0]));
  const auto rows = left.constant ? 1 : evaluate.rows();
  auto truth = truth_of(left, rows);
  if (left.constant && truth[0] == deciding)
    return left;
  std::vector<std::uint8_t> open(evaluate.rows(), 1);
  if (!left.constant)
    for (std::int64_t i = 0; i < rows; ++i)
      open[i] = truth[i] != deciding;
  SLUICE_ASSIGN_OR_RETURN(auto right, evaluate.where(*call.args[1], open));
  const bool constant = left.constant && right.constant;
  const auto out_rows = constant ? 1 : evaluate.rows();
  if (left.constant && !right.constant)
    truth.assign(out_rows, truth[0]);
  const auto other = truth_of(right, out_rows);
  for (std::int64_t i = 0; i < out_rows; ++i) {
    const bool decided = truth[i] == deciding || other[i] == deciding;
    const bool unknown = truth[i] == 2 || other[i] == 2;
    truth[i] = decided ? deciding : unknown ? 2 : 1 - deciding;
  }
  return finish_truth(truth, constant);
}

result<data::array_ptr> evaluate_not(const frame& call, const operands& args) {
  auto truth = truth_of(args[0], call.rows);
  for (auto& one : truth)
    one = one == 2 ? 2 : 1 - one;
  SLUICE_ASSIGN_OR_RETURN(auto value, finish_truth(truth, false));
  return value.array;
}

template <bool wanted>
result<data::array_ptr> evaluate_null_test(const frame& call, const operands& args) {
  std::vector<std::uint8_t> bytes(call.rows, !wanted);
  if (args[0].array->null_count() > 0)
    for (std::int64_t i = 0; i < call.rows; ++i)
      bytes[i] = args[0].null(i) == wanted;
  return finish_booleans(bytes, {});
}

result<data::array_ptr> evaluate_nan_test(const frame& call, const operands& args) {
  std::vector<std::uint8_t> bytes(call.rows, 0);
  numbers<double> values{args[0]};
  for (std::int64_t i = 0; i < call.rows; ++i)
    bytes[i] = !args[0].null(i) && values[i] != values[i];
  return finish_booleans(bytes, {});
}

result<resolved> resolve_logic(std::vector<expr_ptr>& args, call_site& site) {
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (args[i]->type->id() != arrow::Type::BOOL && !is_text(*args[i]->type) && !is_null(*args[i]->type))
      return unexpected_type(args, i, "\"BOOLEAN\"", site);
    args[i] = implicit_cast(args[i], arrow::boolean());
  }
  return resolved{arrow::boolean(), any_nullable(args)};
}

result<resolved> resolve_null_test(std::vector<expr_ptr>&, call_site&) { return resolved{arrow::boolean(), false}; }

result<resolved> resolve_nan_test(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_RETURN_IF_ERROR(require(args, 0, arrow::float64(), site));
  return resolved{arrow::boolean(), false};
}

constexpr function logic_table[] = {
  {"and", "&&", 2, 2, resolve_logic, nullptr, evaluate_connective<0>, "a AND b", "Three-valued and; b is not evaluated where a is false."},
  {"or", "", 2, 2, resolve_logic, nullptr, evaluate_connective<1>, "a OR b", "Three-valued or; b is not evaluated where a is true."},
  {"not", "!", 1, 1, resolve_logic, evaluate_not, nullptr, "NOT a", "The opposite; null stays null."},
  {"is_null", "isnull", 1, 1, resolve_null_test, evaluate_null_test<true>, nullptr, "a IS NULL", "Whether a is null."},
  {"is_not_null", "isnotnull", 1, 1, resolve_null_test, evaluate_null_test<false>, nullptr, "a IS NOT NULL", "Whether a is not null."},
  {"isnan", "", 1, 1, resolve_nan_test, evaluate_nan_test, nullptr, "isnan(a)", "Whether a is not a number; false for null."},
};

} // namespace

std::span<const function> logic_functions() { return logic_table; }

} // namespace sluice::expr
