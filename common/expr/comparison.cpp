#include "common/expr/compare.hpp"

#include "common/expr/coercion.hpp"
#include "common/expr/tables.hpp"

namespace sluice::expr {

namespace {

template <comparison what>
result<data::array_ptr> evaluate_comparison(const frame& call, const operands& args) {
  if (args[0].id() == arrow::Type::NA)
    return all_null(arrow::boolean(), call.rows);
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  std::vector<std::uint8_t> bytes;
  SLUICE_RETURN_IF_ERROR(compare(what, args[0], args[1], call.rows, bytes));
  return finish_booleans(bytes, nulls);
}

result<data::array_ptr> evaluate_null_safe_equal(const frame& call, const operands& args) {
  std::vector<std::uint8_t> bytes;
  SLUICE_RETURN_IF_ERROR(compare(comparison::equal, args[0], args[1], call.rows, bytes));
  if (args[0].array->null_count() > 0 || args[1].array->null_count() > 0)
    for (std::int64_t i = 0; i < call.rows; ++i) {
      const bool a = args[0].null(i), b = args[1].null(i);
      bytes[i] = a || b ? a && b : bytes[i];
    }
  return finish_booleans(bytes, {});
}

result<data::array_ptr> evaluate_between(const frame& call, const operands& args) {
  std::vector<std::uint8_t> above, below;
  SLUICE_RETURN_IF_ERROR(compare(comparison::greater_or_equal, args[0], args[1], call.rows, above));
  SLUICE_RETURN_IF_ERROR(compare(comparison::less_or_equal, args[0], args[2], call.rows, below));
  null_mask nulls;
  for (std::int64_t i = 0; i < call.rows; ++i) {
    const bool value_null = args[0].null(i);
    const bool above_null = value_null || args[1].null(i), below_null = value_null || args[2].null(i);
    const bool is_false = (!above_null && !above[i]) || (!below_null && !below[i]);
    if (!is_false && (above_null || below_null)) {
      if (!nulls.any()) {
        SLUICE_ASSIGN_OR_RETURN(nulls, null_mask::of({}, call.rows));
      }
      SLUICE_RETURN_IF_ERROR(nulls.set_null(i));
    }
    above[i] = !is_false;
  }
  return finish_booleans(above, nulls);
}

result<data::array_ptr> evaluate_in(const frame& call, const operands& args) {
  std::vector<std::uint8_t> found(call.rows, 0), one;
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of({}, call.rows));
  bool list_has_null = false;
  for (std::size_t k = 1; k < args.size(); ++k) {
    const bool may_be_null = args[k].array->null_count() > 0;
    if (may_be_null && args[k].constant) {
      list_has_null = true;
      continue;
    }
    SLUICE_RETURN_IF_ERROR(compare(comparison::equal, args[0], args[k], call.rows, one));
    if (may_be_null)
      for (std::int64_t i = 0; i < call.rows; ++i)
        one[i] = args[k].null(i) ? 2 : one[i];
    for (std::int64_t i = 0; i < call.rows; ++i)
      found[i] |= one[i];
  }
  for (std::int64_t i = 0; i < call.rows; ++i) {
    const bool unknown = args[0].null(i) || (!(found[i] & 1) && (list_has_null || (found[i] & 2)));
    if (unknown)
      SLUICE_RETURN_IF_ERROR(nulls.set_null(i));
    found[i] &= 1;
  }
  return finish_booleans(found, nulls);
}

status check_orderable(const data::type_ptr& type, const call_site& site) {
  if (is_orderable(*type))
    return ok();
  return site.mismatch("The `" + site.name + "` does not support ordering on type \"" + sql_type(*type) + "\".",
                       "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE");
}

result<resolved> resolve_comparison(std::vector<expr_ptr>& args, call_site& site) {
  for (std::size_t i = 0; i < 2 && !site.session.ansi && (site.name == "=" || site.name == "<=>" || site.name == "<>"); ++i)
    if (args[i]->type->id() == arrow::Type::BOOL && is_number_type(*args[1 - i]->type))
      args[i] = implicit_cast(args[i], args[1 - i]->type);
  SLUICE_ASSIGN_OR_RETURN(auto type, unify_pair(args, site));
  SLUICE_RETURN_IF_ERROR(check_orderable(type, site));
  return resolved{arrow::boolean(), site.name != "<=>" && any_nullable(args)};
}

result<resolved> resolve_list(std::vector<expr_ptr>& args, call_site& site) {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < args.size(); ++i)
    all.push_back(i);
  SLUICE_ASSIGN_OR_RETURN(auto type, unify(args, all, site));
  SLUICE_RETURN_IF_ERROR(check_orderable(type, site));
  return resolved{arrow::boolean(), any_nullable(args)};
}

constexpr function comparison_table[] = {
  {"=", "==", 2, 2, resolve_comparison, evaluate_comparison<comparison::equal>, nullptr, "a = b", "Whether both are equal; null if one is null."},
  {"<>", "!=", 2, 2, resolve_comparison, evaluate_comparison<comparison::not_equal>, nullptr, "a <> b", "Whether both differ; null if one is null."},
  {"<", "", 2, 2, resolve_comparison, evaluate_comparison<comparison::less>, nullptr, "a < b", "Whether a is less."},
  {"<=", "", 2, 2, resolve_comparison, evaluate_comparison<comparison::less_or_equal>, nullptr, "a <= b", "Whether a is less or equal."},
  {">", "", 2, 2, resolve_comparison, evaluate_comparison<comparison::greater>, nullptr, "a > b", "Whether a is greater."},
  {">=", "", 2, 2, resolve_comparison, evaluate_comparison<comparison::greater_or_equal>, nullptr, "a >= b", "Whether a is greater or equal."},
  {"<=>", "", 2, 2, resolve_comparison, evaluate_null_safe_equal, nullptr, "a <=> b", "Equality in which nulls are equal; never null."},
  {"between", "", 3, 3, resolve_list, evaluate_between, nullptr, "a BETWEEN low AND high", "Whether low <= a <= high."},
  {"in", "", 2, any_number, resolve_list, evaluate_in, nullptr, "a IN (b, ...)", "Whether a equals one of the values."},
};

} // namespace

std::span<const function> comparison_functions() { return comparison_table; }

} // namespace sluice::expr
