#include "cli/progress.hpp"

#include <gtest/gtest.h>

namespace sluice::cli {

TEST(Progress, ReadsSparksShape) {
  auto figures = figures_of(R"({"batchId": 12, "numInputRows": 2000, "processedRowsPerSecond": 150000.7,
                                "stateOperators": [{"numRowsTotal": 300}, {"numRowsTotal": 40}]})");
  EXPECT_EQ(figures.batch, 12);
  EXPECT_EQ(progress_line("counts", figures), "counts: batch 12, 2,000 rows, 150,000 rows/s, 340 state rows");
}

TEST(Progress, BadDocumentsAreNoBatch) {
  EXPECT_EQ(figures_of("").batch, -1);
  EXPECT_EQ(figures_of("[1]").batch, -1);
  EXPECT_EQ(figures_of(R"({"batchId": "x", "stateOperators": 3})").state_rows, 0);
}

} // namespace sluice::cli
