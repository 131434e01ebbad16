#include "cli/job.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <functional>
#include <thread>

#include <unistd.h>

#include "cli/commands.hpp"
#include "cli/interruption.hpp"

namespace sluice::cli {

/// A coordinator that does what the test says, on a free port.
class fake_coordinator : public proto::coordinator::Service {
public:
  using writer = grpc::ServerWriter<proto::job_event>;
  fake_coordinator() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~fake_coordinator() override { server_->Shutdown(std::chrono::system_clock::now()); }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  grpc::Status run_job(grpc::ServerContext*, const proto::job_request* request, writer* out) override {
    seen = *request;
    return on_job(*out);
  }
  grpc::Status list_queries(grpc::ServerContext*, const proto::list_request*, proto::query_list* out) override {
    auto* query = out->add_queries();
    query->set_id("1234");
    query->set_name("counts");
    query->set_state("running");
    query->set_batch_id(7);
    query->set_num_input_rows(2000);
    return grpc::Status::OK;
  }
  grpc::Status show_query(grpc::ServerContext*, const proto::query_request* request, proto::query_detail* out) override {
    if (request->query() != "counts" && request->query() != "1234")
      return refusal(3012, "query_not_found", "no query is called 'x'");
    out->mutable_summary()->set_id("1234");
    out->mutable_summary()->set_state(state);
    return grpc::Status::OK;
  }
  grpc::Status stop_query(grpc::ServerContext*, const proto::query_request* request, proto::query_detail* out) override {
    stopped = request->query();
    out->mutable_summary()->set_state("stopped");
    return grpc::Status::OK;
  }
  static grpc::Status refusal(int code, const std::string& name, const std::string& message) {
    proto::error_detail detail;
    detail.set_code(code);
    detail.set_name(name);
    detail.set_message(message);
    return {grpc::StatusCode::FAILED_PRECONDITION, message, detail.SerializeAsString()};
  }

  std::function<grpc::Status(writer&)> on_job = [](writer&) { return grpc::Status::OK; };
  proto::job_request seen;
  std::string state = "running";
  std::string stopped;

private:
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

struct outcome {
  int code;
  std::string out;
  std::string err;
};

outcome captured(const std::function<int()>& run) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  int code = run();
  std::fflush(stdout);
  return {code, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

outcome submit_to(fake_coordinator& server, bool wait) {
  return captured([&] {
    auto stub = connect(server.address(), {});
    if (!stub.ok())
      return report(failure::from(stub.error()));
    proto::job_request request = job_request_for({"job.sql", "SELECT x\nFROM y"}, {{"k", "v"}});
    request.set_wait(wait);
    return run_job(**stub, request, {row_format::json, true, request.text(), server.address()});
  });
}

proto::job_event started_event() {
  proto::job_event event;
  event.mutable_started()->set_id("1234");
  event.mutable_started()->set_name("counts");
  return event;
}

TEST(Job, WithoutWaitPrintsNameAndId) {
  fake_coordinator server;
  server.on_job = [](auto& out) { return out.Write(started_event()), grpc::Status::OK; };
  auto done = submit_to(server, false);
  EXPECT_EQ(done.code, exit_done);
  EXPECT_EQ(done.out, "counts 1234\n");
  EXPECT_EQ(server.seen.variables().at("k"), "v");
  EXPECT_EQ(server.seen.directory().front(), '/');
}

TEST(Job, WaitShowsBatchesOnStandardError) {
  fake_coordinator server;
  server.on_job = [](auto& out) {
    out.Write(started_event());
    proto::job_event event;
    event.mutable_progress()->set_id("1234");
    event.mutable_progress()->set_name("counts");
    event.mutable_progress()->set_json(R"({"batchId":3,"numInputRows":10})");
    out.Write(event);
    event.mutable_ended()->set_id("1234");
    event.mutable_ended()->set_name("counts");
    event.mutable_ended()->set_state("finished");
    out.Write(event);
    return grpc::Status::OK;
  };
  auto done = submit_to(server, true);
  EXPECT_EQ(done.code, exit_done);
  EXPECT_EQ(done.out, "");
  EXPECT_NE(done.err.find("counts: batch 3, 10 rows"), std::string::npos) << done.err;
  EXPECT_NE(done.err.find("counts finished"), std::string::npos) << done.err;
}

TEST(Job, ErrorsHaveCodeNamePositionAndCaret) {
  fake_coordinator server;
  server.on_job = [](auto& out) {
    proto::job_event event;
    event.mutable_error()->set_code(2002);
    event.mutable_error()->set_name("unresolved_column");
    event.mutable_error()->set_message("no column x");
    event.mutable_error()->set_line(1);
    event.mutable_error()->set_column(8);
    out.Write(event);
    return grpc::Status::OK;
  };
  auto done = submit_to(server, true);
  EXPECT_EQ(done.code, exit_failed);
  EXPECT_EQ(done.err, "sluice: error 2002 unresolved_column: no column x (line 1, column 8)\n  SELECT x\n         ^\n");
}

TEST(Job, AQueryThatFailsFailsTheCommand) {
  fake_coordinator server;
  server.on_job = [](auto& out) {
    out.Write(started_event());
    proto::job_event event;
    event.mutable_ended()->set_id("1234");
    event.mutable_ended()->set_state("failed");
    event.mutable_ended()->mutable_error()->set_code(4002);
    event.mutable_ended()->mutable_error()->set_name("source_file_missing");
    out.Write(event);
    return grpc::Status::OK;
  };
  auto done = submit_to(server, true);
  EXPECT_EQ(done.code, exit_failed);
  EXPECT_NE(done.err.find("error 4002 source_file_missing"), std::string::npos);
}

TEST(Job, InterruptionStopsTheQueries) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
    {
      watch_interruption();
      fake_coordinator inner;
      inner.on_job = [&](auto& out) {
        out.Write(started_event());
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
        kill(getpid(), SIGINT);
        for (int i = 0; i < 500 && inner.stopped.empty(); ++i)
          std::this_thread::sleep_for(std::chrono::milliseconds{10});
        return grpc::Status::OK;
      };
      auto code = submit_to(inner, true).code;
      _exit(inner.stopped == "1234" ? code : 99);
    },
    testing::ExitedWithCode(exit_interrupted), "");
}

TEST(Listing, QueriesAsTableAndJson) {
  fake_coordinator server;
  options given;
  given.coordinator = server.address();
  auto table = captured([&] { return list_queries(given); });
  EXPECT_EQ(table.code, exit_done);
  EXPECT_NE(table.out.find("counts  1234  running      7  2000"), std::string::npos) << table.out;
  given.json = true;
  auto json = captured([&] { return list_queries(given); });
  EXPECT_NE(json.out.find("\"batchId\": 7"), std::string::npos) << json.out;
}

TEST(Listing, RefusalsCarryTheirCode) {
  fake_coordinator server;
  options given;
  given.coordinator = server.address();
  given.query = "x";
  auto done = captured([&] { return show_query(given); });
  EXPECT_EQ(done.code, exit_failed);
  EXPECT_EQ(done.err, "sluice: error 3012 query_not_found: no query is called 'x'\n");
}

TEST(Connection, NobodyThereIsSaidAtOnce) {
  std::string address;
  { address = fake_coordinator{}.address(); }
  options given;
  given.coordinator = address;
  auto begin = std::chrono::steady_clock::now();
  auto done = captured([&] { return list_queries(given); });
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{1});
  EXPECT_EQ(done.code, exit_unreachable);
  EXPECT_NE(done.err.find("error 5001 unreachable"), std::string::npos) << done.err;
  given.coordinator = "nowhere";
  EXPECT_EQ(captured([&] { return list_queries(given); }).code, exit_usage);
}

} // namespace sluice::cli
