#pragma once
/// State of the job actor. Private to the room.
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <deque>
#include <set>

#include "coordinator/actors/job.hpp"
#include "coordinator/actors/job_plan.hpp"
#include "coordinator/actors/read.hpp"
#include "coordinator/sources/split_plan.hpp"

namespace sluice::actors {

struct job_state {
  static inline const char* name = "job";
  using pointer = job_actor::stateful_pointer<job_state>;

  void init(pointer self, job_setup setup);
  void run();
  void plan(const catalog::result_tables& tables);
  void begin_next();
  void begun(const query_begun& outcome);
  void news(const query_news& news);
  void go_on();
  void end(status outcome);
  void cancel();

  // One SELECT after the other; each of its leaves after the other.
  void next_select();
  void next_leaf();
  void local_rows(const plan_leaf& leaf, const std::vector<data::batch_ptr>& all);
  void read_table(const plan_leaf& leaf);
  void find_table(const catalog::result_tables& tables, const std::string& table);
  void pin(const query_actor& query);
  void pinned(table_pinned outcome);
  void list_files(const plan_leaf& leaf);
  void scan(const std::vector<sources::split>& splits);
  void gather(std::string read, std::vector<read_part> parts);
  void gathered(const read_end& outcome);
  void leaf_rows(std::vector<data::batch_ptr> rows);
  void compute();
  void compute_batch();
  void computed(const std::vector<result_rows>& pieces);
  void worked(const work_done& outcome);
  /// Tries the leaf again after a while if the error is one that passes; else the job ends.
  void leaf_failed(status error);
  std::int64_t limit_bytes() const { return 1LL << 30; }

  /// Gives blocking work away; what it makes comes back as work_done of this step.
  template <class Value>
  void give_away(std::function<result<Value>()> work);
  template <class Reply, class Order, class Target>
  void ask(const Target& target, Order order, std::function<void(const Reply&)> then);

  pointer self = nullptr;
  job_setup setup;
  planned_job job;
  std::size_t next_query = 0;
  std::size_t next_batch = 0;
  std::map<std::string, query_id> own_tables;  ///< names as this job writes them
  std::set<query_id> bounded;                  ///< started here and not over yet
  std::set<query_id> unbounded;
  bool query_failed = false;                   ///< the SELECTs are not run then
  bool started_all = false;
  bool over = false;

  cut_plan select;
  std::vector<std::vector<data::batch_ptr>> rows;  ///< by leaf
  std::int64_t batch_time_us = 0;
  bool selecting = false;
  std::uint64_t step = 0;  ///< what is under way; answers to earlier steps are stale
  int tries = 0;
  table_pinned table;
  std::string current_read;
  std::function<void(const void*)> on_work;
  read_actor reading;
};

} // namespace sluice::actors
