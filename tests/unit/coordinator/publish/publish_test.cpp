#include "coordinator/publish/publish.hpp"

#include <gtest/gtest.h>

#include "common/storage/durable.hpp"
#include "common/storage/faulty_file_system.hpp"
#include "common/storage/memory_file_system.hpp"
#include "coordinator/query/manifest.hpp"
#include "coordinator/query/output_names.hpp"

namespace sluice::publish {
namespace {

using storage::memory_file_system;

/// A commit of `files` staged files, durably staged on `disk`.
query::commit staged_commit(memory_file_system& disk, std::int64_t batch, int files = 2) {
  query::commit record;
  record.batch = batch;
  record.epoch = 1;
  record.attempt = "1-" + std::to_string(batch);
  record.batch_time_us = 1'469'501'107'000'000;
  for (int i = 0; i < files; ++i) {
    query::output_object o;
    const auto text = std::to_string(batch) + "/" + std::to_string(i) + "\n";
    o.staged = query::staging_directory(batch, record.attempt) + "/" + std::to_string(i);
    o.final_path = query::output_file_name(batch, i, "q", ".json");
    o.ordinal = i;
    o.size = static_cast<std::int64_t>(text.size());
    o.checksum = storage::checksum(text);
    o.rows = 1;
    disk.put("/out/" + o.staged, text);
    record.output.push_back(o);
  }
  return record;
}

std::string manifest_of(memory_file_system& disk, const std::string& name) {
  const auto text = disk.read("/out/_spark_metadata/" + name);
  return text.ok() ? *text : "";
}

TEST(Publish, GivesFilesTheirNamesAndWritesTheManifest) {
  memory_file_system disk;
  const auto record = staged_commit(disk, 0);
  ASSERT_TRUE(publish_batch(disk, "/out", record, 1).ok());
  EXPECT_EQ(*disk.read("/out/part-00001-0-q.json"), "0/1\n");
  EXPECT_FALSE(disk.stat("/out/_staging/0-1-0").ok());
  EXPECT_EQ(manifest_of(disk, "0"),
            "v1\n"
            R"({"path":"file:///out/part-00000-0-q.json","size":4,"isDir":false,"modificationTime":1469501107000,"blockReplication":1,"blockSize":134217728,"action":"add"})"
            "\n"
            R"({"path":"file:///out/part-00001-0-q.json","size":4,"isDir":false,"modificationTime":1469501107000,"blockReplication":1,"blockSize":134217728,"action":"add"})");
}

TEST(Publish, EmptyBatchesHaveAnEntryToo) {
  memory_file_system disk;
  ASSERT_TRUE(disk.make_directories("/out").ok());
  ASSERT_TRUE(publish_batch(disk, "/out", staged_commit(disk, 0, 0), 1).ok());
  EXPECT_EQ(manifest_of(disk, "0"), "v1");
}

TEST(Publish, EveryTenthEntryIsCompactAndHoldsAllEarlierLines) {
  memory_file_system disk;
  std::string lines;
  for (std::int64_t n = 0; n < 25; ++n) {
    const auto record = staged_commit(disk, n, n % 3 == 1 ? 0 : 2);
    ASSERT_TRUE(publish_batch(disk, "/out", record, 1).ok());
    lines += query::manifest_lines(record, "/out");
    if (n % 10 != 9) continue;
    EXPECT_EQ(*query::manifest_body(manifest_of(disk, std::to_string(n) + ".compact"), "m"), lines);
    EXPECT_FALSE(disk.stat("/out/_spark_metadata/" + std::to_string(n)).ok());
  }
}

TEST(Publish, AGapBeforeACompactEntryIsAnErrorNotAShorterList) {
  memory_file_system disk;
  for (std::int64_t n = 0; n < 9; ++n) ASSERT_TRUE(publish_batch(disk, "/out", staged_commit(disk, n), 1).ok());
  ASSERT_TRUE(disk.remove("/out/_spark_metadata/4").ok());
  EXPECT_EQ(publish_batch(disk, "/out", staged_commit(disk, 9), 1).code(), errc::broken_chain);
}

TEST(Publish, TwiceIsOnceEvenAfterAReaderTookTheFile) {
  memory_file_system disk;
  const auto record = staged_commit(disk, 0);
  ASSERT_TRUE(publish_batch(disk, "/out", record, 1).ok());
  const auto manifest = manifest_of(disk, "0");
  ASSERT_TRUE(disk.remove("/out/part-00000-0-q.json").ok());
  ASSERT_TRUE(publish_batch(disk, "/out", record, 2).ok());
  EXPECT_FALSE(disk.stat("/out/part-00000-0-q.json").ok()) << "what a reader took does not come back";
  EXPECT_EQ(manifest_of(disk, "0"), manifest);
}

// Dies in every call, then publishes again: all files once, manifest whole; and nothing that was acknowledged is lost.
TEST(Publish, CanBeRepeatedAfterDyingInAnyCall) {
  for (const std::int64_t batch : {0, 9})
    for (const auto kind : {storage::crash_kind::process, storage::crash_kind::power_loss})
      for (const bool torn : {false, true})
        for (std::uint64_t seed = 0; seed < 6; ++seed)
          for (std::uint64_t k = 0;; ++k) {
            auto disk = std::make_shared<memory_file_system>();
            for (std::int64_t n = 0; n < batch; ++n) ASSERT_TRUE(publish_batch(*disk, "/out", staged_commit(*disk, n), 1).ok());
            const auto record = staged_commit(*disk, batch);
            storage::faulty_file_system process{disk};
            process.die_at(k, torn);
            const auto first = publish_batch(process, "/out", record, 1);
            disk->crash(kind, seed);
            if (first.ok()) { EXPECT_FALSE(disk->stat("/out/" + record.output[0].staged).ok()) << "the token stays gone"; }
            ASSERT_TRUE(publish_batch(*disk, "/out", record, 2).ok());
            for (const auto& o : record.output) {
              ASSERT_EQ(disk->read("/out/" + o.final_path)->size(), static_cast<std::size_t>(o.size)) << k;
              ASSERT_FALSE(disk->stat("/out/" + o.staged).ok()) << k;
            }
            ASSERT_TRUE(manifest_of(*disk, query::manifest_name(batch)).ends_with("\"action\":\"add\"}")) << k;
            if (first.ok()) break;
          }
}

TEST(Publish, TwoPublishersInterleavedAtEveryCall) {
  for (std::uint64_t k = 0; k < 14; ++k) {
    auto disk = std::make_shared<memory_file_system>();
    const auto record = staged_commit(*disk, 0);
    storage::faulty_file_system one{disk};
    one.die_at(k, true);
    const auto first = publish_batch(one, "/out", record, 1);
    ASSERT_TRUE(publish_batch(*disk, "/out", record, 2).ok());
    ASSERT_TRUE(publish_batch(*disk, "/out", record, 1).ok()) << "the first wakes up and goes on";
    EXPECT_EQ(*disk->read("/out/part-00000-0-q.json"), "0/0\n");
  }
}

TEST(Publish, AllStopsAtTheFirstThatFails) {
  auto disk = std::make_shared<memory_file_system>();
  std::vector<std::shared_ptr<const query::commit>> records;
  for (std::int64_t n = 0; n < 3; ++n) records.push_back(std::make_shared<const query::commit>(staged_commit(*disk, n)));
  storage::faulty_file_system process{disk};
  process.fail_at(storage::operation::rename, 2, errc::disk_full);
  std::int64_t done = -1;
  EXPECT_EQ(publish_all(process, "/out", records, 1, done).code(), errc::disk_full);
  EXPECT_EQ(done, 0);
  EXPECT_TRUE(publish_all(process, "/out", records, 1, done).ok());
  EXPECT_EQ(done, 2);
}

TEST(Manifest, EncodesPathsAsUris) {
  query::commit record;
  record.output.push_back({"s", "a b%\xc3\xa9.json", 0, 1, 0, 1});
  EXPECT_NE(query::manifest_lines(record, "/o").find("file:///o/a%20b%25%C3%A9.json"), std::string::npos);
  EXPECT_EQ(query::manifest_body("v2\n{}", "m").code(), errc::corrupt_file);
}

} // namespace
} // namespace sluice::publish
