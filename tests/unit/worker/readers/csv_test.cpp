// CSV as Spark reads it; the answers are those of Spark 4.3.
#include <gtest/gtest.h>

#include "tests/unit/worker/readers/reading.hpp"

namespace sluice::readers::testing {
namespace {

using rows_t = std::vector<std::string>;

struct csv : reading {
  explicit csv(const std::string& ddl, plan::option_map given = {}) : reading(ddl, std::move(given)) {
    source.format = "csv";
    path = "/in/file.csv";
  }
};

rows_t read(const std::string& text, plan::option_map options = {}, const std::string& ddl = "a string, b string, c string") {
  csv in(ddl, std::move(options));
  auto out = in.read(text);
  if (!out.error.ok()) return {out.error.to_string()};
  return out.rows;
}

struct line_case {
  const char* line;
  const char* row;
};

TEST(CsvQuotes, ReadAsSparksParserReadsThem) {
  const line_case cases[] = {
    {"a,b,c", "a|b|c"},
    {R"("a","b""c","d")", R"(a|"b""c"|d)"},
    {R"("a","b\"c",d)", R"(a|b"c|d)"},
    {R"("a,b,c)", "a,b,c|null|null"},
    {R"("a"x,b,c)", R"("a"x|b|c)"},
    {R"(a"b,c"d,e)", R"(a"b|c"d|e)"},
    {R"("a" ,b,c)", "a|b|c"},
    {R"("a" x,"b",c)", R"("a" x|b|c)"},
    {R"(x,"a\\",c)", R"(x|a\|c)"},
    {R"(x,"a\n",c)", R"(x|a\n|c)"},
    {R"(x,a\,b,c)", R"(x|a\|b)"},
    {R"(x,a\"b,c)", R"(x|a\"b|c)"},
    {R"("a"b"c",d,e)", R"("a"b"c"|d|e)"},
    {R"("a","b)", "a|b|null"},
    {R"(""",b,c)", R"("|b|c)"},
    {R"("\"",b,c)", R"("|b|c)"},
    {R"("a\)", "a|null|null"},
    {R"(a,"b"\,c)", R"(a|b"\,c|null)"},
    {R"(a,"\x",c)", R"(a|\x|c)"},
    {R"("a""",b,c)", R"(a""|b|c)"},
    {R"("""a""",b,c)", R"("""a"""|b|c)"},
    {R"("a" "b",c,d)", R"("a" "b"|c|d)"},
  };
  for (const auto& one : cases) EXPECT_EQ(read(std::string(one.line) + "\n"), (rows_t{one.row})) << one.line;
}

TEST(CsvQuotes, AnEscapeMayBeTheQuoteItself) {
  EXPECT_EQ(read("\"a\"\"b\",x,y\n\"\"\"a\"\"\",b,c\n", {{"escape", "\""}}), (rows_t{"a\"b|x|y", "\"a\"|b|c"}));
  EXPECT_EQ(read("'a','b,c',d\n", {{"quote", "'"}}), (rows_t{"a|b,c|d"}));
  EXPECT_EQ(read("\"a\",b,c\n", {{"quote", ""}}), (rows_t{"\"a\"|b|c"}));
}

TEST(CsvValues, EmptyAndNullTexts) {
  EXPECT_EQ(read("\"\",\"\",\n,\"\",\"\"\na,,\n,,\n"), (rows_t{"null|null|null", "null|null|null", "a|null|null", "null|null|null"}));
  EXPECT_EQ(read("\"\",\"-\",-\n", {{"nullvalue", "-"}}), (rows_t{"|null|null"}));
  EXPECT_EQ(read("\"\",,x\n", {{"emptyvalue", "E"}}), (rows_t{"E|null|x"}));
  EXPECT_EQ(read("\"\",,x\nN,\"N\",x\n", {{"emptyvalue", "E"}, {"nullvalue", "N"}}), (rows_t{"E|null|x", "null|null|x"}));
}

TEST(CsvValues, BlanksStayUnlessIgnored) {
  EXPECT_EQ(read(" a , b ,c \n"), (rows_t{" a | b |c "}));
  const plan::option_map ignored{{"ignoreleadingwhitespace", "true"}, {"ignoretrailingwhitespace", "true"}};
  EXPECT_EQ(read(" a , b ,c \na,\"b\" , c\na,\" b \",c\n", ignored), (rows_t{"a|b|c", "a|b|c", "a| b |c"}));
}

TEST(CsvLines, BlankLinesCommentsHeadersAndMarks) {
  EXPECT_EQ(read("\n  \na,b,c\r\n\r\nd,e,f"), (rows_t{"a|b|c", "d|e|f"}));
  EXPECT_EQ(read("#x,y,z\na,b,c\n", {{"comment", "#"}}), (rows_t{"a|b|c"}));
  EXPECT_EQ(read("\n#x\nh1,h2,h3\na,b,c\n", {{"header", "true"}, {"comment", "#"}}), (rows_t{"a|b|c"}));
  EXPECT_EQ(read("\xef\xbb\xbf" "a,b,c\n"), (rows_t{"a|b|c"}));
}

TEST(CsvLines, Separators) {
  EXPECT_EQ(read("a||b||c\n", {{"sep", "||"}}), (rows_t{"a|b|c"}));
  EXPECT_EQ(read("a\tb\tc\n", {{"sep", "\\t"}}), (rows_t{"a|b|c"}));
  EXPECT_EQ(read("a;b;c\n", {{"delimiter", ";"}}), (rows_t{"a|b|c"}));
}

TEST(CsvLines, QuotedLineEndsWithMultiline) {
  const std::string text = "a,b,\"x\ny\"\r\n\nd,e,f\n";
  EXPECT_EQ(read(text, {{"multiline", "true"}}), (rows_t{"a|b|x\ny", "d|e|f"}));
  EXPECT_EQ(read(text), (rows_t{"a|b|x", "y\"|null|null", "d|e|f"}));
}

TEST(CsvTypes, ConvertAsSparkDoes) {
  const std::string ddl = "a int, b double, c timestamp, _corrupt_record string";
  EXPECT_EQ(read("1,2.5,2020-01-01 00:00:00\nx,1,2\n1,2\n+5,1e3, 2020-01-01\n", {}, ddl),
            (rows_t{"1|2.5|1577836800000000|null", "null|1|null|x,1,2", "1|2|null|1,2", "5|1000|1577836800000000|null"}));
  EXPECT_EQ(read(" 5,NaN,\n5 ,Inf,\n99999999999,-Inf,\n1,Infinity,\n1,0x1p3,\n1, 1.5 ,\n1.0,inf,\n", {}, ddl),
            (rows_t{"null|nan|null| 5,NaN,", "null|inf|null|5 ,Inf,", "null|-inf|null|99999999999,-Inf,", "1|inf|null|null", "1|8|null|null",
                    "1|1.5|null|null", "null|null|null|1.0,inf,"}));
  EXPECT_EQ(read("TRUE,1.239,2020-01-01,5,ab\nyes,1234.5,2020-1-1,300,\nfalse,-.5,20200101,-1,q\n", {},
                 "a boolean, b decimal(5,2), c date, d tinyint, e binary"),
            (rows_t{"true|1.24|18262|5|ab", "null|null|18262|null|null", "false|-0.50|null|-1|q"}));
  EXPECT_EQ(read("01/02/2020,03-04-2021 10:11\n", {{"dateformat", "dd/MM/yyyy"}, {"timestampformat", "dd-MM-yyyy HH:mm"}}, "a date, b timestamp"),
            (rows_t{"18293|1617444660000000"}));
}

TEST(CsvModes, JudgeRecords) {
  const std::string text = "1,2\nx,2\n3\n4,5,6\n";
  csv drop("a int, b int", {{"mode", "DROPMALFORMED"}});
  auto out = drop.read(text);
  EXPECT_EQ(out.rows, (rows_t{"1|2"}));
  EXPECT_EQ(out.counts.records, 4);
  EXPECT_EQ(out.counts.bad, 3);
  drop.source.columns = {1};  // fewer columns: the number of values is not judged
  EXPECT_EQ(drop.read(text).rows, (rows_t{"2", "2", "null", "5"}));
  csv fail("a int, b int", {{"mode", "FAILFAST"}});
  out = fail.read(text);
  EXPECT_EQ(out.error.code(), errc::malformed_record);
  EXPECT_NE(out.error.message().find("/in/file.csv at byte 4 "), std::string::npos) << out.error.message();
  csv bad("a int, _corrupt_record string");
  bad.source.columns = {1};
  EXPECT_EQ(bad.read("1\nx\n").rows, (rows_t{"null", "x"}));
}

TEST(CsvModes, RefusesWhatCsvCannotHold) {
  csv nested("a array<int>");
  EXPECT_EQ(nested.read("1\n").error.code(), errc::unsupported_feature);
  EXPECT_EQ(csv("a int", {{"quote", "ab"}}).read("1\n").error.code(), errc::invalid_option);
}

TEST(CsvSplits, EveryCutGivesTheSameRows) {
  const std::string text = "h,i\n1,\"a,b\"\r\n2,c\n\n3,\"d\n4,e\r\n5,f";
  csv in("a int, b string", {{"header", "true"}});
  const auto expected = in.read(text).rows;
  ASSERT_EQ(expected.size(), 5u);
  for (std::int64_t cut = 0; cut <= static_cast<std::int64_t>(text.size()); ++cut) {
    for (const std::size_t morsel : {1u, 7u, 4096u}) {
      in.options.morsel_bytes = morsel;
      auto first = in.whole(), second = in.whole();
      first.length = cut;
      second.offset = cut;
      second.length -= cut;
      auto rows = in.read(first).rows;
      for (auto& row : in.read(second).rows) rows.push_back(row);
      EXPECT_EQ(rows, expected) << cut << " " << morsel;
    }
  }
}

} // namespace
} // namespace sluice::readers::testing
