#pragma once
/// "host:port" texts: parsing, the loopback rule and why an address could not be listened on.
#include <string>
#include <vector>

#include "common/base/status.hpp"

struct sockaddr;

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
/// Whether the host stands for all addresses of the machine ("0.0.0.0", "::").
bool is_wildcard(const host_port& address);
/// Non-blocking listening sockets, one for each address the host stands for, all on one port, which `port` is set to. The caller closes
/// them. Errors: address_in_use, invalid_argument.
result<std::vector<int>> listen_on(const host_port& address, int backlog, int& port);
/// "127.0.0.1:7077", "[::1]:7077".
std::string socket_text(const sockaddr* socket);
/// The same of gRPC's name for a peer ("ipv4:127.0.0.1:7077", "ipv6:%5B::1%5D:7077").
std::string plain_peer(const std::string& grpc_peer);
/// Whether a TCP connection can be made within `patience`. Blocks; for telling errors apart.
bool accepts_connections(const host_port& address, int patience_ms);

} // namespace sluice::net
