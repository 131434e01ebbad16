// Every crash point of a run, for a dying process and for a power cut, and the answer after a restart.
#include <gtest/gtest.h>

#include "tests/unit/coordinator/query/driver.hpp"

namespace sluice::query::testing {
namespace {

struct scene {
  core_options options;
  int files = 6;
};

/// Runs to the end on `disk` with fresh processes and checks answer and checkpoint.
void finish_and_check(const std::shared_ptr<storage::memory_file_system>& disk, const scene& of, const counts& expected, const std::string& what) {
  fake_cluster cluster{*disk, "/ckpt"};
  cluster.workers["w-8"], cluster.workers["w-9"];
  auto options = of.options;
  options.run = "run-after";
  driver query{disk, cluster, options};
  query.run();
  ASSERT_EQ(query.core().state(), query_state::finished) << what << ": " << query.ends.back().to_string();
  if (options.sink_path.empty()) {
    const auto found = committed_counts(*disk, "/ckpt");
    ASSERT_TRUE(found.ok()) << what << found.error().to_string();
    ASSERT_EQ(*found, expected) << what;
  } else {
    ASSERT_EQ(visible_lines(*disk, "/out"), expected) << what;
  }
  const auto report = verify(*disk, "/ckpt");
  ASSERT_TRUE(report.problem.ok()) << what << report.problem.to_string();
}

/// A prefix of the input's batches, nothing twice: what readers may see at any time.
void check_visible_is_prefix(storage::file_system& disk, const counts& expected, const std::string& what) {
  for (const auto& [line, count] : visible_lines(disk, "/out")) ASSERT_LE(count, expected.at(line)) << what;
}

/// `together`: machine dies (workers too); else only the coordinator does and its workers are never heard of again.
void enumerate(const scene& of, storage::crash_kind kind, bool torn, bool together, std::uint64_t seed) {
  for (std::uint64_t k = 0;; ++k) {
    const auto what = "call " + std::to_string(k) + (torn ? " torn" : "") + (kind == storage::crash_kind::process ? " process" : " power") +
                      " seed " + std::to_string(seed);
    auto disk = std::make_shared<storage::memory_file_system>();
    const auto expected = write_input(*disk, of.files);
    auto process = std::make_shared<storage::faulty_file_system>(disk);
    storage::file_system& workers_disk = together ? static_cast<storage::file_system&>(*process) : *disk;
    fake_cluster cluster{workers_disk, "/ckpt"};
    cluster.workers["w-1"], cluster.workers["w-2"];
    {
      driver query{process, cluster, of.options};
      process->die_at(k, torn);
      while (!process->dead() && query.step()) {}
      if (!process->dead()) return;
    }
    disk->crash(kind, seed);
    if (!of.options.sink_path.empty()) check_visible_is_prefix(*disk, expected, what);
    finish_and_check(disk, of, expected, what);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

scene counting() { return {driver::counting()}; }
scene copying() { return {driver::copying()}; }
scene with_bases(scene of) {
  of.options.base_every = 2;
  of.options.min_batches_to_retain = 1;
  of.files = 8;
  return of;
}

TEST(Crash, ProcessAtEveryCall) {
  for (const auto& of : {counting(), copying(), with_bases(counting()), with_bases(copying())})
    for (const bool torn : {false, true}) enumerate(of, storage::crash_kind::process, torn, !torn, 0);
}

TEST(Crash, PowerAtEveryCall) {
  for (const auto& of : {counting(), copying()})
    for (std::uint64_t seed = 0; seed < 3; ++seed) enumerate(of, storage::crash_kind::power_loss, seed % 2 == 1, true, seed);
  for (const auto& of : {with_bases(counting()), with_bases(copying())}) enumerate(of, storage::crash_kind::power_loss, true, true, 1);
}

// The second process dies too, at each of its calls, after the first died at a few of its own.
TEST(Crash, AgainWhileRecovering) {
  const auto of = copying();
  for (std::uint64_t first = 30; first < 130; first += 13)
    for (std::uint64_t second = 0;; ++second) {
      auto disk = std::make_shared<storage::memory_file_system>();
      const auto expected = write_input(*disk, of.files);
      bool died = false;
      for (const auto k : {first, second}) {
        auto process = std::make_shared<storage::faulty_file_system>(disk);
        fake_cluster cluster{*process, "/ckpt"};
        cluster.workers["w-1"], cluster.workers["w-2"];
        auto options = of.options;
        options.run = "run-" + std::to_string(k);
        driver query{process, cluster, options};
        process->die_at(k, k % 2);
        while (!process->dead() && query.step()) {}
        died = process->dead();
        disk->crash(storage::crash_kind::power_loss, first + second);
      }
      finish_and_check(disk, of, expected, std::to_string(first) + " then " + std::to_string(second));
      if (HasFatalFailure()) return;
      if (!died) break;
    }
}

// An error at each call of each kind: the query mends it or fails with a named cause, and a restart gives the answer.
TEST(Crash, ErrorsAtEveryCall) {
  for (const auto& of : {counting(), copying()})
    for (const auto code : {errc::storage_io, errc::disk_full})
      for (std::size_t op = 0; op < storage::num_operations; ++op)
        for (std::uint64_t k = 0;; ++k) {
          const auto what = storage::operation(op);
          auto disk = std::make_shared<storage::memory_file_system>();
          const auto expected = write_input(*disk, of.files);
          auto process = std::make_shared<storage::faulty_file_system>(disk);
          fake_cluster cluster{*process, "/ckpt"};
          cluster.workers["w-1"], cluster.workers["w-2"];
          driver query{process, cluster, of.options};
          process->fail_at(what, k, code);
          query.run();
          const bool reached = process->calls(what) > k;
          ASSERT_TRUE(query.ended());
          if (query.core().state() == query_state::failed) { ASSERT_FALSE(query.ends.back().ok()); }
          disk->crash(storage::crash_kind::power_loss, k + 1);
          finish_and_check(disk, of, expected, "operation " + std::to_string(op) + " call " + std::to_string(k));
          if (HasFatalFailure()) return;
          if (!reached) break;
        }
}

// Two coordinators on one checkpoint, their steps interleaved by seed: nothing lost, nothing doubled.
TEST(Crash, TwoCoordinatorsInterleaved) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const auto of = seed % 2 ? counting() : copying();
    auto disk = std::make_shared<storage::memory_file_system>();
    const auto expected = write_input(*disk, of.files);
    const auto random = seeded_random_source(seed);
    fake_cluster a{*disk, "/ckpt"}, b{*disk, "/ckpt"};
    a.workers["w-1"], a.workers["w-2"], b.workers["w-3"];
    auto options = of.options;
    driver first{disk, a, options};
    options.run = "run-2";
    driver second{disk, b, options};
    for (int i = 0; i < 2000; ++i) (random->next() % 3 ? first : second).step();
    first.run();
    second.run();
    finish_and_check(disk, of, expected, "seed " + std::to_string(seed));
    if (HasFatalFailure()) return;
  }
}

} // namespace
} // namespace sluice::query::testing
