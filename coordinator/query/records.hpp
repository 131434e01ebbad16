#pragma once
/// The records of a checkpoint: metadata, epoch claims, intents, commits, bases and published notes; their text and back.
/// All are write-once. Text is a sealed record (common/storage/durable.hpp) around JSON that a person can read.
/// Decoding never crashes; bad bytes give corrupt_file, an unknown version unsupported_format, both naming the path.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.hpp"
#include "coordinator/query/messages.hpp"

namespace sluice::query {

/// An input file as accepted: exactly `size` bytes of this inode are read.
struct source_file {
  std::string path;
  std::int64_t size = 0;
  std::int64_t mtime_us = 0;
  std::uint64_t inode = 0;
  bool operator==(const source_file&) const = default;
};

struct source_input {
  std::string source;
  std::vector<source_file> files;
  bool operator==(const source_input&) const = default;
};

/// Event-time watermark in milliseconds per watermark node of the plan.
using watermark_map = std::map<std::string, std::int64_t>;

struct operator_record {
  std::int32_t id = 0;
  std::string kind;       ///< "aggregate"
  std::string signature;  ///< equal signatures may share state
  bool operator==(const operator_record&) const = default;
};

/// <checkpoint>/metadata. Written once, when the checkpoint is made.
struct metadata {
  std::string query;   ///< Spark's `id`, for the query's whole life
  std::string name;
  std::uint32_t num_key_groups = 128;
  std::string hash_name;
  std::string source_signature;
  std::vector<operator_record> operators;  ///< stateful ones
  std::string sink_format;
  std::string sink_path;                   ///< absolute; empty for internal sinks
  bool operator==(const metadata&) const = default;
};

/// <checkpoint>/epochs/<e>: a coordinator's claim.
struct epoch_claim {
  std::int64_t epoch = 0;
  std::string run;
  std::string owner;
  std::int64_t time_us = 0;
  bool operator==(const epoch_claim&) const = default;
};

/// <checkpoint>/offsets/<n>: what batch n reads. A retry repeats exactly this.
struct intent {
  std::int64_t batch = 0;
  std::int64_t epoch = 0;
  std::int64_t batch_time_us = 0;
  watermark_map watermarks;
  std::vector<source_input> inputs;
  std::map<std::string, std::string> settings;
  bool operator==(const intent&) const = default;
};

/// Extent of an operator's key group.
struct state_extent {
  std::int32_t operator_id = 0;
  query::extent extent;
  bool operator==(const state_extent&) const = default;
};

/// Output of a batch. For file sinks `staged` becomes `final_path` when published; both relative to the sink's folder.
/// For internal sinks `staged` is relative to the checkpoint and `final_path` is empty.
struct output_object {
  std::string staged;
  std::string final_path;
  std::int32_t ordinal = 0;
  std::int64_t size = 0;
  std::uint64_t checksum = 0;
  std::int64_t rows = 0;
  bool operator==(const output_object&) const = default;
};

struct batch_counters {
  std::int64_t rows_read = 0;
  std::int64_t rows_parsed = 0;
  std::int64_t rows_bad = 0;
  std::int64_t rows_sent = 0;
  std::int64_t rows_received = 0;
  std::int64_t rows_out = 0;
  std::int64_t state_rows = 0;
  std::int64_t state_updated = 0;
  std::int64_t state_bytes = 0;
  bool operator==(const batch_counters&) const = default;
};

/// <checkpoint>/commits/<n>: the decision. Names every artefact of batch n; what no record names is garbage.
struct commit {
  std::int64_t batch = 0;
  std::int64_t epoch = 0;
  std::string attempt;
  std::string previous;        ///< hash of commit n-1; empty for batch 0
  std::int64_t batch_time_us = 0;
  std::vector<state_extent> extents;  ///< only those that are new
  std::vector<output_object> output;  ///< by ordinal
  batch_counters counters;
  watermark_map watermarks;    ///< for the next batch
  bool operator==(const commit&) const = default;
};

/// Whole extent map: operator id -> key group -> extents, oldest first.
using extent_map = std::map<std::int32_t, std::map<std::uint32_t, std::vector<extent>>>;
void apply_commit(const commit& record, extent_map& extents);

/// <checkpoint>/base/<n>: everything a start needs up to batch n.
struct base {
  std::int64_t batch = 0;
  std::int64_t epoch = 0;      ///< of the coordinator that wrote it
  std::string commit_hash;     ///< of commit n
  std::string attempt;         ///< of commit n
  std::int64_t batch_time_us = 0;
  std::int64_t published = -1;
  watermark_map watermarks;
  std::map<std::string, std::string> source_progress;  ///< source -> the JSON it restores itself from (coordinator/sources)
  extent_map extents;
  std::vector<output_object> results;                  ///< append and update result tables: the whole list
  batch_counters counters;                             ///< of batch n
  bool operator==(const base&) const = default;
};

/// <checkpoint>/published/<n>: every sink shows all batches up to n.
struct published_note {
  std::int64_t batch = -1;
  std::int64_t epoch = 0;
  bool operator==(const published_note&) const = default;
};

std::string encode(const metadata& record);
std::string encode(const epoch_claim& record);
std::string encode(const intent& record);
std::string encode(const commit& record);
std::string encode(const base& record);
std::string encode(const published_note& record);
result<metadata> decode_metadata(std::string_view bytes, const std::string& path);
result<epoch_claim> decode_epoch(std::string_view bytes, const std::string& path);
result<intent> decode_intent(std::string_view bytes, const std::string& path);
result<commit> decode_commit(std::string_view bytes, const std::string& path);
result<base> decode_base(std::string_view bytes, const std::string& path);
result<published_note> decode_published(std::string_view bytes, const std::string& path);

/// What the next commit's `previous` says about this one: XXH3 of the record's whole text.
std::string record_hash(std::string_view bytes);

} // namespace sluice::query
