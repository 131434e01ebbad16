#pragma once
/// A file system as one process sees it, with faults: an error at the k-th call, or death in the k-th call, after which every
/// call fails until the "process" is thrown away. Also counts calls by kind, so tests can pin the number of syncs.
/// Wraps any file system; several of them over one disk are several processes. Thread safe.
///
///   faulty_file_system process{disk};
///   process.die_at(3, true);          // the fourth changing call is torn, nothing works after it
#include <array>
#include <functional>
#include <mutex>
#include <optional>

#include "common/storage/file_system.hpp"

namespace sluice::storage {

enum class operation { create, append, sync, close, link, rename, remove, make_directories, sync_directory, read, stat, list };
inline constexpr std::size_t num_operations = 12;
/// Calls that change something; crash points are counted over these.
constexpr bool changes(operation what) noexcept { return what < operation::read; }

class faulty_file_system final : public file_system {
public:
  explicit faulty_file_system(std::shared_ptr<file_system> disk);

  /// The k-th (from 0) changing call from now dies: nothing or, when `torn`, a part of it happens (half of an append, the
  /// whole of any other call), and it and all later calls fail.
  void die_at(std::uint64_t k, bool torn);
  /// The k-th (from 0) call of `what` from now fails once with `code`; an append then writes half of its bytes.
  void fail_at(operation what, std::uint64_t k, errc code);
  bool dead() const;
  std::uint64_t calls(operation what) const;
  std::uint64_t changing_calls() const;

  result<std::unique_ptr<writable_file>> create(const std::string& path) override;
  result<std::string> read(const std::string& path) override;
  result<std::string> read_range(const std::string& path, std::int64_t offset, std::int64_t length) override;
  result<std::unique_ptr<readable_file>> open_for_read(const std::string& path) override;
  status link(const std::string& from, const std::string& to) override;
  status rename(const std::string& from, const std::string& to) override;
  status remove(const std::string& path) override;
  status make_directories(const std::string& path) override;
  status sync_directory(const std::string& path) override;
  result<file_info> stat(const std::string& path) override;
  result<std::vector<file_info>> list(const std::string& directory) override;

private:
  friend class faulty_file;
  friend class faulty_reader;
  /// What becomes of a call: its error (ok: do it) and whether part of it happens nevertheless.
  struct verdict {
    status error;
    bool partly = false;
  };
  verdict judge(operation what, const std::string& path);
  status perform(operation what, const std::string& path, const std::function<status()>& call);

  std::shared_ptr<file_system> disk_;
  mutable std::mutex mutex_;
  std::array<std::uint64_t, num_operations> calls_{};
  std::optional<std::uint64_t> death_;
  bool torn_ = false;
  bool dead_ = false;
  struct planned_fault {
    std::uint64_t at;
    errc code;
  };
  std::array<std::optional<planned_fault>, num_operations> faults_{};
};

} // namespace sluice::storage
