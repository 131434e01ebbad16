#include "coordinator/service/service.hpp"

#include <arrow/buffer.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "coordinator/service/translation.hpp"
#include "proto/sluice/service.grpc.pb.h"

namespace sluice::service {
namespace {

/// Answers from the test's script.
class scripted_plane : public actors::control_plane {
public:
  class handle : public actors::job_handle {
  public:
    explicit handle(scripted_plane& plane) : plane_(plane) {}
    void cancel() override {
      std::lock_guard lock(plane_.mutex_);
      plane_.cancelled_ = true;
      plane_.changed_.notify_all();
    }

  private:
    scripted_plane& plane_;
  };

  net::accept_handler accept() override { return {}; }
  std::shared_ptr<actors::job_handle> run_job(actors::job_spec job,
                                              std::shared_ptr<actors::job_listener> listener) override {
    job_ = job;
    for (const auto& event : events_) listener->on_event(event);
    if (!endless_) listener->on_end(outcome_);
    listener_ = listener;
    return std::make_shared<handle>(*this);
  }
  void explain(actors::job_spec, std::function<void(result<std::string>)> answer) override {
    answer(status(errc::parse_syntax, "odd", {3, 8, 20}));
  }
  void list_queries(std::function<void(std::vector<actors::query_summary>)> answer) override {
    actors::query_summary line;
    line.name = "counts";
    line.batch = 7;
    answer({line});
  }
  void show_query(std::string key, std::function<void(result<actors::query_detail>)> answer) override {
    answer(status(errc::query_not_found, "no query is named '" + key + "'"));
  }
  void stop_query(std::string, std::function<void(result<actors::query_detail>)> answer) override {
    actors::query_detail detail;
    detail.summary.state = "stopped";
    detail.error = status(errc::divide_by_zero, "by zero");
    detail.paths = {"/data"};
    answer(detail);
  }
  void compute(std::function<void()> work) override { work(); }
  void list_tables(std::function<void(catalog::result_tables)> answer) override { answer({}); }
  std::shared_ptr<actors::job_handle> run_batch(actors::batch_job, std::function<void(result<actors::batch_rows>)>) override {
    return nullptr;
  }
  void start_query(plan::streaming_plan, std::shared_ptr<actors::query_follower>,
                   std::function<void(result<actors::query_started>)>) override {}
  void process_available(query_id, std::function<void(status)> answer) override { answer(ok()); }
  void list_workers(std::function<void(std::vector<actors::worker_summary>)> answer) override {
    answer({{worker_id{"w-1"}, 5, "a:1", 2, "ready"}});
  }
  void stop() override {}
  std::string cluster_id() const override { return "cluster"; }

  bool wait_cancelled() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [this] { return cancelled_; });
  }

  std::vector<actors::job_event> events_;
  status outcome_;
  bool endless_ = false;
  actors::job_spec job_;
  std::shared_ptr<actors::job_listener> listener_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool cancelled_ = false;
};

class Service : public testing::Test {
protected:
  Service() : service_(coordinator_service::make(plane_, {"9.9", 42, {}})) {
    grpc::ServerBuilder builder;
    builder.RegisterService(service_->service());
    server_ = builder.BuildAndStart();
    stub_ = proto::coordinator::NewStub(server_->InProcessChannel({}));
  }
  ~Service() override {
    service_->shut_down();
    server_->Shutdown();
  }

  static proto::error_detail detail_of(const grpc::Status& status) {
    proto::error_detail detail;
    EXPECT_TRUE(detail.ParseFromString(status.error_details()));
    return detail;
  }

  scripted_plane plane_;
  std::unique_ptr<coordinator_service> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<proto::coordinator::Stub> stub_;
  grpc::ClientContext context_;
};

TEST_F(Service, StreamsEventsInOrderAndEnds) {
  for (int i = 0; i < 100; ++i) plane_.events_.push_back(actors::notice{std::to_string(i)});
  plane_.events_.push_back(actors::result_rows{arrow::Buffer::FromString("bytes"), true, "UTC"});
  proto::job_request request;
  request.set_text("SELECT 1");
  request.set_wait(true);
  (*request.mutable_variables())["a"] = "b";
  auto stream = stub_->run_job(&context_, request);
  proto::job_event event;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(stream->Read(&event));
    EXPECT_EQ(event.notice(), std::to_string(i));
  }
  ASSERT_TRUE(stream->Read(&event));
  EXPECT_EQ(event.rows().arrow(), "bytes");
  EXPECT_TRUE(event.rows().last());
  EXPECT_FALSE(stream->Read(&event));
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_TRUE(plane_.job_.wait);
  EXPECT_EQ(plane_.job_.variables.at("a"), "b");
}

TEST_F(Service, AJobsErrorIsTheStatusWithDetails) {
  plane_.outcome_ = status(errc::unresolved_column, "no column `x`", {2, 8, 30});
  auto stream = stub_->run_job(&context_, {});
  proto::job_event event;
  EXPECT_FALSE(stream->Read(&event));
  auto ended = stream->Finish();
  EXPECT_EQ(ended.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  auto detail = detail_of(ended);
  EXPECT_EQ(detail.code(), 2002);
  EXPECT_EQ(detail.name(), "unresolved_column");
  EXPECT_EQ(detail.line(), 2);
  EXPECT_EQ(detail.column(), 8);
  EXPECT_EQ(detail.sqlstate(), "42703");
}

TEST_F(Service, ACancelledCallCancelsTheJob) {
  plane_.endless_ = true;
  plane_.events_.push_back(actors::notice{"on"});
  auto stream = stub_->run_job(&context_, {});
  proto::job_event event;
  ASSERT_TRUE(stream->Read(&event));
  context_.TryCancel();
  EXPECT_TRUE(plane_.wait_cancelled());
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(Service, ShutDownEndsStreams) {
  plane_.endless_ = true;
  plane_.events_.push_back(actors::notice{"on"});
  auto stream = stub_->run_job(&context_, {});
  proto::job_event event;
  ASSERT_TRUE(stream->Read(&event));
  service_->shut_down();
  EXPECT_FALSE(stream->Read(&event));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(Service, AnswersSingleCalls) {
  proto::query_list queries;
  ASSERT_TRUE(stub_->list_queries(&context_, {}, &queries).ok());
  ASSERT_EQ(queries.queries_size(), 1);
  EXPECT_EQ(queries.queries(0).batch_id(), 7);

  grpc::ClientContext show_context;
  proto::query_request request;
  request.set_query("nobody");
  proto::query_detail detail;
  auto missing = stub_->show_query(&show_context, request, &detail);
  EXPECT_EQ(missing.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(detail_of(missing).code(), static_cast<int>(errc::query_not_found));

  grpc::ClientContext stop_context;
  ASSERT_TRUE(stub_->stop_query(&stop_context, request, &detail).ok());
  EXPECT_EQ(detail.error().code(), static_cast<int>(errc::divide_by_zero));
  EXPECT_EQ(detail.paths(0), "/data");

  grpc::ClientContext explain_context;
  proto::explain_reply explained;
  EXPECT_EQ(detail_of(stub_->explain_job(&explain_context, {}, &explained)).line(), 3);

  grpc::ClientContext info_context;
  proto::server_reply info;
  ASSERT_TRUE(stub_->server_info(&info_context, {}, &info).ok());
  EXPECT_EQ(info.version(), "9.9");
  EXPECT_EQ(info.cluster(), "cluster");

  grpc::ClientContext workers_context;
  proto::worker_list workers;
  ASSERT_TRUE(stub_->list_workers(&workers_context, {}, &workers).ok());
  EXPECT_EQ(workers.workers(0).state(), "ready");
}

} // namespace
} // namespace sluice::service
