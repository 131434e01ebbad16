#include "tests/sim/crash_points.hpp"

#include <cstdlib>

#include "common/storage/path.hpp"
#include "coordinator/query/manifest.hpp"

namespace sluice::sim {
namespace {

using storage::operation;

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

/// How a kind of write is made.
enum class manner { linked, created, renamed, removed };
manner manner_of(durable_write what) {
  switch (what) {
    case durable_write::state_delta:
    case durable_write::state_snapshot:
    case durable_write::staged: return manner::created;
    case durable_write::published_file: return manner::renamed;
    case durable_write::garbage: return manner::removed;
    default: return manner::linked;
  }
}

/// The number in "7", ".7.<unique>.tmp" or "7.compact"; -1 if there is none.
long number_of(const std::string& name) {
  auto digits = name.substr(name.starts_with('.') ? 1 : 0);
  return digits.empty() || digits[0] < '0' || digits[0] > '9' ? -1 : std::strtol(digits.c_str(), nullptr, 10);
}

std::optional<durable_write> kind_of(const std::string& path, const std::set<std::string>& snapshots) {
  auto name = storage::base_name(path);
  if (contains(path, "/epochs/")) return durable_write::epoch;
  if (contains(path, "/offsets/")) return durable_write::intent;
  if (contains(path, "/commits/")) return durable_write::commit;
  if (contains(path, "/base/")) return durable_write::base;
  if (contains(path, "/published/")) return durable_write::published_note;
  if (contains(path, "/_spark_metadata/"))
    return query::manifest_is_compact(number_of(name)) ? durable_write::manifest_compact : durable_write::manifest;
  if (contains(path, "/_staging/") || contains(path, "/staged/")) return durable_write::staged;
  if (contains(path, "/state/")) {
    return snapshots.contains(path.substr(0, path.rfind('-'))) ? durable_write::state_snapshot : durable_write::state_delta;
  }
  if (contains(path, "/queries/")) return durable_write::query_record;
  if (contains(name, "metadata")) return durable_write::metadata;
  if (contains(path, "/sim/out")) return durable_write::published_file;
  return std::nullopt;
}

bool is_temporary(const std::string& path) { return path.ends_with(".tmp"); }

} // namespace

const char* to_text(durable_write what) {
  constexpr const char* names[num_durable_writes] = {"epoch", "metadata", "intent", "state-delta", "state-snapshot", "staged", "commit",
                                                     "published-file", "published-note", "manifest", "manifest-compact", "garbage",
                                                     "base", "query-record"};
  return names[static_cast<int>(what)];
}

const char* to_text(write_stage stage) {
  constexpr const char* names[num_write_stages] = {"before", "torn", "unsynced", "unlinked", "unlisted", "done"};
  return names[static_cast<int>(stage)];
}

bool exists(durable_write what, write_stage stage) {
  switch (manner_of(what)) {
    case manner::linked: return true;
    case manner::created: return stage != write_stage::unlinked;
    case manner::renamed:
    case manner::removed: return stage == write_stage::before || stage == write_stage::unlisted || stage == write_stage::done;
  }
  return true;
}

std::optional<crash_point> point_of(const file_call& at, bool done, const std::optional<file_call>& before,
                                    const std::set<std::string>& snapshots) {
  if (at.what == operation::sync_directory) {
    if (!before || before->what == operation::make_directories || storage::parent_path(before->path) != at.path) return std::nullopt;
    auto stage = done ? write_stage::done : write_stage::unlisted;
    if (before->what == operation::remove) {
      if (is_temporary(before->path)) return std::nullopt;
      return crash_point{durable_write::garbage, stage};
    }
    auto kind = kind_of(before->path, snapshots);
    return kind ? std::optional(crash_point{*kind, stage}) : std::nullopt;
  }
  auto kind = kind_of(at.path, snapshots);
  if (!kind) return std::nullopt;
  auto how = manner_of(*kind);
  switch (at.what) {
    case operation::create: return crash_point{*kind, done ? write_stage::torn : write_stage::before};
    case operation::append: return crash_point{*kind, write_stage::torn};
    case operation::sync:
      if (!done) return crash_point{*kind, write_stage::unsynced};
      return crash_point{*kind, how == manner::created ? write_stage::unlisted : write_stage::unlinked};
    case operation::close: return crash_point{*kind, how == manner::created ? write_stage::unlisted : write_stage::unlinked};
    case operation::link: return crash_point{*kind, done ? write_stage::unlisted : write_stage::unlinked};
    case operation::rename: return crash_point{*kind, done ? write_stage::unlisted : write_stage::before};
    case operation::remove:
      if (is_temporary(at.path)) return crash_point{*kind, write_stage::done};
      return crash_point{durable_write::garbage, done ? write_stage::unlisted : write_stage::before};
    default: return std::nullopt;
  }
}

} // namespace sluice::sim
