#pragma once
/// Flow control of the exchange in bytes: one receiving budget per worker, shared by its peers; each sender starts with a guaranteed
/// amount and gets back what the receiver has merged. Plain bookkeeping, owned by one actor.
///
/// A sender may send while its credit is positive, so one block of any size always gets through: no edge can starve.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace sluice::exchange {

/// What a sender may send before it hears from the receiver: two blocks.
inline constexpr std::int64_t guaranteed_bytes = 512 << 10;

/// Sender's side of one link.
class send_credit {
public:
  bool may_send() const noexcept { return bytes_ > 0; }
  void sent(std::int64_t bytes) noexcept { bytes_ -= bytes; }
  void granted(std::int64_t bytes) noexcept { bytes_ += bytes; }
  std::int64_t bytes() const noexcept { return bytes_; }

private:
  std::int64_t bytes_ = guaranteed_bytes;
};

/// Receiver's side of all links.
class receive_budget {
public:
  explicit receive_budget(std::int64_t total) : total_(total) {}

  /// A link opened; returns what to grant at once beyond the guaranteed amount.
  std::int64_t open(std::uint64_t link);
  void close(std::uint64_t link);
  /// A block of `bytes` arrived and is held.
  void arrived(std::uint64_t link, std::int64_t bytes);
  /// A held block was merged or refused; returns what to grant now (0: nothing yet).
  std::int64_t released(std::uint64_t link, std::int64_t bytes);
  std::int64_t held() const noexcept { return held_; }

private:
  struct account {
    std::int64_t unspent = guaranteed_bytes;  ///< granted and not yet arrived; may be negative by one block
    std::int64_t held = 0;
  };
  std::int64_t window() const noexcept;
  std::int64_t top_up(account& at);

  std::int64_t total_;
  std::int64_t held_ = 0;
  std::map<std::uint64_t, account> links_;
};

} // namespace sluice::exchange
