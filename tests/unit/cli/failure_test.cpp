#include "cli/failure.hpp"

#include <gtest/gtest.h>

#include "cli/job.hpp"

namespace sluice::cli {

TEST(Failure, ShowsLineAndCaret) {
  auto error = failure::from(status{errc::unresolved_column, "no column 'actoin'", {2, 10, 0}});
  EXPECT_EQ(describe(error, "-- a job\nSELECT a, actoin FROM t;\n"),
            "error 2002 unresolved_column: no column 'actoin' (line 2, column 10)\n"
            "  SELECT a, actoin FROM t;\n"
            "           ^\n");
}

TEST(Failure, CaretCountsCharactersAndKeepsTabs) {
  auto error = failure::from(status{errc::parse_syntax, "x", {1, 5, 0}});
  EXPECT_EQ(describe(error, "\tä b c"), "error 2001 parse_syntax: x (line 1, column 5)\n  \tä b c\n  \t   ^\n");
}

TEST(Failure, WithoutPositionOrBeyondTheTextThereIsNoCaret) {
  EXPECT_EQ(describe(failure::from(status{errc::no_workers, "none"})), "error 5004 no_workers: none\n");
  EXPECT_EQ(describe(failure::from(status{errc::parse_syntax, "x", {9, 1, 0}}), "a"),
            "error 2001 parse_syntax: x (line 9, column 1)\n");
}

TEST(Failure, CodesDecideTheExit) {
  EXPECT_EQ(report(failure::from(status{errc::unreachable, "x"})), exit_unreachable);
  EXPECT_EQ(report(failure::from(status{errc::invalid_argument, "x"})), exit_usage);
  EXPECT_EQ(report(failure::from(status{errc::unresolved_column, "x"})), exit_failed);
}

TEST(Arguments, VariablesAndJobs) {
  EXPECT_EQ(parse_variables({"a=1", "b=x=y", "c="}).value(),
            (std::map<std::string, std::string>{{"a", "1"}, {"b", "x=y"}, {"c", ""}}));
  EXPECT_EQ(parse_variables({"a"}).code(), errc::invalid_argument);
  EXPECT_EQ(parse_variables({"=1"}).code(), errc::invalid_argument);
  EXPECT_EQ(read_job("/nowhere/job.sql").code(), errc::invalid_argument);
  EXPECT_EQ(read_job("/").code(), errc::invalid_argument);
}

} // namespace sluice::cli
