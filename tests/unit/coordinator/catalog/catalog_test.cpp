#include "coordinator/catalog/catalog.hpp"

#include <gtest/gtest.h>

namespace sluice::catalog {
namespace {

plan::define_source source(const std::string& name) {
  plan::define_source definition;
  definition.name = name;
  definition.source.name = name;
  definition.source.format = "json";
  return definition;
}

result_table table(const std::string& name, const std::string& id) {
  return {name, query_id{id}, nullptr, plan::output_mode::complete};
}

TEST(Session, FindsNamesInAnyCaseAndOwnNamesFirst) {
  result_tables tables;
  tables.put(table("Counts", "q1"));
  session session(tables);
  ASSERT_TRUE(session.find("COUNTS"));
  EXPECT_TRUE(session.find("counts")->is_result_table);
  ASSERT_TRUE(session.apply(source("counts")).ok());
  EXPECT_FALSE(session.find("Counts")->is_result_table);
  EXPECT_EQ(session.find("Counts")->source.format, "json");
  EXPECT_FALSE(session.find("nothing"));
}

TEST(Session, RefusesASecondDefinitionUnlessReplaced) {
  session session;
  ASSERT_TRUE(session.apply(source("events")).ok());
  EXPECT_EQ(session.apply(source("EVENTS")).code(), errc::already_exists);
  auto again = source("events");
  again.if_not_exists = true;
  again.source.format = "parquet";
  ASSERT_TRUE(session.apply(again).ok());
  EXPECT_EQ(session.find("events")->source.format, "json");
  plan::define_view view{"events", true, "SELECT 1"};
  ASSERT_TRUE(session.apply(view).ok());
  EXPECT_EQ(session.find("events")->view_query, "SELECT 1");
}

TEST(Session, DropsOwnNamesOnly) {
  result_tables tables;
  tables.put(table("t", "q1"));
  session session(tables);
  ASSERT_TRUE(session.apply(source("v")).ok());
  EXPECT_TRUE(session.apply(plan::drop_relation{"V", false}).ok());
  EXPECT_EQ(session.apply(plan::drop_relation{"v", false}).code(), errc::table_not_found);
  EXPECT_TRUE(session.apply(plan::drop_relation{"v", true}).ok());
  EXPECT_EQ(session.apply(plan::drop_relation{"t", false}).code(), errc::unsupported_feature);
}

TEST(Session, KeepsSettings) {
  session session;
  session.apply(plan::set_variable{"spark.sql.ansi.enabled", "false"});
  session.apply(plan::set_variable{"spark.sql.ansi.enabled", "true"});
  EXPECT_EQ(session.settings().values.at("spark.sql.ansi.enabled"), "true");
}

TEST(ResultTables, EraseLeavesTheTableOfANewerQuery) {
  result_tables tables;
  tables.put(table("t", "q1"));
  tables.put(table("T", "q2"));
  tables.erase("t", query_id{"q1"});
  ASSERT_NE(tables.find("t"), nullptr);
  EXPECT_EQ(tables.find("t")->query.text, "q2");
  EXPECT_EQ(tables.names(), std::vector<std::string>{"T"});
  tables.erase("t", query_id{"q2"});
  EXPECT_EQ(tables.find("t"), nullptr);
}

} // namespace
} // namespace sluice::catalog
