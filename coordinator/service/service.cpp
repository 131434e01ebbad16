#include "coordinator/service/service.hpp"

#include <deque>
#include <mutex>
#include <set>

#include "coordinator/service/translation.hpp"
#include "proto/sluice/service.grpc.pb.h"

namespace sluice::service {
namespace {

class job_stream;

/// Streams that are open, so that a shutdown can end them. Streams leave it before they delete themselves.
class open_streams {
public:
  void add(const std::shared_ptr<job_stream>& stream);
  void remove(const std::shared_ptr<job_stream>& stream);
  void end_all();

private:
  std::mutex mutex_;
  std::set<std::shared_ptr<job_stream>> streams_;
};

/// One run_job call: events of the job queue up here and are written one at a time. The queue is part of the stream, so
/// a slow client holds back nobody else; what a job may queue is bounded by what it computes (results exist as a whole
/// already).
class job_stream : public actors::job_listener, public std::enable_shared_from_this<job_stream> {
public:
  explicit job_stream(open_streams& registry) : registry_(registry) {}

  void attach(grpc::ServerWriteReactor<proto::job_event>* reactor) { reactor_ = reactor; }
  void set_job(std::shared_ptr<actors::job_handle> job) {
    std::unique_lock lock(mutex_);
    job_ = std::move(job);
    if (cancelled_) cancel_job(lock);
  }

  void on_event(actors::job_event event) override {
    std::unique_lock lock(mutex_);
    if (closed_ || ended_) return;
    queue_.push_back(event_of(event));
    write_next(lock);
  }

  void on_end(status outcome) override {
    std::unique_lock lock(mutex_);
    if (closed_ || ended_) return;
    ended_ = true;
    outcome_ = std::move(outcome);
    write_next(lock);
  }

  void written(bool good) {
    std::unique_lock lock(mutex_);
    writing_ = false;
    if (!good) {
      queue_.clear();
      ended_ = true;
      if (outcome_.ok()) outcome_ = status(errc::cancelled, "the client went away");
    }
    write_next(lock);
  }

  void cancel() {
    std::unique_lock lock(mutex_);
    cancelled_ = true;
    cancel_job(lock);
  }

  void abort(status reason) {
    std::unique_lock lock(mutex_);
    if (closed_ || ended_) return;
    queue_.clear();
    ended_ = true;
    outcome_ = std::move(reason);
    write_next(lock);
  }

  void done();

private:
  void cancel_job(std::unique_lock<std::mutex>& lock) {
    auto job = job_;
    lock.unlock();
    if (job) job->cancel();
  }

  void write_next(std::unique_lock<std::mutex>& lock) {
    if (writing_ || closed_) return;
    auto* reactor = reactor_;
    if (!queue_.empty()) {
      current_ = std::move(queue_.front());
      queue_.pop_front();
      writing_ = true;
      lock.unlock();
      reactor->StartWrite(&current_);
    } else if (ended_) {
      closed_ = true;
      auto outcome = call_status(outcome_);
      lock.unlock();
      reactor->Finish(outcome);
    }
  }

  open_streams& registry_;
  std::mutex mutex_;
  grpc::ServerWriteReactor<proto::job_event>* reactor_ = nullptr;
  std::shared_ptr<actors::job_handle> job_;
  std::deque<proto::job_event> queue_;
  proto::job_event current_;
  status outcome_;
  bool writing_ = false;
  bool ended_ = false;
  bool closed_ = false;
  bool cancelled_ = false;
};

void open_streams::add(const std::shared_ptr<job_stream>& stream) {
  std::lock_guard lock(mutex_);
  streams_.insert(stream);
}
void open_streams::remove(const std::shared_ptr<job_stream>& stream) {
  std::lock_guard lock(mutex_);
  streams_.erase(stream);
}
void open_streams::end_all() {
  std::set<std::shared_ptr<job_stream>> streams;
  {
    std::lock_guard lock(mutex_);
    streams = streams_;
  }
  for (const auto& stream : streams) stream->abort({errc::unreachable, "the coordinator is shutting down"});
}

void job_stream::done() {
  cancel();
  registry_.remove(shared_from_this());
}

/// gRPC's side of a stream; gRPC owns it from creation to OnDone.
class job_reactor : public grpc::ServerWriteReactor<proto::job_event> {
public:
  explicit job_reactor(std::shared_ptr<job_stream> stream) : stream_(std::move(stream)) { stream_->attach(this); }
  void OnWriteDone(bool good) override { stream_->written(good); }
  void OnCancel() override {
    stream_->cancel();
    stream_->abort({errc::cancelled, "the client cancelled the call"});
  }
  void OnDone() override {
    stream_->done();
    delete this;
  }

private:
  std::shared_ptr<job_stream> stream_;
};

class service_implementation final : public proto::coordinator::CallbackService {
public:
  service_implementation(actors::control_plane& plane, server_facts facts) : plane_(plane), facts_(std::move(facts)) {}

  grpc::ServerWriteReactor<proto::job_event>* run_job(grpc::CallbackServerContext*,
                                                      const proto::job_request* request) override {
    auto stream = std::make_shared<job_stream>(streams_);
    auto* reactor = new job_reactor(stream);
    streams_.add(stream);
    stream->set_job(plane_.run_job(job_of(*request), stream));
    return reactor;
  }

  grpc::ServerUnaryReactor* list_queries(grpc::CallbackServerContext* context, const proto::list_request*,
                                         proto::query_list* reply) override {
    auto* reactor = context->DefaultReactor();
    plane_.list_queries([reactor, reply](std::vector<actors::query_summary> queries) {
      for (const auto& query : queries) fill(query, *reply->add_queries());
      reactor->Finish(grpc::Status::OK);
    });
    return reactor;
  }

  grpc::ServerUnaryReactor* show_query(grpc::CallbackServerContext* context, const proto::query_request* request,
                                       proto::query_detail* reply) override {
    auto* reactor = context->DefaultReactor();
    plane_.show_query(request->query(), answer_detail(reactor, reply));
    return reactor;
  }

  grpc::ServerUnaryReactor* stop_query(grpc::CallbackServerContext* context, const proto::query_request* request,
                                       proto::query_detail* reply) override {
    auto* reactor = context->DefaultReactor();
    plane_.stop_query(request->query(), answer_detail(reactor, reply));
    return reactor;
  }

  grpc::ServerUnaryReactor* list_workers(grpc::CallbackServerContext* context, const proto::list_request*,
                                         proto::worker_list* reply) override {
    auto* reactor = context->DefaultReactor();
    plane_.list_workers([reactor, reply](std::vector<actors::worker_summary> workers) {
      for (const auto& worker : workers) fill(worker, *reply->add_workers());
      reactor->Finish(grpc::Status::OK);
    });
    return reactor;
  }

  grpc::ServerUnaryReactor* explain_job(grpc::CallbackServerContext* context, const proto::job_request* request,
                                        proto::explain_reply* reply) override {
    auto* reactor = context->DefaultReactor();
    plane_.explain(job_of(*request), [reactor, reply](result<std::string> text) {
      if (text.ok())
        reply->set_text(std::move(*text));
      else
        fill(text.error(), *reply->mutable_error());
      reactor->Finish(text.ok() ? grpc::Status::OK : call_status(text.error()));
    });
    return reactor;
  }

  grpc::ServerUnaryReactor* server_info(grpc::CallbackServerContext* context, const proto::list_request*,
                                        proto::server_reply* reply) override {
    auto* reactor = context->DefaultReactor();
    reply->set_version(facts_.version);
    reply->set_pid(facts_.pid);
    reply->set_cluster(plane_.cluster_id());
    reply->set_connect_address(facts_.connect_address);
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  void end_streams() { streams_.end_all(); }

private:
  static std::function<void(result<actors::query_detail>)> answer_detail(grpc::ServerUnaryReactor* reactor,
                                                                         proto::query_detail* reply) {
    return [reactor, reply](result<actors::query_detail> detail) {
      if (detail.ok()) fill(*detail, *reply);
      reactor->Finish(detail.ok() ? grpc::Status::OK : call_status(detail.error()));
    };
  }

  actors::control_plane& plane_;
  server_facts facts_;
  open_streams streams_;
};

class owned_service : public coordinator_service {
public:
  owned_service(actors::control_plane& plane, server_facts facts) : implementation_(plane, std::move(facts)) {}
  grpc::Service* service() override { return &implementation_; }
  void shut_down() override { implementation_.end_streams(); }

private:
  service_implementation implementation_;
};

} // namespace

std::unique_ptr<coordinator_service> coordinator_service::make(actors::control_plane& plane, server_facts facts) {
  return std::make_unique<owned_service>(plane, std::move(facts));
}

} // namespace sluice::service
