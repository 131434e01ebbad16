#include "worker/exchange/credit.hpp"

#include <algorithm>

#include "common/base/misbehave.hpp"

namespace sluice::exchange {

std::int64_t receive_budget::window() const noexcept {
  auto share = total_ / std::max<std::int64_t>(1, static_cast<std::int64_t>(links_.size()));
  return std::max(guaranteed_bytes, share);
}

std::int64_t receive_budget::top_up(account& at) {
  std::int64_t wanted = window() - at.unspent - at.held;
  // Small returns wait for the next one, unless the sender may be out of credit.
  bool small = wanted < window() / 4 || misbehave::here(misbehave::point::hold_credit);
  if (wanted <= 0 || (small && at.unspent >= guaranteed_bytes / 2)) return 0;
  at.unspent += wanted;
  return wanted;
}

std::int64_t receive_budget::open(std::uint64_t link) { return top_up(links_[link] = account{}); }

void receive_budget::close(std::uint64_t link) {
  auto found = links_.find(link);
  if (found == links_.end()) return;
  held_ -= found->second.held;
  links_.erase(found);
}

void receive_budget::arrived(std::uint64_t link, std::int64_t bytes) {
  auto found = links_.find(link);
  if (found == links_.end()) return;
  found->second.unspent -= bytes;
  found->second.held += bytes;
  held_ += bytes;
}

std::int64_t receive_budget::released(std::uint64_t link, std::int64_t bytes) {
  auto found = links_.find(link);
  if (found == links_.end()) return 0;
  found->second.held -= bytes;
  held_ -= bytes;
  return top_up(found->second);
}

} // namespace sluice::exchange
