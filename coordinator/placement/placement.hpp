#pragma once
/// Which worker gets which key groups and which splits of an attempt. Pure functions; results depend on arguments alone, so a
/// simulation repeats them. Batches do not depend on them (results are the same wherever rows go).
#include <cstdint>
#include <string>
#include <vector>

namespace sluice::placement {

struct member {
  std::string id;
  std::uint32_t slots = 1;
};

/// Key group -> index into `workers` (which must not be empty). Shares follow slots; a worker keeps the groups it has in
/// `previous` (id per group; empty or unknown: none) up to its share, so a rescale moves as few as balance allows.
std::vector<std::uint32_t> place_groups(const std::vector<member>& workers, std::uint32_t num_groups,
                                        const std::vector<std::string>& previous);

/// Split -> index into `workers` (which must not be empty), balanced by bytes per slot. `rotation` (the batch) moves where small batches start.
std::vector<std::uint32_t> place_splits(const std::vector<member>& workers, const std::vector<std::int64_t>& bytes, std::uint64_t rotation);

} // namespace sluice::placement
