#pragma once
/// "host:port" texts: parsing, the loopback rule and why an address could not be listened on.
#include <string>

#include "common/base/status.hpp"

namespace sluice::net {

struct host_port {
  std::string host;  ///< without brackets
  int port = 0;
  std::string text() const;
};

/// Error invalid_argument.
result<host_port> parse_address(const std::string& address);
/// Whether every address the host stands for is a loopback address.
bool is_loopback(const host_port& address);
/// Tries to bind and says why it fails: address_in_use or invalid_argument; ok when it would work.
status probe_listen(const host_port& address);

} // namespace sluice::net
