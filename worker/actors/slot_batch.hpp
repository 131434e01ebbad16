#pragma once
/// One slot's share of an attempt: restore, map (read → steps → partial aggregate → blocks), merge what arrives, prepare.
/// Knows no actors: what leaves goes through `slot_port`. Owned by one slot.
///
///   loading --all extents in--> ready --start_map--> mapping --no splits left--> mapped --prepare--> prepared
///
/// Blocks that arrive while loading wait; a failure is reported once and ends the task.
#include <deque>

#include "worker/actors/batch_job.hpp"
#include "worker/actors/slot_task.hpp"
#include "worker/sinks/staged_writer.hpp"

namespace sluice::worker {

struct map_counts {
  readers::read_counts read;
  std::vector<std::int32_t> splits;
  std::int64_t rows_sent = 0;
  std::int64_t rows_out = 0;
  std::int64_t busy_us = 0;
};

/// What a slot hands in at the end: state sections, output, and the file it staged rows into.
struct slot_output {
  map_counts counts;
  std::vector<state::section> sections;
  std::vector<data::batch_ptr> rows;             ///< stateful output after the result steps
  std::shared_ptr<sinks::staged_writer> writer;  ///< stateless output; not finished yet
  std::int32_t first_split = 0;                  ///< of the writer's rows
  std::int64_t rows_received = 0;
  std::int64_t state_rows = 0;
  std::int64_t state_updated = 0;
  std::int64_t state_bytes = 0;
  std::int64_t merge_us = 0;
};

/// How a slot's work reaches the world. Calls never block.
class slot_port {
public:
  virtual ~slot_port() = default;
  virtual void block_for_peer(const job_ptr& job, destination to, std::int64_t rows, std::shared_ptr<arrow::Buffer> body) = 0;
  virtual void block_for_sibling(const job_ptr& job, std::uint32_t slot, data::batch_ptr rows) = 0;
  virtual void map_finished(const job_ptr& job) = 0;
  virtual void failed(const job_ptr& job, status error) = 0;
  /// Whether siblings or peers hold so many unmerged blocks that this slot should not make more.
  virtual bool congested(const job_ptr& job) = 0;
};

struct slot_settings {
  std::uint32_t slot = 0;
  std::size_t partial_memory_bytes = 4 << 20;
  readers::reader_options reader;
  storage::file_system* files = nullptr;
  const clock_source* clock = nullptr;
  std::string worker;                            ///< id, for messages
};

class slot_batch : public slot_task {
public:
  /// `table`: the query's on this slot; null for stateless plans. Both outlive this object.
  slot_batch(slot_settings settings, slot_port& port, job_ptr job, state::aggregate_table* table);
  ~slot_batch() override;

  const job_ptr& job() const { return job_; }
  progress step() override;
  void start_map() { map_allowed_ = true; }
  /// Merges a block, now or once the state is loaded.
  void arrived(data::batch_ptr rows);
  /// After all blocks are in. Null after a failure.
  std::shared_ptr<slot_output> prepare();

private:
  enum class phase { loading, ready, mapped, over };
  status begin();
  result<progress> advance();
  status load_some();
  status merge(const data::batch_ptr& rows);
  result<progress> map_some();
  status open_split();
  status end_map();
  status take(const data::batch_ptr& rows);
  status route(std::vector<exec::routed_block>& blocks);
  status write_rows(const data::batch_ptr& rows);
  result<std::shared_ptr<slot_output>> make_output();
  void fail(status error);
  bool mine(std::uint16_t group) const;

  const slot_settings settings_;
  slot_port& port_;
  const job_ptr job_;
  state::aggregate_table* const table_;
  phase phase_ = phase::loading;
  bool begun_ = false;
  bool map_allowed_ = false;
  std::size_t next_extent_ = 0;
  std::deque<data::batch_ptr> waiting_;
  std::unique_ptr<exec::partial_aggregator> partial_;
  std::unique_ptr<readers::split_reader> reader_;
  std::int32_t split_ = 0;
  std::string split_path_;
  std::int64_t split_rows_ = 0;
  map_counts counts_;
  std::int64_t merge_us_ = 0;
  std::int64_t merged_rows_ = 0;
  std::shared_ptr<sinks::staged_writer> writer_;
  std::int32_t writer_split_ = 0;
};

/// Reads a section and checks it. Errors: no_such_file → path_not_shared when the checkpoint is not there, corrupt_file.
result<std::string> read_extent(storage::file_system& files, const std::string& checkpoint, const state_extent& from,
                                const std::string& worker);
/// For errors about files that the coordinator saw: path_not_shared if even the directory is missing here.
status explain_missing(storage::file_system& files, status error, const std::string& path, const std::string& worker);

} // namespace sluice::worker
