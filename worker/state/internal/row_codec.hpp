#pragma once
/// State rows as record batches: what stands in sections, in spilled blocks and (with a group column) in exchange blocks.
#include <span>
#include <vector>

#include "common/data/types.hpp"
#include "common/exec/accumulator.hpp"

namespace arrow {
class BinaryArray;
}

namespace sluice::state {

/// Columns of a batch of state rows, checked against the aggregation.
struct state_rows {
  data::batch_ptr batch;
  const arrow::BinaryArray* keys = nullptr;
  const std::int64_t* slices = nullptr;    ///< null without window
  const std::uint16_t* groups = nullptr;   ///< null in sections
  std::vector<data::array_ptr> columns;    ///< state columns
  std::int64_t count = 0;
  std::int64_t slice(std::int64_t row) const noexcept { return slices ? slices[row] : 0; }
};

class row_codec {
public:
  explicit row_codec(const plan::aggregation& aggregation);

  const data::schema_ptr& section_schema() const noexcept { return section_; }
  /// Rows of a block as it came over the exchange. Error: protocol.
  result<state_rows> read_block(const data::batch_ptr& block) const;
  /// Rows of a section or spilled block. Error: corrupt_file.
  result<std::vector<state_rows>> read_section(std::string_view bytes) const;
  /// A section of rows given in order.
  result<std::string> write_section(std::span<const std::string_view> keys, std::span<const std::int64_t> slices,
                                    std::vector<data::array_ptr> columns) const;

private:
  result<state_rows> split(const data::batch_ptr& batch, const data::schema_ptr& schema, errc code) const;

  data::schema_ptr block_;
  data::schema_ptr section_;
  bool windowed_ = false;
  std::int64_t slide_ = 0;
  std::optional<plan::window_spec> window_;
};

} // namespace sluice::state
