#include "coordinator/actors/worker_registry.hpp"

#include <algorithm>

namespace sluice::actors {

void worker_registry::opened(std::uint64_t link, microseconds now) { strangers_[link] = now; }

result<std::uint32_t> worker_registry::greeted(std::uint64_t link, const greeting& hello, microseconds now) {
  if (workers_.count(link) != 0) return status(errc::protocol, "a worker greeted twice: " + hello.worker.text);
  auto version = std::min(hello.max_version, max_link_version);
  if (version < std::max(hello.min_version, min_link_version))
    return status(errc::protocol, "worker " + hello.worker.text + " speaks link versions " +
                                      std::to_string(hello.min_version) + " to " + std::to_string(hello.max_version) +
                                      ", this coordinator " + std::to_string(min_link_version) + " to " +
                                      std::to_string(max_link_version));
  if (hello.worker.empty() || hello.slots == 0)
    return status(errc::protocol, "a worker greeted without an id or without slots");
  for (const auto& [other, worker] : workers_)
    if (worker.id == hello.worker)
      return status(errc::protocol, "worker " + hello.worker.text + " is connected already");
  strangers_.erase(link);
  workers_[link] = {hello.worker, link, hello.slots, hello.data_address, hello.pid, false, now};
  return version;
}

void worker_registry::sign_of_life(std::uint64_t link, microseconds now) {
  if (auto worker = workers_.find(link); worker != workers_.end()) worker->second.last_sign = now;
}

bool worker_registry::leaving(std::uint64_t link) {
  auto worker = workers_.find(link);
  if (worker == workers_.end() || worker->second.draining) return false;
  worker->second.draining = true;
  return true;
}

std::optional<registered_worker> worker_registry::closed(std::uint64_t link) {
  strangers_.erase(link);
  auto found = workers_.find(link);
  if (found == workers_.end()) return std::nullopt;
  auto worker = std::move(found->second);
  workers_.erase(found);
  return worker;
}

std::vector<std::uint64_t> worker_registry::silent(microseconds now) const {
  std::vector<std::uint64_t> links;
  for (const auto& [link, since] : strangers_)
    if (now - since >= silence_) links.push_back(link);
  for (const auto& [link, worker] : workers_)
    if (now - worker.last_sign >= silence_) links.push_back(link);
  return links;
}

std::vector<registered_worker> worker_registry::workers() const {
  std::vector<registered_worker> all;
  for (const auto& [link, worker] : workers_) all.push_back(worker);
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return all;
}

const registered_worker* worker_registry::find(std::uint64_t link) const {
  auto found = workers_.find(link);
  return found == workers_.end() ? nullptr : &found->second;
}

} // namespace sluice::actors
