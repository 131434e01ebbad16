#pragma once
/// The job actor: plans a job's text as a whole, starts its queries in order, follows them, runs its SELECTs, and tells
/// its listener. Ends by itself after the listener's on_end.
#include "coordinator/actors/io.hpp"
#include "coordinator/actors/messages.hpp"

namespace caf {
class actor_system;
} // namespace caf

namespace sluice::actors {

struct job_setup {
  environment_ptr environment;
  cluster_actor cluster;
  io_pool io;
  queries_actor queries;
  job_spec job;
  std::shared_ptr<job_listener> listener;
  std::function<void(result<std::string>)> explain;  ///< set: only plans, and answers here
  std::shared_ptr<const batch_job> batch;            ///< set: runs only this, and answers `batch_answer`
  std::function<void(result<batch_rows>)> batch_answer;
};

job_actor spawn_job(caf::actor_system& system, job_setup setup);

} // namespace sluice::actors
