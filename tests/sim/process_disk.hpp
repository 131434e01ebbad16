#pragma once
/// One process' way to the disk: a faulty file system with a watcher who sees each call before it happens and may let the process die
/// in it, an outage that fails calls until it ends, and a note of the call in which the process died.
#include <functional>
#include <optional>

#include "common/storage/faulty_file_system.hpp"

namespace sluice::sim {

/// A call that changes something: what, and of which path (the new name of a link or rename).
struct file_call {
  storage::operation what = storage::operation::create;
  std::string path;
};
/// Where a process died: in this call, nothing (or, `done`, all or part) of which had happened; and the changing call before it.
struct death {
  file_call at;
  bool done = false;
  std::optional<file_call> before;
};

class process_disk final : public storage::file_system {
public:
  /// Asked before each changing call: nothing, or to die in it with `done`.
  using watcher = std::function<std::optional<bool>(const file_call& call, const std::optional<file_call>& before)>;

  explicit process_disk(std::shared_ptr<storage::file_system> disk);

  storage::faulty_file_system& faults() { return *faulty_; }
  void watch(watcher watch) { watch_ = std::move(watch); }
  /// As `faults().die_at`, but remembers how.
  void die_at(std::uint64_t k, bool torn);
  const std::optional<death>& died() const { return died_; }
  /// All calls (or only those that write) fail from now on with `code`.
  void begin_outage(errc code, bool reads_too) { outage_ = code, outage_of_reads_ = reads_too; }
  void end_outage() { outage_.reset(); }
  /// Calls so far, of any kind.
  std::uint64_t calls() const { return calls_; }

  result<std::unique_ptr<storage::writable_file>> create(const std::string& path) override;
  result<std::string> read(const std::string& path) override;
  result<std::string> read_range(const std::string& path, std::int64_t offset, std::int64_t length) override;
  result<std::unique_ptr<storage::readable_file>> open_for_read(const std::string& path) override;
  status link(const std::string& from, const std::string& to) override;
  status rename(const std::string& from, const std::string& to) override;
  status remove(const std::string& path) override;
  status make_directories(const std::string& path) override;
  status sync_directory(const std::string& path) override;
  result<storage::file_info> stat(const std::string& path) override;
  result<std::vector<storage::file_info>> list(const std::string& directory) override;

private:
  friend class process_file;
  status enter(storage::operation what, const std::string& path);
  void leave(storage::operation what, const std::string& path);
  template <class Call>
  auto perform(storage::operation what, const std::string& path, Call&& call) -> decltype(call());

  std::shared_ptr<storage::faulty_file_system> faulty_;
  watcher watch_;
  bool torn_ = false;
  std::optional<death> died_;
  std::optional<file_call> before_;
  std::optional<errc> outage_;
  bool outage_of_reads_ = false;
  std::uint64_t calls_ = 0;
};

} // namespace sluice::sim
