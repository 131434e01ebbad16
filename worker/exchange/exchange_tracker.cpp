#include "worker/exchange/exchange_tracker.hpp"

namespace sluice::exchange {
namespace {

status unknown_sender(const std::string& peer) {
  return {errc::protocol, "worker " + peer + " sent blocks of a batch it takes no part in"};
}

} // namespace

exchange_tracker::exchange_tracker(const std::vector<std::string>& peers) {
  for (const auto& peer : peers) edges_.emplace(peer, edge{});
  open_peers_ = edges_.size();
}

result<exchange_tracker::verdict> exchange_tracker::block(const std::string& peer, std::uint64_t sequence, std::int64_t rows) {
  auto found = edges_.find(peer);
  if (found == edges_.end()) return unknown_sender(peer);
  edge& at = found->second;
  if (sequence < at.next || at.ahead.contains(sequence)) return verdict::duplicate;
  if (at.ended && sequence >= at.expected_blocks)
    return status{errc::protocol, "worker " + peer + " sent more blocks than its end marker says"};
  at.ahead.insert(sequence);
  while (!at.ahead.empty() && *at.ahead.begin() == at.next) {
    at.ahead.erase(at.ahead.begin());
    ++at.next;
  }
  ++at.blocks;
  at.rows += rows;
  rows_ += rows;
  SLUICE_RETURN_IF_ERROR(settle(peer, at));
  return verdict::fresh;
}

status exchange_tracker::end(const std::string& peer, std::uint64_t blocks, std::int64_t rows) {
  auto found = edges_.find(peer);
  if (found == edges_.end()) return unknown_sender(peer);
  edge& at = found->second;
  if (at.ended) {
    if (at.expected_blocks == blocks && at.expected_rows == rows) return ok();
    return {errc::protocol, "worker " + peer + " sent two end markers that differ"};
  }
  at.ended = true;
  at.expected_blocks = blocks;
  at.expected_rows = rows;
  if (at.blocks > blocks || (!at.ahead.empty() && *at.ahead.rbegin() >= blocks))
    return {errc::protocol, "worker " + peer + " sent more blocks than its end marker says"};
  return settle(peer, at);
}

status exchange_tracker::settle(const std::string& peer, edge& at) {
  if (at.closed || !at.ended || at.blocks != at.expected_blocks) return ok();
  if (at.rows != at.expected_rows)
    return {errc::protocol, "worker " + peer + " sent " + std::to_string(at.rows) + " rows but its end marker says " +
                                std::to_string(at.expected_rows)};
  at.closed = true;
  --open_peers_;
  return ok();
}

std::vector<std::string> exchange_tracker::missing() const {
  std::vector<std::string> out;
  for (const auto& [peer, at] : edges_)
    if (!at.closed) out.push_back(peer);
  return out;
}

} // namespace sluice::exchange
