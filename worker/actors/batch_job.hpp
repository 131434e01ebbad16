#pragma once
/// One attempt at a batch as this worker runs it: the order, decoded once and shared by the control actor and all slots.
/// Immutable but for the atomics, through which slots pull splits and show signs of life.
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "common/exec/aggregate.hpp"
#include "worker/readers/reader.hpp"
#include "worker/state/aggregate_table.hpp"

namespace sluice::proto {
class batch_order;
class attempt_ref;
class extent;
class table_read;
} // namespace sluice::proto

namespace sluice::worker {

struct attempt_key {
  std::string query;
  std::int64_t epoch = 0;
  std::int64_t batch = 0;
  std::string attempt;
  bool operator==(const attempt_key&) const = default;
};
attempt_key key_of(const proto::attempt_ref& ref);
void set_ref(proto::attempt_ref& out, const attempt_key& key);
/// Whether `a` was made before `b` (both of one query): by epoch, then by the attempt's counter.
bool is_older(const attempt_key& a, const attempt_key& b);

/// A section of a state object.
struct state_extent {
  std::uint16_t group = 0;
  std::string object;  ///< file name below <checkpoint>/state
  std::int64_t offset = 0;
  std::int64_t length = 0;
  std::uint64_t checksum = 0;
  bool snapshot = false;
};

/// Where blocks of a key group go.
struct destination {
  std::uint32_t worker = 0;  ///< index in the order
  std::uint32_t slot = 0;
};

struct placed_worker {
  std::string id;
  std::string data_address;
  std::uint32_t slots = 1;
};

struct batch_job {
  attempt_key key;
  std::shared_ptr<const plan::streaming_plan> plan;
  expr::eval_context context;
  state::layer_id base;
  exec::routing routes;                   ///< to an index of `destinations`
  std::vector<destination> destinations;  ///< all slots of all workers, in order
  std::vector<placed_worker> workers;
  std::uint32_t self = 0;                 ///< index in `workers`
  std::vector<readers::split> splits;
  std::vector<state_extent> restore;
  bool restore_all = false;
  std::vector<std::uint16_t> snapshot_groups;
  std::string checkpoint;
  std::string staging;
  bool collect_output = false;

  mutable std::atomic<std::size_t> next_split{0};
  mutable std::atomic<std::int64_t> queued_bytes{0};  ///< blocks for peers that wait for credit
  mutable std::atomic<std::int64_t> rows{0};
  mutable std::atomic<std::int64_t> signs_of_life{0};
  mutable std::atomic<bool> over{false};              ///< dropped, failed or done: slots forget it

  bool stateful() const { return plan->aggregate.has_value(); }
  state::layer_id layer() const { return {key.batch, key.attempt}; }
  std::size_t first_destination() const;              ///< of this worker's slots
};
using job_ptr = std::shared_ptr<const batch_job>;

state_extent extent_of(const proto::extent& from);
/// Checks an order and turns it into a job. `plan`: of the order, decoded. Errors: protocol.
result<job_ptr> make_job(const proto::batch_order& order, std::shared_ptr<const plan::streaming_plan> plan,
                         const std::string& self, std::uint32_t slots);

} // namespace sluice::worker
