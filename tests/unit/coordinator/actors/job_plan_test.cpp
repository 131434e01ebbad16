#include "coordinator/actors/job_plan.hpp"

#include <gtest/gtest.h>

namespace sluice::actors {
namespace {

constexpr const char* events =
    "CREATE TEMPORARY VIEW events (time TIMESTAMP, action STRING) USING json OPTIONS (path '/data');\n";

job_spec job(const std::string& text) {
  job_spec spec;
  spec.text = text;
  spec.directory = "/home";
  return spec;
}

std::string streaming(const std::string& name) {
  return "CREATE STREAMING TABLE " + name +
         " USING memory OPTIONS (outputMode 'append') AS SELECT upper(action) AS a FROM STREAM events;\n";
}

TEST(JobPlan, PlansQueriesAndSelectsOverTablesOfTheSameJob) {
  auto planned = plan_job(job(events + streaming("t") + "SELECT a FROM t; SELECT count(*) FROM events"), {});
  ASSERT_TRUE(planned.ok()) << planned.error().to_string();
  ASSERT_EQ(planned->queries.size(), 1u);
  EXPECT_EQ(planned->queries.front().plan.name, "t");
  EXPECT_EQ(planned->selects.size(), 2u);
}

TEST(JobPlan, AnErrorLaterInTheTextCarriesItsPosition) {
  auto planned = plan_job(job(events + streaming("t") + "SELECT nothing FROM t"), {});
  ASSERT_FALSE(planned.ok());
  EXPECT_EQ(planned.code(), errc::unresolved_column);
  EXPECT_EQ(planned.error().position().line, 3);
}

TEST(JobPlan, ANameReplacesTheOnlyQuerysName) {
  auto spec = job(events + streaming("t") + "SELECT a FROM t");
  spec.name = "mine";
  auto planned = plan_job(spec, {});
  ASSERT_TRUE(planned.ok()) << planned.error().to_string();
  EXPECT_EQ(planned->queries.front().plan.name, "mine");
  EXPECT_EQ(planned->queries.front().written_name, "t");
  spec.text = events + streaming("t") + streaming("u");
  EXPECT_EQ(plan_job(spec, {}).code(), errc::invalid_argument);
}

TEST(JobPlan, BatchOnlyRefusesStreams) {
  auto spec = job(events + streaming("t"));
  spec.batch_only = true;
  EXPECT_EQ(plan_job(spec, {}).code(), errc::unsupported_feature);
}

TEST(JobPlan, CutsFileChainsAndTablesOff) {
  catalog::result_tables tables;
  tables.put({"t", query_id{"q"}, *data::schema_from_ddl("a string, n bigint"), plan::output_mode::append});
  auto planned = plan_job(
      job(std::string(events) +
          "SELECT action, count(*) AS n FROM events WHERE action <> 'x' GROUP BY action ORDER BY n; SELECT n FROM t"),
      tables);
  ASSERT_TRUE(planned.ok()) << planned.error().to_string();
  auto files = cut_leaves(planned->selects[0].plan);
  ASSERT_EQ(files.leaves.size(), 1u);
  ASSERT_NE(files.leaves[0].chain, nullptr);
  EXPECT_NE(files.leaves[0].chain->what, plan::node::kind::file_scan);
  EXPECT_EQ(source_of(*files.leaves[0].chain).paths, std::vector<std::string>{"/data"});
  EXPECT_EQ(files.rest.root->output, planned->selects[0].plan.root->output);
  auto table = cut_leaves(planned->selects[1].plan);
  ASSERT_EQ(table.leaves.size(), 1u);
  EXPECT_EQ(catalog::fold(table.leaves[0].table), "t");
}

} // namespace
} // namespace sluice::actors
