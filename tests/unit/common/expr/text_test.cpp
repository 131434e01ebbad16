#include <limits>

#include "common/expr/json_text.hpp"
#include "common/expr/number_text.hpp"
#include "tests/unit/common/expr/fixture.hpp"

namespace sluice::expr {

namespace {

std::string double_text(double value) {
  std::string text;
  append_double(text, value);
  return text;
}

std::string json_of(const char* type, const char* value, json_style style, const char* zone = "UTC") {
  auto array = *arrow::json::ArrayFromJSONString(testing::type(type), std::string{"["} + value + "]");
  std::string text;
  append_json_value(text, *array, 0, zone, style);
  return text;
}

} // namespace

TEST(Text, DoublesAsJava) {
  EXPECT_EQ(double_text(1), "1.0");
  EXPECT_EQ(double_text(-0.0), "-0.0");
  EXPECT_EQ(double_text(0.1), "0.1");
  EXPECT_EQ(double_text(0.001), "0.001");
  EXPECT_EQ(double_text(0.00099), "9.9E-4");
  EXPECT_EQ(double_text(1234567), "1234567.0");
  EXPECT_EQ(double_text(12345678), "1.2345678E7");
  EXPECT_EQ(double_text(1e20), "1.0E20");
  EXPECT_EQ(double_text(100), "100.0");
  EXPECT_EQ(double_text(123.456), "123.456");
  EXPECT_EQ(double_text(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(double_text(-std::numeric_limits<double>::infinity()), "-Infinity");
  EXPECT_EQ(double_text(std::numeric_limits<double>::denorm_min()), "4.9E-324");
  std::string text;
  append_float(text, 0.1f);
  EXPECT_EQ(text, "0.1");
}

TEST(Text, OtherTypes) {
  auto text = [](const char* type, const char* value, const char* zone = "UTC") {
    return to_text(**arrow::json::ArrayFromJSONString(testing::type(type), std::string{"["} + value + "]"), 0, zone);
  };
  EXPECT_EQ(text("decimal(38,18)", "\"0.000000000000000000\""), "0.000000000000000000");
  EXPECT_EQ(text("decimal(5,2)", "\"-0.05\""), "-0.05");
  EXPECT_EQ(text("timestamp", "1469501107000000", "Europe/Berlin"), "2016-07-26 04:45:07");
  EXPECT_EQ(text("timestamp", "1469501107100000"), "2016-07-26 02:45:07.1");
  EXPECT_EQ(text("timestamp_ntz", "1469501107000000", "Europe/Berlin"), "2016-07-26 02:45:07");
  EXPECT_EQ(text("timestamp", "9223372036854775807"), "+294247-01-10 04:00:54.775807");
  EXPECT_EQ(text("timestamp", "-9223372036854775808"), "-290308-12-21 19:59:05.224192");
  EXPECT_EQ(text("date", "-719529"), "-0001-12-31");
  EXPECT_EQ(text("struct<a:int,b:array<string>>", R"([null, ["x", null]])"), "{null, [x, null]}");
  EXPECT_EQ(text("int", "null"), "");
}

TEST(Text, Json) {
  EXPECT_EQ(json_of("bigint", "9223372036854775807", json_style::cli), "9223372036854775807");
  EXPECT_EQ(json_of("double", "NaN", json_style::cli), "\"NaN\"");
  EXPECT_EQ(json_of("double", "-Inf", json_style::spark), "\"-Infinity\"");
  EXPECT_EQ(json_of("double", "1", json_style::cli), "1.0");
  EXPECT_EQ(json_of("timestamp", "1469502000000000", json_style::cli), "\"2016-07-26T03:00:00Z\"");
  EXPECT_EQ(json_of("timestamp", "1469502000000000", json_style::cli, "Europe/Berlin"), "\"2016-07-26T05:00:00+02:00\"");
  EXPECT_EQ(json_of("timestamp", "1469502000123456", json_style::cli), "\"2016-07-26T03:00:00.123456Z\"");
  EXPECT_EQ(json_of("timestamp", "1469502000123456", json_style::spark), "\"2016-07-26T03:00:00.123Z\"");
  EXPECT_EQ(json_of("timestamp", "1469502000000000", json_style::spark, "Europe/Berlin"), "\"2016-07-26T05:00:00.000+02:00\"");
  EXPECT_EQ(json_of("timestamp_ntz", "1469502000000000", json_style::spark), "\"2016-07-26T03:00:00.000\"");
  EXPECT_EQ(json_of("date", "0", json_style::spark), "\"1970-01-01\"");
  EXPECT_EQ(json_of("string", R"("a\"b\\c\n\u0001ä")", json_style::cli), R"("a\"b\\c\n\u0001ä")");
  EXPECT_EQ(json_of("struct<a:int,b:string>", R"([null, "x"])", json_style::spark), R"({"b":"x"})");
  EXPECT_EQ(json_of("struct<a:int,b:string>", R"([null, "x"])", json_style::cli), R"({"a":null,"b":"x"})");
  EXPECT_EQ(json_of("array<int>", "[1, null]", json_style::spark), "[1,null]");
  EXPECT_EQ(json_of("map<int,int>", "[[1, 2]]", json_style::cli), R"({"1":2})");
  EXPECT_EQ(json_of("binary", "\"abcd\"", json_style::spark), "\"YWJjZA==\"");
  EXPECT_EQ(json_of("decimal(5,2)", "\"1.50\"", json_style::spark), "1.50");
  std::string bad;
  append_json_string(bad, "a\xff" "b\xc3");
  EXPECT_EQ(bad, "\"a\xef\xbf\xbd" "b\xef\xbf\xbd\"");
  testing::table t{"a int, w struct<start:timestamp,end:timestamp>", "[[null, [0, 1000000]]]"};
  std::string row;
  append_json_row(row, *t.batch, 0, "UTC", json_style::cli);
  EXPECT_EQ(row, R"({"a":null,"w":{"start":"1970-01-01T00:00:00Z","end":"1970-01-01T00:00:01Z"}})");
}

} // namespace sluice::expr
