#include "coordinator/actors/control_plane.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <mutex>

#include "common/base/log.hpp"
#include "common/storage/durable.hpp"
#include "common/storage/path.hpp"
#include "coordinator/actors/cluster.hpp"
#include "coordinator/actors/discovery.hpp"
#include "coordinator/actors/job.hpp"
#include "coordinator/actors/queries.hpp"

namespace sluice::actors {
namespace {

constexpr auto reply_timeout = std::chrono::seconds(60);
const auto start_timeout = caf::duration(std::chrono::minutes(5));  // a start reads a whole checkpoint
constexpr std::size_t fast_io_actors = 4;
constexpr std::size_t slow_io_actors = 3;
constexpr std::size_t compute_actors = 3;

status unreachable_status() { return {errc::unreachable, "the coordinator is shutting down"}; }

class job_cancel : public job_handle {
public:
  explicit job_cancel(job_actor job) : job_(caf::actor_cast<caf::actor_addr>(job)) {}
  void cancel() override {
    if (auto job = caf::actor_cast<job_actor>(job_)) caf::anon_send(job, cancel_job{});
  }

private:
  caf::actor_addr job_;
};

/// The cluster's id: made once, kept in the data directory.
result<std::string> read_cluster_id(storage::file_system& files, const std::string& data_dir, random_source& random) {
  auto path = storage::join_path(data_dir, "cluster");
  auto made = storage::durable_create(files, path, random.uuid() + "\n", random.uuid());
  if (!made.ok() && made.code() != errc::file_exists) return made;
  SLUICE_ASSIGN_OR_RETURN(auto id, storage::adopt(files, path));
  while (!id.empty() && (id.back() == '\n' || id.back() == ' ')) id.pop_back();
  return id;
}

class running_plane : public control_plane {
public:
  running_plane(environment_ptr environment, std::string cluster_id, std::vector<query_record> records)
    : environment_(std::move(environment)),
      cluster_id_(std::move(cluster_id)),
      own_system_(environment_->options.system ? nullptr
                                               : std::make_unique<caf::actor_system>(
                                                     configure(config_, environment_->options))),
      system_(own_system_ ? *own_system_ : *environment_->options.system) {
    auto detach = environment_->options.detach;
    io_ = io_pool(system_, detach, detach ? fast_io_actors : 1, detach ? slow_io_actors : 1, detach ? compute_actors : 1);
    cluster_ = spawn_cluster(system_, environment_, cluster_id_);
    discovery_ = spawn_discovery(system_, environment_);
    queries_ = spawn_queries(system_, {environment_, cluster_, discovery_, io_, std::move(records)});
  }

  ~running_plane() override { stop(); }

  net::accept_handler accept() override { return accept_for(cluster_); }

  std::shared_ptr<job_handle> run_job(job_spec job, std::shared_ptr<job_listener> listener) override {
    job_setup setup{environment_, cluster_, io_, queries_, std::move(job), std::move(listener), nullptr, nullptr, nullptr};
    std::lock_guard lock(mutex_);
    if (stopped_) {
      setup.listener->on_end(unreachable_status());
      return nullptr;
    }
    return keep_job(std::move(setup));
  }

  std::shared_ptr<job_handle> run_batch(batch_job job, std::function<void(result<batch_rows>)> answer) override {
    job_spec spec;
    spec.text = environment_->world.random->uuid();  // spreads the work over the pool
    job_setup setup{environment_, cluster_, io_, queries_, std::move(spec), nullptr, nullptr,
                    std::make_shared<const batch_job>(std::move(job)), std::move(answer)};
    std::unique_lock lock(mutex_);
    if (!stopped_) return keep_job(std::move(setup));
    lock.unlock();
    setup.batch_answer(unreachable_status());
    return nullptr;
  }

  void explain(job_spec job, std::function<void(result<std::string>)> answer) override {
    std::lock_guard lock(mutex_);
    if (stopped_) return answer(unreachable_status());
    spawn_job(system_, {environment_, cluster_, io_, queries_, std::move(job), nullptr, std::move(answer), nullptr, nullptr});
  }

  void list_queries(std::function<void(std::vector<query_summary>)> answer) override {
    ask<query_list>(queries_, get_queries{},
                    [answer](const query_list* list) { answer(list ? list->queries : std::vector<query_summary>{}); });
  }
  void show_query(std::string key, std::function<void(result<query_detail>)> answer) override {
    ask<query_shown>(queries_, actors::show_query{std::move(key)}, detail_to(std::move(answer)));
  }
  void stop_query(std::string key, std::function<void(result<query_detail>)> answer) override {
    ask<query_shown>(queries_, actors::stop_query{std::move(key)}, detail_to(std::move(answer)));
  }
  void compute(std::function<void()> work) override {
    std::lock_guard lock(mutex_);
    if (!stopped_) caf::anon_send(io_.compute(), run_io{std::move(work)});
  }
  void list_tables(std::function<void(catalog::result_tables)> answer) override {
    ask<table_list>(queries_, get_tables{},
                    [answer](const table_list* list) { answer(list ? list->tables : catalog::result_tables{}); });
  }
  void start_query(plan::streaming_plan plan, std::shared_ptr<query_follower> follower,
                   std::function<void(result<query_started>)> answer) override {
    begin_query order{std::make_shared<const plan::streaming_plan>(std::move(plan)), {}, std::move(follower), true};
    ask<query_begun>(queries_, std::move(order), [answer](const query_begun* begun) {
      if (begun == nullptr) return answer(status(errc::timed_out, "the query did not start in time"));
      if (begun->error.ok())
        answer(begun->started);
      else
        answer(begun->error);
    }, start_timeout);
  }
  void process_available(query_id query, std::function<void(status)> answer) override {
    ask<input_processed>(queries_, actors::process_available{std::move(query)}, [answer](const input_processed* outcome) {
      answer(outcome ? outcome->outcome : status(errc::cancelled, "the query is not there any more"));
    }, caf::infinite);
  }
  void list_workers(std::function<void(std::vector<worker_summary>)> answer) override {
    ask<worker_list>(cluster_, get_workers{}, [answer](const worker_list* list) {
      answer(list ? list->workers : std::vector<worker_summary>{});
    });
  }

  void stop() override {
    std::vector<caf::actor_addr> jobs;
    {
      std::lock_guard lock(mutex_);
      if (std::exchange(stopped_, true)) return;
      jobs.swap(jobs_);
    }
    for (const auto& address : jobs)
      if (auto job = caf::actor_cast<job_actor>(address)) caf::anon_send(job, cancel_job{});
    if (environment_->options.detach) {
      caf::scoped_actor self{system_};
      auto done = [](const all_down&) {};
      auto failed = [](caf::error&) {};
      self->request(queries_, reply_timeout, shut_down{}).receive(done, failed);
      self->request(cluster_, reply_timeout, close_links{}).receive(done, failed);
    }
    end(queries_);
    end(discovery_);
    end(cluster_);
    io_.stop();
  }

  std::string cluster_id() const override { return cluster_id_; }

private:
  static caf::actor_system_config& configure(caf::actor_system_config& config, const control_options& options) {
    config.set("scheduler.policy", caf::atom("sharing"));
    config.set("scheduler.max-threads", options.threads);
    config.set("scheduler.max-throughput", std::size_t{50});
    return config;
  }

  /// Under the lock.
  std::shared_ptr<job_handle> keep_job(job_setup setup) {
    auto actor = spawn_job(system_, std::move(setup));
    std::erase_if(jobs_,
                  [](const caf::actor_addr& job) { return caf::actor_cast<caf::strong_actor_ptr>(job) == nullptr; });
    jobs_.push_back(actor.address());
    return std::make_shared<job_cancel>(std::move(actor));
  }

  template <class Handle>
  static void end(const Handle& actor) {
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  }

  /// Asks an actor on behalf of another thread; null when there is no answer.
  template <class Reply, class Target, class Order>
  void ask(const Target& target, Order order, std::function<void(const Reply*)> answer,
           caf::duration timeout = caf::duration(reply_timeout)) {
    system_.spawn([target, timeout, order = std::move(order), answer = std::move(answer)](caf::event_based_actor* self) {
      self->request(target, timeout, order)
          .then([answer](const Reply& reply) { answer(&reply); }, [answer](caf::error&) { answer(nullptr); });
    });
  }

  static std::function<void(const query_shown*)> detail_to(std::function<void(result<query_detail>)> answer) {
    return [answer = std::move(answer)](const query_shown* shown) {
      if (shown == nullptr) return answer(status(errc::timed_out, "the coordinator did not answer in time"));
      if (shown->error.ok())
        answer(shown->detail);
      else
        answer(shown->error);
    };
  }

  environment_ptr environment_;
  std::string cluster_id_;
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> own_system_;
  caf::actor_system& system_;
  io_pool io_;
  cluster_actor cluster_;
  discovery_actor discovery_;
  queries_actor queries_;
  std::mutex mutex_;
  std::vector<caf::actor_addr> jobs_;
  bool stopped_ = false;
};

} // namespace

result<std::unique_ptr<control_plane>> control_plane::start(control_options options, surroundings world) {
  auto& files = *world.files;
  SLUICE_RETURN_IF_ERROR(storage::durable_make_directories(files, storage::join_path(options.data_dir, "queries")));
  SLUICE_RETURN_IF_ERROR(storage::durable_make_directories(files, storage::join_path(options.data_dir, "checkpoints")));
  SLUICE_ASSIGN_OR_RETURN(auto cluster, read_cluster_id(files, options.data_dir, *world.random));
  SLUICE_ASSIGN_OR_RETURN(auto records, load_query_records(files, options.data_dir));
  for (const auto& record : records)
    if (record.desired == desired_state::running)
      log::info("query is taken up", "query", record.plan.name, "id", record.id.text);
  auto owner = "coordinator of " + options.data_dir;
  auto environment = std::make_shared<const actor_environment>(
      actor_environment{std::move(options), std::move(world), std::move(owner)});
  return std::unique_ptr<control_plane>(
      new running_plane(std::move(environment), std::move(cluster), std::move(records)));
}

} // namespace sluice::actors
