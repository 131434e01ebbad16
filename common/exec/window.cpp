// Window functions: the rows are gathered and sorted by partition and order; each call then adds a column.
#include <arrow/api.h>

#include <algorithm>

#include "common/data/keys.hpp"
#include "common/exec/internal/evaluate_column.hpp"
#include "common/exec/internal/row_source.hpp"
#include "common/exec/internal/rows.hpp"
#include "common/exec/internal/window_calls.hpp"

namespace sluice::exec {
namespace {

constexpr std::int64_t window_piece = 1 << 16;

/// Values of several columns as bytes, row by row.
struct encoded_rows {
  std::string bytes;
  std::vector<std::uint32_t> offsets;
  std::string_view operator[](std::int64_t row) const {
    return std::string_view(bytes).substr(offsets[row], offsets[row + 1] - offsets[row]);
  }
};

result<encoded_rows> encoded(const std::vector<expr::expr_ptr>& values, const arrow::RecordBatch& rows, const expr::eval_context& context) {
  encoded_rows out;
  if (values.empty()) {
    out.offsets.assign(static_cast<std::size_t>(rows.num_rows()) + 1, 0);
    return out;
  }
  std::vector<data::array_ptr> columns;
  std::vector<data::type_ptr> types;
  for (const auto& value : values) {
    SLUICE_ASSIGN_OR_RETURN(auto column, evaluate_column(*value, rows, context));
    columns.push_back(std::move(column));
    types.push_back(value->type);
  }
  SLUICE_RETURN_IF_ERROR(data::key_encoder(types).encode(columns, out.bytes, out.offsets));
  return out;
}

class windowed_rows final : public row_source {
public:
  windowed_rows(plan::node_ptr node, source_ptr input, run_scope scope)
      : node_(std::move(node)), input_(std::move(input)), scope_(std::move(scope)) {}

  result<data::batch_ptr> next() override {
    if (input_) {
      SLUICE_ASSIGN_OR_RETURN(rows_, compute());
      input_ = nullptr;
    }
    if (at_ >= rows_->num_rows()) return data::batch_ptr();
    auto piece = rows_->Slice(at_, window_piece);
    at_ += piece->num_rows();
    return piece;
  }

private:
  result<data::batch_ptr> compute() {
    const auto& window = node_->window;
    SLUICE_ASSIGN_OR_RETURN(auto gathered, gather(*input_, node_->inputs[0]->output, *scope_.budget));
    std::vector<plan::sort_key> keys;
    for (const auto& value : window.partition) keys.push_back({value, true, true});
    keys.insert(keys.end(), window.order.begin(), window.order.end());
    sorted_window sorted{gathered, {}, {}, {}};
    if (!keys.empty()) {
      SLUICE_RETURN_IF_ERROR(scope_.budget->hold(size_of(*gathered)));
      SLUICE_ASSIGN_OR_RETURN(auto order, sorted_order(keys, gathered, gathered->num_rows(), scope_.context));
      SLUICE_ASSIGN_OR_RETURN(sorted.rows, take_rows(gathered, order));
    }
    SLUICE_RETURN_IF_ERROR(find_partitions(sorted));
    auto columns = sorted.rows->columns();
    for (const auto& call : window.calls) {
      SLUICE_ASSIGN_OR_RETURN(auto frames, frames_of(call, window, sorted, scope_.context));
      SLUICE_ASSIGN_OR_RETURN(auto values, window_values(call, frames, sorted, scope_.context));
      columns.push_back(std::move(values));
    }
    return arrow::RecordBatch::Make(node_->output, sorted.rows->num_rows(), std::move(columns));
  }

  status find_partitions(sorted_window& sorted) {
    std::vector<expr::expr_ptr> order;
    for (const auto& key : node_->window.order) order.push_back(key.expression);
    auto partitions = encoded(node_->window.partition, *sorted.rows, scope_.context);
    if (!partitions.ok()) return partitions.error();
    auto orders = encoded(order, *sorted.rows, scope_.context);
    if (!orders.ok()) return orders.error();
    auto count = sorted.rows->num_rows();
    sorted.peer_begin.resize(static_cast<std::size_t>(count));
    sorted.peer_end.resize(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) {
      bool starts = i == 0 || (*partitions)[i] != (*partitions)[i - 1];
      if (starts) sorted.partitions.push_back({i, i});
      sorted.partitions.back().end = i + 1;
      bool peer = !starts && (*orders)[i] == (*orders)[i - 1];
      sorted.peer_begin[i] = peer ? sorted.peer_begin[i - 1] : i;
    }
    for (auto i = count - 1; i >= 0; --i) {
      bool last = i == count - 1 || sorted.peer_begin[i + 1] != sorted.peer_begin[i];
      sorted.peer_end[i] = last ? i + 1 : sorted.peer_end[i + 1];
    }
    return ok();
  }

  plan::node_ptr node_;
  source_ptr input_;
  run_scope scope_;
  data::batch_ptr rows_;
  std::int64_t at_ = 0;
};

} // namespace

namespace {

/// Places values of a RANGE bound among the sort key's values.
class range_search {
public:
  static result<range_search> make(const plan::window_node& node, const expr::node& bound, const arrow::RecordBatch& rows,
                                   const expr::eval_context& context) {
    range_search out;
    const auto& key = node.order[0];
    out.ascending_ = key.ascending;
    out.nulls_first_ = key.nulls_first;
    data::key_encoder encoder({key.expression->type});
    SLUICE_ASSIGN_OR_RETURN(out.keys_, evaluate_column(*key.expression, rows, context));
    SLUICE_ASSIGN_OR_RETURN(out.bounds_, evaluate_column(bound, rows, context));
    SLUICE_RETURN_IF_ERROR(encoder.encode({out.keys_}, out.encoded_keys_.bytes, out.encoded_keys_.offsets));
    SLUICE_RETURN_IF_ERROR(encoder.encode({out.bounds_}, out.encoded_bounds_.bytes, out.encoded_bounds_.offsets));
    return out;
  }
  /// Where the key of row `a` stands to the bound of row `b`: < 0, 0, > 0 in the window's order.
  int compare(std::int64_t a, std::int64_t b) const {
    bool left = keys_->IsNull(a), right = bounds_->IsNull(b);
    if (left || right) return left == right ? 0 : left == nulls_first_ ? -1 : 1;
    auto order = encoded_keys_[a].compare(encoded_bounds_[b]);
    return ascending_ ? order : -order;
  }

private:
  data::array_ptr keys_;
  data::array_ptr bounds_;
  encoded_rows encoded_keys_;
  encoded_rows encoded_bounds_;
  bool ascending_ = true;
  bool nulls_first_ = true;
};

using bound_kind = plan::frame_bound::kind;

/// The lower (or upper) ends of all rows' frames.
status place_bound(const plan::frame_bound& bound, bool rows, bool upper, const plan::window_node& node, const sorted_window& window,
                   const expr::eval_context& context, std::vector<std::int64_t>& out) {
  out.resize(window.peer_begin.size());
  std::optional<range_search> search;
  if (bound.what == bound_kind::offset && !rows) {
    if (!bound.value || node.order.size() != 1) return {errc::invalid_plan, "a RANGE frame with an offset has one sort key"};
    auto made = range_search::make(node, *bound.value, *window.rows, context);
    if (!made.ok()) return made.error();
    search = *std::move(made);
  }
  for (const auto& partition : window.partitions) {
    for (auto i = partition.begin; i < partition.end; ++i) {
      std::int64_t at = 0;
      if (bound.what == bound_kind::unbounded_preceding) at = partition.begin;
      else if (bound.what == bound_kind::unbounded_following) at = partition.end;
      else if (bound.what == bound_kind::current_row) at = rows ? i + (upper ? 1 : 0) : upper ? window.peer_end[i] : window.peer_begin[i];
      else if (rows) at = bound.rows > partition.end - i ? partition.end : bound.rows < partition.begin - i - 1 ? partition.begin : i + bound.rows + (upper ? 1 : 0);
      else {
        std::int64_t low = partition.begin, high = partition.end;
        while (low < high) {
          auto middle = low + (high - low) / 2;
          auto order = search->compare(middle, i);
          if (upper ? order <= 0 : order < 0) low = middle + 1;
          else high = middle;
        }
        at = low;
      }
      out[i] = std::clamp(at, partition.begin, partition.end);
    }
  }
  return ok();
}

} // namespace

result<row_frames> frames_of(const plan::window_call& call, const plan::window_node& node, const sorted_window& window,
                             const expr::eval_context& context) {
  row_frames out;
  SLUICE_RETURN_IF_ERROR(place_bound(call.lower, call.rows, false, node, window, context, out.lower));
  SLUICE_RETURN_IF_ERROR(place_bound(call.upper, call.rows, true, node, window, context, out.upper));
  return out;
}

source_ptr make_window(plan::node_ptr node, source_ptr input, const run_scope& scope) {
  return std::make_unique<windowed_rows>(std::move(node), std::move(input), scope);
}

} // namespace sluice::exec
