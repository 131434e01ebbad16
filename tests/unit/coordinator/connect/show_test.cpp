#include "coordinator/connect/show.hpp"

#include <arrow/api.h>
#include <gtest/gtest.h>

namespace sluice::connect {
namespace {

data::batch_ptr two_rows() {
  arrow::Int64Builder ids;
  arrow::StringBuilder names;
  EXPECT_TRUE(ids.AppendValues({1, 22}).ok() && names.Append("a long name of many letters").ok() && names.AppendNull().ok());
  auto schema = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("name", arrow::utf8())});
  return arrow::RecordBatch::Make(schema, 2, {*ids.Finish(), *names.Finish()});
}

std::string shown(const data::batch_ptr& batch, const show_layout& layout) { return show(*batch->schema(), {batch}, layout); }

TEST(ConnectShow, CellsAreCutAndStandToTheRight) {
  EXPECT_EQ(shown(two_rows(), {}), "+---+--------------------+\n"
                                   "| id|                name|\n"
                                   "+---+--------------------+\n"
                                   "|  1|a long name of ma...|\n"
                                   "| 22|                NULL|\n"
                                   "+---+--------------------+\n");
}

TEST(ConnectShow, WholeCellsStandToTheLeft) {
  EXPECT_EQ(shown(two_rows(), {.truncate = 0}), "+---+---------------------------+\n"
                                                "|id |name                       |\n"
                                                "+---+---------------------------+\n"
                                                "|1  |a long name of many letters|\n"
                                                "|22 |NULL                       |\n"
                                                "+---+---------------------------+\n");
}

TEST(ConnectShow, MoreRowsHaveAFooterWithoutNewline) {
  EXPECT_TRUE(shown(two_rows(), {.num_rows = 1}).ends_with("+\nonly showing top 1 row"));
  EXPECT_TRUE(shown(two_rows(), {.num_rows = 0}).ends_with("+\nonly showing top 0 rows"));
}

TEST(ConnectShow, Vertical) {
  EXPECT_EQ(shown(two_rows(), {.truncate = 3, .vertical = true}), "-RECORD 0---\n"
                                                                  " id   | 1   \n"
                                                                  " name | a l \n"
                                                                  "-RECORD 1---\n"
                                                                  " id   | 22  \n"
                                                                  " name | NUL \n");
  EXPECT_EQ(shown(two_rows()->Slice(0, 0), {.vertical = true}), "(0 rows)");
}

TEST(ConnectShow, OddCells) {
  EXPECT_EQ(show(*arrow::schema({}), {}, {}), "++\n||\n++\n++\n");
  arrow::BinaryBuilder bytes;
  arrow::StringBuilder texts;
  EXPECT_TRUE(bytes.Append("\x01\xAB").ok() && texts.Append("日本\tx").ok());
  auto schema = arrow::schema({arrow::field("b", arrow::binary()), arrow::field("t", arrow::utf8())});
  EXPECT_EQ(shown(arrow::RecordBatch::Make(schema, 1, {*bytes.Finish(), *texts.Finish()}), {}), "+-------+-------+\n"
                                                                                              "|      b|      t|\n"
                                                                                              "+-------+-------+\n"
                                                                                              "|[01 AB]|日本\\tx|\n"
                                                                                              "+-------+-------+\n");
}

} // namespace
} // namespace sluice::connect
