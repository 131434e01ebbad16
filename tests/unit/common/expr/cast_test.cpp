#include "tests/unit/common/expr/fixture.hpp"

namespace sluice::expr {

namespace {

struct cast_case {
  const char* from;
  const char* value;
  const char* to;
  const char* ansi;
  const char* legacy;
};

constexpr cast_case cast_cases[] = {
  // text to numbers
  {"string", R"(" 12 ")", "int", "12", "12"},
  {"string", R"("+7")", "bigint", "7", "7"},
  {"string", R"("+-7")", "bigint", "error cast_invalid_input", "null"},
  {"string", R"("1.5")", "int", "error cast_invalid_input", "1"},
  {"string", R"("")", "int", "error cast_invalid_input", "null"},
  {"string", R"("128")", "tinyint", "error cast_invalid_input", "null"},
  {"string", R"("9223372036854775807")", "bigint", "9223372036854775807", "9223372036854775807"},
  {"string", R"("9223372036854775808")", "bigint", "error cast_invalid_input", "null"},
  {"string", R"("1e3")", "double", "1000.0", "1000.0"},
  {"string", R"("Infinity")", "double", "Infinity", "Infinity"},
  {"string", R"("-inf")", "float", "-Infinity", "-Infinity"},
  {"string", R"("NaN")", "double", "NaN", "NaN"},
  {"string", R"("1.5d")", "double", "1.5", "1.5"},
  {"string", R"("abc")", "double", "error cast_invalid_input", "null"},
  {"string", R"("1e400")", "double", "Infinity", "Infinity"},
  {"string", R"("12.345")", "decimal(5,2)", "12.35", "12.35"},
  {"string", R"("-0.005")", "decimal(5,2)", "-0.01", "-0.01"},
  {"string", R"("1234.5")", "decimal(5,2)", "error numeric_out_of_range", "null"},
  {"string", R"("1e2")", "decimal(5,2)", "100.00", "100.00"},
  {"string", R"("x")", "decimal(5,2)", "error cast_invalid_input", "null"},
  {"string", R"("yes")", "boolean", "true", "true"},
  {"string", R"(" F ")", "boolean", "false", "false"},
  {"string", R"("2")", "boolean", "error cast_invalid_input", "null"},
  // numbers to numbers
  {"int", "300", "tinyint", "error cast_overflow", "44"},
  {"bigint", "3000000000", "int", "error cast_overflow", "-1294967296"},
  {"int", "-128", "tinyint", "-128", "-128"},
  {"double", "1.9", "int", "1", "1"},
  {"double", "-1.9", "bigint", "-1", "-1"},
  {"double", "1e20", "bigint", "error cast_overflow", "9223372036854775807"},
  {"double", "2147483647.9", "int", "2147483647", "2147483647"},
  {"double", "2147483648", "int", "error cast_overflow", "2147483647"},
  {"double", "NaN", "int", "error cast_overflow", "0"},
  {"float", "0.1", "double", "0.10000000149011612", "0.10000000149011612"},
  {"bigint", "9007199254740993", "double", "9.007199254740992E15", "9.007199254740992E15"},
  {"int", "5", "decimal(3,1)", "5.0", "5.0"},
  {"int", "100", "decimal(3,1)", "error numeric_out_of_range", "null"},
  {"decimal(5,2)", R"("12.99")", "int", "12", "12"},
  {"decimal(5,2)", R"("-12.99")", "int", "-12", "-12"},
  {"decimal(5,2)", R"("300.00")", "tinyint", "error cast_overflow", "44"},
  {"decimal(5,2)", R"("12.35")", "decimal(4,1)", "12.4", "12.4"},
  {"decimal(5,2)", R"("12.35")", "double", "12.35", "12.35"},
  {"double", "0.1", "decimal(5,3)", "0.100", "0.100"},
  {"boolean", "true", "int", "1", "1"},
  {"double", "0.5", "boolean", "true", "true"},
  // text
  {"double", "1e20", "string", "1.0E20", "1.0E20"},
  {"boolean", "false", "string", "false", "false"},
  {"binary", R"("abc")", "string", "abc", "abc"},
  {"array<int>", "[1, null]", "string", "[1, null]", "[1, null]"},
  {"struct<a:int,b:string>", R"([1, "x"])", "string", "{1, x}", "{1, x}"},
  {"map<string,int>", R"([["k", 1]])", "string", "{k -> 1}", "{k -> 1}"},
  // dates and times
  {"string", R"("2016-07-26")", "date", "2016-07-26", "2016-07-26"},
  {"string", R"("2016-7-6 anything")", "date", "2016-07-06", "2016-07-06"},
  {"string", R"("2016")", "date", "2016-01-01", "2016-01-01"},
  {"string", R"("2016-02-30")", "date", "error cast_invalid_input", "null"},
  {"string", R"("16-02-03")", "date", "error cast_invalid_input", "null"},
  {"string", R"("-0044-03-15")", "date", "-0044-03-15", "-0044-03-15"},
  {"string", R"("2016-07-26 03:00:00.120")", "timestamp", "2016-07-26 03:00:00.12", "2016-07-26 03:00:00.12"},
  {"string", R"("2016-07-26T03:00:00Z")", "timestamp", "2016-07-26 03:00:00", "2016-07-26 03:00:00"},
  {"string", R"("2016-07-26T03:00:00+02:00")", "timestamp", "2016-07-26 01:00:00", "2016-07-26 01:00:00"},
  {"string", R"("2016-07-26 03:00:00 Europe/Berlin")", "timestamp", "2016-07-26 01:00:00", "2016-07-26 01:00:00"},
  {"string", R"("1969-12-31 23:59:59.999999")", "timestamp", "1969-12-31 23:59:59.999999", "1969-12-31 23:59:59.999999"},
  {"string", R"("2016-07-26 25:00:00")", "timestamp", "error cast_invalid_input", "null"},
  {"string", R"("2016-07-26 03:00")", "timestamp_ntz", "2016-07-26 03:00:00", "2016-07-26 03:00:00"},
  {"bigint", "1469501107", "timestamp", "2016-07-26 02:45:07", "2016-07-26 02:45:07"},
  {"double", "-0.5", "timestamp", "1969-12-31 23:59:59.5", "1969-12-31 23:59:59.5"},
  {"timestamp", "-1", "bigint", "-1", "-1"},
  {"timestamp", "1500000", "double", "1.5", "1.5"},
  {"date", "-1", "timestamp", "1969-12-31 00:00:00", "1969-12-31 00:00:00"},
  {"timestamp", "-1", "date", "1969-12-31", "1969-12-31"},
  // nested
  {"array<string>", R"(["1", "2"])", "array<int>", "[1, 2]", "[1, 2]"},
  {"array<string>", R"(["1", "x"])", "array<int>", "error cast_invalid_input", "[1, null]"},
  {"struct<a:int>", "[300]", "struct<b:bigint>", "{300}", "{300}"},
  {"map<int,int>", "[[1, 2]]", "map<string,double>", "{1 -> 2.0}", "{1 -> 2.0}"},
};

} // namespace

TEST(Casts, Table) {
  testing::session ansi{true}, legacy{false};
  for (const auto& one : cast_cases) {
    auto value = testing::lit(one.from, one.value);
    EXPECT_EQ(ansi.run(ansi.as(value, one.to)), one.ansi) << one.from << " " << one.value << " -> " << one.to;
    EXPECT_EQ(legacy.run(legacy.as(value, one.to)), one.legacy) << one.from << " " << one.value << " -> " << one.to;
    EXPECT_EQ(ansi.run(ansi.as(null_literal(testing::type(one.from)), one.to)), "null");
  }
}

TEST(Casts, RefusedAtAnalysis) {
  testing::session ansi{true}, legacy{false};
  auto refused = [](const testing::session& session, const char* from, const char* to) {
    auto made = cast(null_literal(testing::type(from)), testing::type(to), {2, 3, 9}, session.context.session);
    return !made.ok() && made.code() == errc::datatype_mismatch && made.error().position().line == 2;
  };
  EXPECT_TRUE(refused(ansi, "date", "int"));
  EXPECT_TRUE(refused(legacy, "array<int>", "int"));
  EXPECT_TRUE(refused(ansi, "boolean", "timestamp"));
  EXPECT_FALSE(refused(legacy, "boolean", "timestamp"));
  EXPECT_TRUE(refused(ansi, "int", "binary"));
  EXPECT_TRUE(refused(ansi, "struct<a:int>", "struct<a:int,b:int>"));
}

TEST(Casts, MessagesAreSparks) {
  testing::session ansi;
  EXPECT_EQ(ansi.message(ansi.as(testing::str("abc"), "int")),
            "The value 'abc' of the type \"STRING\" cannot be cast to \"INT\" because it is malformed. Correct the value as per the "
            "syntax, or change its target type. Use `try_cast` to tolerate malformed input and return NULL instead.");
  EXPECT_EQ(ansi.message(ansi.as(testing::lit("bigint", "3000000000"), "int")),
            "The value 3000000000L of the type \"BIGINT\" cannot be cast to \"INT\" due to an overflow. Use `try_cast` to tolerate "
            "overflow and return NULL instead.");
}

TEST(Casts, ColumnsWithNullsAndSlices) {
  testing::session ansi;
  testing::table rows{"s string, n bigint", R"([["1", 5], [null, null], ["x", 7], ["3", 3000000000]])"};
  auto cast_text = ansi.as(rows["s"], "int");
  EXPECT_EQ(ansi.run(cast_text, rows.batch), "error cast_invalid_input");
  EXPECT_EQ(ansi.run(cast_text, rows.batch->Slice(0, 2)), "1|null");
  EXPECT_EQ(ansi.run(cast_text, rows.batch->Slice(3, 1)), "3");
  EXPECT_EQ(ansi.run(ansi.as(rows["n"], "int"), rows.batch->Slice(1, 2)), "null|7");
}

} // namespace sluice::expr
