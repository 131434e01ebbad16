#pragma once
/// State of the query actor. Private to the room; a test may look at it.
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <deque>

#include "coordinator/actors/query.hpp"
#include "coordinator/query/query_core.hpp"
#include "coordinator/sources/input_source.hpp"

namespace sluice::actors {

struct query_shell {
  static inline const char* name = "query";
  using pointer = query_actor::stateful_pointer<query_shell>;

  ~query_shell();
  void init(pointer self, query_setup setup);

  // What comes in.
  void happened(query::query_event event);
  void worker_said(const worker_message& message);
  void members_changed(const membership& now);
  void listed(const files_listed& listing);
  void recovered(const query_recovered& outcome);
  void console(const console_output& output);
  caf::result<table_pinned> pin(const pin_table& order);
  caf::result<input_processed> process();

  // What the core wants, one function per action.
  void perform(const query::action::recover& order);
  void perform(const query::action::discover& order);
  void perform(const query::action::take_input& order);
  void perform(const query::action::write_intent& order);
  void perform(const query::action::send_order& order);
  void perform(const query::action::drop_attempt& order);
  void perform(const query::action::write_commit& order);
  void perform(const query::action::announce_commit& order);
  void perform(const query::action::committed& fact);
  void perform(const query::action::publish& order);
  void perform(const query::action::note_published& order);
  void perform(const query::action::write_base& order);
  void perform(const query::action::collect_garbage& order);
  void perform(const query::action::start_read& order);
  void perform(const query::action::refuse_read& refusal);
  void perform(const query::action::report_progress& report);
  void perform(const query::action::set_timer& order);
  void perform(const query::action::state_changed& change);

  query::instant now() const;
  const plan::streaming_plan& plan() const { return setup.record.plan; }
  storage::file_system& files() const { return *setup.environment->world.files; }
  /// Runs blocking `work` on an I/O actor; the event it makes comes back as a message.
  void run_for_event(const io_actor& io, std::function<query::query_event()> work);
  void run_quietly(const io_actor& io, std::function<status()> work, std::string what);
  void choose_input();
  void wake_for_input();
  void settle_processed();
  void watch();
  void release();
  void tell_end(const status& error);
  void tell(job_event event);
  job_event waiting() const;
  void follow(const job_actor& job);
  void report(bool state_changed, const status& error, std::shared_ptr<const query::query_progress> progress);
  void send_to(const worker_id& worker, const proto::link_message& message);

  pointer self = nullptr;
  query_setup setup;
  std::unique_ptr<query::query_core> core;
  std::unique_ptr<sources::input_source> source;
  query::order_context context;
  std::deque<query::query_event> pending;  ///< events raised while actions are performed
  bool handling = false;
  std::int64_t next_look_us = 0;           ///< wall time of the look that a timer will wake for
  std::int64_t wanted_batch = -1;          ///< the batch whose input the core asked for
  std::map<worker_id, member> members;
  bool waits_for_workers = false;          ///< said already
  std::vector<job_actor> followers;
  std::map<std::string, caf::typed_response_promise<table_pinned>> reads;
  /// Somebody waits until what the source holds is processed: a look at the source that began after the question has to
  /// find nothing.
  struct process_wait {
    caf::typed_response_promise<input_processed> promise;
    bool looked = false;
    bool drained = false;
  };
  std::vector<process_wait> waits;
  bool busy = false;                       ///< as reported last
  bool watching = false;
  int console_reads = 0;                   ///< under way; the end is told only after them
  std::optional<status> held_end;
};

} // namespace sluice::actors
