#pragma once
/// One window function over sorted rows. Pure.
#include <span>
#include <vector>

#include "common/plan/plan.hpp"

namespace sluice::exec {

/// Rows [begin, end) of a partition; `peers` of a row are those equal to it in the order.
struct partition_rows {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// The sorted rows of a window node and what is known of their order.
struct sorted_window {
  data::batch_ptr rows;
  std::vector<partition_rows> partitions;
  std::vector<std::int64_t> peer_begin;  ///< per row: its first peer
  std::vector<std::int64_t> peer_end;    ///< per row: behind its last peer
};

/// The frame of each row: [lower, upper), empty if not lower < upper; within the row's partition.
struct row_frames {
  std::vector<std::int64_t> lower;
  std::vector<std::int64_t> upper;
};

result<row_frames> frames_of(const plan::window_call& call, const plan::window_node& node, const sorted_window& window,
                             const expr::eval_context& context);
result<data::array_ptr> window_values(const plan::window_call& call, const row_frames& frames, const sorted_window& window,
                                      const expr::eval_context& context);

} // namespace sluice::exec
