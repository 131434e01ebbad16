#pragma once
/// What an attempt leaves on disk on this worker: one state object with the sections of all slots, output staged as rows, and the
/// slots' files finished. Blocks; called by the I/O actor only.
#include "worker/actors/slot_batch.hpp"
#include "worker/actors/surroundings.hpp"

namespace sluice::worker {

struct written_extent {
  std::uint16_t group = 0;
  std::string object;
  std::int64_t offset = 0;
  std::int64_t length = 0;
  std::uint64_t checksum = 0;
  bool snapshot = false;
  std::int64_t rows = 0;
};

struct written_file {
  sinks::staged_file file;
  std::int32_t ordinal = 0;
};

struct written_batch {
  std::vector<written_extent> extents;
  std::vector<written_file> staged;
  std::int64_t write_us = 0;
};

/// Everything is durable (files and directories) when it returns. Errors name the worker.
result<std::shared_ptr<written_batch>> write_objects(const batch_job& job, const std::vector<std::shared_ptr<slot_output>>& outputs,
                                                     const surroundings& world);

} // namespace sluice::worker
