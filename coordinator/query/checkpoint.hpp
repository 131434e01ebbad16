#pragma once
/// A checkpoint directory: paths, taking it over, and its write-once records. Every function blocks on files: call from I/O actors.
/// Any number of coordinators may call them on the same directory at once; the records decide who wins.
#include <memory>
#include <optional>

#include "common/storage/file_system.hpp"
#include "coordinator/query/records.hpp"

namespace sluice::query {

/// Paths below a checkpoint.
struct checkpoint_paths {
  std::string root;
  std::string metadata() const;
  std::string epochs() const;
  std::string epoch(std::int64_t e) const;
  std::string offsets() const;
  std::string intent(std::int64_t n) const;
  std::string commits() const;
  std::string commit(std::int64_t n) const;
  std::string bases() const;
  std::string base(std::int64_t n) const;
  std::string published() const;
  std::string published(std::int64_t n) const;
  std::string state() const;
  std::string staged() const;
};

/// All that a start needs to know. Commits that are not yet published come along.
struct recovered_state {
  query::metadata metadata;
  bool created = false;                ///< the checkpoint did not exist before
  std::int64_t epoch = 0;              ///< the one claimed; 0 if none was
  std::int64_t last_batch = -1;        ///< last commit
  std::string last_attempt;
  std::string last_hash;
  std::int64_t batch_time_us = 0;      ///< of the last intent
  watermark_map watermarks;
  extent_map extents;
  std::vector<output_object> results;
  std::map<std::string, std::string> source_progress;  ///< of the base record
  std::vector<intent> intents;         ///< all after the base record, in order, the open one included
  bool open = false;                   ///< the last intent has no commit: run it again
  std::int64_t published = -1;
  std::int64_t last_base = -1;
  std::vector<std::shared_ptr<const commit>> unpublished;  ///< published+1 … last_batch
  batch_counters counters;             ///< of the last commit
};

struct takeover_request {
  std::string root;
  query::metadata wanted;      ///< `query` is used only when the checkpoint is made
  std::string run;
  std::string owner;           ///< of the claim, for people
  std::int64_t time_us = 0;
  bool claim = true;           ///< false: look only (a stopped query whose table is read); nothing is created
  bool refuse_started = false; ///< a memory table in append or update mode started by hand: error memory_restart if a batch was planned
  bool keep_results = false;   ///< fill `results`: append and update result tables
};

/// Makes or opens the checkpoint, claims the next epoch, reads the newest base and what follows it.
/// Errors: checkpoint_mismatch (with the reason), broken_chain, corrupt_file, unsupported_format, memory_restart, storage_io, disk_full.
result<recovered_state> take_over(storage::file_system& files, const takeover_request& request);
/// The part of `take_over` that only reads.
result<recovered_state> recover(storage::file_system& files, const std::string& root, bool keep_results);
/// Claims the epoch after the highest there is.
result<std::int64_t> claim_epoch(storage::file_system& files, const std::string& root, const std::string& run, const std::string& owner,
                                 std::int64_t time_us);
/// Ok if a query with `wanted` may go on from `found`; else checkpoint_mismatch with the reason.
status check_compatible(const metadata& found, const metadata& wanted, const std::string& root);

/// How a write-once record fared.
template <class Record>
struct write_outcome {
  enum class kind {
    created,  ///< ours is the record now
    exists,   ///< `found` is the record
    fenced,   ///< a higher epoch exists: stop
    failed    ///< `error`; whether the record exists is unknown
  };
  kind what = kind::failed;
  std::shared_ptr<const Record> found;
  std::string hash;      ///< record_hash of the record that now stands (created or exists)
  status error;
};

/// Both first look whether epoch+1 was claimed.
write_outcome<intent> write_intent(storage::file_system& files, const std::string& root, const intent& record);
/// Also makes sure that every object named has the size the record says. `sink_path`: metadata's, for staged sink files.
write_outcome<commit> write_commit(storage::file_system& files, const std::string& root, const std::string& sink_path,
                                   const commit& record);
status write_base(storage::file_system& files, const std::string& root, const base& record);
status note_published(storage::file_system& files, const std::string& root, std::int64_t batch, std::int64_t epoch);

/// Deletes what no retained record names: records older than `retain` batches behind the newest base, objects of batches up to
/// the last commit that neither that base nor a retained commit names. By reference, never by age. Safe to run at any time, twice, and by
/// several. Returns how many files went. `sink_path`: empty for internal sinks.
result<std::int64_t> collect_garbage(storage::file_system& files, const std::string& root, const std::string& sink_path,
                                     std::int64_t retain);

struct verify_report {
  status problem;                ///< ok, or the first broken thing by name
  std::int64_t last_batch = -1;
  std::int64_t commits = 0;      ///< read and linked
  std::int64_t intents = 0;
  std::int64_t objects = 0;      ///< state and output objects whose bytes were checked
  std::int64_t bytes = 0;
  std::int64_t rows = 0;         ///< read by the commits seen
  std::int64_t published = -1;
};
/// Proves a checkpoint: chain, checksums of every file that a record names, key groups, disjoint input, published files.
/// Reads only; accepts a checkpoint whose query is running.
verify_report verify(storage::file_system& files, const std::string& root);

} // namespace sluice::query
