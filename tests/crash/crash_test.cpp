#include <gtest/gtest.h>

#include "common/base/log.hpp"
#include "common/storage/path.hpp"
#include "tests/crash/crash_points.hpp"
#include "worker/actors/slot_batch.hpp"

namespace sluice::sim {
namespace {

class Crashes : public testing::TestWithParam<std::size_t> {};

/// A sample; scripts/crash-points goes through all.
TEST_P(Crashes, InACallAndAgainInTheRecoveryLoseAndDoubleNothing) {
  crash_totals totals;
  sweep(crash_jobs()[GetParam()], {5, 41, 7}, totals);
  EXPECT_GT(totals.runs, 50);
  EXPECT_FALSE(totals.points.empty());
  for (const auto& failure : totals.failures) ADD_FAILURE() << failure;
}
INSTANTIATE_TEST_SUITE_P(Jobs, Crashes, testing::Range<std::size_t>(0, crash_jobs().size()),
                         [](const auto& at) { auto name = std::string(crash_jobs()[at.param].name); std::erase(name, '-'); return name; });

/// What a start would know, in text.
std::string known(storage::file_system& files) {
  auto state = query::recover(files, "/sim/checkpoint", true);
  if (!state.ok()) return "";
  std::string out = query::encode(state->metadata) + std::to_string(state->last_batch) + state->last_attempt + state->last_hash +
                    std::to_string(state->published) + std::to_string(state->last_base) + std::to_string(state->open);
  query::base rest;
  rest.extents = state->extents;
  rest.results = state->results;
  rest.source_progress = state->source_progress;
  rest.watermarks = state->watermarks;
  rest.counters = state->counters;
  out += query::encode(rest);
  for (const auto& intent : state->intents) out += query::encode(intent);
  for (const auto& commit : state->unpublished) out += query::encode(*commit);
  return out;
}

class Damage : public testing::TestWithParam<std::size_t> {
protected:
  /// Of the checkpoint and the sink after the whole job.
  static std::map<std::string, std::string> files_after(const crash_job& job) {
    auto options = job.options;
    options.base_interval = 2;  // some records behind the base
    simulation run(options);
    EXPECT_EQ(run.run().wrong, "");
    std::map<std::string, std::string> out;
    for (const auto& file : run.disk().everything())
      if (!file.is_directory && !file.path.starts_with(data_folder)) out[file.path] = *run.disk().read(file.path);
    return out;
  }
};

/// A damaged file is named by verify, or no record names it and a start knows exactly what it knew.
TEST_P(Damage, OfAnyByteIsFoundOrHarmless) {
  auto files = files_after(crash_jobs()[GetParam()]);
  storage::memory_file_system disk;
  for (const auto& [path, bytes] : files) disk.put(path, bytes);
  auto healthy = known(disk);
  ASSERT_NE(healthy, "");
  ASSERT_TRUE(query::verify(disk, "/sim/checkpoint").problem.ok());
  int tried = 0, named = 0;
  auto check = [&](const std::string& path, const std::string& damaged, std::size_t at, const char* how) {
    disk.put(path, damaged);
    auto found = query::verify(disk, "/sim/checkpoint").problem;
    ++tried;
    if (!found.ok()) {
      ++named;
      EXPECT_NE(found.message().find(path), std::string::npos) << how << " at " << at << " of " << path << ": " << found.to_string();
    } else {
      EXPECT_EQ(known(disk), healthy) << how << " at " << at << " of " << path << " changes what a start knows";
    }
  };
  for (const auto& [path, bytes] : files) {
    if (path.starts_with("/sim/coordinator")) continue;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      auto flipped = bytes;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << (i % 8)));
      check(path, flipped, i, "flipped");
      check(path, bytes.substr(0, i), i, "cut");
    }
    disk.put(path, bytes);
  }
  EXPECT_GT(tried, 500);
  EXPECT_GT(named, tried / 2);
}
INSTANTIATE_TEST_SUITE_P(Jobs, Damage, testing::Values<std::size_t>(0, 1, 2),
                         [](const auto& at) { return std::string(crash_jobs()[at.param].name); });

/// A worker that restores refuses every damaged section.
TEST(DamagedState, IsNeverRestored) {
  simulation run(crash_jobs()[0].options);
  ASSERT_EQ(run.run().wrong, "");
  auto state = query::recover(run.disk(), "/sim/checkpoint", true);
  ASSERT_TRUE(state.ok());
  int tried = 0;
  for (const auto& [op, groups] : state->extents)
    for (const auto& [group, chain] : groups)
      for (const auto& e : chain) {
        auto path = storage::join_path("/sim/checkpoint/state", e.object);
        auto bytes = *run.disk().read(path);
        worker::state_extent section{static_cast<std::uint16_t>(e.group), e.object, e.offset, e.length, e.checksum, e.snapshot};
        EXPECT_TRUE(worker::read_extent(run.disk(), "/sim/checkpoint", section, "w").ok());
        for (auto i = e.offset; i < e.offset + e.length; ++i, ++tried) {
          auto flipped = bytes;
          flipped[static_cast<std::size_t>(i)] ^= static_cast<char>(1 << (i % 8));
          run.disk().put(path, flipped);
          EXPECT_EQ(worker::read_extent(run.disk(), "/sim/checkpoint", section, "w").code(), errc::corrupt_file) << path << " " << i;
          run.disk().put(path, bytes.substr(0, static_cast<std::size_t>(i)));
          EXPECT_FALSE(worker::read_extent(run.disk(), "/sim/checkpoint", section, "w").ok()) << path << " cut at " << i;
        }
        run.disk().put(path, bytes);
      }
  EXPECT_GT(tried, 1000);
}

} // namespace
} // namespace sluice::sim

int main(int argc, char** argv) {
  sluice::log::set_level(sluice::log::level::error);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
