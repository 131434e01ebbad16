#pragma once
/// What a streaming query reads next, whatever the source. Pure: no clock, no I/O; one per source of a query, owned by the
/// query's shell, not thread safe.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/sources/file_listing.hpp"

namespace sluice::sources {

class input_source {
public:
  virtual ~input_source() = default;
  /// Whether choose() should be preceded by a fresh listing of the source's folders.
  virtual bool needs_listing() const = 0;
  virtual void on_listing(std::vector<file_entry> listing) = 0;
  /// The input of the next batch at `wall_us`; empty: none. The same call gives the same answer until take() or on_listing().
  virtual std::vector<file_entry> choose(std::int64_t wall_us) = 0;
  /// The input of batch `batch` is in its durable intent. Also used at restart, in batch order.
  virtual void take(std::int64_t batch, const std::vector<file_entry>& input) = 0;
  /// When there is more without any change of a folder; none: never.
  virtual std::optional<std::int64_t> next_input_us(std::int64_t wall_us) const = 0;
  /// Everything taken so far, for base records.
  virtual std::string to_json() const = 0;
  /// Replaces it. Error: corrupt_file.
  virtual status restore(std::string_view json) = 0;
};

} // namespace sluice::sources
