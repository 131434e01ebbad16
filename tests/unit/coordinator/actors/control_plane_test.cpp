#include "coordinator/actors/control_plane.hpp"

#include "fake_cluster.hpp"

namespace sluice::actors {
namespace {

const std::string bounded = "trigger 'availableNow', checkpointLocation '/ckpt'";
const std::string endless = "checkpointLocation '/ckpt'";

auto batches_of(std::size_t count) {
  return [count](const std::vector<job_event>& events) {
    return static_cast<std::size_t>(std::count_if(events.begin(), events.end(), [](const auto& event) {
             return std::holds_alternative<query_progress>(event);
           })) >= count;
  };
}

TEST_F(ControlPlane, RunsABoundedQueryAndReadsItsTable) {
  auto first = worker("w-1");
  auto second = worker("w-2");
  for (int i = 0; i < 5; ++i) put_input("f" + std::to_string(i), 3);
  auto job = submit(table("t", bounded) + "SELECT a FROM t");
  ASSERT_TRUE(job->wait_end());
  EXPECT_TRUE(job->outcome().ok()) << job->outcome().to_string();
  EXPECT_EQ(job->all<query_started>().size(), 1u);
  EXPECT_EQ(job->all<query_progress>().size(), 5u);
  ASSERT_EQ(job->all<query_ended>().size(), 1u);
  EXPECT_EQ(job->all<query_ended>().front().state, "finished");
  EXPECT_EQ(num_rows(*job), 5);
  EXPECT_TRUE(job->all<result_rows>().back().last);

  auto detail = show("T");
  ASSERT_TRUE(detail.ok()) << detail.error().to_string();
  EXPECT_EQ(detail->summary.state, "finished");
  EXPECT_EQ(detail->summary.batch, 4);
  EXPECT_EQ(detail->checkpoint, "/ckpt");
  EXPECT_EQ(detail->paths, std::vector<std::string>{"/data"});
  EXPECT_NE(detail->last_progress.find("\"batchId\""), std::string::npos);
}

TEST_F(ControlPlane, ARestartTakesUpWhatRan) {
  auto first = worker("w-1");
  put_input("f0", 1);
  auto job = submit(table("t", endless));
  ASSERT_TRUE(job->wait(batches_of(1)));
  auto id = job->all<query_started>().front().id;
  stop();
  EXPECT_TRUE(job->wait_end());
  disk_->crash(storage::crash_kind::power_loss, 0);

  put_input("f1", 1);
  start();
  auto second = worker("w-2");
  ASSERT_TRUE(second->wait_orders(1));
  auto order = second->orders().front();
  EXPECT_EQ(order.ref().query(), id.text);
  EXPECT_EQ(order.ref().batch(), 1);
  EXPECT_EQ(order.ref().epoch(), 2);
  ASSERT_EQ(order.splits_size(), 1);
  EXPECT_EQ(order.splits(0).path(), "/data/f1");
  auto detail = show(id.text.substr(0, 8));
  ASSERT_TRUE(detail.ok());
  EXPECT_EQ(detail->summary.state, "running");
}

TEST_F(ControlPlane, NewFilesWakeAnIdleQuery) {
  auto first = worker("w-1");
  auto job = submit(table("t", endless));
  ASSERT_TRUE(job->wait([](const auto& events) { return !events.empty(); }));
  put_input("late", 1);
  EXPECT_TRUE(job->wait(batches_of(1)));
}

TEST_F(ControlPlane, AStoppedQueryStaysStoppedAndReadable) {
  auto first = worker("w-1");
  put_input("f0", 1);
  auto job = submit(table("t", endless));
  ASSERT_TRUE(job->wait(batches_of(1)));
  auto stopped = stop_query("t");
  ASSERT_TRUE(stopped.ok()) << stopped.error().to_string();
  EXPECT_EQ(stopped->summary.state, "stopped");
  ASSERT_TRUE(job->wait_end());
  EXPECT_TRUE(job->outcome().ok());
  stop();
  disk_->crash(storage::crash_kind::power_loss, 0);
  start();
  ASSERT_EQ(list().size(), 1u);
  EXPECT_EQ(list().front().state, "stopped");
  EXPECT_EQ(list().front().batch, 0);
  auto select = submit("SELECT count(*) AS n FROM T");
  ASSERT_TRUE(select->wait_end());
  EXPECT_TRUE(select->outcome().ok()) << select->outcome().to_string();
  EXPECT_EQ(num_rows(*select), 1);
}

TEST_F(ControlPlane, RefusesWhatCannotStart) {
  auto first = worker("w-1");
  put_input("f0", 1);
  auto job = submit(table("t", endless));
  ASSERT_TRUE(job->wait(batches_of(1)));
  auto outcome_of = [&](const std::string& text) {
    auto refused = submit(text);
    EXPECT_TRUE(refused->wait_end());
    return refused->outcome();
  };
  EXPECT_EQ(outcome_of(table("T", "checkpointLocation '/other'")).code(), errc::query_active);
  EXPECT_EQ(outcome_of(table("u", endless)).code(), errc::checkpoint_in_use);
  auto missing = view();
  missing.replace(missing.find("/data"), 5, "/nowhere");
  auto error = outcome_of(
      missing + "CREATE STREAMING TABLE v USING memory OPTIONS (outputMode 'append') AS SELECT a FROM STREAM events");
  EXPECT_EQ(error.code(), errc::path_not_found);
  EXPECT_NE(error.message().find("/nowhere"), std::string::npos);
  EXPECT_EQ(outcome_of("SELEC 1").code(), errc::parse_syntax);
  auto unknown = show("nobody");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.code(), errc::query_not_found);
  EXPECT_NE(unknown.error().message().find("t ("), std::string::npos);

  ASSERT_TRUE(stop_query("t").ok());
  EXPECT_EQ(outcome_of(table("t", endless)).code(), errc::memory_restart);
  EXPECT_EQ(show("t")->summary.state, "stopped");
  EXPECT_EQ(list().size(), 1u);
}

TEST_F(ControlPlane, ConsoleRowsComeBeforeTheEnd) {
  auto first = worker("w-1");
  for (int i = 0; i < 3; ++i) put_input("f" + std::to_string(i), 1);
  auto job = submit(view() +
                    "CREATE STREAMING TABLE c USING console OPTIONS (outputMode 'append', trigger 'availableNow') AS "
                    "SELECT a FROM STREAM events");
  ASSERT_TRUE(job->wait_end());
  EXPECT_TRUE(job->outcome().ok()) << job->outcome().to_string();
  ASSERT_EQ(job->all<console_rows>().size(), 3u);
  EXPECT_EQ(job->all<console_rows>()[2].batch, 2);
  EXPECT_TRUE(job->wait([](const auto& events) { return std::holds_alternative<query_ended>(events.back()); }));
}

TEST_F(ControlPlane, ALostWorkersShareGoesToAnother) {
  auto first = worker("w-1");
  first->answer(false);
  put_input("f0", 1);
  auto job = submit(table("t", bounded));
  ASSERT_TRUE(first->wait_orders(1));
  auto second = worker("w-2");
  ASSERT_TRUE(second->wait_welcome());
  first->close();
  ASSERT_TRUE(job->wait_end());
  EXPECT_TRUE(job->outcome().ok()) << job->outcome().to_string();
  ASSERT_GE(second->orders().size(), 1u);
  EXPECT_EQ(second->orders().front().ref().batch(), 0);
  EXPECT_NE(second->orders().front().ref().attempt(), first->orders().front().ref().attempt());
}

TEST_F(ControlPlane, ReadsFilesThroughTheWorkers) {
  auto first = worker("w-1");
  ASSERT_TRUE(first->wait_welcome());
  put_input("f0", 1);
  put_input("f1", 1);
  auto job = submit(view() + "SELECT a FROM events");
  ASSERT_TRUE(job->wait_end());
  EXPECT_TRUE(job->outcome().ok()) << job->outcome().to_string();
  EXPECT_EQ(num_rows(*job), 4);
}

TEST_F(ControlPlane, AWorkerOfAnotherVersionIsRefused) {
  auto strange = worker("w-9", 99);
  EXPECT_TRUE(strange->wait_closed());
  EXPECT_TRUE(workers().empty());
  auto good = worker("w-1");
  ASSERT_TRUE(good->wait_welcome());
  ASSERT_EQ(workers().size(), 1u);
  EXPECT_EQ(workers().front().slots, 2u);
}

TEST_F(ControlPlane, ACancelledJobEndsAndItsQueryGoesOn) {
  auto first = worker("w-1");
  put_input("f0", 1);
  auto job = submit(table("t", endless));
  ASSERT_TRUE(job->wait(batches_of(1)));
  last_job_->cancel();
  ASSERT_TRUE(job->wait_end());
  EXPECT_EQ(job->outcome().code(), errc::cancelled);
  EXPECT_EQ(show("t")->summary.state, "running");
}

TEST_F(ControlPlane, FiftySmallBatchesAreQuick) {
  auto first = worker("w-1");
  auto second = worker("w-2");
  for (int i = 0; i < 50; ++i) put_input("f" + std::to_string(i), 1);
  auto job = submit(table("t", bounded));
  ASSERT_TRUE(job->wait_end());
  EXPECT_EQ(job->all<query_progress>().size(), 50u);
}

} // namespace
} // namespace sluice::actors
