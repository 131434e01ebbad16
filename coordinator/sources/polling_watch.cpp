#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <ctime>
#include <map>
#include <mutex>

#include "coordinator/sources/folder_watch.hpp"

namespace sluice::sources {

namespace {

// Kernels stamp folders with a clock that ticks every few milliseconds: a change this young may hide another one.
constexpr std::int64_t young_ns = 20000000;

std::int64_t as_ns(const timespec& time) { return static_cast<std::int64_t>(time.tv_sec) * 1000000000 + time.tv_nsec; }

class polling_watch : public folder_watch {
public:
  explicit polling_watch(milliseconds interval) : interval_(std::max(interval, milliseconds{1})) {}

  status add(const std::string& folder) override {
    struct stat info {};
    if (::stat(folder.c_str(), &info) != 0)
      return {errno == ENOENT ? errc::path_not_found : errc::storage_io, "cannot watch folder " + folder + ": " + std::strerror(errno)};
    const std::lock_guard lock(mutex_);
    auto& entry = folders_[folder];
    if (entry.users++ == 0) entry.changed_ns = as_ns(info.st_mtim);
    return ok();
  }

  void remove(const std::string& folder) override {
    const std::lock_guard lock(mutex_);
    const auto it = folders_.find(folder);
    if (it != folders_.end() && --it->second.users == 0) folders_.erase(it);
  }

  std::vector<std::string> wait(milliseconds timeout) override {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    std::unique_lock lock(mutex_);
    for (;;) {
      auto changed = look();
      if (!changed.empty() || interrupted_ || std::chrono::steady_clock::now() >= deadline) {
        interrupted_ = false;
        return changed;
      }
      woken_.wait_until(lock, std::min(deadline, std::chrono::steady_clock::now() + interval_), [&] { return interrupted_; });
    }
  }

  void interrupt() noexcept override {
    const std::lock_guard lock(mutex_);
    interrupted_ = true;
    woken_.notify_all();
  }

private:
  struct watched {
    std::int64_t changed_ns = 0;
    bool young = false;
    int users = 0;
  };

  std::vector<std::string> look() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    std::vector<std::string> changed;
    for (auto& [folder, entry] : folders_) {
      struct stat info {};
      const std::int64_t at = ::stat(folder.c_str(), &info) == 0 ? as_ns(info.st_mtim) : -1;
      if (at == entry.changed_ns && !entry.young) continue;
      const bool young = at != -1 && as_ns(now) - at < young_ns;
      if (at != entry.changed_ns || !young) changed.push_back(folder);
      entry.changed_ns = at;
      entry.young = young;
    }
    return changed;
  }

  const milliseconds interval_;
  std::mutex mutex_;
  std::condition_variable woken_;
  std::map<std::string, watched> folders_;
  bool interrupted_ = false;
};

} // namespace

std::unique_ptr<folder_watch> make_polling_watch(milliseconds interval) { return std::make_unique<polling_watch>(interval); }

} // namespace sluice::sources
