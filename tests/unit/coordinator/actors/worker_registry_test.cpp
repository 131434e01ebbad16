#include "coordinator/actors/worker_registry.hpp"

#include <gtest/gtest.h>

namespace sluice::actors {
namespace {

constexpr microseconds silence{5'000'000};

greeting hello(const std::string& id, std::uint32_t low = 1, std::uint32_t high = 1) {
  return {low, high, worker_id{id}, 2, "local:9", 42};
}

TEST(WorkerRegistry, AgreesOnAVersionOrSaysWhyNot) {
  worker_registry registry{silence};
  registry.opened(1, microseconds{0});
  auto version = registry.greeted(1, hello("w-1", 1, 9), microseconds{0});
  ASSERT_TRUE(version.ok());
  EXPECT_EQ(*version, max_link_version);
  registry.opened(2, microseconds{0});
  auto refused = registry.greeted(2, hello("w-2", 7, 9), microseconds{0});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.code(), errc::protocol);
  EXPECT_NE(refused.error().message().find("7 to 9"), std::string::npos);
  EXPECT_EQ(registry.workers().size(), 1u);
}

TEST(WorkerRegistry, RefusesASecondGreetingAndAnIdInUse) {
  worker_registry registry{silence};
  registry.opened(1, microseconds{0});
  ASSERT_TRUE(registry.greeted(1, hello("w-1"), microseconds{0}).ok());
  EXPECT_FALSE(registry.greeted(1, hello("w-1"), microseconds{0}).ok());
  registry.opened(2, microseconds{0});
  EXPECT_FALSE(registry.greeted(2, hello("w-1"), microseconds{0}).ok());
  ASSERT_TRUE(registry.closed(1));
  EXPECT_TRUE(registry.greeted(2, hello("w-1"), microseconds{0}).ok());
}

TEST(WorkerRegistry, FindsSilentWorkersAndStrangers) {
  worker_registry registry{silence};
  registry.opened(1, microseconds{0});
  registry.opened(2, microseconds{0});
  ASSERT_TRUE(registry.greeted(1, hello("w-1"), microseconds{0}).ok());
  EXPECT_TRUE(registry.silent(silence - microseconds{1}).empty());
  registry.sign_of_life(1, microseconds{3'000'000});
  EXPECT_EQ(registry.silent(silence), std::vector<std::uint64_t>{2});
  EXPECT_EQ(registry.silent(microseconds{8'000'000}), (std::vector<std::uint64_t>{2, 1}));
  registry.closed(2);
  EXPECT_EQ(registry.silent(microseconds{8'000'000}), std::vector<std::uint64_t>{1});
}

TEST(WorkerRegistry, LeavingIsNewsOnce) {
  worker_registry registry{silence};
  registry.opened(1, microseconds{0});
  EXPECT_FALSE(registry.leaving(1));
  ASSERT_TRUE(registry.greeted(1, hello("w-1"), microseconds{0}).ok());
  EXPECT_TRUE(registry.leaving(1));
  EXPECT_FALSE(registry.leaving(1));
  EXPECT_TRUE(registry.workers().front().draining);
}

} // namespace
} // namespace sluice::actors
