#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "common/storage/durable.hpp"
#include "common/storage/file_system.hpp"

namespace sluice::storage {
namespace {

class PosixFileSystem : public testing::Test {
protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "sluice-storage-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  std::string at(const std::string& name) const { return root_ + "/" + name; }
  void write(const std::string& name, std::string_view bytes) {
    auto file = files_->create(at(name));
    ASSERT_TRUE(file.ok()) << file.error().to_string();
    ASSERT_TRUE((*file)->append(bytes).ok());
    ASSERT_TRUE((*file)->sync().ok());
    ASSERT_TRUE((*file)->close().ok());
  }

  std::shared_ptr<file_system> files_ = posix_file_system();
  std::string root_;
};

TEST_F(PosixFileSystem, WritesReadsAndLists) {
  write("b", "hello");
  write("a", "");
  EXPECT_EQ(*files_->read(at("b")), "hello");
  EXPECT_EQ(*files_->read_range(at("b"), 1, 3), "ell");
  EXPECT_EQ(*files_->read_range(at("b"), 4, 100), "o");
  EXPECT_EQ(*files_->read_range(at("b"), 9, 1), "");
  ASSERT_TRUE(files_->make_directories(at("d/e/f")).ok());
  const auto entries = files_->list(root_);
  ASSERT_TRUE(entries.ok());
  ASSERT_EQ(entries->size(), 3u);
  EXPECT_EQ((*entries)[0].path, at("a"));
  EXPECT_EQ((*entries)[1].size, 5);
  EXPECT_GT((*entries)[1].mtime_us, 1'600'000'000'000'000);
  EXPECT_NE((*entries)[1].inode, 0u);
  EXPECT_TRUE((*entries)[2].is_directory);
}

TEST_F(PosixFileSystem, NamesPathAndReasonInErrors) {
  const auto missing = files_->read(at("nothing"));
  EXPECT_EQ(missing.code(), errc::no_such_file);
  EXPECT_NE(missing.error().message().find(at("nothing")), std::string::npos);
  EXPECT_NE(missing.error().message().find("No such file"), std::string::npos);
  write("x", "1");
  EXPECT_EQ(files_->create(at("x")).code(), errc::file_exists);
  EXPECT_EQ(files_->list(at("nothing")).code(), errc::no_such_file);
  EXPECT_EQ(files_->stat(at("x/y")).code(), errc::no_such_file);
  EXPECT_EQ(files_->remove(at("nothing")).code(), errc::no_such_file);
  EXPECT_EQ(files_->read(root_).code(), errc::storage_io);
  EXPECT_FALSE(files_->make_directories(at("x")).ok());
}

TEST_F(PosixFileSystem, LinkNeverReplacesAndRenameDoes) {
  write("x", "1");
  write("y", "2");
  EXPECT_EQ(files_->link(at("x"), at("y")).code(), errc::file_exists);
  EXPECT_TRUE(files_->link(at("x"), at("z")).ok());
  EXPECT_TRUE(files_->link(at("x"), at("z")).ok()) << "the same inode: the link is there";
  EXPECT_TRUE(files_->rename(at("x"), at("y")).ok());
  EXPECT_EQ(*files_->read(at("y")), "1");
  EXPECT_TRUE(files_->remove(at("y")).ok());
  EXPECT_TRUE(files_->sync_directory(root_).ok());
  ASSERT_TRUE(files_->make_directories(at("d")).ok());
  EXPECT_TRUE(files_->remove(at("d")).ok());
}

TEST_F(PosixFileSystem, AReaderKeepsTheFileItOpened) {
  write("x", "old content");
  auto reader = files_->open_for_read(at("x"));
  ASSERT_TRUE(reader.ok());
  write("y", "new");
  ASSERT_TRUE(files_->rename(at("y"), at("x")).ok());
  char buffer[16];
  const auto got = (*reader)->read_at(4, buffer, sizeof buffer);
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(std::string_view(buffer, *got), "content");
  EXPECT_EQ((*reader)->stat()->size, 11);
  EXPECT_EQ(files_->open_for_read(at("z")).code(), errc::no_such_file);
  EXPECT_EQ(files_->open_for_read(root_).code(), errc::storage_io);
}

TEST_F(PosixFileSystem, DurableCreateOnARealDisk) {
  ASSERT_TRUE(durable_make_directories(*files_, at("c/d")).ok());
  EXPECT_TRUE(durable_create(*files_, at("c/d/0"), "x", "1").ok());
  EXPECT_EQ(durable_create(*files_, at("c/d/0"), "y", "2").code(), errc::file_exists);
  EXPECT_EQ(*adopt(*files_, at("c/d/0")), "x");
  EXPECT_EQ(files_->list(at("c/d"))->size(), 1u);
}

} // namespace
} // namespace sluice::storage
