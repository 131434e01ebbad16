#pragma once
/// State of the keeper of queries. Private to the room; a test may look at it.
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "coordinator/actors/queries.hpp"

namespace sluice::actors {

/// One query and what is under way with it.
struct known_query {
  query_record record;
  query_actor actor;  ///< null: nobody needs one
  bool look_only = false;
  query::query_state state = query::query_state::stopped;
  bool has_run = false;  ///< in this run it got past its recovery
  status error;
  std::int64_t last_batch = -1;
  std::vector<std::string> workers;
  std::shared_ptr<const query::query_progress> progress;

  bool storing = false;  ///< a record is being written
  bool dirty = false;    ///< and another has to follow
  bool stored = false;   ///< this run's first record is durable
  std::vector<job_actor> followers;
  std::shared_ptr<query_follower> follower;  ///< of this run
  std::optional<caf::typed_response_promise<query_begun>> starting;
  std::vector<caf::typed_response_promise<query_shown>> stopping;
  std::shared_ptr<known_query> before;  ///< what was known before this run, should the start fail

  bool active() const;
  query_summary summary() const;
  query_detail detail() const;
};

struct known_queries {
  static inline const char* name = "queries";
  using pointer = queries_actor::stateful_pointer<known_queries>;

  /// Ends the actors of the queries: one that holds an open promise would keep itself.
  ~known_queries();
  void init(pointer self, queries_setup setup);
  caf::result<query_begun> begin(const begin_query& order);
  void prepared(const query_prepared& outcome);
  void reported(const query_report& report);
  void stored(const record_stored& outcome);
  caf::result<query_shown> stop(const stop_query& order);
  query_shown show(const std::string& key);
  table_list tables() const;
  table_found table(const query_id& id);
  caf::result<input_processed> process(const process_available& order);
  void shut_down();

  /// By id, name (active ones first, then the newest) or unique prefix of an id. Error: query_not_found, naming what
  /// there is.
  result<known_query*> find(const std::string& key);
  void spawn(known_query& query, bool by_hand);
  void store(known_query& query);
  void settle(known_query& query);
  void drop_actor(known_query& query);
  void ended(known_query& query, const query_report& report);
  void start_failed(query_id id, status error);
  void tell_end(known_query& query);

  struct start_order {
    begin_query order;
    caf::typed_response_promise<query_begun> promise;
  };

  pointer self = nullptr;
  queries_setup setup;
  std::map<query_id, known_query> queries;
  std::map<std::uint64_t, start_order> starts;
  std::uint64_t next_start = 0;
  bool closing = false;
};

} // namespace sluice::actors
