#pragma once
/// Spark's rate source: so many rows a second since the stream began, each with its time and a running value. Its input
/// goes into intents as entries like files: path "rate:<from>-<to>" (seconds since the beginning), size = rows, mtime_us = time
/// of the first row, inode = first value.
#include "coordinator/sources/input_source.hpp"

namespace sluice::sources {

struct rate_options {
  std::int64_t rows_per_second = 1;
  std::int64_t ramp_up_seconds = 0;
};

/// Options rowspersecond, rampuptime (keys in lower case). Error: invalid_option.
result<rate_options> rate_options_of(const plan::option_map& options);

/// The first value of second `second` (RateStreamProvider.valueAtSecond): the sum of all rows before it.
std::int64_t rate_value_at(std::int64_t second, const rate_options& options) noexcept;

class rate_source : public input_source {
public:
  explicit rate_source(rate_options options) : options_(options) {}

  bool needs_listing() const override { return false; }
  void on_listing(std::vector<file_entry>) override {}
  /// The whole seconds that have passed and are not taken. The first call begins the stream. A clock set back gives nothing.
  std::vector<file_entry> choose(std::int64_t wall_us) override;
  void take(std::int64_t batch, const std::vector<file_entry>& input) override;
  std::optional<std::int64_t> next_input_us(std::int64_t wall_us) const override;
  std::string to_json() const override;
  status restore(std::string_view json) override;

private:
  rate_options options_;
  std::optional<std::int64_t> begin_us_;
  std::int64_t taken_ = 0;  // seconds
};

} // namespace sluice::sources
