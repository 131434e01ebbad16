#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/compute/api.h>
#include <arrow/compute/initialize.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>

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

evaluation::evaluation(const arrow::RecordBatch& batch, const eval_context& context) : batch_(batch), context_(context) {}

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
  std::vector<data::array_ptr> columns;
  for (const auto& column : batch_.columns()) {
    SLUICE_ASSIGN_OR_RETURN(auto taken, take(*column, *row_numbers));
    columns.push_back(std::move(taken));
  }
  auto some = arrow::RecordBatch::Make(batch_.schema(), next, std::move(columns));
  evaluation inner{*some, context_};
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
