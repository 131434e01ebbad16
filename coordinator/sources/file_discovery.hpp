#pragma once
/// What a file source reads next. Pure: no clock, no I/O; one per source of a query, owned by the query's core.
///
///   SLUICE_ASSIGN_OR_RETURN(auto options, discovery_options_of(source.options, available_now));
///   file_discovery discovery{options};
///   SLUICE_RETURN_IF_ERROR(discovery.restore(base_json));          // restart: base record …
///   discovery.take(batch, intent_files);                           // … then every later intent, in order
///   if (discovery.needs_listing()) discovery.on_listing(list_files(…));
///   auto files = discovery.choose(wall_us);                             // empty: nothing to read
///   … the intent is durable (or adopted) …
///   discovery.take(batch, files_of_the_intent);
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "coordinator/sources/input_source.hpp"

namespace sluice::sources {

struct discovery_options {
  std::optional<std::int64_t> max_files;  ///< maxFilesPerTrigger
  std::optional<std::int64_t> max_bytes;  ///< maxBytesPerTrigger
  bool latest_first = false;
  bool file_name_only = false;
  std::int64_t max_file_age_us = 7LL * 24 * 3600 * 1000000;
  std::size_t max_cached_files = 10000;
  bool freeze = false;  ///< availableNow and once: only files of the first listing
};

/// Reads maxfilespertrigger, maxbytespertrigger, latestfirst, filenameonly, maxfileage, maxcachedfiles (keys in lower case).
/// Trigger `once` takes everything in one batch: pass ignore_limits. Errors: invalid_option.
result<discovery_options> discovery_options_of(const plan::option_map& options, bool freeze, bool ignore_limits = false);

/// The files taken so far, forgotten beyond maxFileAge. A file is new when its modification time is not older than
/// (newest taken - maxFileAge) as of the last purge, and its path (or bare name) has not been taken.
class seen_files {
public:
  explicit seen_files(const discovery_options& options);
  seen_files(const seen_files&) = delete;
  seen_files(seen_files&&) = default;
  seen_files& operator=(seen_files&&) = default;
  bool is_new(const file_entry& file) const;
  void add(const file_entry& file);
  /// Forgets what is older than maxFileAge before the newest file taken.
  void purge();
  std::size_t size() const noexcept { return times_.size(); }
  /// One JSON object: {"purged":us,"newest":us,"files":[[path or name, mtime us],…]}, sorted by path.
  std::string to_json() const;
  /// Replaces the content. Error: corrupt_file.
  status restore(std::string_view json);

private:
  std::string key(const std::string& path) const;
  void remember(std::string name, std::int64_t time_us);

  bool name_only_;
  std::int64_t max_age_us_;
  std::int64_t newest_us_;
  std::int64_t purged_us_;
  std::unordered_map<std::string, std::int64_t> times_;
  std::set<std::pair<std::int64_t, const std::string*>> oldest_;  ///< the same by time; names are the keys of `times_`, which stay put
};

class file_discovery : public input_source {
public:
  explicit file_discovery(discovery_options options);

  /// Whether choose() should be preceded by a fresh listing. False while enough files of the last one wait, and once frozen.
  /// False while enough files of the last listing wait, and once frozen.
  bool needs_listing() const override;
  void on_listing(std::vector<file_entry> listing) override;
  /// New files by (modification time, path), or newest first; cut by the limits, at least one.
  std::vector<file_entry> choose(std::int64_t wall_us = 0) override;
  void take(std::int64_t batch, const std::vector<file_entry>& files) override;
  std::optional<std::int64_t> next_input_us(std::int64_t) const override { return std::nullopt; }
  /// New files known and not yet taken.
  std::size_t pending() const noexcept { return pending_.size(); }
  bool frozen() const noexcept { return frozen_; }

  /// For base records: everything taken up to the last take(). Files of unfinished listings are not part of it.
  std::string to_json() const override { return seen_.to_json(); }
  status restore(std::string_view json) override { return seen_.restore(json); }

private:
  discovery_options options_;
  seen_files seen_;
  std::vector<file_entry> pending_;  // in the order of reading
  bool frozen_ = false;
};

} // namespace sluice::sources
