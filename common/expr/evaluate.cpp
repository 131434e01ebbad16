#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/compute/api.h>
#include <arrow/compute/initialize.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>

#include <algorithm>
#include <mutex>

#include "common/expr/compute.hpp"
#include "common/expr/function.hpp"

namespace sluice::expr {

arrow::compute::ExecContext& compute_context() {
  static std::once_flag once;
  std::call_once(once, [] { (void)arrow::compute::Initialize(); });
  thread_local arrow::compute::ExecContext context{arrow::default_memory_pool(), nullptr};
  context.set_use_threads(false);
  return context;
}

evaluation::evaluation(const arrow::RecordBatch& batch, const eval_context& context, const bindings* variables)
  : batch_(batch), context_(context), variables_(variables) {}

namespace {

result<bindings> taken(const bindings* from, const arrow::Array& rows) {
  bindings out;
  for (std::size_t i = 0; from && i < from->size(); ++i) {
    const auto& [id, value] = (*from)[i];
    SLUICE_ASSIGN_OR_RETURN(auto some, value.constant ? result<data::array_ptr>{value.array} : take(*value.array, rows));
    out.emplace_back(id, operand{some, value.constant});
  }
  return out;
}

/// Columns that the expression does not use stay as they are, with another length.
result<std::shared_ptr<arrow::RecordBatch>> taken(const arrow::RecordBatch& batch, const node& expression, const arrow::Array& rows) {
  std::vector<int> used;
  collect_columns(expression, used);
  auto columns = batch.columns();
  std::sort(used.begin(), used.end());
  used.erase(std::unique(used.begin(), used.end()), used.end());
  for (int index : used)
    if (index >= 0 && index < batch.num_columns()) {
      SLUICE_ASSIGN_OR_RETURN(columns[index], take(*columns[index], rows));
    }
  return arrow::RecordBatch::Make(batch.schema(), rows.length(), std::move(columns));
}

} // namespace

result<operand> evaluation::variable(const node& expression) const {
  for (std::size_t i = variables_ ? variables_->size() : 0; i-- > 0;)
    if ((*variables_)[i].first == expression.parameter)
      return (*variables_)[i].second;
  return status{errc::internal, "a lambda variable outside its function", expression.position};
}

result<data::array_ptr> evaluation::apply(const node& lambda, const std::vector<data::array_ptr>& parameters, const arrow::Array& parents) const {
  SLUICE_ASSIGN_OR_RETURN(auto inner_variables, taken(variables_, parents));
  const auto& body = *lambda.args[0];
  for (std::size_t i = 0; i < parameters.size() && i + 1 < lambda.args.size(); ++i)
    inner_variables.emplace_back(lambda.args[i + 1]->parameter, operand{parameters[i], false});
  SLUICE_ASSIGN_OR_RETURN(auto batch, taken(batch_, body, parents));
  evaluation inner{*batch, context_, &inner_variables};
  SLUICE_ASSIGN_OR_RETURN(auto value, inner(body));
  return broadcast(value, parents.length());
}

std::int64_t evaluation::rows() const noexcept { return batch_.num_rows(); }

result<operand> evaluation::operator()(const node& expression) {
  switch (expression.kind) {
    case node_kind::literal: {
      if (!expression.value->is_valid) {
        SLUICE_ASSIGN_OR_RETURN(auto nothing, all_null(expression.type, 1));
        return operand{nothing, true};
      }
      SLUICE_ASSIGN_OR_RETURN(auto array, data::from_arrow(arrow::MakeArrayFromScalar(*expression.value, 1)));
      return operand{array, true};
    }
    case node_kind::column:
      if (expression.index < 0 || expression.index >= batch_.num_columns())
        return status{errc::internal, "column " + std::to_string(expression.index) + " (" + expression.name + ") of a batch with " +
                                        std::to_string(batch_.num_columns()) + " columns"};
      if (batch_.column(expression.index)->type_id() != expression.type->id())
        return status{errc::internal, "column " + expression.name + " is " + data::type_name(*batch_.column(expression.index)->type()) +
                                        ", expected " + data::type_name(*expression.type)};
      return operand{batch_.column(expression.index), false};
    case node_kind::call: break;
  }
  const auto* entry = find_function(expression.name);
  if (entry == nullptr)
    return status{errc::unresolved_function, "Cannot resolve routine `" + expression.name + "`.", expression.position};
  if (entry->evaluate_lazily)
    return entry->evaluate_lazily(*this, expression);
  operands args;
  bool constant = true;
  for (const auto& arg : expression.args) {
    SLUICE_ASSIGN_OR_RETURN(auto value, (*this)(*arg));
    constant = constant && value.constant;
    args.push_back(std::move(value));
  }
  frame call{expression, context_, constant ? 1 : rows()};
  SLUICE_ASSIGN_OR_RETURN(auto array, entry->evaluate(call, args));
  return operand{std::move(array), constant};
}

result<operand> evaluation::where(const node& expression, const std::vector<std::uint8_t>& selected) {
  auto optimistic = (*this)(expression);
  if (optimistic.ok())
    return optimistic;
  arrow::Int64Builder rows, places;
  std::int64_t next = 0;
  for (std::size_t i = 0; i < selected.size(); ++i) {
    if (selected[i]) {
      SLUICE_RETURN_IF_ERROR(data::from_arrow(rows.Append(static_cast<std::int64_t>(i))));
      SLUICE_RETURN_IF_ERROR(data::from_arrow(places.Append(next++)));
    } else {
      SLUICE_RETURN_IF_ERROR(data::from_arrow(places.AppendNull()));
    }
  }
  if (next == static_cast<std::int64_t>(selected.size()))
    return optimistic;
  if (next == 0) {
    SLUICE_ASSIGN_OR_RETURN(auto nothing, all_null(expression.type, 1));
    return operand{nothing, true};
  }
  SLUICE_ASSIGN_OR_RETURN(auto row_numbers, finish_builder(rows));
  SLUICE_ASSIGN_OR_RETURN(auto some, taken(batch_, expression, *row_numbers));
  SLUICE_ASSIGN_OR_RETURN(auto variables, taken(variables_, *row_numbers));
  evaluation inner{*some, context_, &variables};
  SLUICE_ASSIGN_OR_RETURN(auto value, inner(expression));
  SLUICE_ASSIGN_OR_RETURN(auto dense, broadcast(value, next));
  SLUICE_ASSIGN_OR_RETURN(auto place_numbers, finish_builder(places));
  SLUICE_ASSIGN_OR_RETURN(auto spread, take(*dense, *place_numbers));
  return operand{spread, false};
}

result<data::array_ptr> take(const arrow::Array& values, const arrow::Array& rows) {
  return data::from_arrow(
    arrow::compute::Take(values, rows, arrow::compute::TakeOptions::NoBoundsCheck(), &compute_context()));
}

result<data::array_ptr> evaluate(const node& expression, const arrow::RecordBatch& batch, const eval_context& context) {
  evaluation run{batch, context};
  SLUICE_ASSIGN_OR_RETURN(auto value, run(expression));
  return broadcast(value, batch.num_rows());
}

result<data::batch_ptr> filter(const node& predicate, const data::batch_ptr& batch, const eval_context& context) {
  if (predicate.type->id() != arrow::Type::BOOL && predicate.type->id() != arrow::Type::NA)
    return status{errc::datatype_mismatch, "a filter must be boolean, not " + data::type_name(*predicate.type), predicate.position};
  evaluation run{*batch, context};
  SLUICE_ASSIGN_OR_RETURN(auto value, run(predicate));
  if (value.array->type_id() == arrow::Type::NA)
    return batch->Slice(0, 0);
  const auto& keep = static_cast<const arrow::BooleanArray&>(*value.array);
  if (value.constant)
    return keep.IsValid(0) && keep.Value(0) ? batch : batch->Slice(0, 0);
  const auto kept = keep.true_count();
  if (kept == batch->num_rows())
    return batch;
  if (kept == 0)
    return batch->Slice(0, 0);
  auto filtered = data::from_arrow(arrow::compute::Filter(arrow::Datum{batch}, arrow::Datum{value.array},
                                                          arrow::compute::FilterOptions::Defaults(), &compute_context()));
  if (!filtered.ok())
    return std::move(filtered).error();
  return filtered->record_batch();
}

} // namespace sluice::expr
