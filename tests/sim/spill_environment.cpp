#include "tests/sim/spill_environment.hpp"

#include <thread>

#include "common/storage/path.hpp"

namespace sluice::sim {
namespace {

leveldb::Status status_of(const std::string& name, const status& from) {
  if (from.ok()) return leveldb::Status::OK();
  return from.code() == errc::no_such_file ? leveldb::Status::NotFound(name, from.message()) : leveldb::Status::IOError(name, from.message());
}

class sequential final : public leveldb::SequentialFile {
public:
  explicit sequential(std::unique_ptr<storage::readable_file> file, std::string name) : file_(std::move(file)), name_(std::move(name)) {}
  leveldb::Status Read(std::size_t n, leveldb::Slice* out, char* scratch) override {
    auto read = file_->read_at(at_, scratch, n);
    if (!read.ok()) return status_of(name_, read.error());
    *out = leveldb::Slice(scratch, *read);
    at_ += static_cast<std::int64_t>(*read);
    return leveldb::Status::OK();
  }
  leveldb::Status Skip(std::uint64_t n) override {
    at_ += static_cast<std::int64_t>(n);
    return leveldb::Status::OK();
  }

private:
  std::unique_ptr<storage::readable_file> file_;
  std::string name_;
  std::int64_t at_ = 0;
};

class random_access final : public leveldb::RandomAccessFile {
public:
  explicit random_access(std::unique_ptr<storage::readable_file> file, std::string name) : file_(std::move(file)), name_(std::move(name)) {}
  leveldb::Status Read(std::uint64_t offset, std::size_t n, leveldb::Slice* out, char* scratch) const override {
    auto read = file_->read_at(static_cast<std::int64_t>(offset), scratch, n);
    if (!read.ok()) return status_of(name_, read.error());
    *out = leveldb::Slice(scratch, *read);
    return leveldb::Status::OK();
  }

private:
  std::unique_ptr<storage::readable_file> file_;
  std::string name_;
};

/// Hands its bytes on at flush, sync and close.
class writable final : public leveldb::WritableFile {
public:
  explicit writable(std::unique_ptr<storage::writable_file> file, std::string name) : file_(std::move(file)), name_(std::move(name)) {}
  leveldb::Status Append(const leveldb::Slice& data) override {
    waiting_.append(data.data(), data.size());
    return leveldb::Status::OK();
  }
  leveldb::Status Close() override {
    auto flushed = Flush();
    return flushed.ok() ? status_of(name_, file_->close()) : flushed;
  }
  leveldb::Status Flush() override {
    if (waiting_.empty()) return leveldb::Status::OK();
    auto done = file_->append(waiting_);
    waiting_.clear();
    return status_of(name_, done);
  }
  leveldb::Status Sync() override {
    auto flushed = Flush();
    return flushed.ok() ? status_of(name_, file_->sync()) : flushed;
  }

private:
  std::unique_ptr<storage::writable_file> file_;
  std::string name_;
  std::string waiting_;
};

struct no_lock final : leveldb::FileLock {};

} // namespace

leveldb::Status spill_environment::NewSequentialFile(const std::string& name, leveldb::SequentialFile** out) {
  *out = nullptr;
  auto file = files_->open_for_read(name);
  if (!file.ok()) return status_of(name, file.error());
  *out = new sequential(std::move(*file), name);
  return leveldb::Status::OK();
}

leveldb::Status spill_environment::NewRandomAccessFile(const std::string& name, leveldb::RandomAccessFile** out) {
  *out = nullptr;
  auto file = files_->open_for_read(name);
  if (!file.ok()) return status_of(name, file.error());
  *out = new random_access(std::move(*file), name);
  return leveldb::Status::OK();
}

/// LevelDB truncates; here the old file goes.
leveldb::Status spill_environment::NewWritableFile(const std::string& name, leveldb::WritableFile** out) {
  *out = nullptr;
  auto file = files_->create(name);
  if (!file.ok() && file.code() == errc::file_exists) {
    if (auto gone = files_->remove(name); !gone.ok()) return status_of(name, gone);
    file = files_->create(name);
  }
  if (!file.ok()) return status_of(name, file.error());
  *out = new writable(std::move(*file), name);
  return leveldb::Status::OK();
}

bool spill_environment::FileExists(const std::string& name) { return files_->stat(name).ok(); }

leveldb::Status spill_environment::GetChildren(const std::string& folder, std::vector<std::string>* out) {
  out->clear();
  auto entries = files_->list(folder);
  if (!entries.ok()) return status_of(folder, entries.error());
  for (const auto& entry : *entries) out->push_back(storage::base_name(entry.path));
  return leveldb::Status::OK();
}

leveldb::Status spill_environment::RemoveFile(const std::string& name) { return status_of(name, files_->remove(name)); }
leveldb::Status spill_environment::CreateDir(const std::string& name) { return status_of(name, files_->make_directories(name)); }
leveldb::Status spill_environment::RemoveDir(const std::string& name) { return status_of(name, files_->remove(name)); }

leveldb::Status spill_environment::GetFileSize(const std::string& name, std::uint64_t* size) {
  auto found = files_->stat(name);
  if (!found.ok()) return status_of(name, found.error());
  *size = static_cast<std::uint64_t>(found->size);
  return leveldb::Status::OK();
}

leveldb::Status spill_environment::RenameFile(const std::string& from, const std::string& to) {
  return status_of(from, files_->rename(from, to));
}

/// Asked once when a database is wiped before it is opened, and once when it is opened.
leveldb::Status spill_environment::LockFile(const std::string& name, leveldb::FileLock** lock) {
  if (FileExists(storage::join_path(storage::parent_path(name), "CURRENT"))) ++found_remains;
  *lock = new no_lock;
  return leveldb::Status::OK();
}
leveldb::Status spill_environment::UnlockFile(leveldb::FileLock* lock) {
  delete lock;
  return leveldb::Status::OK();
}

void spill_environment::Schedule(void (*function)(void*), void* argument) { StartThread(function, argument); }
void spill_environment::StartThread(void (*function)(void*), void* argument) { std::thread(function, argument).detach(); }

leveldb::Status spill_environment::GetTestDirectory(std::string* path) {
  *path = "/sim/test";
  return leveldb::Status::OK();
}

/// Asked for each database that is opened; it writes no log.
leveldb::Status spill_environment::NewLogger(const std::string& name, leveldb::Logger** out) {
  ++opened;
  *out = nullptr;
  return leveldb::Status::NotSupported(name);
}

std::uint64_t spill_environment::NowMicros() { return static_cast<std::uint64_t>(clock_->monotonic().count()); }

} // namespace sluice::sim
