#pragma once
/// Rows as a client takes them: Arrow IPC streams of one record batch each, with Spark's types. Pure.
#include <memory>
#include <string>
#include <vector>

#include "common/data/types.hpp"

namespace spark::connect {
class ExecutePlanResponse;
} // namespace spark::connect

namespace sluice::connect {

/// A result, cut into messages one after the other, so that only some stand in memory encoded.
class result_chunks {
public:
  /// `time_zone`: of the session; timestamps carry it.
  result_chunks(data::schema_ptr schema, std::vector<data::batch_ptr> batches, const std::string& time_zone);
  bool done() const { return done_; }
  /// Fills the next arrow_batch; the first comes even without rows. Error: internal.
  status next(spark::connect::ExecutePlanResponse& out);

private:
  result<data::batch_ptr> gather();

  data::schema_ptr schema_;
  data::schema_ptr shown_;
  std::vector<data::batch_ptr> batches_;
  std::size_t at_ = 0;
  std::int64_t row_ = 0;         ///< of batch at_
  std::int64_t rows_sent_ = 0;
  std::int64_t rows_per_chunk_ = 0;
  bool done_ = false;
};

/// One row, one column that is never null.
data::batch_ptr text_row(const std::string& column, const std::string& text);

} // namespace sluice::connect
