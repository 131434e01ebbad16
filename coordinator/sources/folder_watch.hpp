#pragma once
/// Wakes when something may have appeared in a folder. Has no thread of its own: one detached actor sits in wait();
/// every other method may be called from any thread meanwhile. Events are hints: after one, list the folder.
///
///   auto watch = make_folder_watch();
///   watch->add("/data/events");
///   for (auto& folder : watch->wait(1s)) …   // at the latest every second, list anyway: other hosts' writes are not seen
#include <memory>
#include <string>
#include <vector>

#include "common/base/environment.hpp"
#include "common/base/status.hpp"

namespace sluice::sources {

class folder_watch {
public:
  virtual ~folder_watch() = default;
  /// Starts watching a folder; counted: as many remove() calls end it. Error: path_not_found, storage_io.
  virtual status add(const std::string& folder) = 0;
  virtual void remove(const std::string& folder) = 0;
  /// Blocks until a watched folder changed, interrupt() was called, or `timeout` is over. Returns the changed folders (as added).
  virtual std::vector<std::string> wait(milliseconds timeout) = 0;
  /// Ends a wait() under way, or the next one.
  virtual void interrupt() noexcept = 0;
};

/// inotify; wakes within a millisecond of a rename into the folder or of a closed write. Null if the system refuses (limits).
std::unique_ptr<folder_watch> make_inotify_watch();
/// Looks at the folders' modification times every `interval`.
std::unique_ptr<folder_watch> make_polling_watch(milliseconds interval = milliseconds{10});
/// inotify where it works, else polling.
std::unique_ptr<folder_watch> make_folder_watch();

} // namespace sluice::sources
