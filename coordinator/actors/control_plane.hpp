#pragma once
/// The coordinator's actors behind one object: what a service (gRPC now, Spark Connect and HTTP later) may ask of them.
/// Owned by the node. Every function may be called from any thread and never blocks; answers come on an actor's thread
/// and must only hand over. Errors are statuses from the one table; nothing throws.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "common/base/environment.hpp"
#include "common/base/ids.hpp"
#include "common/base/status.hpp"
#include "common/config/settings.hpp"
#include "common/net/link.hpp"
#include "common/plan/plan.hpp"
#include "common/storage/file_system.hpp"
#include "coordinator/catalog/catalog.hpp"
#include "coordinator/query/progress.hpp"

namespace caf {
class actor_system;
} // namespace caf

namespace sluice::actors {

/// A query in one line (`ps`).
struct query_summary {
  query_id id;
  run_id run;
  std::string name;
  std::string state;  ///< starting, running, recovering, stopped, finished, failed
  std::int64_t batch = -1;
  std::int64_t num_input_rows = 0;
  double input_rows_per_second = 0;
  double processed_rows_per_second = 0;
};

/// Everything `show` prints.
struct query_detail {
  query_summary summary;
  std::string sink;
  std::string checkpoint;
  status error;
  std::string plan;
  std::string last_progress;  ///< Spark's JSON; empty before the first batch
  std::vector<std::string> workers;
  std::vector<std::string> paths;
  std::vector<std::string> warnings;
};

struct worker_summary {
  worker_id id;
  std::int64_t pid = 0;
  std::string address;
  std::uint32_t slots = 0;
  std::string state;  ///< ready, draining
};

/// A job's text and how to run it.
struct job_spec {
  std::string text;
  std::map<std::string, std::string> variables;
  std::string directory;    ///< resolves relative paths
  std::string name;         ///< of the job's only streaming query, if not empty
  bool wait = false;
  bool batch_only = false;  ///< statements that start a stream are refused
};

struct query_started {
  query_id id;
  run_id run;
  std::string name;
  std::vector<std::string> warnings;
};
struct query_progress {
  query_id id;
  std::string name;
  std::string json;
};
struct query_ended {
  query_id id;
  std::string name;
  std::string state;
  status error;
};
/// A piece of a SELECT's result: an Arrow IPC stream; the first of a result comes even without rows.
struct result_rows {
  std::shared_ptr<arrow::Buffer> arrow;
  bool last = false;
  std::string time_zone;
};
/// What a committed batch of a console query shows.
struct console_rows {
  std::string name;
  std::int64_t batch = 0;
  std::shared_ptr<arrow::Buffer> arrow;
  std::string time_zone;
  std::int64_t num_rows = 20;
  bool truncate = true;
};
struct notice {
  std::string text;
};
using job_event = std::variant<query_started, query_progress, query_ended, result_rows, console_rows, notice>;

/// A SELECT that is planned already, with the tables that only it sees.
struct batch_job {
  plan::batch_plan plan;
  /// Rows that came with the plan, by the name of their scan.
  std::map<std::string, std::shared_ptr<const std::vector<data::batch_ptr>>> rows;
  /// Result tables by the name in the plan, in lower case; other names mean the cluster's.
  std::map<std::string, query_id> tables;
};
/// All rows of a SELECT, in order; at least one batch (an empty one for no rows).
struct batch_rows {
  data::schema_ptr schema;
  std::vector<data::batch_ptr> batches;
};

/// Who follows a query started by start_query, for its whole run. Called on an actor's thread; must only hand over.
class query_follower {
public:
  virtual ~query_follower() = default;
  /// Whether a batch is under way, with each change.
  virtual void on_activity(bool busy) = 0;
  virtual void on_progress(std::shared_ptr<const query::query_progress> progress) = 0;
  /// Once, last: stopped, finished or failed (only then with an error). Comes before stop_query answers.
  virtual void on_end(std::string state, status error) = 0;
};

/// Who follows a job. `on_end` comes exactly once, last; its error is the job's own: a query's failure is told by
/// query_ended alone.
class job_listener {
public:
  virtual ~job_listener() = default;
  virtual void on_event(job_event event) = 0;
  virtual void on_end(status outcome) = 0;
};

/// Lets the holder cancel a job; destroying it changes nothing.
class job_handle {
public:
  virtual ~job_handle() = default;
  /// Ends the job: waits and reads stop, `on_end` gets `cancelled`. Queries that it started go on.
  virtual void cancel() = 0;
};

struct control_options {
  config::coordinator_settings settings;
  std::string data_dir;  ///< absolute
  bool detach = true;    ///< I/O and discovery get threads of their own; false: everything on the scheduler
  std::size_t threads = 2;
  caf::actor_system* system = nullptr;  ///< where the actors live; null: in a system of their own with `threads`
};

/// What the actors are handed besides: the world outside.
struct surroundings {
  std::shared_ptr<clock_source> clock;
  std::shared_ptr<random_source> random;
  std::shared_ptr<storage::file_system> files;
};

class control_plane {
public:
  /// Reads the query directory and takes up the queries that should run. Errors: storage_io, corrupt_file.
  static result<std::unique_ptr<control_plane>> start(control_options options, surroundings world);
  virtual ~control_plane() = default;

  /// Handler for links of workers.
  virtual net::accept_handler accept() = 0;

  virtual std::shared_ptr<job_handle> run_job(job_spec job, std::shared_ptr<job_listener> listener) = 0;
  virtual void explain(job_spec job, std::function<void(result<std::string>)> answer) = 0;
  virtual void list_queries(std::function<void(std::vector<query_summary>)> answer) = 0;
  /// `key`: id, unique prefix of an id, or name. Error: query_not_found.
  virtual void show_query(std::string key, std::function<void(result<query_detail>)> answer) = 0;
  virtual void stop_query(std::string key, std::function<void(result<query_detail>)> answer) = 0;
  /// Runs short work on a thread of its own kind; dropped after stop().
  virtual void compute(std::function<void()> work) = 0;
  /// Result tables of the cluster.
  virtual void list_tables(std::function<void(catalog::result_tables)> answer) = 0;
  /// Runs a SELECT that is planned already. Errors: those of execution, cancelled, no_workers.
  virtual std::shared_ptr<job_handle> run_batch(batch_job job, std::function<void(result<batch_rows>)> answer) = 0;
  /// Starts a query that is planned already. Its name need not be its own: whoever starts it so tells it by its id.
  /// `follower` hears of this run until its end, not of later ones. Errors: those of a start.
  virtual void start_query(plan::streaming_plan plan, std::shared_ptr<query_follower> follower,
                           std::function<void(result<query_started>)> answer) = 0;
  /// Answers when what its source holds now is processed and visible, or the query is over (with its error if it failed).
  /// However long that takes: a query whose coordinator stops meanwhile never answers.
  virtual void process_available(query_id query, std::function<void(status)> answer) = 0;
  virtual void list_workers(std::function<void(std::vector<worker_summary>)> answer) = 0;
  /// Ends all actors: batches in flight are dropped, queries keep what is wanted of them. Blocks until they are gone;
  /// may be called twice.
  virtual void stop() = 0;
  virtual std::string cluster_id() const = 0;
};

} // namespace sluice::actors
