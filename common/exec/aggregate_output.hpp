#pragma once
/// From slice states to output rows of an aggregation: keys, window, finished aggregates. Not thread safe.
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "common/data/keys.hpp"
#include "common/exec/accumulator.hpp"
#include "common/exec/slices.hpp"

namespace sluice::exec {

/// State of one slice of a key, wherever it is kept. Without window: slice 0.
struct slice_state {
  std::int64_t slice = 0;
  const aggregate_states* states = nullptr;
  std::uint32_t row = 0;
};

/// Appends the starts of the windows that hold `slice` and are newer than the last one in `windows`.
void append_windows(const slice_grid& grid, std::int64_t slice, std::vector<std::int64_t>& windows);

class aggregate_output {
public:
  using batch_sink = std::function<status(data::batch_ptr)>;
  static result<aggregate_output> make(const plan::aggregation& aggregation, const expr::options& session, batch_sink sink,
                                       std::size_t batch_rows = 8192);

  /// The row of a key of an aggregation without window.
  status add(std::string_view key, const slice_state& state);
  /// The rows of the given windows (ascending, each holding at least one slice) from all slices of the key that lie in them
  /// (ascending). O(slices + windows).
  status add_windows(std::string_view key, std::span<const slice_state> slices, std::span<const std::int64_t> windows);
  /// The row of no input at all (an aggregation without keys and window).
  status add_default();
  /// Hands the rows still held to the sink.
  status finish();
  std::int64_t rows() const noexcept { return rows_; }

private:
  aggregate_output(const plan::aggregation& aggregation, batch_sink sink, std::size_t batch_rows, aggregate_states merged,
                   aggregate_states scratch);
  result<std::uint32_t> new_row(std::string_view key, std::int64_t window);
  status merge_directly(std::string_view key, std::span<const slice_state> slices, std::span<const std::int64_t> windows);
  status merge_two_stacks(std::string_view key, std::span<const slice_state> slices, std::span<const std::int64_t> windows);
  status emit();

  data::schema_ptr schema_;
  bool windowed_ = false;
  slice_grid grid_;
  data::key_encoder encoder_;
  batch_sink sink_;
  std::size_t batch_rows_;
  aggregate_states merged_;   ///< one group per row held
  aggregate_states scratch_;  ///< two-stack aggregation: 0 is the front's total, 1… the suffixes of the back
  std::string key_bytes_;
  std::vector<std::size_t> key_ends_;
  std::vector<std::int64_t> windows_;
  std::int64_t rows_ = 0;
};

} // namespace sluice::exec
