#include "cli/grid.hpp"

#include <gtest/gtest.h>

namespace sluice::cli {

TEST(Grid, FramesAndAligns) {
  EXPECT_EQ(framed_grid({{"action"}, {"count", true}}, {{"Open", "12"}, {"Close", "123456"}}),
            "+--------+--------+\n"
            "| action |  count |\n"
            "+--------+--------+\n"
            "| Open   |     12 |\n"
            "| Close  | 123456 |\n"
            "+--------+--------+\n");
}

TEST(Grid, PlainHasNoTrailingBlanks) {
  EXPECT_EQ(plain_grid({{"NAME"}, {"N", true}, {"STATE"}}, {{"a", "1", "running"}, {"bcdef", "20", "x"}}),
            "NAME    N  STATE\n"
            "a       1  running\n"
            "bcdef  20  x\n");
}

TEST(Grid, WidthsAreCells) {
  EXPECT_EQ(display_width("äöü"), 3u);
  EXPECT_EQ(display_width("日本"), 4u);
  EXPECT_EQ(display_width("e\xCC\x81"), 1u);
  EXPECT_EQ(display_width("\xFF\xFE"), 2u);
}

TEST(Grid, CellsCannotMoveTheCursor) {
  EXPECT_EQ(printable_cell("a\nb\t\x1b[2J\x7f"), "a\\nb\\t\\x1b[2J\\x7f");
}

} // namespace sluice::cli
