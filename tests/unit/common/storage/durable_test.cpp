#include "common/storage/durable.hpp"

#include <gtest/gtest.h>

#include "common/storage/faulty_file_system.hpp"
#include "common/storage/memory_file_system.hpp"

namespace sluice::storage {
namespace {

TEST(DurableCreate, WritesOnceAndKeepsTheFirst) {
  memory_file_system disk;
  ASSERT_TRUE(durable_make_directories(disk, "/ckpt/commits").ok());
  ASSERT_TRUE(durable_create(disk, "/ckpt/commits/0", "first", "1-1").ok());
  EXPECT_EQ(durable_create(disk, "/ckpt/commits/0", "second", "2-1").code(), errc::file_exists);
  EXPECT_EQ(*adopt(disk, "/ckpt/commits/0"), "first");
  EXPECT_EQ(disk.list("/ckpt/commits")->size(), 1u) << "temp files are gone";
}

TEST(DurableCreate, OneSyncOfFileAndOneOfDirectory) {
  auto disk = std::make_shared<memory_file_system>();
  ASSERT_TRUE(disk->make_directories("/c").ok());
  faulty_file_system process{disk};
  ASSERT_TRUE(durable_create(process, "/c/0", "x", "1").ok());
  EXPECT_EQ(process.calls(operation::sync), 1u);
  EXPECT_EQ(process.calls(operation::sync_directory), 1u);
}

TEST(DurableCreate, AcknowledgedMeansSurvivesPowerLossWhateverTheSeed) {
  for (std::uint64_t seed = 0; seed < 32; ++seed) {
    memory_file_system disk;
    ASSERT_TRUE(durable_make_directories(disk, "/a/b").ok());
    ASSERT_TRUE(durable_create(disk, "/a/b/0", "value", "1").ok());
    disk.crash(crash_kind::power_loss, seed);
    EXPECT_EQ(*disk.read("/a/b/0"), "value");
  }
}

// Every crash point, torn and not, process and power: the record is absent or whole, never something else.
TEST(DurableCreate, AllOrNothingAtEveryCrashPoint) {
  for (const bool torn : {false, true})
    for (const auto kind : {crash_kind::process, crash_kind::power_loss})
      for (std::uint64_t k = 0; k < 8; ++k)
        for (std::uint64_t seed = 0; seed < 8; ++seed) {
          auto disk = std::make_shared<memory_file_system>();
          ASSERT_TRUE(durable_make_directories(*disk, "/c").ok());
          faulty_file_system process{disk};
          process.die_at(k, torn);
          const auto written = durable_create(process, "/c/0", "the whole value", "1");
          disk->crash(kind, seed);
          const auto found = disk->read("/c/0");
          if (found.ok()) { EXPECT_EQ(*found, "the whole value") << k << torn << seed; }
          if (written.ok()) { EXPECT_TRUE(found.ok()) << k << torn << seed; }
          // And the register can be taken or adopted afterwards, with the same unique name.
          const auto again = durable_create(*disk, "/c/0", "other", "1");
          EXPECT_EQ(again.ok(), !found.ok()) << again.to_string();
          EXPECT_EQ(*disk->read("/c/0"), found.ok() ? "the whole value" : "other");
        }
}

TEST(DurableCreate, PassesOnDiskFullAndIoErrors) {
  for (const auto what : {operation::create, operation::append, operation::sync, operation::close, operation::link, operation::sync_directory}) {
    auto disk = std::make_shared<memory_file_system>();
    ASSERT_TRUE(disk->make_directories("/c").ok());
    faulty_file_system process{disk};
    process.fail_at(what, 0, errc::disk_full);
    EXPECT_EQ(durable_create(process, "/c/0", "x", "1").code(), errc::disk_full);
    if (what != operation::sync_directory) { EXPECT_EQ(disk->read("/c/0").code(), errc::no_such_file); }
  }
}

TEST(DurableMakeDirectories, SurvivesEveryCrashPointOnceRepeated) {
  for (std::uint64_t k = 0; k < 8; ++k) {
    auto disk = std::make_shared<memory_file_system>();
    faulty_file_system process{disk};
    process.die_at(k, true);
    (void)durable_make_directories(process, "/a/b/c");
    ASSERT_TRUE(durable_make_directories(*disk, "/a/b/c").ok());
    disk->crash(crash_kind::power_loss, 0);
    EXPECT_TRUE(disk->stat("/a/b/c").ok()) << k;
  }
}

TEST(Record, RoundTripsAndDetectsEveryFlippedBitAndCut) {
  const auto sealed = seal_record("commit", R"({"batch":1})");
  EXPECT_TRUE(sealed.starts_with("sluice commit v1\n{\"batch\":1}\nxxh3:"));
  EXPECT_EQ(*open_record("commit", sealed, "p"), R"({"batch":1})");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      auto broken = sealed;
      broken[i] = static_cast<char>(broken[i] ^ (1 << bit));
      EXPECT_EQ(open_record("commit", broken, "the/path").code(), errc::corrupt_file) << i;
    }
    EXPECT_EQ(open_record("commit", sealed.substr(0, i), "p").code(), errc::corrupt_file);
  }
  EXPECT_NE(open_record("commit", "", "the/path").error().message().find("the/path"), std::string::npos);
  EXPECT_EQ(open_record("intent", sealed, "p").code(), errc::corrupt_file);
}

TEST(Record, NamesAnUnknownVersion) {
  auto text = std::string{"sluice commit v2\n{}\n"};
  text += "xxh3:" + checksum_text(checksum(text)) + "\n";
  EXPECT_EQ(open_record("commit", text, "p").code(), errc::unsupported_format);
}

TEST(Trailer, RoundTripsAndDetectsEveryFlippedBitAndCut) {
  std::string object = "some bytes of state";
  append_trailer(object);
  EXPECT_TRUE(check_trailer(object, "p").ok());
  for (std::size_t i = 0; i < object.size(); ++i) {
    auto broken = object;
    broken[i] = static_cast<char>(broken[i] ^ 4);
    EXPECT_EQ(check_trailer(broken, "p").code(), errc::corrupt_file);
    EXPECT_EQ(check_trailer(object.substr(0, i), "p").code(), errc::corrupt_file);
  }
}

} // namespace
} // namespace sluice::storage
