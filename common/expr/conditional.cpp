#include <arrow/array/concatenate.h>

#include "common/expr/coercion.hpp"
#include "common/expr/compare.hpp"
#include "common/expr/compute.hpp"
#include "common/expr/tables.hpp"

namespace sluice::expr {

namespace {

/// Picks for every row one of several values (or null).
class chooser {
public:
  chooser(std::int64_t rows, data::type_ptr type) : choice_(rows, -1), type_(std::move(type)) {}

  /// Rows that have no value yet.
  std::vector<std::uint8_t> open() const {
    std::vector<std::uint8_t> rows(choice_.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
      rows[i] = choice_[i] < 0;
    return rows;
  }
  void choose(std::int64_t row) { choice_[row] = static_cast<std::int32_t>(values_.size()); }
  void add(operand value) { values_.push_back(std::move(value)); }

  result<operand> finish() const {
    const auto rows = static_cast<std::int64_t>(choice_.size());
    if (auto single = only_choice(); single >= 0)
      return values_[single];
    arrow::ArrayVector parts;
    std::vector<std::int64_t> starts;
    std::int64_t total = 0;
    for (const auto& value : values_) {
      starts.push_back(total);
      parts.push_back(value.array);
      total += value.array->length();
    }
    if (parts.empty()) {
      SLUICE_ASSIGN_OR_RETURN(auto nothing, all_null(type_, 1));
      return operand{nothing, true};
    }
    SLUICE_ASSIGN_OR_RETURN(auto all, data::from_arrow(arrow::Concatenate(parts)));
    arrow::Int64Builder places;
    SLUICE_RETURN_IF_ERROR(data::from_arrow(places.Reserve(rows)));
    for (std::int64_t i = 0; i < rows; ++i) {
      if (choice_[i] < 0)
        places.UnsafeAppendNull();
      else
        places.UnsafeAppend(starts[choice_[i]] + values_[choice_[i]].at(i));
    }
    SLUICE_ASSIGN_OR_RETURN(auto at, finish_builder(places));
    SLUICE_ASSIGN_OR_RETURN(auto picked, take(*all, *at));
    return operand{picked, false};
  }

private:
  std::int32_t only_choice() const {
    if (choice_.empty())
      return -1;
    for (auto one : choice_)
      if (one != choice_[0])
        return -1;
    return choice_[0];
  }

  std::vector<std::int32_t> choice_;
  std::vector<operand> values_;
  data::type_ptr type_;
};

bool is_true(const operand& condition, std::int64_t row) {
  if (condition.id() == arrow::Type::NA || condition.null(row))
    return false;
  return static_cast<const arrow::BooleanArray&>(*condition.array).Value(condition.at(row));
}

/// args: condition, value, …, [otherwise]
result<operand> evaluate_case(evaluation& evaluate, const node& call) {
  chooser choose{evaluate.rows(), call.type};
  std::size_t arm = 0;
  for (; arm + 1 < call.args.size(); arm += 2) {
    auto open = choose.open();
    SLUICE_ASSIGN_OR_RETURN(auto condition, evaluate.where(*call.args[arm], open));
    bool any = false;
    for (std::int64_t i = 0; i < evaluate.rows(); ++i) {
      open[i] = open[i] && is_true(condition, i);
      any = any || open[i];
      if (open[i])
        choose.choose(i);
    }
    if (!any)
      continue;
    SLUICE_ASSIGN_OR_RETURN(auto value, evaluate.where(*call.args[arm + 1], open));
    choose.add(std::move(value));
  }
  if (arm < call.args.size()) {
    const auto open = choose.open();
    for (std::int64_t i = 0; i < evaluate.rows(); ++i)
      if (open[i])
        choose.choose(i);
    SLUICE_ASSIGN_OR_RETURN(auto value, evaluate.where(*call.args[arm], open));
    choose.add(std::move(value));
  }
  return choose.finish();
}

result<operand> evaluate_coalesce(evaluation& evaluate, const node& call) {
  chooser choose{evaluate.rows(), call.type};
  for (const auto& arg : call.args) {
    const auto open = choose.open();
    SLUICE_ASSIGN_OR_RETURN(auto value, evaluate.where(*arg, open));
    bool left = false;
    for (std::int64_t i = 0; i < evaluate.rows(); ++i) {
      if (open[i] && !value.null(i))
        choose.choose(i);
      else
        left = left || open[i];
    }
    choose.add(std::move(value));
    if (!left)
      break;
  }
  return choose.finish();
}

/// args: value, other, both coerced for the comparison; then the value as it was, if coercion changed it.
result<data::array_ptr> evaluate_nullif(const frame& call, const operands& args) {
  std::vector<std::uint8_t> equal;
  SLUICE_RETURN_IF_ERROR(compare(comparison::equal, args[0], args[1], call.rows, equal));
  const auto& value = args.size() > 2 ? args[2] : args[0];
  arrow::Int64Builder places;
  for (std::int64_t i = 0; i < call.rows; ++i) {
    const bool same = equal[i] && !args[0].null(i) && !args[1].null(i);
    SLUICE_RETURN_IF_ERROR(data::from_arrow(same ? places.AppendNull() : places.Append(value.at(i))));
  }
  SLUICE_ASSIGN_OR_RETURN(auto at, finish_builder(places));
  return take(*value.array, *at);
}

status require_condition(std::vector<expr_ptr>& args, std::size_t index, const call_site& site) {
  if (args[index]->type->id() != arrow::Type::BOOL && !is_null(*args[index]->type) && !is_text(*args[index]->type))
    return unexpected_type(args, index, "\"BOOLEAN\"", site);
  args[index] = implicit_cast(args[index], arrow::boolean());
  return ok();
}

result<resolved> resolve_case(std::vector<expr_ptr>& args, call_site& site) {
  std::vector<std::size_t> values;
  bool nullable = args.size() % 2 == 0;
  for (std::size_t i = 0; i + 1 < args.size(); i += 2) {
    SLUICE_RETURN_IF_ERROR(require_condition(args, i, site));
    values.push_back(i + 1);
  }
  if (args.size() % 2)
    values.push_back(args.size() - 1);
  SLUICE_ASSIGN_OR_RETURN(auto type, unify(args, values, site));
  for (auto index : values)
    nullable = nullable || args[index]->nullable;
  return resolved{type, nullable};
}

result<resolved> resolve_coalesce(std::vector<expr_ptr>& args, call_site& site) {
  std::vector<std::size_t> all;
  bool nullable = true;
  for (std::size_t i = 0; i < args.size(); ++i) {
    all.push_back(i);
    nullable = nullable && args[i]->nullable;
  }
  SLUICE_ASSIGN_OR_RETURN(auto type, unify(args, all, site));
  return resolved{type, nullable};
}

result<resolved> resolve_nullif(std::vector<expr_ptr>& args, call_site& site) {
  const auto value = args[0];
  SLUICE_ASSIGN_OR_RETURN(auto type, unify_pair(args, site));
  if (!is_orderable(*type))
    return unexpected_type(args, 0, "orderable", site);
  if (args[0] != value)
    args.push_back(value);
  return resolved{value->type, true};
}

/// nvl2(a, b, c) is CASE WHEN a IS NOT NULL THEN b ELSE c END.
result<resolved> resolve_nvl2(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(args[0], call("is_not_null", {args[0]}, site.position, site.session));
  return resolve_case(args, site);
}

constexpr function conditional_table[] = {
  {"case", "", 2, any_number, resolve_case, nullptr, evaluate_case, "CASE WHEN a THEN b ... ELSE c END", "The value behind the first condition that is true."},
  {"if", "", 3, 3, resolve_case, nullptr, evaluate_case, "if(condition, a, b)", "a where the condition is true, else b."},
  {"coalesce", "", 1, any_number, resolve_coalesce, nullptr, evaluate_coalesce, "coalesce(a, ...)", "The first value that is not null."},
  {"ifnull", "nvl", 2, 2, resolve_coalesce, nullptr, evaluate_coalesce, "ifnull(a, b)", "a, or b where a is null."},
  {"nvl2", "", 3, 3, resolve_nvl2, nullptr, evaluate_case, "nvl2(a, b, c)", "b where a is not null, else c."},
  {"nullif", "", 2, 2, resolve_nullif, evaluate_nullif, nullptr, "nullif(a, b)", "Null where a equals b, else a."},
};

} // namespace

std::span<const function> conditional_functions() { return conditional_table; }

} // namespace sluice::expr
