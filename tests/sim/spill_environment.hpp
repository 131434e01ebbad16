#pragma once
/// LevelDB's Env over a process' simulated disk: spilled state dies, tears and fails like everything else.
/// Background work runs in a thread of its own, as in LevelDB's own Env: none is scheduled as long as a database stays below its
/// write buffer (4 MiB), as all do here.
#include <leveldb/env.h>

#include "common/base/environment.hpp"
#include "common/storage/file_system.hpp"

namespace sluice::sim {

class spill_environment final : public leveldb::Env {
public:
  spill_environment(std::shared_ptr<storage::file_system> files, std::shared_ptr<clock_source> clock)
      : files_(std::move(files)), clock_(std::move(clock)) {}

  leveldb::Status NewSequentialFile(const std::string& name, leveldb::SequentialFile** out) override;
  leveldb::Status NewRandomAccessFile(const std::string& name, leveldb::RandomAccessFile** out) override;
  leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** out) override;
  bool FileExists(const std::string& name) override;
  leveldb::Status GetChildren(const std::string& folder, std::vector<std::string>* out) override;
  leveldb::Status RemoveFile(const std::string& name) override;
  leveldb::Status CreateDir(const std::string& name) override;
  leveldb::Status RemoveDir(const std::string& name) override;
  leveldb::Status GetFileSize(const std::string& name, std::uint64_t* size) override;
  leveldb::Status RenameFile(const std::string& from, const std::string& to) override;
  leveldb::Status LockFile(const std::string& name, leveldb::FileLock** lock) override;
  leveldb::Status UnlockFile(leveldb::FileLock* lock) override;
  void Schedule(void (*function)(void*), void* argument) override;
  void StartThread(void (*function)(void*), void* argument) override;
  leveldb::Status GetTestDirectory(std::string* path) override;
  leveldb::Status NewLogger(const std::string& name, leveldb::Logger** out) override;
  std::uint64_t NowMicros() override;
  void SleepForMicroseconds(int) override {}

  /// Databases opened, and how many of them found something that an earlier process had left.
  std::int64_t opened = 0, found_remains = 0;

private:
  std::shared_ptr<storage::file_system> files_;
  std::shared_ptr<clock_source> clock_;
};

} // namespace sluice::sim
