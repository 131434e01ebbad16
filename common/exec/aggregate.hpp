#pragma once
/// Partial aggregation before the exchange, and what crosses it.
///
/// Time is cut into slices at every window start and every window end (never by gcd); a row updates one slice. A partial row is
/// (key group, encoded key, slice start, state columns); the schema of blocks is `block_schema`. First, last and collect_* carry the
/// row's position (batch, split, row), so that results do not depend on placement.
#include <memory>
#include <vector>

#include "common/plan/plan.hpp"

namespace sluice::exec {

/// Key group -> destination (an index over all slots of all workers of the attempt).
struct routing {
  std::uint32_t num_key_groups = 1;
  std::vector<std::uint32_t> destination_of_group;  ///< size num_key_groups
};

struct routed_block {
  std::uint32_t destination = 0;
  data::batch_ptr rows;
};

/// "__group" uint16, "__key" binary, "__slice" int64 (windowed only), then the state columns of each call in order.
data::schema_ptr block_schema(const plan::aggregation& aggregation);

struct partial_options {
  std::size_t memory_bytes = 4 << 20;   ///< flushed when full
  std::size_t block_rows = 16 << 10;    ///< a block is cut at this many rows
  double give_up_ratio = 0.7;           ///< stops aggregating when more than this share of rows stays distinct
};

/// One per slot and batch attempt; not thread safe.
class partial_aggregator {
public:
  static result<std::unique_ptr<partial_aggregator>> make(const plan::aggregation& aggregation, routing routes,
                                                          expr::eval_context context, std::int64_t batch, partial_options options = {});
  virtual ~partial_aggregator() = default;
  /// Adds the rows of a batch; `split` and `first_row` give their positions. Appends full blocks to `out`.
  virtual status add(const data::batch_ptr& rows, std::int32_t split, std::int64_t first_row, std::vector<routed_block>& out) = 0;
  /// Everything still held, as blocks. The aggregator is empty afterwards.
  virtual status flush(std::vector<routed_block>& out) = 0;
  /// Rows added so far that fell out for a null time.
  virtual std::int64_t rows_without_window() const = 0;
};

} // namespace sluice::exec
