#include "common/net/internal/address.hpp"

#include "common/net/link.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <set>

namespace sluice::net {
namespace {

using address_list = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

address_list look_up(const host_port& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found) != 0) found = nullptr;
  return {found, &freeaddrinfo};
}

bool is_loopback_socket(const sockaddr* socket) {
  if (socket->sa_family == AF_INET)
    return (ntohl(reinterpret_cast<const sockaddr_in*>(socket)->sin_addr.s_addr) >> 24) == 127;
  if (socket->sa_family == AF_INET6) return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(socket)->sin6_addr);
  return false;
}

bool is_wildcard_socket(const sockaddr* socket) {
  if (socket->sa_family == AF_INET) return reinterpret_cast<const sockaddr_in*>(socket)->sin_addr.s_addr == INADDR_ANY;
  return socket->sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&reinterpret_cast<const sockaddr_in6*>(socket)->sin6_addr);
}

void set_port(sockaddr* socket, int port) {
  auto wire = htons(static_cast<std::uint16_t>(port));
  if (socket->sa_family == AF_INET) reinterpret_cast<sockaddr_in*>(socket)->sin_port = wire;
  if (socket->sa_family == AF_INET6) reinterpret_cast<sockaddr_in6*>(socket)->sin6_port = wire;
}

int bound_port(int fd) {
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &length) != 0) return 0;
  return ntohs(bound.ss_family == AF_INET ? reinterpret_cast<sockaddr_in&>(bound).sin_port : reinterpret_cast<sockaddr_in6&>(bound).sin6_port);
}

/// -1 and errno when it fails.
int listening_socket(const addrinfo& at, int backlog) {
  int fd = ::socket(at.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  int on = 1, off = 0;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (at.ai_family == AF_INET6 && is_wildcard_socket(at.ai_addr)) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (::bind(fd, at.ai_addr, at.ai_addrlen) == 0 && ::listen(fd, backlog) == 0) return fd;
  int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

} // namespace

std::string host_port::text() const {
  bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

result<host_port> parse_address(const std::string& address) {
  auto bad = [&](const char* why) {
    return status{errc::invalid_argument, "'" + address + "' is no address of the form host:port: " + why};
  };
  auto colon = address.rfind(':');
  if (colon == std::string::npos) return bad("the port is missing");
  host_port out{address.substr(0, colon), 0};
  if (out.host.size() > 2 && out.host.front() == '[' && out.host.back() == ']')
    out.host = out.host.substr(1, out.host.size() - 2);
  if (out.host.empty()) return bad("the host is missing");
  const char* first = address.data() + colon + 1;
  const char* last = address.data() + address.size();
  auto [end, error] = std::from_chars(first, last, out.port);
  if (error != std::errc{} || end != last || out.port < 0 || out.port > 65535) return bad("the port is not 0 to 65535");
  return out;
}

bool is_loopback(const host_port& address) {
  auto found = look_up(address);
  if (!found) return false;
  for (auto* at = found.get(); at; at = at->ai_next)
    if (!is_loopback_socket(at->ai_addr)) return false;
  return true;
}

bool is_wildcard(const host_port& address) {
  return address.host == "0.0.0.0" || address.host == "0" || address.host == "::";
}

result<std::string> reachable_address(const std::string& listening, const std::string& advertise) {
  SLUICE_ASSIGN_OR_RETURN(auto bound, parse_address(listening));
  SLUICE_ASSIGN_OR_RETURN(auto out, parse_address(advertise.empty() ? listening : advertise));
  if (out.port == 0) out.port = bound.port;
  if (!is_wildcard(out)) return out.text();
  return status{errc::invalid_setting, "advertise: " + out.text() + " is no address that other hosts can connect to; set advertise to this host's own (its port may be 0)"};
}

result<std::vector<int>> listen_on(const host_port& address, int backlog, int& port) {
  auto found = look_up(address);
  if (!found) return status{errc::invalid_argument, "the host of " + address.text() + " is unknown"};
  std::vector<int> sockets;
  int error = 0;
  std::set<std::string> seen;
  for (auto* at = found.get(); at && error == 0; at = at->ai_next) {
    if (!seen.insert(socket_text(at->ai_addr)).second) continue;
    set_port(at->ai_addr, port);
    int fd = listening_socket(*at, backlog);
    if (fd >= 0) {
      sockets.push_back(fd);
      port = bound_port(fd);
    } else if (errno != EADDRNOTAVAIL || (!at->ai_next && sockets.empty())) {
      error = errno;  // a name may stand for an address this machine does not have (::1 without IPv6)
    }
  }
  if (error == 0 && !sockets.empty()) return sockets;
  for (int fd : sockets) ::close(fd);
  if (error == EADDRINUSE) return status{errc::address_in_use, "the address " + address.text() + " is taken by another program"};
  return status{errc::invalid_argument, "cannot listen on " + address.text() + ": " + std::strerror(error)};
}

std::string socket_text(const sockaddr* socket) {
  char text[INET6_ADDRSTRLEN] = "";
  if (socket->sa_family == AF_INET) {
    auto* v4 = reinterpret_cast<const sockaddr_in*>(socket);
    ::inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
    return host_port{text, ntohs(v4->sin_port)}.text();
  }
  auto* v6 = reinterpret_cast<const sockaddr_in6*>(socket);
  if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
    ::inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, text, sizeof text);
  else
    ::inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
  return host_port{text, ntohs(v6->sin6_port)}.text();
}

std::string plain_peer(const std::string& grpc_peer) {
  auto begin = grpc_peer.find(':') + 1;
  std::string out;
  for (std::size_t i = begin; i < grpc_peer.size(); ++i) {
    unsigned value = 0;
    auto* hex = grpc_peer.data() + i + 1;
    if (grpc_peer[i] == '%' && i + 2 < grpc_peer.size() && std::from_chars(hex, hex + 2, value, 16).ptr == hex + 2) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += grpc_peer[i];
    }
  }
  if (auto zone = out.find('%'); zone != std::string::npos) out.erase(zone, out.find(']') - zone);
  return out;
}

bool accepts_connections(const host_port& address, int patience_ms) {
  auto found = look_up(address);
  for (auto* at = found.get(); at; at = at->ai_next) {
    int fd = ::socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) continue;
    bool connected = ::connect(fd, at->ai_addr, at->ai_addrlen) == 0;
    if (!connected && errno == EINPROGRESS) {
      pollfd waiting{fd, POLLOUT, 0};
      int error = ECONNREFUSED;
      socklen_t length = sizeof error;
      connected = ::poll(&waiting, 1, patience_ms) == 1 && ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0;
    }
    ::close(fd);
    if (connected) return true;
  }
  return false;
}

} // namespace sluice::net
