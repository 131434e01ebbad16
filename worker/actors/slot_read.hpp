#pragma once
/// One slot's share of a read: rows of a result table's state, of staged objects, or of file splits through a map pipeline.
/// Owned by one slot; knows no actors.
#include <atomic>
#include <deque>
#include <map>

#include "worker/actors/slot_batch.hpp"

namespace sluice::proto {
class object_read;
class scan_order;
} // namespace sluice::proto

namespace sluice::worker {

/// A read as this worker answers it, shared by the control actor and its slots. Immutable but for the atomics.
struct read_job {
  std::string read;
  expr::eval_context context;
  // A table: rows of the state at `at`, after the plan's result steps.
  std::string query;
  std::shared_ptr<const plan::streaming_plan> plan;
  state::layer_id at;
  std::uint32_t num_key_groups = 0;
  std::string checkpoint;
  std::vector<std::vector<std::uint16_t>> groups_of_slot;
  std::vector<state_extent> restore;
  // A scan: splits of a source through steps.
  std::shared_ptr<const plan::file_source> source;
  std::vector<plan::step> steps;
  std::vector<readers::split> splits;
  // Objects of rows, in order.
  std::vector<std::string> objects;

  mutable std::atomic<std::size_t> next_split{0};
  mutable std::atomic<std::int64_t> queued{0};  ///< blocks made and not yet sent
  mutable std::atomic<bool> over{false};
};
using read_job_ptr = std::shared_ptr<const read_job>;

result<read_job_ptr> make_table_read(const proto::table_read& order, std::shared_ptr<const plan::streaming_plan> plan,
                                     std::uint32_t slots);
result<read_job_ptr> make_scan(const proto::scan_order& order);
read_job_ptr make_object_read(const proto::object_read& order);

/// Blocks a read may have waiting before its slots pause.
inline constexpr std::int64_t max_queued_read_blocks = 8;

class read_port {
public:
  virtual ~read_port() = default;
  virtual void rows_read(const read_job_ptr& read, std::int64_t rows, std::shared_ptr<arrow::Buffer> body) = 0;
  virtual void read_finished(const read_job_ptr& read, status outcome) = 0;
};

class slot_read : public slot_task {
public:
  /// `held`: the query's table on this slot or null; asked at the first step only.
  slot_read(slot_settings settings, read_port& port, read_job_ptr read, std::shared_ptr<state::aggregate_table> held);
  const read_job_ptr& read() const { return read_; }
  progress step() override;

private:
  result<bool> fill();  ///< more rows into `ready_`; false at the end
  status read_table();
  status restore_and_read();
  result<bool> scan_some();
  status emit(const data::batch_ptr& rows);

  const slot_settings settings_;
  read_port& port_;
  const read_job_ptr read_;
  std::shared_ptr<state::aggregate_table> held_;
  std::deque<data::batch_ptr> ready_;
  std::unique_ptr<readers::split_reader> reader_;
  std::size_t next_object_ = 0;
  bool table_read_ = false;
};

} // namespace sluice::worker
