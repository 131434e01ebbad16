#include "common/net/internal/doorman.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <fcntl.h>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/log.hpp"

namespace sluice::net {
namespace {

using steady = std::chrono::steady_clock;

constexpr int backlog = 256;
constexpr auto pause_without_descriptors = std::chrono::milliseconds(100);
constexpr auto warning_interval = std::chrono::seconds(1);
constexpr unsigned user_timeout_ms = 10'000;

struct descriptor {
  int fd = -1;
  explicit descriptor(int taken = -1) : fd(taken) {}
  descriptor(descriptor&& other) noexcept : fd(std::exchange(other.fd, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(fd, other.fd);
    return *this;
  }
  ~descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

struct connection {
  descriptor copy;
  std::string peer;
  steady::time_point since;
  bool stranger = true;
};

void prepare(int fd) {
  int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout_ms, sizeof user_timeout_ms);
}

/// A quarter of the descriptors the process may have, so that files and outgoing links have room.
std::size_t affordable(std::size_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return wanted;
  return std::max<std::size_t>(8, std::min<std::size_t>(wanted, limit.rlim_cur / 4));
}

class polling_doorman final : public doorman {
public:
  polling_doorman(std::vector<descriptor> listening, int port, doorman_limits limits)
      : listening_(std::move(listening)), port_(port), limits_(limits), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    limits_.connections = affordable(limits_.connections);
    limits_.strangers = std::min(limits_.strangers, limits_.connections / 2);
  }
  ~polling_doorman() override { stop(); }

  int port() const override { return port_; }

  void start(doorman_events events) override {
    events_ = std::move(events);
    thread_ = std::thread([this] { run(); });
  }

  void admit(const std::string& peer) override {
    std::lock_guard lock(mutex_);
    admitted_.push_back(peer);
    wake();
  }

  void stop() override {
    {
      std::lock_guard lock(mutex_);
      stopped_ = true;
      wake();
    }
    if (thread_.joinable()) thread_.join();
    listening_.clear();
    connections_.clear();
  }

private:
  void wake() {
    std::uint64_t one = 1;
    [[maybe_unused]] auto written = ::write(wake_.fd, &one, sizeof one);
  }

  /// Takes over what other threads asked for; false to end.
  bool take_orders() {
    std::uint64_t count;
    while (::read(wake_.fd, &count, sizeof count) > 0) {
    }
    std::vector<std::string> admitted;
    {
      std::lock_guard lock(mutex_);
      if (stopped_) return false;
      admitted.swap(admitted_);
    }
    for (const auto& peer : admitted)
      for (auto& [number, known] : connections_)
        if (known.peer == peer) known.stranger = false;
    return true;
  }

  void run() {
    std::vector<pollfd> watched;
    std::vector<std::uint64_t> numbers;
    while (take_orders()) {
      auto now = steady::now();
      turn_out_late(now);
      watched.assign(1, {wake_.fd, POLLIN, 0});
      bool pausing = now < paused_until_;
      for (const auto& socket : listening_) watched.push_back({socket.fd, static_cast<short>(pausing ? 0 : POLLIN), 0});
      numbers.clear();
      for (const auto& [number, known] : connections_) {
        watched.push_back({known.copy.fd, 0, 0});  // an end is reported without being asked for
        numbers.push_back(number);
      }
      if (::poll(watched.data(), watched.size(), wait_ms(now, pausing)) < 0 && errno != EINTR) return;
      for (std::size_t i = 0; i < numbers.size(); ++i)
        if (watched[1 + listening_.size() + i].revents != 0) forget(numbers[i]);
      for (std::size_t i = 0; i < listening_.size(); ++i)
        if ((watched[1 + i].revents & POLLIN) != 0) accept_from(listening_[i].fd);
    }
  }

  int wait_ms(steady::time_point now, bool pausing) const {
    auto until = steady::time_point::max();
    if (pausing) until = paused_until_;
    if (const auto* oldest = oldest_stranger()) until = std::min(until, oldest->second.since + limits_.patience);
    if (until == steady::time_point::max()) return -1;
    auto wait = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
    return static_cast<int>(std::max<std::int64_t>(wait, 0));
  }

  using numbered = std::pair<const std::uint64_t, connection>;
  const numbered* oldest_stranger() const {
    for (const auto& entry : connections_)
      if (entry.second.stranger) return &entry;
    return nullptr;
  }

  void turn_out_late(steady::time_point now) {
    for (const auto* oldest = oldest_stranger(); oldest && now - oldest->second.since >= limits_.patience; oldest = oldest_stranger())
      turn_out(*oldest, "it did not prove that it belongs to the cluster in time");
  }

  void turn_out(const numbered& entry, const char* why) {
    warn(entry.second.peer, why);
    ::shutdown(entry.second.copy.fd, SHUT_RDWR);
    forget(entry.first);
  }

  void forget(std::uint64_t number) {
    auto found = connections_.find(number);
    if (found == connections_.end()) return;
    auto peer = std::move(found->second.peer);
    connections_.erase(found);
    events_.gone(peer);
  }

  void accept_from(int listening) {
    for (;;) {
      sockaddr_storage from{};
      socklen_t length = sizeof from;
      descriptor taken(::accept4(listening, reinterpret_cast<sockaddr*>(&from), &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (taken.fd < 0) return accept_failed(errno);
      auto peer = socket_text(reinterpret_cast<const sockaddr*>(&from));
      if (!make_room(peer)) continue;
      descriptor copy(::fcntl(taken.fd, F_DUPFD_CLOEXEC, 0));
      if (copy.fd < 0) return accept_failed(errno);
      prepare(taken.fd);
      connections_[next_++] = {std::move(copy), peer, steady::now(), !limits_.admit_at_once};
      events_.accepted(listening, std::exchange(taken.fd, -1));
    }
  }

  bool make_room(const std::string& peer) {
    std::size_t strangers = 0;
    for (const auto& [number, known] : connections_) strangers += known.stranger;
    const auto* oldest = oldest_stranger();
    if (oldest && (strangers >= limits_.strangers || connections_.size() >= limits_.connections))
      turn_out(*oldest, "others came, and it had not proved that it belongs to the cluster");
    if (connections_.size() < limits_.connections) return true;
    warn(peer, "there are too many connections");
    return false;
  }

  void accept_failed(int error) {
    if (error != EMFILE && error != ENFILE && error != ENOBUFS && error != ENOMEM) return;  // nobody waits, or one gave up
    warn("", "no file descriptor is left");
    paused_until_ = steady::now() + pause_without_descriptors;
  }

  void warn(const std::string& peer, const char* why) {
    ++turned_out_;
    auto now = steady::now();
    if (now < next_warning_) return;
    next_warning_ = now + warning_interval;
    log::warn("a connection was turned out", "peer", peer, "why", why, "turned_out_so_far", turned_out_);
  }

  std::vector<descriptor> listening_;
  const int port_;
  doorman_limits limits_;
  doorman_events events_;
  descriptor wake_;
  std::thread thread_;
  std::mutex mutex_;                               // guards the next two
  std::vector<std::string> admitted_;
  bool stopped_ = false;
  std::map<std::uint64_t, connection> connections_;  // by age; of the thread
  std::uint64_t next_ = 0;
  std::uint64_t turned_out_ = 0;
  steady::time_point paused_until_{};
  steady::time_point next_warning_{};
};

} // namespace

result<std::unique_ptr<doorman>> doorman::open(const host_port& address, doorman_limits limits) {
  auto port = address.port;
  SLUICE_ASSIGN_OR_RETURN(auto sockets, listen_on(address, backlog, port));
  std::vector<descriptor> listening;
  for (int fd : sockets) listening.emplace_back(fd);
  return std::unique_ptr<doorman>(new polling_doorman(std::move(listening), port, limits));
}

} // namespace sluice::net
