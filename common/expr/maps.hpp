#pragma once
/// Maps under construction. Room-internal.
#include "common/expr/lists.hpp"

namespace sluice::expr {

/// Builds a map column of keys and items picked by position; null and repeated keys are Spark's errors.
class map_builder {
public:
  map_builder(const frame& call, const arrow::Array& keys, const arrow::Array& items);
  status add(std::int64_t key, std::int64_t item);
  /// A row that is not valid must have had no `add`.
  void end_row(bool valid = true);
  result<data::array_ptr> finish() const;

private:
  const frame& call_;
  const arrow::Array& keys_;
  const arrow::Array& items_;
  value_set seen_;
  list_gather key_positions_;
  list_gather item_positions_;
};

} // namespace sluice::expr
