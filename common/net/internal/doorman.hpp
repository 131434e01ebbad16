#pragma once
/// Accepts connections for a gRPC server and knows each until it ends, which gRPC itself tells nobody. A connection is a stranger until
/// `admit` is called for it: strangers are turned out after `patience`, and the oldest of them when there are too many. One
/// thread; `admit` may be called from any.
///
/// It keeps a duplicate of each descriptor, only to shut connections down and to notice their end; so a connection costs two.
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "common/net/internal/address.hpp"

namespace sluice::net {

struct doorman_limits {
  std::size_t strangers = 32;
  std::chrono::milliseconds patience{5'000};
  std::size_t connections = 1'024;  ///< in all; less where the process may open few files
  bool admit_at_once = false;       ///< links without admission: nobody is a stranger
};

struct doorman_events {
  std::function<void(int listening, int connection)> accepted;  ///< takes the descriptor of the connection
  std::function<void(const std::string& peer)> gone;
};

class doorman {
public:
  /// Binds all addresses the host stands for to one port; port 0 takes a free one. Accepts nothing yet.
  /// Errors: address_in_use, invalid_argument.
  static result<std::unique_ptr<doorman>> open(const host_port& address, doorman_limits limits);
  virtual ~doorman() = default;

  virtual int port() const = 0;
  virtual void start(doorman_events events) = 0;
  /// `peer`: as plain_peer names it.
  virtual void admit(const std::string& peer) = 0;
  /// Accepts no more, ends the thread; connections that were admitted stay.
  virtual void stop() = 0;
};

} // namespace sluice::net
