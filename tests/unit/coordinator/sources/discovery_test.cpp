#include <gtest/gtest.h>

#include <random>

#include "coordinator/sources/file_discovery.hpp"
#include "coordinator/sources/split_plan.hpp"

namespace sluice::sources {
namespace {

file_entry file(const std::string& path, std::int64_t mtime_us, std::int64_t size = 10) { return {path, size, mtime_us, 1}; }

std::vector<std::string> paths(const std::vector<file_entry>& files) {
  std::vector<std::string> out;
  for (const auto& entry : files) out.push_back(entry.path);
  return out;
}
using names = std::vector<std::string>;

file_discovery discovery(const plan::option_map& options, bool freeze = false) {
  return file_discovery{discovery_options_of(options, freeze).value()};
}

TEST(Discovery, OldestFirstThenByPath) {
  auto found = discovery({});
  found.on_listing({file("/d/b", 5), file("/d/c", 3), file("/d/a", 5)});
  EXPECT_EQ(paths(found.choose()), (names{"/d/c", "/d/a", "/d/b"}));
  EXPECT_EQ(found.choose(), found.choose());
}

TEST(Discovery, LatestFirst) {
  auto found = discovery({{"latestfirst", "true"}, {"maxfilespertrigger", "2"}});
  found.on_listing({file("/d/b", 5), file("/d/c", 3), file("/d/a", 5)});
  EXPECT_EQ(paths(found.choose()), (names{"/d/a", "/d/b"}));
  EXPECT_TRUE(found.needs_listing());
}

TEST(Discovery, LimitsCutButOneFileIsAlwaysTaken) {
  auto few = discovery({{"maxfilespertrigger", "1"}});
  few.on_listing({file("/d/a", 1), file("/d/b", 2)});
  EXPECT_EQ(paths(few.choose()), (names{"/d/a"}));
  auto bytes = discovery({{"maxbytespertrigger", "25"}});
  bytes.on_listing({file("/d/a", 1), file("/d/b", 2), file("/d/c", 3)});
  EXPECT_EQ(paths(bytes.choose()), (names{"/d/a", "/d/b"}));
  auto small = discovery({{"maxbytespertrigger", "1"}});
  small.on_listing({file("/d/a", 1), file("/d/b", 2)});
  EXPECT_EQ(paths(small.choose()), (names{"/d/a"}));
}

TEST(Discovery, TakenFilesAreNotReadAgain) {
  auto found = discovery({{"maxfilespertrigger", "1"}});
  EXPECT_TRUE(found.needs_listing());
  const std::vector<file_entry> listing = {file("/d/a", 1), file("/d/b", 2), file("/d/c", 2)};
  found.on_listing(listing);
  names order;
  for (std::int64_t batch = 0; !found.choose().empty(); ++batch) {
    const auto chosen = found.choose();
    order.push_back(chosen[0].path);
    found.take(batch, chosen);
    if (batch == 0) {
      EXPECT_FALSE(found.needs_listing()) << "files of the last listing wait";
    }
    if (batch == 1) found.on_listing(listing);
  }
  EXPECT_EQ(order, (names{"/d/a", "/d/b", "/d/c"}));
  EXPECT_TRUE(found.needs_listing());
}

TEST(Discovery, FreezeKeepsTheFirstListing) {
  auto found = discovery({{"maxfilespertrigger", "1"}}, true);
  found.on_listing({file("/d/a", 1), file("/d/b", 2)});
  EXPECT_TRUE(found.frozen());
  found.on_listing({file("/d/z", 0)});
  found.take(0, found.choose());
  EXPECT_FALSE(found.needs_listing());
  EXPECT_EQ(paths(found.choose()), (names{"/d/b"}));
  found.take(1, found.choose());
  EXPECT_TRUE(found.choose().empty());
  EXPECT_FALSE(found.needs_listing());
}

TEST(Discovery, TheFirstBatchTakesOldFilesLaterOnesDoNot) {
  auto found = discovery({{"maxfileage", "1h"}});
  const std::int64_t hour = 3600LL * 1000000;
  found.on_listing({file("/d/old", 1), file("/d/new", 5 * hour)});
  EXPECT_EQ(found.choose().size(), 2u);
  found.take(0, found.choose());
  found.on_listing({file("/d/old", 1), file("/d/late", 4 * hour - 1), file("/d/edge", 4 * hour), file("/d/fresh", 6 * hour)});
  EXPECT_EQ(paths(found.choose()), (names{"/d/edge", "/d/fresh"}));
}

TEST(Discovery, LatestFirstWithACapIgnoresTheAge) {
  auto found = discovery({{"maxfileage", "1s"}, {"latestfirst", "true"}, {"maxfilespertrigger", "1"}});
  found.on_listing({file("/d/old", 1), file("/d/new", 99000000)});
  found.take(0, found.choose());
  found.on_listing({file("/d/old", 1), file("/d/new", 99000000)});
  EXPECT_EQ(paths(found.choose()), (names{"/d/old"}));
}

TEST(Discovery, FileNameOnly) {
  auto found = discovery({{"filenameonly", "true"}});
  found.on_listing({file("/x/a", 1), file("/y/a", 2), file("/y/b", 3)});
  EXPECT_EQ(paths(found.choose()), (names{"/x/a", "/y/b"}));
  found.take(0, found.choose());
  found.on_listing({file("/z/a", 9), file("/z/c", 9)});
  EXPECT_EQ(paths(found.choose()), (names{"/z/c"}));
}

TEST(Discovery, RestoredStateAnswersAlike) {
  std::mt19937_64 random(11);
  auto straight = discovery({{"maxfilespertrigger", "3"}, {"maxfileage", "100us"}});
  std::vector<file_entry> listing;
  for (int batch = 0; batch < 40; ++batch) {
    for (int i = 0; i < 4; ++i) listing.push_back(file("/d/\"f " + std::to_string(random() % 1000), static_cast<std::int64_t>(batch * 20 + random() % 40)));
    auto restarted = discovery({{"maxfilespertrigger", "3"}, {"maxfileage", "100us"}});
    ASSERT_TRUE(restarted.restore(straight.to_json()).ok());
    restarted.on_listing(listing);
    straight.on_listing(listing);
    ASSERT_EQ(restarted.choose(), straight.choose());
    ASSERT_EQ(restarted.to_json(), straight.to_json());
    straight.take(batch, straight.choose());
  }
  auto bad = discovery({});
  for (const char* text : {"", "{}", "[1]", "{\"files\":[[1,2]],\"newest\":1,\"purged\":1}", "{\"files\":[],\"newest\":\"x\",\"purged\":1}"})
    EXPECT_EQ(bad.restore(text).code(), errc::corrupt_file) << text;
}

TEST(Discovery, OptionsAreChecked) {
  const plan::option_map wrong[] = {{{"maxfilespertrigger", "0"}}, {{"maxfilespertrigger", "1k"}}, {{"maxbytespertrigger", "10m"}},
                                    {{"latestfirst", "yes"}}, {{"maxfileage", "7 moons"}}, {{"maxfilespertrigger", "1"}, {"maxbytespertrigger", "1"}}};
  for (const auto& options : wrong) EXPECT_EQ(discovery_options_of(options, false).code(), errc::invalid_option);
  EXPECT_EQ(discovery_options_of({{"maxfileage", "90 minutes"}}, false)->max_file_age_us, 5400000000);
  EXPECT_EQ(discovery_options_of({{"maxfileage", "250"}}, false)->max_file_age_us, 250000);
  EXPECT_FALSE(discovery_options_of({{"maxfilespertrigger", "1"}}, true, true)->max_files.has_value());
}

TEST(SplitPlan, CoversEveryFileOnce) {
  plan::file_source source;
  source.format = "json";
  const auto splits = plan_splits({file("/a", 1, 100), file("/b", 1, 0), file("/c", 1, 31), file("/d.gz", 1, 100)}, source, 30);
  std::int64_t next = 0;
  for (std::size_t i = 0; i < splits.size(); ++i) {
    EXPECT_EQ(splits[i].ordinal, static_cast<std::int32_t>(i));
    EXPECT_LE(splits[i].length, splits[i].path == "/d.gz" ? 100 : 30);
    if (i > 0 && splits[i].path != splits[i - 1].path) next = 0;
    EXPECT_EQ(splits[i].offset, next);
    next += splits[i].length;
    if (i + 1 == splits.size() || splits[i + 1].path != splits[i].path) EXPECT_EQ(next, splits[i].file_size);
  }
  EXPECT_EQ(splits.size(), 4u + 1 + 2 + 1);
  source.format = "parquet";
  EXPECT_EQ(plan_splits({file("/a", 1, 100)}, source, 30).size(), 1u);
}

} // namespace
} // namespace sluice::sources
