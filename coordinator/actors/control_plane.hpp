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
#include "common/storage/file_system.hpp"

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
  virtual void list_workers(std::function<void(std::vector<worker_summary>)> answer) = 0;
  /// Ends all actors: batches in flight are dropped, queries keep what is wanted of them. Blocks until they are gone;
  /// may be called twice.
  virtual void stop() = 0;
  virtual std::string cluster_id() const = 0;
};

} // namespace sluice::actors
