#include "coordinator/query/checkpoint.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "common/storage/durable.hpp"
#include "common/storage/faulty_file_system.hpp"
#include "common/storage/memory_file_system.hpp"

namespace sluice::query {
namespace {

using storage::memory_file_system;

takeover_request request(const std::string& run = "r1") {
  takeover_request out;
  out.root = "/a/ckpt";
  out.wanted = {"id-1", "counts", 128, "xxh3-64/v1", "json /in", {{0, "aggregate", "key string; count"}}, "memory", ""};
  out.run = run;
  out.owner = "me";
  return out;
}
intent planned(std::int64_t n, std::int64_t epoch = 1) {
  intent out;
  out.batch = n;
  out.epoch = epoch;
  out.batch_time_us = 100 + n;
  out.inputs = {{"0", {{"/in/" + std::to_string(n), 1, 1, 1}}}};
  return out;
}
/// Intent and commit n; returns the commit's hash.
std::string run_batch(memory_file_system& disk, std::int64_t n, const std::string& previous) {
  EXPECT_EQ(write_intent(disk, "/a/ckpt", planned(n)).what, write_outcome<intent>::kind::created);
  commit c;
  c.batch = n;
  c.epoch = 1;
  c.attempt = "1-" + std::to_string(n);
  c.previous = previous;
  c.batch_time_us = 100 + n;
  const auto written = write_commit(disk, "/a/ckpt", "", c);
  EXPECT_EQ(written.what, write_outcome<commit>::kind::created) << written.error.to_string();
  return written.hash;
}

TEST(TakeOver, MakesTheCheckpointOnceAndClaimsGrowingEpochs) {
  memory_file_system disk;
  const auto first = take_over(disk, request());
  ASSERT_TRUE(first.ok()) << first.error().to_string();
  EXPECT_TRUE(first->created);
  EXPECT_EQ(first->epoch, 1);
  EXPECT_EQ(first->last_batch, -1);
  auto again = request("r2");
  again.wanted.query = "another id";
  const auto second = take_over(disk, again);
  ASSERT_TRUE(second.ok());
  EXPECT_FALSE(second->created);
  EXPECT_EQ(second->epoch, 2);
  EXPECT_EQ(second->metadata.query, "id-1") << "identity is the checkpoint's";
}

TEST(TakeOver, RefusesAnotherQueryWithTheReason) {
  memory_file_system disk;
  ASSERT_TRUE(take_over(disk, request()).ok());
  const std::vector<std::function<void(metadata&)>> changes{
      [](auto& m) { m.operators[0].signature = "key string; sum"; }, [](auto& m) { m.operators.clear(); },
      [](auto& m) { m.source_signature = "json /other"; },           [](auto& m) { m.hash_name = "other"; },
      [](auto& m) { m.sink_format = "parquet"; },                    [](auto& m) { m.sink_path = "/elsewhere"; }};
  for (const auto& change : changes) {
    auto other = request("r2");
    change(other.wanted);
    const auto refused = take_over(disk, other);
    EXPECT_EQ(refused.code(), errc::checkpoint_mismatch);
    EXPECT_NE(refused.error().message().find("/a/ckpt"), std::string::npos);
  }
  auto groups = request("r3");
  groups.wanted.num_key_groups = 64;
  EXPECT_EQ(take_over(disk, groups)->metadata.num_key_groups, 128u) << "the number of key groups stays as it was made";
  EXPECT_FALSE(disk.stat("/a/ckpt/epochs/3").ok()) << "refused queries claim nothing";
}

TEST(TakeOver, RefusesToRestartMemoryTablesThatHaveBatches) {
  memory_file_system disk;
  auto wanted = request();
  wanted.refuse_started = true;
  ASSERT_TRUE(take_over(disk, wanted).ok());
  run_batch(disk, 0, "");
  EXPECT_EQ(take_over(disk, wanted).code(), errc::memory_restart);
}

TEST(Recover, ReadsTheChainAndTheOpenIntent) {
  memory_file_system disk;
  ASSERT_TRUE(take_over(disk, request()).ok());
  const auto hash = run_batch(disk, 0, "");
  const auto last = run_batch(disk, 1, hash);
  (void)write_intent(disk, "/a/ckpt", planned(2));
  const auto state = recover(disk, "/a/ckpt", false);
  ASSERT_TRUE(state.ok()) << state.error().to_string();
  EXPECT_EQ(state->last_batch, 1);
  EXPECT_EQ(state->last_hash, last);
  EXPECT_EQ(state->last_attempt, "1-1");
  EXPECT_TRUE(state->open);
  EXPECT_EQ(state->intents.size(), 3u);
  EXPECT_EQ(state->unpublished.size(), 2u);
  EXPECT_EQ(state->batch_time_us, 102);
}

TEST(Recover, NamesWhatIsMissingOrDoesNotFollow) {
  memory_file_system disk;
  ASSERT_TRUE(take_over(disk, request()).ok());
  auto hash = run_batch(disk, 0, "");
  hash = run_batch(disk, 1, hash);
  run_batch(disk, 2, hash);
  for (const std::string path : {"commits/0", "commits/1", "offsets/0", "offsets/1", "offsets/2", "metadata"}) {
    const auto bytes = *disk.read("/a/ckpt/" + path);
    ASSERT_TRUE(disk.remove("/a/ckpt/" + path).ok());
    const auto state = take_over(disk, request("r" + path.substr(path.size() - 1)));
    EXPECT_EQ(state.code(), errc::broken_chain) << path;
    EXPECT_NE(state.error().message().find(path), std::string::npos) << state.error().message();
    disk.put("/a/ckpt/" + path, bytes);
  }
  auto forged = *decode_commit(*disk.read("/a/ckpt/commits/1"), "p");
  forged.counters.rows_read = 5;
  disk.put("/a/ckpt/commits/1", encode(forged));
  EXPECT_EQ(recover(disk, "/a/ckpt", false).code(), errc::broken_chain);
  disk.put("/a/ckpt/commits/1", "torn");
  EXPECT_EQ(recover(disk, "/a/ckpt", false).code(), errc::corrupt_file);
}

TEST(Recover, StartsFromTheNewestBase) {
  memory_file_system disk;
  ASSERT_TRUE(take_over(disk, request()).ok());
  std::string hash;
  for (std::int64_t n = 0; n < 6; ++n) {
    hash = run_batch(disk, n, hash);
    if (n != 3) continue;
    base b;
    b.batch = n;
    b.epoch = 1;
    b.commit_hash = hash;
    b.attempt = "1-3";
    b.batch_time_us = 103;
    b.published = 2;
    ASSERT_TRUE(write_base(disk, "/a/ckpt", b).ok());
    ASSERT_TRUE(write_base(disk, "/a/ckpt", b).ok()) << "twice is once";
  }
  ASSERT_TRUE(note_published(disk, "/a/ckpt", 4, 1).ok());
  ASSERT_TRUE(collect_garbage(disk, "/a/ckpt", "", 1).ok());
  EXPECT_FALSE(disk.stat("/a/ckpt/commits/1").ok());
  EXPECT_TRUE(disk.stat("/a/ckpt/commits/2").ok());
  const auto state = recover(disk, "/a/ckpt", false);
  ASSERT_TRUE(state.ok()) << state.error().to_string();
  EXPECT_EQ(state->last_base, 3);
  EXPECT_EQ(state->last_batch, 5);
  EXPECT_EQ(state->last_hash, hash);
  EXPECT_EQ(state->published, 4);
  EXPECT_EQ(state->unpublished.size(), 1u);
  EXPECT_EQ(state->intents.size(), 2u);
}

TEST(WriteOnce, AnswersExistsFencedAndResolvesDoubt) {
  auto disk = std::make_shared<memory_file_system>();
  ASSERT_TRUE(take_over(*disk, request()).ok());
  EXPECT_EQ(write_intent(*disk, "/a/ckpt", planned(0)).what, write_outcome<intent>::kind::created);
  EXPECT_EQ(write_intent(*disk, "/a/ckpt", planned(0)).what, write_outcome<intent>::kind::created) << "the same record is ours";
  auto other = planned(0);
  other.batch_time_us = 7;
  const auto exists = write_intent(*disk, "/a/ckpt", other);
  EXPECT_EQ(exists.what, write_outcome<intent>::kind::exists);
  EXPECT_EQ(exists.found->batch_time_us, 100);
  // The directory's sync fails after the link: the record is there, and reading it again says so.
  storage::faulty_file_system process{disk};
  process.fail_at(storage::operation::sync_directory, 0, errc::storage_io);
  EXPECT_EQ(write_intent(process, "/a/ckpt", planned(1)).what, write_outcome<intent>::kind::created);
  ASSERT_TRUE(claim_epoch(*disk, "/a/ckpt", "r2", "other", 0).ok());
  const auto fenced = write_intent(*disk, "/a/ckpt", planned(2));
  EXPECT_EQ(fenced.what, write_outcome<intent>::kind::fenced);
  EXPECT_EQ(fenced.error.code(), errc::checkpoint_in_use);
}

TEST(WriteCommit, InsistsOnObjectsOfTheirSize) {
  memory_file_system disk;
  ASSERT_TRUE(take_over(disk, request()).ok());
  commit c;
  c.epoch = 1;
  c.attempt = "1-0";
  c.extents = {{0, {0, "0-1-0-0.state", 0, 100, 0, false, 0, 1}}};
  EXPECT_EQ(write_commit(disk, "/a/ckpt", "", c).error.code(), errc::no_such_file);
  disk.put("/a/ckpt/state/0-1-0-0.state", std::string(50, 'x'));
  EXPECT_EQ(write_commit(disk, "/a/ckpt", "", c).error.code(), errc::storage_io);
  disk.put("/a/ckpt/state/0-1-0-0.state", std::string(116, 'x'));
  c.output = {{"_staging/0-1-0/0", "part", 0, 9, 0, 1}};
  EXPECT_FALSE(disk.stat("/a/ckpt/commits/0").ok());
  disk.put("/out/_staging/0-1-0/0", "12345678");
  EXPECT_EQ(write_commit(disk, "/a/ckpt", "/out", c).what, write_outcome<commit>::kind::failed);
  disk.put("/out/_staging/0-1-0/0", "123456789");
  EXPECT_EQ(write_commit(disk, "/a/ckpt", "/out", c).what, write_outcome<commit>::kind::created);
}

TEST(ABatch, CostsTwoSyncsPerRecordAndNothingElse) {
  auto disk = std::make_shared<memory_file_system>();
  ASSERT_TRUE(take_over(*disk, request()).ok());
  storage::faulty_file_system process{disk};
  (void)write_intent(process, "/a/ckpt", planned(0));
  EXPECT_EQ(process.calls(storage::operation::sync) + process.calls(storage::operation::sync_directory), 2u);
}

TEST(CollectGarbage, SparesUndecidedBatchesAndNamedObjects) {
  memory_file_system disk;
  ASSERT_TRUE(take_over(disk, request()).ok());
  disk.put("/a/ckpt/state/0-1-0-0.state", std::string(116, 'x'));
  auto hash = run_batch(disk, 0, "");
  base b;
  b.epoch = 1;
  b.commit_hash = hash;
  b.extents[0][3] = {{3, "0-1-0-0.state", 0, 100, 0, false, 0, 1}};
  ASSERT_TRUE(write_base(disk, "/a/ckpt", b).ok());
  disk.put("/a/ckpt/state/0-1-7-0.state", "an attempt that lost");
  disk.put("/a/ckpt/state/1-1-8-0.state", "undecided");
  disk.put("/a/ckpt/state/README", "not ours");
  disk.put("/out/_staging/0-1-7/0", "an attempt that lost");
  disk.put("/out/_staging/1-1-8/0", "undecided");
  ASSERT_TRUE(note_published(disk, "/a/ckpt", 0, 1).ok());
  const auto removed = collect_garbage(disk, "/a/ckpt", "/out", 1);
  ASSERT_TRUE(removed.ok());
  EXPECT_EQ(*removed, 3);
  for (const auto* kept : {"/a/ckpt/state/0-1-0-0.state", "/a/ckpt/state/1-1-8-0.state", "/a/ckpt/state/README", "/out/_staging/1-1-8/0"})
    EXPECT_TRUE(disk.stat(kept).ok()) << kept;
  EXPECT_EQ(*collect_garbage(disk, "/a/ckpt", "/out", 1), 0);
}

} // namespace
} // namespace sluice::query
