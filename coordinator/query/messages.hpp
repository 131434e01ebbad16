#pragma once
/// What the query core tells workers and hears from them, as plain values. `message_codec.hpp` turns them into link.proto and back.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/ids.hpp"

namespace sluice::query {

/// Names one try at a batch. Whatever does not carry the newest one is stale.
struct attempt_ref {
  std::string query;
  std::int64_t epoch = 0;
  std::int64_t batch = 0;
  std::string attempt;
  bool operator==(const attempt_ref&) const = default;
};

/// A version of the state: the batch and the attempt that made it. Batch -1: empty.
struct layer {
  std::int64_t batch = -1;
  std::string attempt;
  bool operator==(const layer&) const = default;
};

/// A byte range of an input file. `ordinal` counts the splits of a batch.
struct file_split {
  std::int32_t ordinal = 0;
  std::string path;
  std::int64_t offset = 0;
  std::int64_t length = 0;
  std::int64_t file_size = 0;
  std::int64_t mtime_us = 0;
  std::uint64_t inode = 0;
  bool operator==(const file_split&) const = default;
};

/// Where a version of one key group's state lies in an object.
struct extent {
  std::uint32_t group = 0;
  std::string object;       ///< file name below <checkpoint>/state
  std::int64_t offset = 0;
  std::int64_t length = 0;
  std::uint64_t checksum = 0;
  bool snapshot = false;    ///< replaces everything before it
  std::int64_t batch = 0;
  std::int64_t rows = 0;
  bool operator==(const extent&) const = default;
};

struct placed_worker {
  std::string worker;
  std::string data_address;
  std::uint32_t slots = 1;
  bool operator==(const placed_worker&) const = default;
};

/// What does not change from order to order of one query: filled in when an order is encoded.
struct order_context {
  std::string plan;         ///< encoded streaming_plan
  std::string plan_digest;
  std::string checkpoint;   ///< absolute
};

struct order {
  attempt_ref ref;
  layer base;
  std::int64_t batch_time_us = 0;
  std::uint32_t num_key_groups = 0;
  std::shared_ptr<const std::vector<placed_worker>> workers;
  std::shared_ptr<const std::vector<std::uint32_t>> group_owner;  ///< key group -> index into workers; empty if stateless
  std::vector<file_split> splits;
  std::vector<extent> restore;
  bool restore_all = false;
  std::vector<std::uint32_t> snapshot_groups;
  std::string staging;      ///< absolute
  bool collect_output = false;
};

struct staged_object {
  std::string path;         ///< absolute
  std::int64_t size = 0;
  std::uint64_t checksum = 0;
  std::int64_t rows = 0;
  std::int32_t ordinal = 0;
  bool operator==(const staged_object&) const = default;
};

/// A worker's answer: its whole share of the attempt is done and durable.
struct prepared_report {
  attempt_ref ref;
  std::string worker;
  std::vector<extent> extents;
  std::vector<staged_object> staged;
  std::vector<std::int32_t> splits;
  std::int64_t rows_read = 0;
  std::int64_t rows_parsed = 0;
  std::int64_t rows_bad = 0;
  std::int64_t rows_sent = 0;
  std::int64_t rows_received = 0;
  std::int64_t rows_out = 0;
  std::int64_t state_rows = 0;
  std::int64_t state_updated = 0;
  std::int64_t state_bytes = 0;
  std::optional<std::int64_t> max_event_time_us;
  std::map<std::string, std::int64_t> duration_us;
  std::int64_t bytes_read = 0;
};

/// One worker's share of a read of a complete-mode result table.
struct table_share {
  std::string worker;
  std::vector<std::uint32_t> groups;
  std::vector<extent> restore;  ///< used only if the worker does not hold the layer
};

} // namespace sluice::query
