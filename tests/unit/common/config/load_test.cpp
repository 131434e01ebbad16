#include "common/config/settings.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

namespace sluice::config {

struct loaded {
  startup start;
  coordinator_settings settings;
};

class LoadTest : public ::testing::Test {
protected:
  loaded run(std::vector<std::string> arguments) {
    std::vector<const char*> argv{"sluice-coordinator"};
    for (const auto& argument : arguments)
      argv.push_back(argument.c_str());
    loaded out;
    out.start = load(static_cast<int>(argv.size()), argv.data(), out.settings, [this](const std::string& name) {
      auto found = environment_.find(name);
      return found == environment_.end() ? std::nullopt : std::optional<std::string>{found->second};
    });
    return out;
  }
  std::string file(const std::string& text) {
    path_ = ::testing::TempDir() + "sluice_load_" + std::to_string(::getpid()) + ".toml";
    std::ofstream(path_) << text;
    return path_;
  }
  void TearDown() override {
    if (!path_.empty())
      std::filesystem::remove(path_);
  }
  std::map<std::string, std::string> environment_;
  std::string path_;
};

TEST_F(LoadTest, StructDefaultsAreTheTables) {
  auto out = run({});
  EXPECT_FALSE(out.start.exit_now) << out.start.err;
  coordinator_settings plain;
  EXPECT_EQ(out.settings.listen, plain.listen);
  EXPECT_EQ(out.settings.query.key_groups, plain.query.key_groups);
  EXPECT_EQ(out.settings.query.progress_timeout, plain.query.progress_timeout);
  EXPECT_EQ(out.settings.query.split_size, plain.query.split_size);
  EXPECT_EQ(out.settings.query.result_rows, plain.query.result_rows);
  EXPECT_EQ(out.settings.link.unsent, plain.link.unsent);
  EXPECT_EQ(out.settings.log.max_bytes, plain.log.max_bytes);
  EXPECT_EQ(out.settings.discovery_poll, plain.discovery_poll);
  worker_settings worker, plain_worker;
  const char* argv[] = {"sluice-worker"};
  auto start = load(1, argv, worker, [](const std::string&) { return std::nullopt; });
  EXPECT_FALSE(start.exit_now);
  EXPECT_GE(worker.slots, 1u);
  EXPECT_EQ(worker.memory_state, plain_worker.memory_state);
  EXPECT_EQ(worker.memory_exchange, plain_worker.memory_exchange);
  EXPECT_EQ(worker.memory_partial, plain_worker.memory_partial);
  EXPECT_EQ(worker.reader_max_record, plain_worker.reader_max_record);
  EXPECT_EQ(worker.reader_morsel, plain_worker.reader_morsel);
}

TEST_F(LoadTest, FlagBeatsEnvironmentBeatsFileBeatsDefault) {
  auto path = file("listen = \"127.0.0.1:1\"\n[query]\nkey-groups = 16\nmax-attempts = 7\nbase-interval = 8\n");
  environment_ = {{"SLUICE_QUERY_KEY_GROUPS", "32"}, {"SLUICE_QUERY_MAX_ATTEMPTS", "9"}};
  auto out = run({"--config", path, "--query.key-groups=64"});
  ASSERT_FALSE(out.start.exit_now) << out.start.err;
  EXPECT_EQ(out.settings.query.key_groups, 64u);
  EXPECT_EQ(out.settings.query.max_attempts, 9);
  EXPECT_EQ(out.settings.query.base_interval, 8);
  EXPECT_EQ(out.settings.query.split_size, 16 << 20);
  auto printed = run({"--config", path, "--query.key-groups", "64", "--print-config"});
  EXPECT_TRUE(printed.start.exit_now);
  EXPECT_EQ(printed.start.exit_code, 0);
  EXPECT_NE(printed.start.out.find("# flag --query.key-groups"), std::string::npos);
  EXPECT_NE(printed.start.out.find("# environment SLUICE_QUERY_MAX_ATTEMPTS"), std::string::npos);
  EXPECT_NE(printed.start.out.find("# file " + path + ":1"), std::string::npos);
  EXPECT_NE(printed.start.out.find("# default"), std::string::npos);
}

TEST_F(LoadTest, PrintedConfigurationIsAConfiguration) {
  auto printed = run({"--print-config", "--query.split-size", "1MiB"});
  auto out = run({"--config", file(printed.start.out)});
  ASSERT_FALSE(out.start.exit_now) << out.start.err;
  EXPECT_EQ(out.settings.query.split_size, 1 << 20);
}

TEST_F(LoadTest, WrongThingsAreNamed) {
  auto flag = run({"--query.key-group", "3"});
  EXPECT_EQ(flag.start.exit_code, 2);
  EXPECT_NE(flag.start.err.find("did you mean '--query.key-groups'?"), std::string::npos) << flag.start.err;
  auto unknown = run({"--config", file("[query]\nkeygroups = 3\n")});
  EXPECT_EQ(unknown.start.exit_code, 2);
  EXPECT_NE(unknown.start.err.find(":2: "), std::string::npos) << unknown.start.err;
  EXPECT_NE(unknown.start.err.find("query.key-groups"), std::string::npos) << unknown.start.err;
  EXPECT_EQ(run({"--config", file("[query\n")}).start.exit_code, 2);
  EXPECT_EQ(run({"--config", "/nowhere/at/all.toml"}).start.exit_code, 2);
  EXPECT_EQ(run({"--query.key-groups", "x"}).start.exit_code, 2);
  EXPECT_EQ(run({"--query.key-groups"}).start.exit_code, 2);
  EXPECT_EQ(run({"stray"}).start.exit_code, 2);
  EXPECT_EQ(run({"--link.heartbeat", "4s"}).start.exit_code, 2);
  environment_ = {{"SLUICE_LISTEN", "nowhere"}};
  EXPECT_EQ(run({}).start.exit_code, 2);
}

TEST_F(LoadTest, OneFileServesBothPrograms) {
  auto out = run({"--config", file("slots = 3\n[worker.memory]\nstate = \"1GiB\"\n")});
  EXPECT_FALSE(out.start.exit_now) << out.start.err;
  EXPECT_EQ(run({"--config", file("slots = 3000\n")}).start.exit_code, 2);
}

TEST_F(LoadTest, HelpNamesEverySetting) {
  auto out = run({"--help"});
  EXPECT_EQ(out.start.exit_code, 0);
  EXPECT_NE(out.start.out.find("--query.result-rows"), std::string::npos);
  EXPECT_EQ(out.start.out.find("--slots"), std::string::npos);
}

TEST(Simulation, DrawsWithinRangesAndRepeats) {
  auto first = seeded_random_source(3), second = seeded_random_source(3);
  auto a = simulated_coordinator(*first), b = simulated_coordinator(*second);
  EXPECT_EQ(a.query.key_groups, b.query.key_groups);
  EXPECT_GE(a.query.key_groups, 1u);
  EXPECT_LE(a.query.key_groups, 64u);
  EXPECT_GE(a.link.silence, 2 * a.link.heartbeat);
}

} // namespace sluice::config
