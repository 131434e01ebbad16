#include "common/storage/faulty_file_system.hpp"

namespace sluice::storage {

class faulty_file final : public writable_file {
public:
  faulty_file(faulty_file_system& owner, std::unique_ptr<writable_file> inner, std::string path)
      : owner_(owner), inner_(std::move(inner)), path_(std::move(path)) {}

  status append(std::string_view bytes) override {
    auto verdict = owner_.judge(operation::append, path_);
    if (verdict.error.ok()) return inner_->append(bytes);
    if (verdict.partly) (void)inner_->append(bytes.substr(0, bytes.size() / 2));
    return verdict.error;
  }
  /// After a failed sync the kernel has dropped the pages: the next one succeeds and saves nothing.
  status sync() override {
    auto synced = owner_.perform(operation::sync, path_, [&] { return lost_ ? ok() : inner_->sync(); });
    lost_ = lost_ || !synced.ok();
    return synced;
  }
  status close() override {
    return owner_.perform(operation::close, path_, [&] { return inner_->close(); });
  }

private:
  faulty_file_system& owner_;
  std::unique_ptr<writable_file> inner_;
  std::string path_;
  bool lost_ = false;
};

class faulty_reader final : public readable_file {
public:
  faulty_reader(faulty_file_system& owner, std::unique_ptr<readable_file> inner, std::string path)
      : owner_(owner), inner_(std::move(inner)), path_(std::move(path)) {}

  result<file_info> stat() override {
    SLUICE_RETURN_IF_ERROR(owner_.judge(operation::stat, path_).error);
    return inner_->stat();
  }
  result<std::size_t> read_at(std::int64_t offset, char* buffer, std::size_t length) override {
    SLUICE_RETURN_IF_ERROR(owner_.judge(operation::read, path_).error);
    return inner_->read_at(offset, buffer, length);
  }

private:
  faulty_file_system& owner_;
  std::unique_ptr<readable_file> inner_;
  std::string path_;
};

faulty_file_system::faulty_file_system(std::shared_ptr<file_system> disk) : disk_(std::move(disk)) {}

void faulty_file_system::die_at(std::uint64_t k, bool torn) {
  std::lock_guard lock{mutex_};
  death_ = k;
  torn_ = torn;
}

void faulty_file_system::fail_at(operation what, std::uint64_t k, errc code) {
  std::lock_guard lock{mutex_};
  const auto i = static_cast<std::size_t>(what);
  faults_[i] = planned_fault{calls_[i] + k, code};
}

bool faulty_file_system::dead() const {
  std::lock_guard lock{mutex_};
  return dead_;
}

std::uint64_t faulty_file_system::calls(operation what) const {
  std::lock_guard lock{mutex_};
  return calls_[static_cast<std::size_t>(what)];
}

std::uint64_t faulty_file_system::changing_calls() const {
  std::lock_guard lock{mutex_};
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < num_operations; ++i)
    if (changes(static_cast<operation>(i))) sum += calls_[i];
  return sum;
}

faulty_file_system::verdict faulty_file_system::judge(operation what, const std::string& path) {
  std::lock_guard lock{mutex_};
  const auto i = static_cast<std::size_t>(what);
  const auto number = calls_[i]++;
  if (dead_) return {status{errc::storage_io, "process is dead: " + path}};
  if (death_ && changes(what)) {
    if (*death_ == 0) {
      dead_ = true;
      return {status{errc::storage_io, "process died at " + path}, torn_};
    }
    --*death_;
  }
  if (faults_[i] && faults_[i]->at == number) {
    const auto code = faults_[i]->code;
    faults_[i].reset();
    return {status{code, "injected fault at " + path}, what == operation::append};
  }
  return {};
}

status faulty_file_system::perform(operation what, const std::string& path, const std::function<status()>& call) {
  auto verdict = judge(what, path);
  if (verdict.error.ok()) return call();
  if (verdict.partly) (void)call();
  return verdict.error;
}

result<std::unique_ptr<writable_file>> faulty_file_system::create(const std::string& path) {
  auto verdict = judge(operation::create, path);
  if (!verdict.error.ok()) {
    if (verdict.partly) (void)disk_->create(path).ok();
    return verdict.error;
  }
  SLUICE_ASSIGN_OR_RETURN(auto inner, disk_->create(path));
  return std::unique_ptr<writable_file>(std::make_unique<faulty_file>(*this, std::move(inner), path));
}

result<std::string> faulty_file_system::read(const std::string& path) {
  SLUICE_RETURN_IF_ERROR(judge(operation::read, path).error);
  return disk_->read(path);
}
result<std::string> faulty_file_system::read_range(const std::string& path, std::int64_t offset, std::int64_t length) {
  SLUICE_RETURN_IF_ERROR(judge(operation::read, path).error);
  return disk_->read_range(path, offset, length);
}
result<std::unique_ptr<readable_file>> faulty_file_system::open_for_read(const std::string& path) {
  SLUICE_RETURN_IF_ERROR(judge(operation::read, path).error);
  SLUICE_ASSIGN_OR_RETURN(auto inner, disk_->open_for_read(path));
  return std::unique_ptr<readable_file>(std::make_unique<faulty_reader>(*this, std::move(inner), path));
}
status faulty_file_system::link(const std::string& from, const std::string& to) {
  return perform(operation::link, to, [&] { return disk_->link(from, to); });
}
status faulty_file_system::rename(const std::string& from, const std::string& to) {
  return perform(operation::rename, to, [&] { return disk_->rename(from, to); });
}
status faulty_file_system::remove(const std::string& path) {
  return perform(operation::remove, path, [&] { return disk_->remove(path); });
}
status faulty_file_system::make_directories(const std::string& path) {
  return perform(operation::make_directories, path, [&] { return disk_->make_directories(path); });
}
status faulty_file_system::sync_directory(const std::string& path) {
  return perform(operation::sync_directory, path, [&] { return disk_->sync_directory(path); });
}
result<file_info> faulty_file_system::stat(const std::string& path) {
  SLUICE_RETURN_IF_ERROR(judge(operation::stat, path).error);
  return disk_->stat(path);
}
result<std::vector<file_info>> faulty_file_system::list(const std::string& directory) {
  SLUICE_RETURN_IF_ERROR(judge(operation::list, directory).error);
  return disk_->list(directory);
}

} // namespace sluice::storage
