#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <algorithm>
#include <climits>
#include <cstring>
#include <map>
#include <mutex>
#include <set>

#include "coordinator/sources/folder_watch.hpp"

namespace sluice::sources {

namespace {

constexpr std::uint32_t watched_events = IN_MOVED_TO | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

class inotify_watch : public folder_watch {
public:
  inotify_watch(int events, int wake) : events_(events), wake_(wake) {}
  ~inotify_watch() override {
    ::close(events_);
    ::close(wake_);
  }

  status add(const std::string& folder) override {
    const std::lock_guard lock(mutex_);
    if (auto it = folders_.find(folder); it != folders_.end() && it->second.descriptor >= 0) {
      ++it->second.users;
      return ok();
    }
    const int descriptor = ::inotify_add_watch(events_, folder.c_str(), watched_events);
    if (descriptor < 0)
      return {errno == ENOENT ? errc::path_not_found : errc::storage_io, "cannot watch folder " + folder + ": " + std::strerror(errno)};
    auto& entry = folders_[folder];
    entry.descriptor = descriptor;
    ++entry.users;
    by_descriptor_[descriptor].insert(folder);
    return ok();
  }

  void remove(const std::string& folder) override {
    const std::lock_guard lock(mutex_);
    const auto it = folders_.find(folder);
    if (it == folders_.end() || --it->second.users > 0) return;
    const int descriptor = it->second.descriptor;
    folders_.erase(it);
    const auto names = by_descriptor_.find(descriptor);
    if (names == by_descriptor_.end()) return;
    names->second.erase(folder);
    if (!names->second.empty()) return;
    by_descriptor_.erase(names);
    ::inotify_rm_watch(events_, descriptor);
  }

  std::vector<std::string> wait(milliseconds timeout) override {
    pollfd ready[] = {{events_, POLLIN, 0}, {wake_, POLLIN, 0}};
    const auto ms = std::clamp<std::int64_t>(timeout.count(), 0, INT_MAX);
    if (::poll(ready, 2, static_cast<int>(ms)) <= 0) return {};
    if ((ready[1].revents & POLLIN) != 0) {
      std::uint64_t count = 0;
      (void)!::read(wake_, &count, sizeof count);
    }
    std::set<std::string> changed;
    if ((ready[0].revents & POLLIN) != 0) drain(changed);
    return {changed.begin(), changed.end()};
  }

  void interrupt() noexcept override {
    const std::uint64_t one = 1;
    (void)!::write(wake_, &one, sizeof one);
  }

private:
  struct watched {
    int descriptor = -1;
    int users = 0;
  };

  void drain(std::set<std::string>& changed) {
    alignas(inotify_event) char buffer[16 << 10];
    ssize_t got = 0;
    while ((got = ::read(events_, buffer, sizeof buffer)) > 0) {
      const std::lock_guard lock(mutex_);
      for (const char* p = buffer; p < buffer + got;) {
        inotify_event event;
        std::memcpy(&event, p, sizeof event);
        p += sizeof event + event.len;
        note(event, changed);
      }
    }
  }

  void note(const inotify_event& event, std::set<std::string>& changed) {
    if ((event.mask & IN_Q_OVERFLOW) != 0) {
      for (const auto& [folder, entry] : folders_) changed.insert(folder);
      return;
    }
    const auto names = by_descriptor_.find(event.wd);
    if (names == by_descriptor_.end()) return;
    changed.insert(names->second.begin(), names->second.end());
    if ((event.mask & IN_IGNORED) == 0) return;
    for (const auto& folder : names->second) folders_[folder].descriptor = -1;  // gone; add() may watch its successor
    by_descriptor_.erase(names);
  }

  const int events_;
  const int wake_;
  std::mutex mutex_;
  std::map<std::string, watched> folders_;
  std::map<int, std::set<std::string>> by_descriptor_;
};

} // namespace

std::unique_ptr<folder_watch> make_inotify_watch() {
  const int events = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (events < 0) return nullptr;
  const int wake = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wake < 0) return ::close(events), nullptr;
  return std::make_unique<inotify_watch>(events, wake);
}

std::unique_ptr<folder_watch> make_folder_watch() {
  if (auto watch = make_inotify_watch()) return watch;
  return make_polling_watch();
}

} // namespace sluice::sources
