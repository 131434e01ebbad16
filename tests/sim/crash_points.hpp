#pragma once
/// The crash points of the commit protocol: each kind of durable write has up to six stages in which a process may die or power
/// may be lost. Told from the paths of file calls alone.
#include <set>

#include "tests/sim/process_disk.hpp"

namespace sluice::sim {

enum class durable_write {
  epoch, metadata, intent, state_delta, state_snapshot, staged, commit, published_file, published_note, manifest, manifest_compact,
  garbage, base, query_record
};
inline constexpr int num_durable_writes = 14;
const char* to_text(durable_write what);

/// before: nothing has happened. torn: created, perhaps partly written. unsynced: all written. unlinked: synced under its temporary
/// name. unlisted: has its name, whose folder is not synced. done: durable, nobody knows yet.
enum class write_stage { before, torn, unsynced, unlinked, unlisted, done };
inline constexpr int num_write_stages = 6;
const char* to_text(write_stage stage);

/// Whether the write goes through this stage: objects are created under their final name, published files are renamed.
bool exists(durable_write what, write_stage stage);

struct crash_point {
  durable_write what = durable_write::epoch;
  write_stage stage = write_stage::before;
  bool operator==(const crash_point&) const = default;
  std::string text() const { return std::string(to_text(what)) + "." + to_text(stage); }
};

/// The point at which a process stands that dies in `at` (`done`: it has happened). Nothing: no durable write of the protocol.
/// `snapshots`: state objects, up to the worker's index in their path, that hold whole key groups.
std::optional<crash_point> point_of(const file_call& at, bool done, const std::optional<file_call>& before,
                                    const std::set<std::string>& snapshots);

} // namespace sluice::sim
