#pragma once
/// Names of immutable objects of a batch: "<batch>-<attempt>-<index>.<kind>", index being the worker's place in the order's list
/// of workers (never its name). The batch in front lets garbage collection see whether an unnamed object can still be committed.
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::storage {

/// `kind`: "state" (below <checkpoint>/state) or "rows" (below <checkpoint>/staged).
inline std::string object_name(std::int64_t batch, std::string_view attempt, std::size_t index, std::string_view kind) {
  return std::to_string(batch) + "-" + std::string{attempt} + "-" + std::to_string(index) + "." + std::string{kind};
}

/// Name of the directory below <sink>/_staging that holds the files of an attempt.
inline std::string staging_name(std::int64_t batch, std::string_view attempt) {
  return std::to_string(batch) + "-" + std::string{attempt};
}

/// The batch of an object or staging directory; empty if the name is not one of ours.
inline std::optional<std::int64_t> batch_of_object(std::string_view name) {
  std::int64_t batch = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), batch);
  if (error != std::errc{} || end == name.data() + name.size() || *end != '-' || batch < 0) return std::nullopt;
  return batch;
}

} // namespace sluice::storage
