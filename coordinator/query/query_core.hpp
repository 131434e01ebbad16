#pragma once
/// The life of one streaming query as a pure state machine: triggers, the batch protocol (two-phase commit), worker membership,
/// publishing, stop. No actor, clock or I/O inside: the owner feeds events with both clocks and performs the actions in order.
/// Owned by one query actor; not thread safe. Never fails itself: errors arrive as events and end in state_changed.
///
///   starting -> recovering -> running -> finished            (availableNow, once: everything read)
///                   |           |-> stopping -> stopped      (stop; fenced: stopped with checkpoint_in_use)
///                   `-----------`-> failed
///
///   batch phases while running: idle -> discovering -> running (the intent is written meanwhile) -> committing -> idle
///
///   query_core core{options};
///   for (auto& action : core.handle(event::start{}, now)) perform(action);
#include <functional>
#include <memory>

#include "coordinator/query/query_events.hpp"

namespace sluice::query {

enum class trigger_kind { as_soon_as_possible, interval, available_now, once };

struct core_options {
  // ---- the query ----
  std::string query;                ///< id if the checkpoint is new; the checkpoint's own wins
  std::string run;
  std::string name;
  bool stateful = false;            ///< has an aggregation: key groups are placed
  bool global = false;              ///< an aggregation without keys and window: its table has one row even without input
  bool complete = false;            ///< complete mode: the result table is the workers' state
  bool collect_output = false;      ///< rows of each batch are staged for a table or the console
  bool keep_results = false;        ///< they stay (append or update into a memory table)
  std::string checkpoint;           ///< absolute
  std::string sink_path;            ///< file sinks: folder; else empty
  std::string sink_extension;       ///< ".json"
  std::string source_name = "0";
  std::string source_description;
  std::string sink_description;
  /// Files of an intent to splits, ordinals from 0: a pure function (coordinator/sources). Null: one split per file.
  std::function<std::vector<file_split>(const std::vector<source_file>&)> plan_splits;
  std::map<std::string, std::string> settings;  ///< stored in every intent
  trigger_kind trigger = trigger_kind::as_soon_as_possible;
  std::int64_t interval_us = 0;
  bool look_only = false;           ///< a query that is stopped: recover for reads, then state stopped
  // ---- limits ----
  std::int64_t max_attempts = 4;
  std::int64_t silence_us = 30'000'000;
  std::int64_t max_publish_lag = 8;
  std::int64_t base_every = 256;
  std::int64_t min_batches_to_retain = 100;
  std::int64_t max_result_rows = 1'000'000;
};

/// What `show` and `ps` tell.
struct query_status {
  query_state state = query_state::starting;
  batch_phase phase = batch_phase::idle;
  std::string query;
  std::string run;
  std::string name;
  std::int64_t last_batch = -1;
  std::int64_t published = -1;
  std::int64_t epoch = 0;
  std::string attempt;
  std::vector<std::string> workers;
  status error;
  std::shared_ptr<const query_progress> last_progress;
};

class query_core {
public:
  explicit query_core(core_options options);
  ~query_core();
  query_core(const query_core&) = delete;
  query_core& operator=(const query_core&) = delete;

  std::vector<query_action> handle(const query_event& event, instant now);
  query_status status_now() const;
  query_state state() const noexcept;
  const core_options& options() const noexcept;

private:
  class machine;
  std::unique_ptr<machine> machine_;
};

} // namespace sluice::query
