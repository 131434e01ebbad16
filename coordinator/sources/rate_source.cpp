#include "coordinator/sources/rate_source.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

#include "coordinator/sources/time_text.hpp"

namespace sluice::sources {

namespace {

constexpr std::int64_t second_us = 1'000'000;
constexpr std::string_view prefix = "rate:";

/// "rate:3-5": the seconds [3, 5).
std::optional<std::pair<std::int64_t, std::int64_t>> seconds_of(std::string_view path) {
  std::int64_t from = 0, to = 0;
  if (!path.starts_with(prefix)) return std::nullopt;
  path.remove_prefix(prefix.size());
  const char* end = path.data() + path.size();
  const auto first = std::from_chars(path.data(), end, from);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '-') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, to);
  if (second.ec != std::errc{} || second.ptr != end) return std::nullopt;
  return std::pair{from, to};
}

} // namespace

result<rate_options> rate_options_of(const plan::option_map& options) {
  rate_options out;
  if (const auto it = options.find("rowspersecond"); it != options.end()) {
    const auto& text = it->second;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), out.rows_per_second);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || out.rows_per_second <= 0)
      return status{errc::invalid_option, "option rowsPerSecond must be a positive integer, got '" + text + "'"};
  }
  if (const auto it = options.find("rampuptime"); it != options.end()) {
    const auto time = time_text_us(it->second, second_us);
    if (!time) return status{errc::invalid_option, "option rampUpTime must be a time like '5s', got '" + it->second + "'"};
    out.ramp_up_seconds = *time / second_us;
  }
  return out;
}

std::int64_t rate_value_at(std::int64_t second, const rate_options& options) noexcept {
  const std::int64_t ramp = options.ramp_up_seconds, rate = options.rows_per_second;
  const std::int64_t step = rate / (ramp + 1);
  if (second <= ramp) return second % 2 == 1 ? (second + 1) / 2 * second * step : second / 2 * (second + 1) * step;
  return rate_value_at(ramp, options) + (second - ramp) * rate;
}

std::vector<file_entry> rate_source::choose(std::int64_t wall_us) {
  if (!begin_us_) begin_us_ = wall_us;
  const std::int64_t now = (wall_us - *begin_us_) / second_us;
  if (now <= taken_) return {};
  const std::int64_t first = rate_value_at(taken_, options_), last = rate_value_at(now, options_);
  return {{std::string(prefix) + std::to_string(taken_) + "-" + std::to_string(now), last - first, *begin_us_ + taken_ * second_us,
           static_cast<std::uint64_t>(first)}};
}

void rate_source::take(std::int64_t, const std::vector<file_entry>& input) {
  for (const auto& entry : input) {
    const auto seconds = seconds_of(entry.path);
    if (!seconds) continue;
    begin_us_ = entry.mtime_us - seconds->first * second_us;
    taken_ = seconds->second;
  }
}

std::optional<std::int64_t> rate_source::next_input_us(std::int64_t wall_us) const {
  if (!begin_us_) return wall_us;
  return *begin_us_ + (std::max((wall_us - *begin_us_) / second_us, taken_) + 1) * second_us;
}

std::string rate_source::to_json() const {
  nlohmann::json out{{"taken", taken_}};
  if (begin_us_) out["begin"] = *begin_us_;
  return out.dump();
}

status rate_source::restore(std::string_view json) {
  const auto in = nlohmann::json::parse(json, nullptr, false);
  if (!in.is_object() || !in.contains("taken") || !in["taken"].is_number_integer() || (in.contains("begin") && !in["begin"].is_number_integer()))
    return {errc::corrupt_file, "progress of a rate source cannot be read: " + std::string(json.substr(0, 100))};
  taken_ = in["taken"].get<std::int64_t>();
  begin_us_.reset();
  if (in.contains("begin")) begin_us_ = in["begin"].get<std::int64_t>();
  return ok();
}

} // namespace sluice::sources
