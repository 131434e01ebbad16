#include "coordinator/placement/placement.hpp"

#include <algorithm>
#include <map>
#include <numeric>

namespace sluice::placement {
namespace {

std::uint64_t slots_of(const member& worker) { return std::max<std::uint32_t>(1, worker.slots); }

/// Each worker's number of groups: proportional to slots, remainders to the largest fraction. Among equal fractions a worker that
/// already holds more comes first, so that balance does not move groups for nothing.
std::vector<std::uint32_t> shares(const std::vector<member>& workers, std::uint32_t num_groups, const std::vector<std::uint32_t>& held) {
  std::uint64_t total = 0;
  for (const auto& worker : workers) total += slots_of(worker);
  std::vector<std::uint32_t> share(workers.size());
  std::vector<std::uint64_t> rest(workers.size());
  std::uint32_t given = 0;
  for (std::size_t i = 0; i < workers.size(); ++i) {
    const auto exact = slots_of(workers[i]) * num_groups;
    share[i] = static_cast<std::uint32_t>(exact / total);
    rest[i] = exact % total;
    given += share[i];
  }
  std::vector<std::size_t> order(workers.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) {
    if (rest[a] != rest[b]) return rest[a] > rest[b];
    if (held[a] != held[b]) return held[a] > held[b];
    return workers[a].id < workers[b].id;
  });
  for (std::size_t i = 0; given < num_groups; ++i, ++given) ++share[order[i % order.size()]];
  return share;
}

} // namespace

std::vector<std::uint32_t> place_groups(const std::vector<member>& workers, std::uint32_t num_groups,
                                        const std::vector<std::string>& previous) {
  std::map<std::string, std::uint32_t> index;
  for (std::uint32_t i = 0; i < workers.size(); ++i) index[workers[i].id] = i;
  std::vector<std::uint32_t> held(workers.size());
  for (std::uint32_t g = 0; g < num_groups && g < previous.size(); ++g)
    if (const auto it = index.find(previous[g]); it != index.end()) ++held[it->second];
  auto room = shares(workers, num_groups, held);

  std::vector<std::uint32_t> owner(num_groups, 0);
  std::vector<std::uint32_t> homeless;
  for (std::uint32_t g = 0; g < num_groups; ++g) {
    const auto it = g < previous.size() ? index.find(previous[g]) : index.end();
    if (it != index.end() && room[it->second] > 0) {
      owner[g] = it->second;
      --room[it->second];
    } else {
      homeless.push_back(g);
    }
  }
  std::uint32_t next = 0;
  for (const auto g : homeless) {
    while (room[next] == 0) ++next;
    owner[g] = next;
    --room[next];
  }
  return owner;
}

std::vector<std::uint32_t> place_splits(const std::vector<member>& workers, const std::vector<std::int64_t>& bytes, std::uint64_t rotation) {
  std::vector<std::size_t> order(bytes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return bytes[a] > bytes[b]; });
  constexpr std::int64_t per_split = 4096;  // opening a file costs something even when it is empty
  std::vector<std::int64_t> load(workers.size());
  std::vector<std::uint32_t> owner(bytes.size());
  for (const auto split : order) {
    const auto cost = std::max<std::int64_t>(0, bytes[split]) + per_split;
    std::size_t best = 0;
    double least = 0;
    for (std::size_t i = 0; i < workers.size(); ++i) {
      const auto at = (i + rotation) % workers.size();
      const auto after = static_cast<double>(load[at] + cost) / static_cast<double>(slots_of(workers[at]));
      if (i == 0 || after < least) best = at, least = after;
    }
    load[best] += cost;
    owner[split] = static_cast<std::uint32_t>(best);
  }
  return owner;
}

} // namespace sluice::placement
