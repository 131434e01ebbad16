#pragma once
/// What has arrived from each peer of an attempt, and whether that is all. Plain bookkeeping, owned by one actor.
///
/// Blocks are numbered from 0 per (attempt, peer); an end marker says how many blocks and rows there were. Blocks and markers may
/// arrive twice and in any order.
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/base/status.hpp"

namespace sluice::exchange {

class exchange_tracker {
public:
  enum class verdict { fresh, duplicate };

  /// `peers`: whoever sends to us in this attempt, we ourselves not among them.
  explicit exchange_tracker(const std::vector<std::string>& peers);

  /// Errors: protocol (no such peer, or more than its end marker allows).
  result<verdict> block(const std::string& peer, std::uint64_t sequence, std::int64_t rows);
  /// Errors: protocol (no such peer, contradicts an earlier marker, or fewer than what arrived).
  status end(const std::string& peer, std::uint64_t blocks, std::int64_t rows);

  /// Every peer's end marker and all its blocks are here.
  bool complete() const noexcept { return open_peers_ == 0; }
  /// Peers whose blocks or marker are missing, for messages.
  std::vector<std::string> missing() const;
  std::int64_t rows() const noexcept { return rows_; }

private:
  struct edge {
    std::uint64_t next = 0;               ///< all below have arrived
    std::set<std::uint64_t> ahead;        ///< arrived beyond `next`
    std::uint64_t blocks = 0;
    std::int64_t rows = 0;
    bool ended = false;
    std::uint64_t expected_blocks = 0;
    std::int64_t expected_rows = 0;
    bool closed = false;
  };
  status settle(const std::string& peer, edge& at);

  std::map<std::string, edge> edges_;
  std::size_t open_peers_ = 0;
  std::int64_t rows_ = 0;
};

} // namespace sluice::exchange
