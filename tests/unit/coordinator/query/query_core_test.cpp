#include "coordinator/query/query_core.hpp"

#include <gtest/gtest.h>

#include "tests/unit/coordinator/query/driver.hpp"

namespace sluice::query::testing {
namespace {

class QueryCore : public ::testing::Test {
protected:
  std::shared_ptr<storage::memory_file_system> disk_ = std::make_shared<storage::memory_file_system>();
  fake_cluster cluster_{*disk_, "/ckpt"};

  void workers(std::initializer_list<const char*> ids) {
    for (const auto* id : ids) cluster_.workers[id];
  }
  driver make(core_options options = driver::counting()) { return driver{disk_, cluster_, std::move(options)}; }
};

TEST_F(QueryCore, ReadsEverythingOnceAndFinishes) {
  workers({"w-1", "w-2"});
  const auto expected = write_input(*disk_, 6);
  auto query = make();
  query.run();
  EXPECT_EQ(query.core().state(), query_state::finished);
  EXPECT_EQ(query.core().status_now().last_batch, 2);
  EXPECT_EQ(*committed_counts(*disk_, "/ckpt"), expected);
  EXPECT_EQ(query.all<action::write_commit>().size(), 3u);
  EXPECT_EQ(query.all<action::report_progress>().size(), 3u);
  EXPECT_EQ(cluster_.restores_seen["w-1"], 1) << "only the first order finds no state";
}

TEST_F(QueryCore, WritesTheIntentWhileTheAttemptRuns) {
  workers({"w-1"});
  write_input(*disk_, 1);
  auto query = make();
  query.run();
  std::size_t intent = 0, order = 0, commit = 0;
  for (std::size_t i = 0; i < query.log.size(); ++i) {
    if (std::holds_alternative<action::write_intent>(query.log[i])) intent = i;
    if (std::holds_alternative<action::send_order>(query.log[i])) order = i;
    if (std::holds_alternative<action::write_commit>(query.log[i])) commit = i;
  }
  EXPECT_EQ(order, intent + 1);
  EXPECT_LT(order, commit);
}

TEST_F(QueryCore, CommitsOnlyOnceTheIntentIsDurable) {
  workers({"w-1"});
  write_input(*disk_, 1);
  auto query = make();
  std::shared_ptr<const intent> held;
  query.intercept = [&](const query_action& a) {
    const auto* w = std::get_if<action::write_intent>(&a);
    if (w) held = w->record;
    return w != nullptr;
  };
  while (query.step()) {}
  EXPECT_TRUE(query.all<action::write_commit>().empty());
  query.intercept = nullptr;
  query.feed(event::intent_written{0, write_intent(*disk_, "/ckpt", *held)});
  query.run();
  EXPECT_EQ(query.core().state(), query_state::finished);
}

TEST_F(QueryCore, FileSinkShowsEveryLineOnce) {
  workers({"w-1", "w-2", "w-3"});
  const auto expected = write_input(*disk_, 7);
  auto query = make(driver::copying());
  query.run();
  EXPECT_EQ(query.core().state(), query_state::finished);
  EXPECT_EQ(visible_lines(*disk_, "/out"), expected);
  EXPECT_TRUE(disk_->stat("/out/_spark_metadata/0").ok());
  EXPECT_EQ(recover(*disk_, "/ckpt", false)->published, 3);
}

TEST_F(QueryCore, ARestartGoesOnWhereItWas) {
  workers({"w-1", "w-2"});
  auto expected = write_input(*disk_, 3);
  { auto query = make(); query.run(); }
  for (const auto& [key, count] : write_input(*disk_, 3, 3)) expected[key] += count;
  cluster_.workers.clear();
  workers({"w-3", "w-4", "w-5"});
  auto query = make();
  query.run();
  EXPECT_EQ(query.core().status_now().epoch, 2);
  EXPECT_EQ(*committed_counts(*disk_, "/ckpt"), expected);
  auto idle = make();
  idle.run();
  EXPECT_TRUE(idle.all<action::write_commit>().empty()) << "nothing new, no batch";
}

// A worker disappears just before the k-th event, for every k; another takes over.
TEST_F(QueryCore, SurvivesALostWorkerAtEveryStep) {
  for (int k = 3; k < 40; ++k) {
    disk_ = std::make_shared<storage::memory_file_system>();
    fake_cluster cluster{*disk_, "/ckpt"};
    cluster.workers["w-1"], cluster.workers["w-2"];
    const auto expected = write_input(*disk_, 6);
    driver query{disk_, cluster, driver::counting()};
    for (int i = 0; i < k; ++i) query.step();
    cluster.workers.erase("w-1");
    query.queue.push_front(event::worker_lost{{"w-1"}});
    if (k % 2) {
      cluster.workers["w-9"];
      query.queue.push_back(event::worker_joined{{"w-9"}, "", 2});
    }
    query.run();
    EXPECT_EQ(query.core().state(), query_state::finished) << k << query.ends.back().to_string();
    EXPECT_EQ(*committed_counts(*disk_, "/ckpt"), expected) << k;
  }
}

TEST_F(QueryCore, WaitsWithoutWorkersAndGoesOnWithTheFirst) {
  const auto expected = write_input(*disk_, 2);
  auto query = make();
  query.run();
  EXPECT_EQ(query.core().state(), query_state::running);
  workers({"w-1"});
  query.queue.push_back(event::worker_joined{{"w-1"}, "", 1});
  query.run();
  EXPECT_EQ(query.core().state(), query_state::finished);
  EXPECT_EQ(*committed_counts(*disk_, "/ckpt"), expected);
}

TEST_F(QueryCore, JoinedWorkersAreUsedFromTheNextAttempt) {
  workers({"w-1"});
  write_input(*disk_, 8);
  auto query = make();
  while (query.all<action::write_commit>().empty()) query.step();
  workers({"w-2"});
  query.queue.push_back(event::worker_joined{{"w-2"}, "", 1});
  query.run();
  EXPECT_GE(cluster_.orders_seen["w-2"], 1);
  EXPECT_EQ(query.core().state(), query_state::finished);
}

TEST_F(QueryCore, IgnoresRepeatedLateAndForeignReports) {
  workers({"w-1", "w-2"});
  const auto expected = write_input(*disk_, 6);
  auto query = make();
  std::vector<query_event> old;
  for (int i = 0; i < 400 && !query.ended(); ++i) {
    if (query.queue.empty()) break;
    const auto next = query.queue.front();
    query.step();
    if (!std::holds_alternative<event::prepared>(next) && !std::holds_alternative<event::commit_written>(next) &&
        !std::holds_alternative<event::intent_written>(next))
      continue;
    old.push_back(next);
    for (const auto& again : old) query.feed(again);
  }
  query.run();
  EXPECT_EQ(query.core().state(), query_state::finished);
  EXPECT_EQ(query.all<action::write_commit>().size(), 3u);
  EXPECT_EQ(*committed_counts(*disk_, "/ckpt"), expected);
}

TEST_F(QueryCore, RefusesReportsThatDoNotAddUp) {
  const std::vector<std::function<void(prepared_report&)>> lies{
      [](auto& r) { r.rows_read += 1; },
      [](auto& r) { r.rows_sent += 1; },
      [](auto& r) { r.splits.push_back(0), r.splits.push_back(0); },
      [](auto& r) { r.splits.clear(); r.splits.push_back(77); },
      [](auto& r) { if (!r.extents.empty()) r.extents.push_back(r.extents.front()); else r.rows_sent += 1; },
      [](auto& r) { if (!r.extents.empty()) r.extents.front().object = "../metadata"; else r.rows_sent += 1; },
      [](auto& r) { if (!r.extents.empty()) r.extents.front().batch += 1; else r.rows_sent += 1; },
      [](auto& r) { r.staged.push_back({"/etc/passwd", 1, 0, 0, 0}); }};
  for (std::size_t i = 0; i < lies.size(); ++i) {
    disk_ = std::make_shared<storage::memory_file_system>();
    fake_cluster cluster{*disk_, "/ckpt"};
    cluster.workers["w-1"], cluster.workers["w-2"];
    write_input(*disk_, 2);
    cluster.tamper = lies[i];
    driver query{disk_, cluster, driver::counting()};
    query.run();
    EXPECT_EQ(query.core().state(), query_state::failed) << i;
    EXPECT_EQ(query.ends.back().code(), errc::too_many_attempts) << i;
    EXPECT_TRUE(query.all<action::write_commit>().empty()) << i;
  }
}

TEST_F(QueryCore, FailsAfterFourAttemptsWithTheLastCause) {
  workers({"w-1"});
  write_input(*disk_, 1);
  auto query = make();
  query.intercept = [&](const query_action& a) {
    const auto* order = std::get_if<action::send_order>(&a);
    if (order) query.queue.push_back(event::attempt_failed{"w-1", order->order->ref, {errc::memory_limit, "too much"}});
    return order != nullptr;
  };
  query.run();
  EXPECT_EQ(query.core().state(), query_state::failed);
  EXPECT_EQ(query.ends.back().code(), errc::too_many_attempts);
  EXPECT_NE(query.ends.back().message().find("too much"), std::string::npos);
  const auto orders = query.all<action::send_order>();
  ASSERT_EQ(orders.size(), 4u);
  EXPECT_EQ(orders[3].order->ref.attempt, "1-3");
  EXPECT_EQ(orders[0].order->splits, orders[3].order->splits);
  EXPECT_EQ(query.all<action::write_intent>().size(), 1u);
}

TEST_F(QueryCore, GoesOnAfterManyWorkersWereLostAtOnce) {
  const std::vector<std::string> all{"w-1", "w-2", "w-3", "w-4", "w-5", "w-6"};
  for (const auto& w : all) cluster_.workers[w];
  const auto expected = write_input(*disk_, 6);
  auto query = make();
  while (query.all<action::send_order>().empty()) query.step();
  for (const auto& w : all) {
    cluster_.workers.erase(w);
    query.feed(event::worker_lost{{w}});
  }
  EXPECT_EQ(query.core().state(), query_state::running);
  cluster_.workers["w-7"];
  query.queue.push_back(event::worker_joined{{"w-7"}, "", 1});
  query.run();
  EXPECT_EQ(query.core().state(), query_state::finished);
  EXPECT_EQ(*committed_counts(*disk_, "/ckpt"), expected);
}

TEST_F(QueryCore, FailsWhenEveryAttemptEndsItsWorker) {
  workers({"w-1"});
  write_input(*disk_, 1);
  auto query = make();
  query.intercept = [&](const query_action& a) {
    if (!std::holds_alternative<action::send_order>(a)) return false;
    query.queue.push_back(event::worker_lost{{"w-1"}});
    query.queue.push_back(event::worker_joined{{"w-1"}, "", 1});
    return true;
  };
  query.run();
  EXPECT_EQ(query.core().state(), query_state::failed);
  EXPECT_EQ(query.ends.back().code(), errc::too_many_attempts);
  EXPECT_NE(query.ends.back().message().find("worker_lost"), std::string::npos);
}

TEST_F(QueryCore, FailsAtOnceOnErrorsOfTheUser) {
  workers({"w-1"});
  write_input(*disk_, 1);
  for (const auto code : {errc::divide_by_zero, errc::source_file_changed, errc::corrupt_file}) {
    auto query = make();
    query.intercept = [&](const query_action& a) {
      const auto* order = std::get_if<action::send_order>(&a);
      if (order) query.queue.push_back(event::attempt_failed{"w-1", order->order->ref, {code, "by zero"}});
      return order != nullptr;
    };
    query.run();
    EXPECT_EQ(query.core().state(), query_state::failed);
    EXPECT_EQ(query.ends.back().code(), code);
    EXPECT_EQ(query.all<action::send_order>().size(), 1u);
  }
}

TEST_F(QueryCore, ASilentWorkerFailsTheAttempt) {
  workers({"w-1"});
  write_input(*disk_, 1);
  auto query = make();
  int swallowed = 0;
  query.intercept = [&](const query_action& a) { return std::holds_alternative<action::send_order>(a) && swallowed++ == 0; };
  query.run();
  EXPECT_EQ(query.core().state(), query_state::finished);
  EXPECT_GE(query.now.monotonic_us, 30'000'000);
  EXPECT_EQ(query.all<action::send_order>().size(), 2u);
}

TEST_F(QueryCore, ProgressKeepsAnAttemptAlive) {
  workers({"w-1"});
  write_input(*disk_, 1);
  auto query = make();
  query.intercept = [](const query_action& a) { return std::holds_alternative<action::send_order>(a); };
  while (query.step()) {}
  const auto ref = query.all<action::send_order>().front().order->ref;
  const auto timer = query.all<action::set_timer>().back();
  query.now.monotonic_us += 20'000'000;
  query.feed(event::attempt_progress{"w-1", ref, 10});
  query.now.monotonic_us += 20'000'000;
  query.feed(event::timer_fired{timer.kind, timer.token});
  EXPECT_EQ(query.all<action::drop_attempt>().size(), 0u);
  EXPECT_LT(query.all<action::set_timer>().back().delay_us, 11'000'000);
}

TEST_F(QueryCore, AHigherEpochFencesTheOldCoordinator) {
  workers({"w-1"});
  const auto expected = write_input(*disk_, 6);
  for (int k = 2; k < 30; ++k) {
    disk_ = std::make_shared<storage::memory_file_system>();
    write_input(*disk_, 6);
    fake_cluster cluster{*disk_, "/ckpt"};
    cluster.workers["w-1"];
    driver old{disk_, cluster, driver::counting()};
    for (int i = 0; i < k; ++i) old.step();
    if (old.ended()) break;
    fake_cluster other{*disk_, "/ckpt"};
    other.workers["w-2"];
    auto options = driver::counting();
    options.run = "run-2";
    driver young{disk_, other, options};
    young.run();
    old.run();
    EXPECT_EQ(young.core().state(), query_state::finished) << k;
    EXPECT_EQ(*committed_counts(*disk_, "/ckpt"), expected) << k;
    if (old.core().state() == query_state::stopped) EXPECT_EQ(old.ends.back().code(), errc::checkpoint_in_use) << k;
    else EXPECT_EQ(old.core().state(), query_state::finished) << k;
  }
}

TEST_F(QueryCore, AdoptsAnIntentAndACommitFoundUnderItsNumber) {
  workers({"w-1"});
  const auto expected = write_input(*disk_, 2);
  auto query = make();
  bool planted = false;
  query.intercept = [&](const query_action& a) {
    const auto* write = std::get_if<action::write_intent>(&a);
    if (write && !planted) {
      planted = true;
      auto other = *write->record;
      other.batch_time_us += 77;  // an earlier try of this epoch whose outcome was not heard
      (void)write_intent(*disk_, "/ckpt", other);
    }
    return false;
  };
  query.run();
  EXPECT_EQ(query.core().state(), query_state::finished);
  EXPECT_EQ(query.all<action::drop_attempt>().size(), 1u);
  EXPECT_EQ(*committed_counts(*disk_, "/ckpt"), expected);
}

TEST_F(QueryCore, ALostCommitAcknowledgementIsAdopted) {
  workers({"w-1", "w-2"});
  const auto expected = write_input(*disk_, 6);
  auto query = make();
  query.intercept = [&](const query_action& a) {
    const auto* write = std::get_if<action::write_commit>(&a);
    if (!write || write->record->attempt != "1-1") return false;
    (void)write_commit(*disk_, "/ckpt", "", *write->record);
    write_outcome<commit> unknown;
    unknown.error = {errc::storage_io, "the disk did not answer"};
    query.queue.push_back(event::commit_written{write->record->batch, write->record->attempt, unknown});
    return true;
  };
  query.run();
  EXPECT_EQ(query.core().state(), query_state::finished);
  EXPECT_EQ(*committed_counts(*disk_, "/ckpt"), expected);
  EXPECT_EQ(recover(*disk_, "/ckpt", false)->last_batch, 2);
}

TEST_F(QueryCore, StopsCleanlyAtEveryStepAndContinues) {
  for (int k = 0; k < 40; ++k) {
    disk_ = std::make_shared<storage::memory_file_system>();
    fake_cluster cluster{*disk_, "/ckpt"};
    cluster.workers["w-1"], cluster.workers["w-2"];
    const auto expected = write_input(*disk_, 6);
    driver query{disk_, cluster, driver::copying()};
    for (int i = 0; i < k; ++i) query.step();
    if (query.ended()) break;
    query.feed(event::stop_requested{});
    query.run();
    EXPECT_EQ(query.core().state(), query_state::stopped) << k;
    EXPECT_TRUE(query.ends.back().ok());
    auto options = driver::copying();
    options.run = "run-2";
    driver again{disk_, cluster, options};
    again.run();
    EXPECT_EQ(again.core().state(), query_state::finished) << k;
    EXPECT_EQ(visible_lines(*disk_, "/out"), expected) << k;
  }
}

TEST_F(QueryCore, OnceRunsOneBatch) {
  workers({"w-1"});
  const auto expected = write_input(*disk_, 5);
  auto options = driver::counting();
  options.trigger = trigger_kind::once;
  auto query = make(options);
  query.run();
  EXPECT_EQ(query.core().state(), query_state::finished);
  EXPECT_EQ(query.core().status_now().last_batch, 0);
  EXPECT_EQ(*committed_counts(*disk_, "/ckpt"), expected);
}

TEST_F(QueryCore, AsSoonAsPossibleSleepsUntilInputComes) {
  workers({"w-1"});
  write_input(*disk_, 2);
  auto options = driver::counting();
  options.trigger = trigger_kind::as_soon_as_possible;
  auto query = make(options);
  while (query.step()) {}
  EXPECT_EQ(query.core().status_now().last_batch, 0);
  const auto looks = query.all<action::discover>().size();
  EXPECT_EQ(looks, 2u) << "one for the batch, one that found nothing; no polling";
  write_input(*disk_, 1, 2);
  query.queue.push_back(event::input_available{});
  while (query.step()) {}
  EXPECT_EQ(query.core().status_now().last_batch, 1);
}

TEST_F(QueryCore, IntervalWaitsForTheNextMultiple) {
  workers({"w-1"});
  write_input(*disk_, 3);
  auto options = driver::counting();
  options.trigger = trigger_kind::interval;
  options.interval_us = 10'000'000;
  auto query = make(options);
  query.now.wall_us = 1'003'000'000;
  while (query.step()) {}
  EXPECT_EQ(query.core().status_now().last_batch, 0);
  const auto timers = query.all<action::set_timer>();
  ASSERT_EQ(timers.back().kind, timer_kind::trigger);
  EXPECT_NEAR(timers.back().delay_us, 7'000'000, 100'000);
  query.feed(event::timer_fired{timer_kind::trigger, timers.back().token});
  while (query.step()) {}
  EXPECT_EQ(query.core().status_now().last_batch, 1);
}

TEST_F(QueryCore, PublishingMayLagEightBatchesThenIntakeStops) {
  workers({"w-1"});
  write_input(*disk_, 40);
  auto query = make(driver::copying());
  std::optional<action::publish> held;
  query.intercept = [&](const query_action& a) {
    const auto* p = std::get_if<action::publish>(&a);
    if (p) held = *p;
    return p != nullptr;
  };
  while (query.step()) {}
  EXPECT_EQ(query.core().status_now().last_batch, 8);
  EXPECT_EQ(query.core().status_now().published, -1);
  query.intercept = nullptr;
  auto done = std::int64_t{-1};
  ASSERT_TRUE(publish::publish_all(*disk_, "/out", held->records, 1, done).ok());
  query.queue.push_back(event::published{done});
  query.run();
  EXPECT_EQ(query.core().state(), query_state::finished);
}

TEST_F(QueryCore, PublishingIsTriedAgainAndFailsTheQueryInTheEnd) {
  for (const int failures : {3, 100}) {
    disk_ = std::make_shared<storage::memory_file_system>();
    fake_cluster cluster{*disk_, "/ckpt"};
    cluster.workers["w-1"];
    const auto expected = write_input(*disk_, 6);
    driver query{disk_, cluster, driver::copying()};
    int left = failures;
    query.intercept = [&](const query_action& a) {
      const auto* p = std::get_if<action::publish>(&a);
      if (!p || left-- <= 0) return false;
      query.queue.push_back(event::publish_failed{p->records.back()->batch, {errc::disk_full, "no room"}});
      return true;
    };
    query.run();
    EXPECT_EQ(query.core().state(), failures == 3 ? query_state::finished : query_state::failed);
    EXPECT_EQ(visible_lines(*disk_, "/out"), failures == 3 ? expected : counts{});
  }
}

TEST_F(QueryCore, OneSilenceTimerServesAllBatches) {
  workers({"w-1"});
  write_input(*disk_, 20);
  auto query = make();
  while (query.step()) {}
  int armed = 0;
  for (const auto& timer : query.all<action::set_timer>()) armed += timer.kind == timer_kind::silence;
  EXPECT_EQ(armed, 1);
}

TEST_F(QueryCore, ReadsArePinnedToTheLastCommittedBatch) {
  workers({"w-1", "w-2"});
  write_input(*disk_, 4);
  auto query = make();
  query.feed(event::read_requested{"early"});
  query.run();
  query.feed(event::read_requested{"late"});
  const auto reads = query.all<action::start_read>();
  ASSERT_EQ(reads.size(), 2u);
  EXPECT_EQ(reads[0].ref.batch, -1);
  EXPECT_TRUE(reads[0].shares.empty());
  EXPECT_EQ(reads[1].ref.batch, 1);
  ASSERT_EQ(reads[1].shares.size(), 2u);
  std::set<std::uint32_t> groups;
  for (const auto& share : reads[1].shares) {
    EXPECT_TRUE((cluster_.workers[share.worker].prepared == layer{1, reads[1].ref.attempt})) << "the worker still holds it";
    for (const auto g : share.groups) EXPECT_TRUE(groups.insert(g).second);
  }
}

TEST_F(QueryCore, KeepsRowsOfAppendTablesAcrossRestartsUpToABound) {
  workers({"w-1"});
  write_input(*disk_, 4);
  auto options = driver::copying();
  options.sink_path.clear();
  options.collect_output = options.keep_results = true;
  { auto query = make(options); query.run(); EXPECT_EQ(query.core().state(), query_state::finished); }
  auto query = make(options);
  query.run();
  query.feed(event::read_requested{"r"});
  const auto read = query.all<action::start_read>().back();
  ASSERT_EQ(read.objects.size(), 2u);
  EXPECT_EQ(read.objects[0].rows + read.objects[1].rows, 20);
  EXPECT_TRUE(disk_->stat("/ckpt/" + read.objects[0].staged).ok());
  write_input(*disk_, 2, 4);
  options.max_result_rows = 25;
  auto full = make(options);
  full.run();
  EXPECT_EQ(full.core().state(), query_state::failed);
  EXPECT_EQ(full.ends.back().code(), errc::result_table_full);
}

TEST_F(QueryCore, BasesAndGarbageCollectionKeepAnswersRight) {
  workers({"w-1", "w-2"});
  auto expected = write_input(*disk_, 60);
  auto options = driver::counting();
  options.base_every = 8;
  options.min_batches_to_retain = 3;
  { auto query = make(options); query.run(); EXPECT_GT(query.garbage, 20); }
  EXPECT_FALSE(disk_->stat("/ckpt/commits/0").ok());
  EXPECT_EQ(*committed_counts(*disk_, "/ckpt"), expected);
  for (const auto& [key, count] : write_input(*disk_, 3, 60)) expected[key] += count;
  cluster_.workers.clear();
  workers({"w-7"});
  auto query = make(options);
  query.run();
  EXPECT_EQ(*committed_counts(*disk_, "/ckpt"), expected);
}

TEST_F(QueryCore, ALookOnlyQueryServesReadsAndWritesNothing) {
  workers({"w-1"});
  write_input(*disk_, 2);
  { auto query = make(); query.run(); }
  auto options = driver::counting();
  options.look_only = true;
  auto process = std::make_shared<storage::faulty_file_system>(disk_);
  driver query{process, cluster_, options};
  query.run();
  EXPECT_EQ(query.core().state(), query_state::stopped);
  query.feed(event::read_requested{"r"});
  EXPECT_EQ(query.all<action::start_read>().back().shares.size(), 1u);
  EXPECT_EQ(process->calls(storage::operation::create), 0u);
}

} // namespace
} // namespace sluice::query::testing
