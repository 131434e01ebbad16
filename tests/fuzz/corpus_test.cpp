// Every target over its seeds, over the corpus that fuzzing kept, and over all inputs that once were findings.
#include <google/protobuf/stubs/logging.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fuzz/target.hpp"

namespace sluice::fuzz {
namespace {

class Corpus : public ::testing::TestWithParam<const target*> {
protected:
  /// Files below tests/fuzz/<kind>/<target>, in name order.
  static std::vector<std::filesystem::path> files(const std::string& kind) {
    const auto folder = std::filesystem::path(SLUICE_SOURCE_DIR) / "tests/fuzz" / kind / GetParam()->name;
    std::vector<std::filesystem::path> out;
    if (std::filesystem::is_directory(folder))
      for (const auto& entry : std::filesystem::directory_iterator(folder)) out.push_back(entry.path());
    std::sort(out.begin(), out.end());
    return out;
  }
  static void run(const std::string& input, const std::string& name) {
    try {
      GetParam()->run(input);
    } catch (const std::exception& error) {
      ADD_FAILURE() << name << ": " << error.what();
    }
  }
  static void run_files(const std::string& kind) {
    for (const auto& path : files(kind)) {
      std::ifstream in(path, std::ios::binary);
      run({std::istreambuf_iterator<char>(in), {}}, path.string());
    }
  }
  google::protobuf::LogSilencer quiet_;
};

TEST_P(Corpus, SeedsHold) {
  const auto seeds = GetParam()->seeds();
  ASSERT_FALSE(seeds.empty());
  for (std::size_t i = 0; i < seeds.size(); ++i) run(seeds[i], "seed " + std::to_string(i));
}

TEST_P(Corpus, KeptInputsHold) {
  EXPECT_FALSE(files("corpus").empty());
  run_files("corpus");
}

TEST_P(Corpus, FormerFindingsHold) { run_files("findings"); }

INSTANTIATE_TEST_SUITE_P(Targets, Corpus,
                         ::testing::Values(&link_target, &records_target, &checkpoint_target, &rows_target, &json_target, &sql_target,
                                           &types_target, &plan_target, &connect_target),
                         [](const auto& info) { return std::string(info.param->name); });

} // namespace
} // namespace sluice::fuzz
