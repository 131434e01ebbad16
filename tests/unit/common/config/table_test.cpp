#include "common/config/table.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace sluice::config {

TEST(SettingsTable, EveryDefaultIsLegalAndEveryKeyOnceAProgram) {
  for (auto which : {program::coordinator, program::worker}) {
    std::set<std::string_view> keys;
    for (const auto& line : table()) {
      if (!line.serves(which))
        continue;
      EXPECT_TRUE(keys.insert(line.key).second) << line.key;
      EXPECT_TRUE(check(line, line.default_text).ok()) << line.key;
      EXPECT_FALSE(line.text.empty()) << line.key;
    }
  }
}

TEST(SettingsTable, BoundsHold) {
  const auto* groups = find("query.key-groups", program::coordinator);
  ASSERT_NE(groups, nullptr);
  EXPECT_TRUE(check(*groups, "32768").ok());
  EXPECT_EQ(check(*groups, "0").code(), errc::invalid_setting);
  EXPECT_EQ(check(*groups, "32769").code(), errc::invalid_setting);
  EXPECT_EQ(check(*groups, "many").code(), errc::invalid_setting);
  EXPECT_EQ(find("query.key-groups", program::worker), nullptr);
  EXPECT_EQ(check(*find("log.level", program::worker), "loud").code(), errc::invalid_setting);
}

TEST(SettingsTable, SizesAndDurationsHaveUnits) {
  EXPECT_EQ(*parse_size("16MiB"), 16 << 20);
  EXPECT_EQ(*parse_size("64 KiB"), 64 << 10);
  EXPECT_EQ(*parse_size("1GB"), 1'000'000'000);
  EXPECT_EQ(*parse_size("12"), 12);
  EXPECT_FALSE(parse_size("").ok());
  EXPECT_FALSE(parse_size("-1").ok());
  EXPECT_FALSE(parse_size("9223372036854775807KiB").ok());
  EXPECT_EQ(*parse_duration("100ms"), microseconds{100'000});
  EXPECT_EQ(*parse_duration("0"), microseconds{0});
  EXPECT_FALSE(parse_duration("5").ok());
  EXPECT_FALSE(parse_duration("5 parsecs").ok());
}

TEST(SettingsTable, NearestKeyKnowsTypingErrorsAndMissingPrefixes) {
  EXPECT_EQ(nearest_key("query.key-group", program::coordinator), "query.key-groups");
  EXPECT_EQ(nearest_key("key-groups", program::coordinator), "query.key-groups");
  EXPECT_EQ(nearest_key("slot", program::worker), "slots");
  EXPECT_EQ(nearest_key("zzzzzzzzzzzz", program::worker), "");
}

TEST(SettingsTable, EnvironmentNames) {
  EXPECT_EQ(environment_name("query.key-groups"), "SLUICE_QUERY_KEY_GROUPS");
  EXPECT_EQ(environment_name("data-dir"), "SLUICE_DATA_DIR");
}

TEST(SettingsTable, ReferencePageIsNotStale) {
  std::ifstream in(std::string{SLUICE_SOURCE_DIR} + "/docs/reference/settings.md");
  std::ostringstream text;
  text << in.rdbuf();
  EXPECT_EQ(text.str(), reference_page()) << "run: sluice-coordinator --settings-reference > docs/reference/settings.md";
}

} // namespace sluice::config
