// Queries that come planned, as Spark Connect hands them over.
#include <arrow/api.h>

#include <future>

#include "common/plan/analyzer.hpp"
#include "coordinator/actors/control_plane.hpp"
#include "fake_cluster.hpp"

namespace sluice::actors {
namespace {

constexpr auto answer_patience = std::chrono::seconds(20);

/// The last statement of the text, planned over what those before it define.
template <class Action>
Action planned(const std::string& text, catalog::result_tables tables = {}) {
  auto statements = *plan::split_statements(text, {});
  catalog::session session(std::move(tables));
  for (std::size_t i = 0; i + 1 < statements.size(); ++i) {
    auto action = plan::analyze(statements[i], session, session.settings(), "/");
    EXPECT_TRUE(action.ok() && session.apply(std::get<plan::define_source>(*action)).ok());
  }
  auto action = plan::analyze(statements.back(), session, session.settings(), "/");
  EXPECT_TRUE(action.ok()) << action.error().to_string();
  return std::get<Action>(*action);
}

class recorded_query : public query_follower {
public:
  void on_activity(bool busy) override { was_busy = was_busy || busy; }
  void on_progress(std::shared_ptr<const query::query_progress> progress) override {
    std::lock_guard lock(mutex);
    batches.push_back(progress->batch);
  }
  void on_end(std::string state, status error) override { ended.set_value({std::move(state), std::move(error)}); }

  std::mutex mutex;
  std::vector<std::int64_t> batches;
  std::atomic<bool> was_busy = false;
  std::promise<std::pair<std::string, status>> ended;
};

class PlannedQueries : public ControlPlane {
protected:
  result<batch_rows> run(batch_job job) {
    std::promise<result<batch_rows>> promise;
    auto answer = promise.get_future();
    auto handle = plane_->run_batch(std::move(job), [&](result<batch_rows> rows) { promise.set_value(std::move(rows)); });
    if (answer.wait_for(answer_patience) == std::future_status::ready) return answer.get();
    ADD_FAILURE() << "no answer";
    handle->cancel();
    return answer.get();
  }
  result<query_started> start_query(plan::streaming_plan plan, std::shared_ptr<query_follower> follower = nullptr) {
    std::promise<result<query_started>> promise;
    plane_->start_query(std::move(plan), std::move(follower), [&](result<query_started> started) { promise.set_value(std::move(started)); });
    return promise.get_future().get();
  }
  status process(const query_id& id) {
    std::promise<status> promise;
    plane_->process_available(id, [&](status outcome) { promise.set_value(std::move(outcome)); });
    auto answer = promise.get_future();
    return answer.get();
  }
};

catalog::result_tables one_table() {
  catalog::result_tables tables;
  tables.put({"t", {}, arrow::schema({arrow::field("a", arrow::utf8())}), plan::output_mode::append});
  return tables;
}

TEST_F(PlannedQueries, RowsComeWithThePlan) {
  arrow::StringBuilder builder;
  ASSERT_TRUE(builder.AppendValues({"x", "y", "x"}).ok());
  auto rows = arrow::RecordBatch::Make(arrow::schema({arrow::field("a", arrow::utf8())}), 3, {*builder.Finish()});
  batch_job job;
  job.plan = planned<plan::run_batch>("SELECT a, count(*) AS n FROM t GROUP BY a ORDER BY a", one_table()).plan;
  job.rows["t"] = std::make_shared<const std::vector<data::batch_ptr>>(1, rows);
  auto answer = run(std::move(job));
  ASSERT_TRUE(answer.ok()) << answer.error().to_string();
  EXPECT_EQ(answer->schema->field_names(), (std::vector<std::string>{"a", "n"}));
  std::int64_t count = 0;
  for (const auto& batch : answer->batches) count += batch->num_rows();
  EXPECT_EQ(count, 2);
}

TEST_F(PlannedQueries, ASelectThatFailsSaysWhy) {
  batch_job job;
  job.plan = planned<plan::run_batch>("SELECT 1 / 0").plan;
  auto answer = run(std::move(job));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code(), errc::divide_by_zero);
}

TEST_F(PlannedQueries, ATableIsReadByItsQuery) {
  auto first = worker("w-1");
  put_input("f0", 1);
  auto one = start_query(planned<plan::start_query>(table("t", "trigger 'availableNow'")).plan);
  auto other = start_query(planned<plan::start_query>(table("t", "checkpointLocation '/ckpt'")).plan);
  ASSERT_TRUE(one.ok() && other.ok());
  EXPECT_NE(one->id, other->id);
  ASSERT_TRUE(process(one->id).ok());
  put_input("f1", 1);
  put_input("f2", 1);
  ASSERT_TRUE(process(other->id).ok());
  for (const auto& [id, expected] : {std::pair(one->id, 1), std::pair(other->id, 3)}) {
    batch_job job;
    job.plan = planned<plan::run_batch>("SELECT a FROM t", one_table()).plan;
    job.tables["t"] = id;
    auto answer = run(std::move(job));
    ASSERT_TRUE(answer.ok()) << answer.error().to_string();
    std::int64_t count = 0;
    for (const auto& batch : answer->batches) count += batch->num_rows();
    EXPECT_EQ(count, expected);
  }
}

TEST_F(PlannedQueries, WhatIsThereIsProcessedWhenTheAnswerComes) {
  auto first = worker("w-1");
  auto follower = std::make_shared<recorded_query>();
  auto started = start_query(planned<plan::start_query>(table("t", "checkpointLocation '/ckpt'")).plan, follower);
  ASSERT_TRUE(started.ok()) << started.error().to_string();
  for (int i = 0; i < 4; ++i) put_input("f" + std::to_string(i), 1);
  ASSERT_TRUE(process(started->id).ok());
  {
    std::lock_guard lock(follower->mutex);
    EXPECT_EQ(follower->batches, (std::vector<std::int64_t>{0, 1, 2, 3}));
  }
  EXPECT_TRUE(follower->was_busy);
  auto ended = follower->ended.get_future();
  ASSERT_TRUE(stop_query(started->id.text).ok());
  ASSERT_EQ(ended.wait_for(std::chrono::seconds(0)), std::future_status::ready);  // the end is told before the answer
  EXPECT_EQ(ended.get().first, "stopped");
  EXPECT_TRUE(process(started->id).ok());  // over: nothing to wait for
}

} // namespace
} // namespace sluice::actors
