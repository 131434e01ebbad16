#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "coordinator/sources/folder_watch.hpp"

namespace sluice::sources {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class FolderWatch : public ::testing::TestWithParam<bool> {
protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "sluice-watch-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    fs::create_directory(root_ / "in");
    watch_ = GetParam() ? make_inotify_watch() : make_polling_watch(1ms);
    ASSERT_NE(watch_, nullptr);
  }
  void TearDown() override { fs::remove_all(root_); }
  void move_in(const std::string& name) {
    std::ofstream(root_ / "tmp") << "x";
    fs::rename(root_ / "tmp", root_ / "in" / name);
  }
  // Waits until a change is seen; fails the test after ten seconds.
  std::vector<std::string> next_change() {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    for (;;) {
      auto changed = watch_->wait(1000ms);
      if (!changed.empty() || std::chrono::steady_clock::now() > deadline) return changed;
    }
  }
  void drain() {
    while (!watch_->wait(30ms).empty()) {
    }
  }
  fs::path root_;
  std::unique_ptr<folder_watch> watch_;
};

TEST_P(FolderWatch, SeesARenameIntoTheFolder) {
  const std::string folder = root_ / "in";
  ASSERT_TRUE(watch_->add(folder).ok());
  drain();
  move_in("a");
  EXPECT_EQ(next_change(), std::vector<std::string>{folder});
  drain();
  EXPECT_TRUE(watch_->wait(0ms).empty());
}

TEST_P(FolderWatch, SeesEveryOneOfManyChanges) {
  ASSERT_TRUE(watch_->add(root_ / "in").ok());
  drain();
  for (int i = 0; i < 20; ++i) {
    move_in("f" + std::to_string(i));
    ASSERT_FALSE(next_change().empty()) << i;
  }
}

TEST_P(FolderWatch, WakesAWaiterFromAnotherThread) {
  ASSERT_TRUE(watch_->add(root_ / "in").ok());
  drain();
  std::thread other([&] { watch_->interrupt(); });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(watch_->wait(20000ms).empty());
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
  other.join();
}

TEST_P(FolderWatch, CountsItsUsers) {
  const std::string folder = root_ / "in";
  ASSERT_TRUE(watch_->add(folder).ok());
  ASSERT_TRUE(watch_->add(folder).ok());
  watch_->remove(folder);
  drain();
  move_in("a");
  EXPECT_FALSE(next_change().empty());
  watch_->remove(folder);
  drain();
  move_in("b");
  EXPECT_TRUE(watch_->wait(50ms).empty());
  EXPECT_EQ(watch_->add((root_ / "missing").string()).code(), errc::path_not_found);
}

TEST_P(FolderWatch, AFolderThatIsMadeAnewCanBeWatchedAgain) {
  const std::string folder = root_ / "in";
  ASSERT_TRUE(watch_->add(folder).ok());
  drain();
  fs::remove_all(root_ / "in");
  EXPECT_FALSE(next_change().empty());
  drain();
  fs::create_directory(root_ / "in");
  watch_->remove(folder);
  ASSERT_TRUE(watch_->add(folder).ok());
  drain();
  move_in("a");
  EXPECT_FALSE(next_change().empty());
}

INSTANTIATE_TEST_SUITE_P(Kinds, FolderWatch, ::testing::Bool(), [](const auto& info) { return info.param ? "Inotify" : "Polling"; });

} // namespace
} // namespace sluice::sources
