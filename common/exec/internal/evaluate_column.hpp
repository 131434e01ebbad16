#pragma once
/// An expression's values for a batch; a plain column is handed on as it is.
#include <arrow/record_batch.h>

#include "common/expr/expr.hpp"

namespace sluice::exec {

inline result<data::array_ptr> evaluate_column(const expr::node& node, const arrow::RecordBatch& batch,
                                               const expr::eval_context& context) {
  if (node.kind == expr::node_kind::column && node.index >= 0 && node.index < batch.num_columns())
    return batch.column(node.index);
  return expr::evaluate(node, batch, context);
}

} // namespace sluice::exec
