#pragma once
/// Who the workers are: handshake, signs of life, draining. Pure: events with the time in, actions out.
/// Owned by the cluster actor; link numbers are given by it.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/environment.hpp"
#include "common/base/ids.hpp"
#include "common/base/status.hpp"

namespace sluice::actors {

/// Versions of the link protocol that this coordinator speaks.
inline constexpr std::uint32_t min_link_version = 1;
inline constexpr std::uint32_t max_link_version = 1;

struct greeting {
  std::uint32_t min_version = 0;
  std::uint32_t max_version = 0;
  worker_id worker;
  std::uint32_t slots = 0;
  std::string data_address;
  std::int64_t pid = 0;
};

struct registered_worker {
  worker_id id;
  std::uint64_t link = 0;
  std::uint32_t slots = 0;
  std::string data_address;
  std::int64_t pid = 0;
  bool draining = false;
  microseconds last_sign{0};
};

class worker_registry {
public:
  explicit worker_registry(microseconds silence) : silence_(silence) {}

  /// A new link; it must greet before it is silent for too long.
  void opened(std::uint64_t link, microseconds now);
  /// The version both speak. Errors (the link is to be closed): protocol for versions, no slots or an id that another
  /// live link has.
  result<std::uint32_t> greeted(std::uint64_t link, const greeting& hello, microseconds now);
  void sign_of_life(std::uint64_t link, microseconds now);
  /// The worker asks to leave. True if that is news.
  bool leaving(std::uint64_t link);
  /// Forgets the link; the worker that was behind it, if any.
  std::optional<registered_worker> closed(std::uint64_t link);
  /// Links that have been silent for too long; they stay until `closed`.
  std::vector<std::uint64_t> silent(microseconds now) const;

  /// Greeted workers in the order of their ids.
  std::vector<registered_worker> workers() const;
  const registered_worker* find(std::uint64_t link) const;

private:
  microseconds silence_;
  std::map<std::uint64_t, microseconds> strangers_;  ///< links that have not greeted, with their last sign
  std::map<std::uint64_t, registered_worker> workers_;
};

} // namespace sluice::actors
