#include <gtest/gtest.h>

#include "common/storage/memory_file_system.hpp"
#include "coordinator/sources/file_listing.hpp"

namespace sluice::sources {
namespace {

using names = std::vector<std::string>;

class Listing : public ::testing::Test {
protected:
  void SetUp() override {
    for (const char* path : {"/in/a.json", "/in/b.txt", "/in/_hidden", "/in/.part", "/in/sub/c.json", "/in/sub/deep/d.json", "/in/_staging/e.json",
                             "/other/2024/x.json", "/other/2025/y.json", "/other/misc/z.json"})
      files_.put(path, "12345");
  }
  result<std::vector<file_entry>> list(names paths, plan::option_map options = {}) {
    plan::file_source source;
    source.paths = std::move(paths);
    source.options = std::move(options);
    return list_files(files_, source);
  }
  names listed(names paths, plan::option_map options = {}) {
    auto found = list(std::move(paths), std::move(options));
    if (!found.ok()) return {found.error().to_string()};
    names out;
    for (const auto& entry : *found) out.push_back(entry.path);
    return out;
  }
  names watched(const std::string& path, plan::option_map options = {}) {
    plan::file_source source;
    source.paths = {path};
    source.options = std::move(options);
    return watched_folders(files_, source);
  }
  storage::memory_file_system files_;
};

TEST_F(Listing, AFolderWithoutHiddenNames) {
  EXPECT_EQ(listed({"/in"}), (names{"/in/a.json", "/in/b.txt"}));
  EXPECT_EQ(listed({"file:///in/"}), (names{"/in/a.json", "/in/b.txt"}));
  EXPECT_EQ(list({"/in"})->at(0).size, 5);
  EXPECT_NE(list({"/in"})->at(0).inode, 0u);
}

TEST_F(Listing, Recursively) {
  EXPECT_EQ(listed({"/in"}, {{"recursivefilelookup", "true"}}), (names{"/in/a.json", "/in/b.txt", "/in/sub/c.json", "/in/sub/deep/d.json"}));
}

TEST_F(Listing, FilteredByName) {
  EXPECT_EQ(listed({"/in"}, {{"pathglobfilter", "*.{json,csv}"}}), (names{"/in/a.json"}));
  EXPECT_EQ(listed({"/in"}, {{"recursivefilelookup", "TRUE"}, {"pathglobfilter", "[cd].json"}}), (names{"/in/sub/c.json", "/in/sub/deep/d.json"}));
}

TEST_F(Listing, Globs) {
  EXPECT_EQ(listed({"/in/*.json"}), (names{"/in/a.json"}));
  EXPECT_EQ(listed({"/other/20*"}), (names{"/other/2024/x.json", "/other/2025/y.json"}));
  EXPECT_EQ(listed({"/other/{2024,misc}/?.json"}), (names{"/other/2024/x.json", "/other/misc/z.json"}));
  EXPECT_EQ(listed({"/{in,other/2025}/*"}), (names{"/in/a.json", "/in/b.txt", "/in/sub/c.json", "/other/2025/y.json"}));
}

TEST_F(Listing, SeveralPathsCountAFileOnce) {
  EXPECT_EQ(listed({"/in", "/in/a.json", "/in/*.json"}), (names{"/in/a.json", "/in/b.txt"}));
}

TEST_F(Listing, MissingPathsAreNamed) {
  EXPECT_EQ(list({"/nowhere"}).code(), errc::path_not_found);
  EXPECT_NE(list({"/nowhere"}).error().message().find("/nowhere"), std::string::npos);
  EXPECT_EQ(list({"/in/*.xml"}).code(), errc::path_not_found);
}

TEST_F(Listing, PartitionFoldersAreRefused) {
  files_.put("/p/k=1/a.json", "x");
  EXPECT_EQ(list({"/p"}).code(), errc::unsupported_feature);
  EXPECT_EQ(listed({"/p"}, {{"recursivefilelookup", "true"}}), (names{"/p/k=1/a.json"}));
}

TEST_F(Listing, AFileSinksLogDecides) {
  const auto entry = [](const std::string& path, const char* action = "add") {
    return "{\"path\":\"file://" + path + "\",\"size\":5,\"isDir\":false,\"modificationTime\":1000,\"blockReplication\":1,\"blockSize\":1,\"action\":\"" +
           action + "\"}\n";
  };
  for (const char* path : {"/out/one.json", "/out/two three.json", "/out/stray.json", "/out/four.json"}) files_.put(path, "12345");
  files_.put("/out/_spark_metadata/8", "v1\n" + entry("/out/long-gone.json"));
  files_.put("/out/_spark_metadata/9.compact", "v1\n" + entry("/out/one.json") + entry("/out/four.json"));
  files_.put("/out/_spark_metadata/10", "v1\n" + entry("/out/two%20three.json"));
  files_.put("/out/_spark_metadata/11", "v1\n" + entry("/out/four.json", "delete"));
  files_.put("/out/_spark_metadata/.12.tmp", "torn");
  EXPECT_EQ(listed({"/out"}), (names{"/out/one.json", "/out/two three.json"}));
  EXPECT_EQ(listed({"/out"}, {{"pathglobfilter", "one*"}}), (names{"/out/one.json"}));
  files_.put("/out/_spark_metadata/12", "v1\nnot json\n");
  EXPECT_EQ(list({"/out"}).code(), errc::corrupt_file);
}

TEST_F(Listing, WatchedFolders) {
  EXPECT_EQ(watched("/in"), (names{"/in"}));
  EXPECT_EQ(watched("/in", {{"recursivefilelookup", "true"}}), (names{"/in", "/in/sub", "/in/sub/deep"}));
  EXPECT_EQ(watched("/other/20*"), (names{"/other", "/other/2024", "/other/2025"}));
  EXPECT_EQ(watched("/in/later/on"), (names{"/in"}));
  EXPECT_EQ(watched("/in/a.json"), (names{"/in"}));
}

TEST(Glob, Patterns) {
  const std::tuple<const char*, const char*, bool> cases[] = {
    {"*", "x", true}, {"*", "", true}, {"a*c", "abbc", true}, {"a*c", "abbd", false}, {"?b", "ab", true}, {"?", "", false},
    {"[a-c]x", "bx", true}, {"[^a-c]x", "bx", false}, {"[!a]x", "bx", true}, {"[]]", "]", true}, {"[", "[", true},
    {"{a,bc}d", "bcd", true}, {"{a,b{c,d}}", "bd", true}, {"{a,b}", "ab", false}, {"\\*", "*", true}, {"\\*", "x", false},
    {"part-*.json", "part-00001.json", true}, {"*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false}, {"{x", "{x", true}};
  for (const auto& [pattern, name, fits] : cases) EXPECT_EQ(glob_matches(pattern, name), fits) << pattern << " " << name;
}

} // namespace
} // namespace sluice::sources
