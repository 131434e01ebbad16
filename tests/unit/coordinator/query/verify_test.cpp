#include <gtest/gtest.h>

#include "tests/unit/coordinator/query/driver.hpp"

namespace sluice::query::testing {
namespace {

std::shared_ptr<storage::memory_file_system> healthy(core_options options, int files) {
  auto disk = std::make_shared<storage::memory_file_system>();
  fake_cluster cluster{*disk, "/ckpt"};
  cluster.workers["w-1"], cluster.workers["w-2"];
  write_input(*disk, files);
  driver query{disk, cluster, std::move(options)};
  query.run();
  EXPECT_EQ(query.core().state(), query_state::finished);
  return disk;
}

core_options table() {
  auto options = driver::copying();
  options.sink_path.clear();
  options.collect_output = options.keep_results = true;
  return options;
}

/// Files that the protocol names: everything but input and directories.
std::vector<std::string> named_files(const storage::memory_file_system& disk) {
  std::vector<std::string> out;
  for (const auto& f : disk.everything())
    if (!f.is_directory && !f.path.starts_with("/in/")) out.push_back(f.path);
  return out;
}

TEST(Verify, AcceptsHealthyCheckpointsAndCounts) {
  for (const auto& options : {driver::counting(), driver::copying(), table()}) {
    const auto disk = healthy(options, 6);
    const auto report = verify(*disk, "/ckpt");
    EXPECT_TRUE(report.problem.ok()) << report.problem.to_string();
    EXPECT_EQ(report.last_batch, 2);
    EXPECT_EQ(report.commits, 3);
    EXPECT_EQ(report.rows, 30);
    EXPECT_GT(report.objects, 2);
  }
}

TEST(Verify, AcceptsCompactManifestsBasesAndWhatGarbageCollectionLeft) {
  for (auto options : {driver::counting(), driver::copying(), table()}) {
    options.base_every = 8;
    options.min_batches_to_retain = 2;
    const auto report = verify(*healthy(options, 60), "/ckpt");
    EXPECT_TRUE(report.problem.ok()) << report.problem.to_string();
    EXPECT_EQ(report.last_batch, 29);
    EXPECT_LT(report.commits, 30);
  }
}

// Every byte of every file that the protocol names.
TEST(Verify, FindsEverySingleFlippedByteAndNamesTheFile) {
  for (auto options : {driver::counting(), driver::copying(), table()}) {
    options.base_every = 3;
    options.min_batches_to_retain = 100;
    const auto disk = healthy(options, 8);
    ASSERT_TRUE(verify(*disk, "/ckpt").problem.ok()) << verify(*disk, "/ckpt").problem.to_string();
    for (const auto& path : named_files(*disk)) {
      const auto bytes = *disk->read(path);
      for (std::size_t i = 0; i < bytes.size(); ++i) {
        auto flipped = bytes;
        flipped[i] = static_cast<char>(flipped[i] ^ (1 << (i % 8)));
        disk->put(path, flipped);
        const auto report = verify(*disk, "/ckpt");
        ASSERT_FALSE(report.problem.ok()) << path << " byte " << i;
        if (i % 16 == 0) { EXPECT_NE(report.problem.message().find(storage::base_name(path)), std::string::npos) << report.problem.message(); }
      }
      disk->put(path, bytes);
    }
  }
}

TEST(Verify, FindsEveryMissingFile) {
  for (auto options : {driver::counting(), driver::copying(), table()}) {
    const auto disk = healthy(options, 8);
    for (const auto& path : named_files(*disk)) {
      const bool newest_commit = path == "/ckpt/commits/3";  // its batch is then open, and only a note or an object may tell
      const bool note = path.starts_with("/ckpt/published/");
      const bool newest_epoch = path == "/ckpt/epochs/1";
      if (newest_commit || note || newest_epoch) continue;
      const auto bytes = *disk->read(path);
      ASSERT_TRUE(disk->remove(path).ok());
      EXPECT_FALSE(verify(*disk, "/ckpt").problem.ok()) << path;
      disk->put(path, bytes);
    }
  }
}

TEST(Verify, AcceptsOpenIntentsLeftTempFilesAndUnnamedObjects) {
  const auto disk = healthy(driver::counting(), 4);
  intent open;
  open.batch = 2;
  open.epoch = 1;
  open.batch_time_us = 2'000'000'000;
  disk->put("/ckpt/offsets/2", encode(open));
  disk->put("/ckpt/commits/.2.1-2.tmp", "torn");
  disk->put("/ckpt/state/2-1-9-0.state", "half an object");
  EXPECT_TRUE(verify(*disk, "/ckpt").problem.ok());
}

TEST(Verify, RefusesAFileReadTwice) {
  const auto disk = healthy(driver::counting(), 4);
  auto second = *decode_intent(*disk->read("/ckpt/offsets/1"), "p");
  second.inputs = decode_intent(*disk->read("/ckpt/offsets/0"), "p")->inputs;
  disk->put("/ckpt/offsets/1", encode(second));
  const auto report = verify(*disk, "/ckpt");
  EXPECT_EQ(report.problem.code(), errc::broken_chain);
  EXPECT_NE(report.problem.message().find("/in/f1000"), std::string::npos) << report.problem.message();
}

TEST(Verify, SaysThatThereIsNoCheckpoint) {
  storage::memory_file_system disk;
  EXPECT_EQ(verify(disk, "/nothing").problem.code(), errc::no_such_file);
}

TEST(Verify, AcceptsARunningQueryAtEveryStep) {
  auto disk = std::make_shared<storage::memory_file_system>();
  fake_cluster cluster{*disk, "/ckpt"};
  cluster.workers["w-1"], cluster.workers["w-2"];
  write_input(*disk, 16);
  auto options = driver::copying();
  options.base_every = 3;
  options.min_batches_to_retain = 1;
  driver query{disk, cluster, options};
  for (bool there = false; query.step();) {
    there = there || disk->stat("/ckpt/epochs/1").ok();
    if (there) { EXPECT_TRUE(verify(*disk, "/ckpt").problem.ok()) << verify(*disk, "/ckpt").problem.to_string(); }
  }
}

/// A disk on which something happens whenever a folder is listed.
class busy_disk final : public storage::file_system {
public:
  busy_disk(storage::file_system& under, std::function<void()> meanwhile) : under_(under), meanwhile_(std::move(meanwhile)) {}
  result<std::unique_ptr<storage::writable_file>> create(const std::string& path) override { return under_.create(path); }
  result<std::string> read(const std::string& path) override { return under_.read(path); }
  result<std::string> read_range(const std::string& path, std::int64_t offset, std::int64_t length) override {
    return under_.read_range(path, offset, length);
  }
  result<std::unique_ptr<storage::readable_file>> open_for_read(const std::string& path) override { return under_.open_for_read(path); }
  status link(const std::string& from, const std::string& to) override { return under_.link(from, to); }
  status rename(const std::string& from, const std::string& to) override { return under_.rename(from, to); }
  status remove(const std::string& path) override { return under_.remove(path); }
  status make_directories(const std::string& path) override { return under_.make_directories(path); }
  status sync_directory(const std::string& path) override { return under_.sync_directory(path); }
  result<storage::file_info> stat(const std::string& path) override { return under_.stat(path); }
  result<std::vector<storage::file_info>> list(const std::string& directory) override {
    auto entries = under_.list(directory);
    meanwhile_();
    return entries;
  }

private:
  storage::file_system& under_;
  std::function<void()> meanwhile_;
};

// Batches that were planned and committed between two listings looked like missing commits.
TEST(Verify, AcceptsAQueryThatIsFasterThanItself) {
  for (auto options : {driver::counting(), driver::copying(), table()}) {
    auto disk = std::make_shared<storage::memory_file_system>();
    fake_cluster cluster{*disk, "/ckpt"};
    cluster.workers["w-1"], cluster.workers["w-2"];
    write_input(*disk, 1000);
    driver query{disk, cluster, options};
    const auto commit_more = [&](int batches) {
      for (; batches > 0 && !query.ended(); --batches) {
        const auto now = query.core().status_now().last_batch;
        while (query.core().status_now().last_batch == now && query.step()) {}
      }
    };
    commit_more(3);
    busy_disk busy{*disk, [&] { commit_more(4); }};
    const auto report = verify(busy, "/ckpt");
    EXPECT_TRUE(report.problem.ok()) << report.problem.to_string();
    EXPECT_GE(report.last_batch, 3);
    EXPECT_FALSE(query.ended());   // it was busy all the time
  }
}

} // namespace
} // namespace sluice::query::testing
