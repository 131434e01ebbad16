#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "common/storage/file_system.hpp"
#include "common/storage/path.hpp"

namespace sluice::storage {
namespace {

status posix_error(std::string_view what, const std::string& path, int error) {
  auto code = errc::storage_io;
  if (error == ENOENT || error == ENOTDIR) code = errc::no_such_file;
  if (error == EEXIST || error == ENOTEMPTY) code = errc::file_exists;
  if (error == ENOSPC || error == EDQUOT) code = errc::disk_full;
  return {code, std::string{what} + " " + path + ": " + std::generic_category().message(error)};
}

class descriptor {
public:
  explicit descriptor(int fd) noexcept : fd_(fd) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const noexcept { return fd_; }
  int release() noexcept { return std::exchange(fd_, -1); }

private:
  int fd_;
};

int open_retrying(const std::string& path, int flags, mode_t mode = 0) {
  int fd = -1;
  do fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  while (fd < 0 && errno == EINTR);
  return fd;
}

file_info info_of(const std::string& path, const struct stat& from) {
  file_info info;
  info.path = path;
  info.size = from.st_size;
  info.mtime_us = static_cast<std::int64_t>(from.st_mtim.tv_sec) * 1'000'000 + from.st_mtim.tv_nsec / 1000;
  info.inode = from.st_ino;
  info.is_directory = S_ISDIR(from.st_mode);
  return info;
}

/// Reads `length` bytes at `offset`, or to the end when `length` is negative. A shorter file gives fewer bytes.
result<std::string> read_descriptor(int fd, const std::string& path, std::int64_t offset, std::int64_t length) {
  std::string bytes;
  constexpr std::size_t chunk = 1 << 20;
  std::size_t done = 0;
  while (length < 0 || done < static_cast<std::size_t>(length)) {
    const auto want = length < 0 ? chunk : std::min(chunk * 16, static_cast<std::size_t>(length) - done);
    if (bytes.size() < done + want) bytes.resize(done + want);
    const auto got = ::pread(fd, bytes.data() + done, want, offset + static_cast<std::int64_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return posix_error("cannot read", path, errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

class posix_file final : public writable_file {
public:
  posix_file(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  status append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const auto written = ::write(fd_.get(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return posix_error("cannot write", path_, errno);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return ok();
  }

  status sync() override {
    if (::fsync(fd_.get()) != 0) return posix_error("cannot sync", path_, errno);
    return ok();
  }

  status close() override {
    const int fd = fd_.release();
    if (fd < 0) return ok();
    if (::close(fd) != 0 && errno != EINTR) return posix_error("cannot close", path_, errno);
    return ok();
  }

private:
  descriptor fd_;
  std::string path_;
};

class posix_reader final : public readable_file {
public:
  posix_reader(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  result<file_info> stat() override {
    struct stat found{};
    if (::fstat(fd_.get(), &found) != 0) return posix_error("cannot stat", path_, errno);
    return info_of(path_, found);
  }

  result<std::size_t> read_at(std::int64_t offset, char* buffer, std::size_t length) override {
    std::size_t done = 0;
    while (done < length) {
      const auto got = ::pread(fd_.get(), buffer + done, length - done, offset + static_cast<std::int64_t>(done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return posix_error("cannot read", path_, errno);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

private:
  descriptor fd_;
  std::string path_;
};

class posix_files final : public file_system {
public:
  result<std::unique_ptr<writable_file>> create(const std::string& path) override {
    const int fd = open_retrying(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (fd < 0) return posix_error("cannot create", path, errno);
    return std::unique_ptr<writable_file>(std::make_unique<posix_file>(fd, path));
  }

  result<std::string> read(const std::string& path) override { return read_range(path, 0, -1); }

  result<std::string> read_range(const std::string& path, std::int64_t offset, std::int64_t length) override {
    descriptor fd{open_retrying(path, O_RDONLY | O_NONBLOCK)};
    if (fd.get() < 0) return posix_error("cannot open", path, errno);
    struct stat found{};
    if (::fstat(fd.get(), &found) != 0) return posix_error("cannot stat", path, errno);
    if (!S_ISREG(found.st_mode)) return status{errc::storage_io, "not a regular file: " + path};
    const auto rest = std::max<std::int64_t>(0, found.st_size - offset);
    return read_descriptor(fd.get(), path, offset, length < 0 ? rest : std::min(length, rest));
  }

  result<std::unique_ptr<readable_file>> open_for_read(const std::string& path) override {
    descriptor fd{open_retrying(path, O_RDONLY | O_NONBLOCK)};
    if (fd.get() < 0) return posix_error("cannot open", path, errno);
    struct stat found{};
    if (::fstat(fd.get(), &found) != 0) return posix_error("cannot stat", path, errno);
    if (!S_ISREG(found.st_mode)) return status{errc::storage_io, "not a regular file: " + path};
    return std::unique_ptr<readable_file>(std::make_unique<posix_reader>(fd.release(), path));
  }

  status link(const std::string& from, const std::string& to) override {
    if (::link(from.c_str(), to.c_str()) == 0) return ok();
    const int error = errno;
    // A network file system may lose the reply of a link that was made: the names then share the inode.
    struct stat a{}, b{};
    if (::stat(from.c_str(), &a) == 0 && ::stat(to.c_str(), &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev) return ok();
    return posix_error("cannot link " + from + " to", to, error);
  }

  status rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return posix_error("cannot rename " + from + " to", to, errno);
    return ok();
  }

  status remove(const std::string& path) override {
    if (::unlink(path.c_str()) == 0) return ok();
    const int error = errno;
    if ((error == EISDIR || error == EPERM) && ::rmdir(path.c_str()) == 0) return ok();
    return posix_error("cannot remove", path, error == EISDIR ? errno : error);
  }

  status make_directories(const std::string& path) override {
    if (::mkdir(path.c_str(), 0777) == 0) return ok();
    if (errno == ENOENT) {
      const auto parent = parent_path(path);
      if (parent == path) return posix_error("cannot make directory", path, ENOENT);
      SLUICE_RETURN_IF_ERROR(make_directories(parent));
      if (::mkdir(path.c_str(), 0777) == 0) return ok();
    }
    const int error = errno;
    struct stat found{};
    if (error == EEXIST && ::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode)) return ok();
    return posix_error("cannot make directory", path, error);
  }

  status sync_directory(const std::string& path) override {
    descriptor fd{open_retrying(path, O_RDONLY | O_DIRECTORY)};
    if (fd.get() < 0) return posix_error("cannot open directory", path, errno);
    if (::fsync(fd.get()) != 0) return posix_error("cannot sync directory", path, errno);
    return ok();
  }

  result<file_info> stat(const std::string& path) override {
    struct stat found{};
    if (::stat(path.c_str(), &found) != 0) return posix_error("cannot stat", path, errno);
    return info_of(path, found);
  }

  result<std::vector<file_info>> list(const std::string& directory) override {
    std::unique_ptr<DIR, int (*)(DIR*)> handle{::opendir(directory.c_str()), ::closedir};
    if (!handle) return posix_error("cannot list", directory, errno);
    std::vector<file_info> entries;
    for (;;) {
      errno = 0;
      const auto* entry = ::readdir(handle.get());
      if (!entry && errno != 0) return posix_error("cannot list", directory, errno);
      if (!entry) break;
      const std::string_view name{entry->d_name};
      if (name == "." || name == "..") continue;
      auto path = join_path(directory, name);
      struct stat found{};
      if (::fstatat(::dirfd(handle.get()), entry->d_name, &found, 0) != 0) continue;  // gone meanwhile, or a dangling link
      entries.push_back(info_of(path, found));
    }
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    return entries;
  }
};

} // namespace

std::shared_ptr<file_system> posix_file_system() {
  static const auto files = std::make_shared<posix_files>();
  return files;
}

} // namespace sluice::storage
