#include "tests/unit/common/expr/fixture.hpp"

namespace sluice::expr {

namespace {

std::string binary_op(const testing::session& session, const char* op, const char* type_a, const char* a, const char* type_b, const char* b) {
  auto made = session(op, {testing::lit(type_a, a), testing::lit(type_b, b)});
  return data::type_name(*made->type) + " " + session.run(made);
}

} // namespace

TEST(Arithmetic, TypesAndValues) {
  testing::session ansi;
  EXPECT_EQ(binary_op(ansi, "+", "int", "1", "int", "2"), "int 3");
  EXPECT_EQ(binary_op(ansi, "+", "int", "1", "bigint", "2"), "bigint 3");
  EXPECT_EQ(binary_op(ansi, "-", "tinyint", "1", "smallint", "2"), "smallint -1");
  EXPECT_EQ(binary_op(ansi, "*", "int", "3", "float", "1.5"), "double 4.5");
  EXPECT_EQ(binary_op(ansi, "*", "float", "3", "float", "1.5"), "float 4.5");
  EXPECT_EQ(binary_op(ansi, "/", "int", "7", "int", "2"), "double 3.5");
  EXPECT_EQ(binary_op(ansi, "%", "int", "-7", "int", "3"), "int -1");
  EXPECT_EQ(binary_op(ansi, "%", "int", "7", "int", "-3"), "int 1");
  EXPECT_EQ(binary_op(ansi, "%", "int", "-2147483648", "int", "-1"), "int 0");
  EXPECT_EQ(binary_op(ansi, "%", "double", "-7.5", "double", "2"), "double -1.5");
  EXPECT_EQ(binary_op(ansi, "pmod", "int", "-7", "int", "3"), "int 2");
  EXPECT_EQ(binary_op(ansi, "div", "int", "-7", "int", "2"), "bigint -3");
  EXPECT_EQ(binary_op(ansi, "+", "string", "\"1\"", "int", "2"), "bigint 3");
  EXPECT_EQ(binary_op(ansi, "+", "string", "\"1\"", "double", "2"), "double 3.0");
  EXPECT_EQ(binary_op(ansi, "+", "int", "null", "int", "2"), "int null");
  EXPECT_EQ(binary_op(ansi, "/", "int", "null", "int", "0"), "double null");
}

TEST(Arithmetic, OverflowIsAnErrorOnlyInAnsiMode) {
  testing::session ansi{true}, legacy{false};
  EXPECT_EQ(binary_op(ansi, "+", "int", "2147483647", "int", "1"), "int error arithmetic_overflow");
  EXPECT_EQ(binary_op(legacy, "+", "int", "2147483647", "int", "1"), "int -2147483648");
  EXPECT_EQ(binary_op(ansi, "*", "bigint", "9223372036854775807", "bigint", "2"), "bigint error arithmetic_overflow");
  EXPECT_EQ(binary_op(legacy, "*", "bigint", "9223372036854775807", "bigint", "2"), "bigint -2");
  EXPECT_EQ(binary_op(ansi, "+", "tinyint", "127", "tinyint", "1"), "tinyint error arithmetic_overflow");
  EXPECT_EQ(binary_op(ansi, "div", "bigint", "-9223372036854775808", "bigint", "-1"), "bigint error arithmetic_overflow");
  EXPECT_EQ(ansi.run(ansi("negative", {testing::num(-2147483648)})), "error arithmetic_overflow");
  EXPECT_EQ(legacy.run(legacy("-", {testing::num(-2147483648)})), "-2147483648");
  EXPECT_EQ(ansi.run(ansi("abs", {testing::num(-2147483648)})), "error arithmetic_overflow");
  EXPECT_EQ(ansi.message(ansi("+", {testing::lit("bigint", "9223372036854775807"), testing::lit("bigint", "1")})),
            "long overflow. Use 'try_add' to tolerate overflow and return NULL instead. If necessary set \"spark.sql.ansi.enabled\" to "
            "\"false\" to bypass this error.");
}

TEST(Arithmetic, DivisionByZero) {
  testing::session ansi{true}, legacy{false};
  for (auto op : {"/", "%", "div", "pmod"}) {
    EXPECT_EQ(ansi.run(ansi(op, {testing::num(1), testing::num(0)})), "error divide_by_zero") << op;
    EXPECT_EQ(legacy.run(legacy(op, {testing::num(1), testing::num(0)})), "null") << op;
  }
  EXPECT_EQ(ansi.run(ansi("/", {testing::lit("decimal(3,1)", "\"1.0\""), testing::lit("decimal(3,1)", "\"0.0\"")})), "error divide_by_zero");
  auto error = evaluate(*ansi("/", {testing::num(1), testing::num(0)}), *testing::one_row(), ansi.context).error();
  EXPECT_EQ(error.message(), "Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead. If necessary set "
                             "\"spark.sql.ansi.enabled\" to \"false\" to bypass this error.");
  EXPECT_EQ(error.position().column, 8);
  EXPECT_EQ(evaluate(*ansi("%", {testing::num(1), testing::num(0)}), *testing::one_row(), ansi.context).error().spark_class(), "REMAINDER_BY_ZERO");
}

TEST(Arithmetic, NullRowsNeverFail) {
  testing::session ansi;
  testing::table rows{"a int, b int", "[[1, 2], [null, 0], [2147483647, null], [6, 3]]"};
  EXPECT_EQ(ansi.run(ansi("/", {rows["a"], rows["b"]}), rows.batch), "0.5|null|null|2.0");
  EXPECT_EQ(ansi.run(ansi("+", {rows["a"], rows["b"]}), rows.batch), "3|null|null|9");
  EXPECT_EQ(ansi.run(ansi("+", {rows["a"], testing::num(1)}), rows.batch->Slice(0, 2)), "2|null");
  EXPECT_EQ(ansi.run(ansi("-", {testing::num(10), rows["b"]}), rows.batch->Slice(1)), "10|null|7");
}

TEST(Arithmetic, DecimalRules) {
  testing::session ansi{true}, legacy{false};
  EXPECT_EQ(binary_op(ansi, "+", "decimal(5,2)", "\"1.25\"", "decimal(4,3)", "\"1.125\""), "decimal(7,3) 2.375");
  EXPECT_EQ(binary_op(ansi, "-", "decimal(5,2)", "\"1.25\"", "decimal(4,3)", "\"1.125\""), "decimal(7,3) 0.125");
  EXPECT_EQ(binary_op(ansi, "*", "decimal(5,2)", "\"1.25\"", "decimal(4,3)", "\"-1.125\""), "decimal(10,5) -1.40625");
  EXPECT_EQ(binary_op(ansi, "/", "decimal(5,2)", "\"1.00\"", "decimal(4,3)", "\"3.000\""), "decimal(13,7) 0.3333333");
  EXPECT_EQ(binary_op(ansi, "/", "decimal(5,2)", "\"2.00\"", "decimal(4,3)", "\"-3.000\""), "decimal(13,7) -0.6666667");
  EXPECT_EQ(binary_op(ansi, "%", "decimal(5,2)", "\"-7.50\"", "decimal(4,3)", "\"2.000\""), "decimal(4,3) -1.500");
  EXPECT_EQ(binary_op(ansi, "+", "decimal(5,2)", "\"1.25\"", "int", "1"), "decimal(6,2) 2.25");
  EXPECT_EQ(binary_op(ansi, "*", "decimal(38,18)", "\"2.500000000000000000\"", "decimal(38,18)", "\"2.000000000000000000\""), "decimal(38,6) 5.000000");
  EXPECT_EQ(binary_op(ansi, "+", "decimal(38,0)", "\"99999999999999999999999999999999999999\"", "decimal(38,0)", "\"1\""),
            "decimal(38,0) error numeric_out_of_range");
  EXPECT_EQ(binary_op(legacy, "+", "decimal(38,0)", "\"99999999999999999999999999999999999999\"", "decimal(38,0)", "\"1\""), "decimal(38,0) null");
  EXPECT_EQ(binary_op(ansi, "+", "decimal(5,2)", "\"1.25\"", "double", "1"), "double 2.25");
  EXPECT_EQ(binary_op(ansi, "div", "decimal(5,2)", "\"-7.50\"", "decimal(5,2)", "\"2.00\""), "bigint -3");
}

TEST(Arithmetic, Rounding) {
  testing::session ansi;
  auto round = [&](const char* type, const char* value, int places) {
    auto made = ansi("round", {testing::lit(type, value), testing::num(places)});
    return data::type_name(*made->type) + " " + ansi.run(made);
  };
  EXPECT_EQ(round("double", "2.5", 0), "double 3.0");
  EXPECT_EQ(round("double", "-2.5", 0), "double -3.0");
  EXPECT_EQ(round("double", "2.675", 2), "double 2.68");
  EXPECT_EQ(round("double", "1e300", 2), "double 1.0E300");
  EXPECT_EQ(round("double", "NaN", 2), "double NaN");
  EXPECT_EQ(round("int", "125", -1), "int 130");
  EXPECT_EQ(round("int", "2147483647", -1), "int error arithmetic_overflow");
  EXPECT_EQ(round("decimal(5,2)", "\"2.45\"", 1), "decimal(5,1) 2.5");
  EXPECT_EQ(round("decimal(5,2)", "\"999.99\"", 0), "decimal(4,0) 1000");
  EXPECT_EQ(ansi.run(ansi("bround", {testing::lit("double", "2.5")})), "2.0");
  EXPECT_EQ(ansi.run(ansi("ceil", {testing::lit("double", "-0.1")})), "0");
  EXPECT_EQ(ansi.run(ansi("floor", {testing::lit("double", "-0.1")})), "-1");
  EXPECT_EQ(ansi.run(ansi("ceil", {testing::lit("decimal(5,2)", "\"1.01\"")})), "2");
  EXPECT_EQ(ansi.run(ansi("floor", {testing::lit("decimal(5,2)", "\"-1.01\"")})), "-2");
  EXPECT_EQ(ansi.make("round", {testing::num(1), testing::table("a int", "[]")["a"]}).code(), errc::datatype_mismatch);
}

} // namespace sluice::expr
