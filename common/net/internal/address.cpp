#include "common/net/internal/address.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

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

status probe_listen(const host_port& address) {
  auto found = look_up(address);
  if (!found) return {errc::invalid_argument, "the host of " + address.text() + " is unknown"};
  int fd = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return {errc::invalid_argument, "cannot listen on " + address.text() + ": " + std::strerror(errno)};
  int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  int error = 0;
  if (::bind(fd, found->ai_addr, found->ai_addrlen) != 0 || ::listen(fd, 1) != 0) error = errno;
  ::close(fd);
  if (error == 0) return ok();
  if (error == EADDRINUSE) return {errc::address_in_use, "the address " + address.text() + " is taken by another program"};
  return {errc::invalid_argument, "cannot listen on " + address.text() + ": " + std::strerror(error)};
}

} // namespace sluice::net
