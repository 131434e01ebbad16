#include <arrow/api.h>

#include <numeric>

#include "common/data/keys.hpp"
#include "common/exec/internal/evaluate_column.hpp"
#include "common/exec/internal/rows.hpp"
#include "common/exec/pipeline.hpp"

namespace sluice::exec {
namespace {

/// One sort key's values as bytes in their order.
struct sort_column {
  data::array_ptr array;
  std::string bytes;
  std::vector<std::uint32_t> offsets;
  bool ascending = true;
  bool nulls_first = true;
  bool has_nulls = false;

  std::string_view value(std::int64_t row) const {
    return std::string_view(bytes).substr(offsets[row], offsets[row + 1] - offsets[row]);
  }
  /// < 0, 0, > 0
  int compare(std::int64_t a, std::int64_t b) const {
    if (has_nulls) {
      auto left = array->IsNull(a), right = array->IsNull(b);
      if (left || right) return left == right ? 0 : left == nulls_first ? -1 : 1;
    }
    auto order = value(a).compare(value(b));
    return ascending ? order : -order;
  }
};

result<sort_column> make_sort_column(const plan::sort_key& key, const data::batch_ptr& rows, const expr::eval_context& context) {
  sort_column column;
  SLUICE_ASSIGN_OR_RETURN(column.array, evaluate_column(*key.expression, *rows, context));
  SLUICE_RETURN_IF_ERROR(data::key_encoder({key.expression->type}).encode({column.array}, column.bytes, column.offsets));
  column.ascending = key.ascending;
  column.nulls_first = key.nulls_first;
  column.has_nulls = column.array->null_count() > 0 || column.array->type_id() == arrow::Type::NA;
  return column;
}

} // namespace

result<std::vector<std::int64_t>> sorted_order(const std::vector<plan::sort_key>& keys, const data::batch_ptr& rows, std::int64_t kept,
                                               const expr::eval_context& context) {
  auto count = rows->num_rows();
  std::vector<sort_column> columns;
  for (const auto& key : keys) {
    SLUICE_ASSIGN_OR_RETURN(auto column, make_sort_column(key, rows, context));
    columns.push_back(std::move(column));
  }
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  auto before = [&](std::int64_t a, std::int64_t b) {
    for (const auto& column : columns)
      if (auto relation = column.compare(a, b); relation != 0) return relation < 0;
    return a < b;
  };
  if (kept < count)
    std::partial_sort(order.begin(), order.begin() + kept, order.end(), before);
  else
    std::sort(order.begin(), order.end(), before);
  order.resize(static_cast<std::size_t>(std::min(kept, count)));
  return order;
}

result<data::batch_ptr> sort_and_limit(const std::vector<plan::sort_key>& keys, std::optional<std::int64_t> limit,
                                       const std::vector<data::batch_ptr>& batches, const data::schema_ptr& schema,
                                       const expr::eval_context& context) {
  SLUICE_ASSIGN_OR_RETURN(auto rows, concatenate(batches, schema));
  auto count = rows->num_rows();
  auto kept = std::clamp<std::int64_t>(limit.value_or(count), 0, count);
  if (keys.empty() || kept == 0) return rows->Slice(0, kept);
  SLUICE_ASSIGN_OR_RETURN(auto order, sorted_order(keys, rows, kept, context));
  return take_rows(rows, order);
}

} // namespace sluice::exec
