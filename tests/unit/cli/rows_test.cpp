#include "cli/rows.hpp"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <gtest/gtest.h>

namespace sluice::cli {

namespace {

std::string ipc_of(const std::shared_ptr<arrow::RecordBatch>& batch, bool with_rows = true) {
  auto out = arrow::io::BufferOutputStream::Create().ValueOrDie();
  auto writer = arrow::ipc::MakeStreamWriter(out, batch->schema()).ValueOrDie();
  if (with_rows) {
    EXPECT_TRUE(writer->WriteRecordBatch(*batch).ok());
  }
  EXPECT_TRUE(writer->Close().ok());
  return out->Finish().ValueOrDie()->ToString();
}

std::shared_ptr<arrow::RecordBatch> two_rows() {
  arrow::StringBuilder texts;
  arrow::Int64Builder numbers;
  EXPECT_TRUE(texts.AppendValues({"a,b", "say \"x\""}).ok());
  EXPECT_TRUE(numbers.Append(12).ok() && numbers.AppendNull().ok());
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("name", arrow::utf8()), arrow::field("n", arrow::int64())}),
                                  2, {texts.Finish().ValueOrDie(), numbers.Finish().ValueOrDie()});
}

/// What a printer writes for the blocks.
std::string printed(row_format format, const std::vector<std::string>& blocks, std::size_t truncate = 0,
                    std::size_t max_rows = 0) {
  char* text = nullptr;
  std::size_t size = 0;
  auto* out = open_memstream(&text, &size);
  {
    row_printer printer{format, out};
    for (const auto& block : blocks)
      EXPECT_TRUE(printer.add(block, "UTC").ok());
    printer.finish(truncate, max_rows);
  }
  std::fclose(out);
  std::string result{text, size};
  std::free(text);
  return result;
}

} // namespace

TEST(Rows, CsvFollowsRfc4180) {
  EXPECT_EQ(printed(row_format::csv, {ipc_of(two_rows())}), "name,n\r\n\"a,b\",12\r\n\"say \"\"x\"\"\",\r\n");
  EXPECT_EQ(csv_field(""), "\"\"");
}

TEST(Rows, JsonIsOneObjectALine) {
  EXPECT_EQ(printed(row_format::json, {ipc_of(two_rows())}),
            "{\"name\":\"a,b\",\"n\":12}\n{\"name\":\"say \\\"x\\\"\",\"n\":null}\n");
}

TEST(Rows, TablesJoinBlocksAndAlignNumbers) {
  auto block = ipc_of(two_rows());
  EXPECT_EQ(printed(row_format::table, {block, block}),
            "+---------+------+\n"
            "| name    |    n |\n"
            "+---------+------+\n"
            "| a,b     |   12 |\n"
            "| say \"x\" | NULL |\n"
            "| a,b     |   12 |\n"
            "| say \"x\" | NULL |\n"
            "+---------+------+\n");
}

TEST(Rows, EmptyResultsKeepTheirHeader) {
  EXPECT_EQ(printed(row_format::csv, {ipc_of(two_rows(), false)}), "name,n\r\n");
  EXPECT_EQ(printed(row_format::table, {ipc_of(two_rows(), false)}),
            "+------+---+\n| name | n |\n+------+---+\n+------+---+\n");
}

TEST(Rows, ConsoleCutsLongCells) {
  EXPECT_NE(printed(row_format::table, {ipc_of(two_rows())}, 6).find("| say... |"), std::string::npos);
}

TEST(Rows, ConsoleShowsTheFirstRowsAndSaysSo) {
  auto text = printed(row_format::table, {ipc_of(two_rows())}, 20, 1);
  EXPECT_EQ(text.find("say"), std::string::npos);
  EXPECT_TRUE(text.ends_with("only showing top 1 rows\n")) << text;
}

TEST(Rows, BadBytesAreAnError) {
  row_printer printer{row_format::json};
  EXPECT_EQ(printer.add("not arrow", "UTC").code(), errc::corrupt_file);
}

} // namespace sluice::cli
