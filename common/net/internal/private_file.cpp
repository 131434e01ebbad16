#include "common/net/internal/private_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sluice::net {
namespace {

constexpr std::size_t public_bytes = 1 << 20;
constexpr std::size_t private_bytes = 64 << 10;

status failure(const std::string& path, const std::string& why) { return {errc::invalid_setting, path + " " + why}; }

class open_file {
public:
  open_file(const std::string& path, int flags) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags)) {}
  ~open_file() {
    if (fd_ >= 0) ::close(fd_);
  }
  open_file(const open_file&) = delete;
  open_file& operator=(const open_file&) = delete;
  int fd() const { return fd_; }

private:
  int fd_;
};

status open_error(const std::string& path) {
  if (errno == ELOOP) return failure(path, "is a symbolic link; name the file itself");
  return failure(path, std::string("cannot be read: ") + std::strerror(errno));
}

/// Reads all; what was read so far is wiped when it fails.
status read_all(int fd, const std::string& path, std::size_t limit, std::string& out) {
  out.resize(limit + 1);
  std::size_t have = 0;
  while (have < out.size()) {
    auto got = ::read(fd, out.data() + have, out.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      secret::wipe(out);
      return failure(path, std::string("cannot be read: ") + std::strerror(errno));
    }
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  if (have > limit) {
    secret::wipe(out);
    return failure(path, "is longer than " + std::to_string(limit) + " bytes");
  }
  out.resize(have);
  return ok();
}

status check_private(const struct stat& facts, const std::string& path) {
  if (facts.st_uid != ::geteuid() && facts.st_uid != 0)
    return failure(path, "belongs to user " + std::to_string(facts.st_uid) + "; it must belong to the user this program runs as (" +
                             std::to_string(::geteuid()) + ") or to root");
  if ((facts.st_mode & 077) != 0) {
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(facts.st_mode & 07777));
    return failure(path, std::string("has mode ") + mode + ", so others may use it; run: chmod 600 " + path);
  }
  return ok();
}

} // namespace

result<std::string> read_public_file(const std::string& path) {
  open_file file(path, 0);
  if (file.fd() < 0) return open_error(path);
  struct stat facts {};
  if (::fstat(file.fd(), &facts) != 0 || !S_ISREG(facts.st_mode)) return failure(path, "is no regular file");
  std::string text;
  SLUICE_RETURN_IF_ERROR(read_all(file.fd(), path, public_bytes, text));
  return text;
}

result<secret> read_private_file(const std::string& path) {
  open_file file(path, O_NOFOLLOW);
  if (file.fd() < 0) return open_error(path);
  struct stat facts {};
  if (::fstat(file.fd(), &facts) != 0 || !S_ISREG(facts.st_mode)) return failure(path, "is no regular file");
  SLUICE_RETURN_IF_ERROR(check_private(facts, path));
  std::string text;
  SLUICE_RETURN_IF_ERROR(read_all(file.fd(), path, private_bytes, text));
  return secret(std::move(text));
}

} // namespace sluice::net
