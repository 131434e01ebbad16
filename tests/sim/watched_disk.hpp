#pragma once
/// The shared disk with somebody who watches: told of every name that appears or goes, at that very moment.
#include "common/storage/file_system.hpp"

namespace sluice::sim {

class disk_watcher {
public:
  virtual ~disk_watcher() = default;
  /// A file has just been linked, or renamed, to `path` (also over another one).
  virtual void appeared(const std::string& path) = 0;
  /// A file is just about to be removed.
  virtual void going(const std::string& path) = 0;
};

class watched_disk final : public storage::file_system {
public:
  watched_disk(std::shared_ptr<storage::file_system> disk, disk_watcher& watcher) : disk_(std::move(disk)), watcher_(watcher) {}

  result<std::unique_ptr<storage::writable_file>> create(const std::string& path) override { return disk_->create(path); }
  result<std::string> read(const std::string& path) override { return disk_->read(path); }
  result<std::string> read_range(const std::string& path, std::int64_t offset, std::int64_t length) override {
    return disk_->read_range(path, offset, length);
  }
  result<std::unique_ptr<storage::readable_file>> open_for_read(const std::string& path) override { return disk_->open_for_read(path); }
  status link(const std::string& from, const std::string& to) override {
    SLUICE_RETURN_IF_ERROR(disk_->link(from, to));
    watcher_.appeared(to);
    return ok();
  }
  status rename(const std::string& from, const std::string& to) override {
    SLUICE_RETURN_IF_ERROR(disk_->rename(from, to));
    watcher_.appeared(to);
    return ok();
  }
  status remove(const std::string& path) override {
    if (auto found = disk_->stat(path); found.ok() && !found->is_directory) watcher_.going(path);
    return disk_->remove(path);
  }
  status make_directories(const std::string& path) override { return disk_->make_directories(path); }
  status sync_directory(const std::string& path) override { return disk_->sync_directory(path); }
  result<storage::file_info> stat(const std::string& path) override { return disk_->stat(path); }
  result<std::vector<storage::file_info>> list(const std::string& directory) override { return disk_->list(directory); }

private:
  std::shared_ptr<storage::file_system> disk_;
  disk_watcher& watcher_;
};

} // namespace sluice::sim
