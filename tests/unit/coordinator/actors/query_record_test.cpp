#include "coordinator/actors/query_record.hpp"
#include "coordinator/query/records.hpp"

#include <gtest/gtest.h>

#include "common/storage/memory_file_system.hpp"

namespace sluice::actors {
namespace {

query_record sample(const std::string& id) {
  query_record record;
  record.id.text = id;
  record.run.text = "run-1";
  record.plan.name = "counts";
  record.plan.checkpoint = "/ckpt";
  record.plan.source.format = "json";
  record.plan.source.paths = {"/data"};
  record.plan.source.schema = *data::schema_from_ddl("time timestamp, action string");
  record.plan.source.columns = {0, 1};
  record.plan.output = record.plan.source.schema;
  record.plan.settings = {{"a", "b"}};
  record.plan.sink.format = "memory";
  record.started_us = 17;
  return record;
}

TEST(QueryRecord, RoundTrips) {
  auto record = sample("q1");
  record.desired = desired_state::failed;
  record.error = status(errc::divide_by_zero, "by zero");
  record.last_batch = 4;
  record.last_progress = R"({"batchId":4})";
  auto again = decode_query_record(encode(record), "x");
  ASSERT_TRUE(again.ok()) << again.error().to_string();
  EXPECT_EQ(again->id, record.id);
  EXPECT_EQ(again->run, record.run);
  EXPECT_EQ(again->desired, desired_state::failed);
  EXPECT_EQ(again->error.code(), errc::divide_by_zero);
  EXPECT_EQ(again->error.message(), "by zero");
  EXPECT_EQ(again->plan.checkpoint, "/ckpt");
  EXPECT_EQ(again->plan.settings.at("a"), "b");
  EXPECT_EQ(again->last_batch, 4);
  EXPECT_EQ(again->last_progress, record.last_progress);
  EXPECT_EQ(again->started_us, 17);
}

TEST(QueryRecord, DamageIsAnErrorNotACrash) {
  auto bytes = encode(sample("q1"));
  for (std::size_t at = 0; at < bytes.size(); at += 7) {
    auto damaged = bytes;
    damaged[at] ^= 0x11;
    EXPECT_FALSE(decode_query_record(damaged, "x").ok()) << at;
  }
  EXPECT_FALSE(decode_query_record("", "x").ok());
}

TEST(QueryRecord, TheNewestHoldsAndOldOnesGo) {
  storage::memory_file_system disk;
  auto record = sample("q1");
  for (auto state : {desired_state::running, desired_state::stopped, desired_state::running, desired_state::finished}) {
    record.desired = state;
    auto stored = store_query_record(disk, "/data-dir", record);
    ASSERT_TRUE(stored.ok()) << stored.error().to_string();
    record = *stored;
  }
  EXPECT_EQ(record.sequence, 3);
  EXPECT_FALSE(disk.stat("/data-dir/queries/q1/1").ok());
  disk.crash(storage::crash_kind::power_loss, 0);
  auto records = load_query_records(disk, "/data-dir");
  ASSERT_TRUE(records.ok()) << records.error().to_string();
  ASSERT_EQ(records->size(), 1u);
  EXPECT_EQ(records->front().desired, desired_state::finished);
  EXPECT_EQ(records->front().sequence, 3);
}

TEST(QueryRecord, OnlyTheOwnerOfACheckpointGoesOn) {
  storage::memory_file_system disk;
  for (const auto* id : {"q1", "q2"}) {
    auto record = sample(id);
    record.sequence = -1;
    record.desired = desired_state::running;
    record.plan.checkpoint = "/ckpt";
    ASSERT_TRUE(store_query_record(disk, "/data-dir", record).ok());
  }
  query::metadata owner;
  owner.query = "q2";
  owner.hash_name = "xxh3";
  disk.put("/ckpt/metadata", query::encode(owner));
  auto records = load_query_records(disk, "/data-dir");
  ASSERT_TRUE(records.ok()) << records.error().to_string();
  ASSERT_EQ(records->size(), 2u);
  EXPECT_EQ(records->front().desired, desired_state::stopped);
  EXPECT_EQ(records->front().error.code(), errc::checkpoint_in_use);
  EXPECT_EQ(records->back().desired, desired_state::running);
}

TEST(QueryRecord, AnEmptyFolderIsSkippedAndADamagedRecordNamed) {
  storage::memory_file_system disk;
  EXPECT_TRUE(load_query_records(disk, "/data-dir")->empty());
  ASSERT_TRUE(disk.make_directories("/data-dir/queries/q2").ok());
  EXPECT_TRUE(load_query_records(disk, "/data-dir")->empty());
  disk.put("/data-dir/queries/q3/0", "rubbish");
  auto records = load_query_records(disk, "/data-dir");
  ASSERT_FALSE(records.ok());
  EXPECT_NE(records.error().message().find("/data-dir/queries/q3/0"), std::string::npos);
}

} // namespace
} // namespace sluice::actors
