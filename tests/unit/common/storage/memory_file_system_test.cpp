#include "common/storage/memory_file_system.hpp"

#include <gtest/gtest.h>

#include <set>

#include "common/storage/faulty_file_system.hpp"

namespace sluice::storage {
namespace {

void write(file_system& files, const std::string& path, std::string_view bytes, bool synced) {
  auto file = files.create(path);
  ASSERT_TRUE(file.ok()) << file.error().to_string();
  ASSERT_TRUE((*file)->append(bytes).ok());
  if (synced) { ASSERT_TRUE((*file)->sync().ok()); }
  ASSERT_TRUE((*file)->close().ok());
}

TEST(MemoryFileSystem, UnsyncedNamesAndBytesDieWithThePower) {
  memory_file_system disk;
  ASSERT_TRUE(disk.make_directories("/d").ok());
  ASSERT_TRUE(disk.sync_directory("/").ok());
  write(disk, "/d/named", "x", false);
  ASSERT_TRUE(disk.sync_directory("/d").ok());
  write(disk, "/d/synced-only", "x", true);
  disk.crash(crash_kind::process, 0);
  EXPECT_EQ(*disk.read("/d/named"), "x");
  disk.crash(crash_kind::power_loss, 0);
  EXPECT_EQ(*disk.read("/d/named"), "");
  EXPECT_EQ(disk.read("/d/synced-only").code(), errc::no_such_file);
}

TEST(MemoryFileSystem, KnowsWhatWouldSurvive) {
  memory_file_system disk;
  ASSERT_TRUE(disk.make_directories("/d").ok());
  write(disk, "/d/f", "x", false);
  ASSERT_TRUE(disk.sync_directory("/d").ok());
  EXPECT_FALSE(disk.is_durable("/d/f"));  // neither its bytes nor the name of its directory
  write(disk, "/d/g", "x", true);
  ASSERT_TRUE(disk.sync_directory("/").ok());
  EXPECT_FALSE(disk.is_durable("/d/g"));  // its name
  ASSERT_TRUE(disk.sync_directory("/d").ok());
  EXPECT_TRUE(disk.is_durable("/d/g"));
  ASSERT_TRUE(disk.rename("/d/g", "/d/h").ok());
  EXPECT_FALSE(disk.is_durable("/d/h"));
  EXPECT_FALSE(disk.is_durable("/d/none"));
}

TEST(MemoryFileSystem, ASyncThatFailedIsNeverMadeGood) {
  auto disk = std::make_shared<memory_file_system>();
  ASSERT_TRUE(disk->make_directories("/d").ok());
  ASSERT_TRUE(disk->sync_directory("/").ok());
  faulty_file_system process{disk};
  process.fail_at(operation::sync, 0, errc::storage_io);
  auto file = process.create("/d/f");
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE((*file)->append("x").ok());
  EXPECT_FALSE((*file)->sync().ok());
  EXPECT_TRUE((*file)->sync().ok());  // the kernel has forgotten the pages: nothing is saved
  ASSERT_TRUE(process.sync_directory("/d").ok());
  EXPECT_EQ(*disk->read("/d/f"), "x");
  EXPECT_FALSE(disk->is_durable("/d/f"));
}

TEST(MemoryFileSystem, EntriesNeedTheirParents) {
  memory_file_system disk;
  ASSERT_TRUE(disk.make_directories("/a/b").ok());
  write(disk, "/a/b/f", "x", true);
  ASSERT_TRUE(disk.sync_directory("/a/b").ok());
  disk.crash(crash_kind::power_loss, 0);
  EXPECT_FALSE(disk.stat("/a").ok());
  EXPECT_FALSE(disk.stat("/a/b/f").ok());
}

TEST(MemoryFileSystem, RenameIsAtomicForEverySeed) {
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    memory_file_system disk;
    ASSERT_TRUE(disk.make_directories("/from").ok());
    ASSERT_TRUE(disk.make_directories("/to").ok());
    ASSERT_TRUE(disk.sync_directory("/").ok());
    write(disk, "/from/f", "x", true);
    ASSERT_TRUE(disk.sync_directory("/from").ok());
    ASSERT_TRUE(disk.rename("/from/f", "/to/f").ok());
    if (seed % 2) { ASSERT_TRUE(disk.sync_directory("/to").ok()); }
    disk.crash(crash_kind::power_loss, seed);
    EXPECT_NE(disk.stat("/from/f").ok(), disk.stat("/to/f").ok()) << seed;
    if (seed % 2) { EXPECT_TRUE(disk.stat("/to/f").ok()); }
  }
}

TEST(MemoryFileSystem, SeedsTearUnsyncedBytesDifferently) {
  std::set<std::string> outcomes;
  for (std::uint64_t seed = 1; seed < 40; ++seed) {
    memory_file_system disk;
    auto file = disk.create("/f");
    ASSERT_TRUE((*file)->append("safe").ok());
    ASSERT_TRUE((*file)->sync().ok());
    ASSERT_TRUE((*file)->append(std::string(300, 'u')).ok());
    ASSERT_TRUE(disk.sync_directory("/").ok());
    disk.crash(crash_kind::power_loss, seed);
    EXPECT_FALSE((*file)->append("x").ok()) << "handles die";
    outcomes.insert(*disk.read("/f"));
    EXPECT_TRUE(disk.read("/f")->starts_with("safe"));
  }
  EXPECT_GT(outcomes.size(), 10u);
}

TEST(FaultyFileSystem, FailsOnceAtTheKthCallAndCounts) {
  auto disk = std::make_shared<memory_file_system>();
  faulty_file_system process{disk};
  process.fail_at(operation::create, 1, errc::disk_full);
  EXPECT_TRUE(process.create("/0").ok());
  EXPECT_EQ(process.create("/1").code(), errc::disk_full);
  EXPECT_TRUE(process.create("/1").ok());
  EXPECT_EQ(process.calls(operation::create), 3u);
  EXPECT_EQ(process.changing_calls(), 3u);
}

TEST(FaultyFileSystem, DeathIsFinalAndMayTear) {
  auto disk = std::make_shared<memory_file_system>();
  faulty_file_system process{disk};
  auto file = process.create("/0");
  process.die_at(0, true);
  EXPECT_FALSE((*file)->append("12345678").ok());
  EXPECT_TRUE(process.dead());
  EXPECT_FALSE(process.read("/0").ok());
  EXPECT_EQ(*disk->read("/0"), "1234");
}

} // namespace
} // namespace sluice::storage
