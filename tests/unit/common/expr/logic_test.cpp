#include "tests/unit/common/expr/fixture.hpp"

#include <cmath>

namespace sluice::expr {

TEST(Logic, ThreeValued) {
  testing::session s;
  testing::table t{"a boolean, b boolean", "[[true,true],[true,false],[true,null],[false,true],[false,false],[false,null],[null,true],[null,false],[null,null]]"};
  EXPECT_EQ(s.run(s("and", {t["a"], t["b"]}), t.batch), "true|false|null|false|false|false|null|false|null");
  EXPECT_EQ(s.run(s("or", {t["a"], t["b"]}), t.batch), "true|true|true|true|false|null|true|null|null");
  EXPECT_EQ(s.run(s("not", {t["a"]}), t.batch), "false|false|false|true|true|true|null|null|null");
  EXPECT_EQ(s.run(s("and", {t["a"], null_literal(arrow::null())}), t.batch), "null|null|null|false|false|false|null|null|null");
  EXPECT_EQ(s.run(s("<=>", {t["a"], t["b"]}), t.batch), "true|false|false|false|true|false|false|false|true");
  EXPECT_EQ(s.run(s("is_null", {t["b"]}), t.batch), "false|false|true|false|false|true|false|false|true");
  EXPECT_EQ(s.run(s("is_not_null", {t["b"]}), t.batch->Slice(2, 2)), "false|true");
}

TEST(Logic, ComparisonsOfAllTypes) {
  testing::session s;
  auto test = [&](const char* type, const char* small, const char* great) {
    auto a = testing::lit(type, small), b = testing::lit(type, great);
    EXPECT_EQ(s.run(s("<", {a, b})), "true") << type;
    EXPECT_EQ(s.run(s("<=", {b, a})), "false") << type;
    EXPECT_EQ(s.run(s(">", {b, a})), "true") << type;
    EXPECT_EQ(s.run(s(">=", {a, a})), "true") << type;
    EXPECT_EQ(s.run(s("=", {a, b})), "false") << type;
    EXPECT_EQ(s.run(s("<>", {a, b})), "true") << type;
    EXPECT_EQ(s.run(s("=", {a, null_literal(testing::type(type))})), "null") << type;
  };
  test("boolean", "false", "true");
  test("tinyint", "-1", "1");
  test("smallint", "-1", "1");
  test("int", "-1", "1");
  test("bigint", "-1", "1");
  test("float", "1.5", "NaN");
  test("double", "Inf", "NaN");
  test("decimal(5,2)", "\"-1.00\"", "\"1.00\"");
  test("string", "\"Z\"", "\"ä\"");
  test("binary", "\"a\"", "\"ab\"");
  test("date", "-1", "0");
  test("timestamp", "-1", "0");
  test("struct<a:int,b:int>", "[1, null]", "[1, 0]");
  test("array<int>", "[1]", "[1, 0]");
  EXPECT_EQ(s.run(s("=", {testing::lit("double", "NaN"), testing::lit("double", "NaN")})), "true");
  EXPECT_EQ(s.run(s("=", {testing::lit("double", "-0.0"), testing::lit("double", "0.0")})), "true");
  EXPECT_EQ(s.make("=", {testing::lit("map<int,int>", "[]"), testing::lit("map<int,int>", "[]")}).code(), errc::datatype_mismatch);
}

TEST(Logic, ComparisonCoercion) {
  testing::session s;
  EXPECT_EQ(s.run(s("=", {testing::str("1"), testing::num(1)})), "true");
  EXPECT_EQ(s.run(s("=", {testing::str("2016-07-26"), testing::lit("date", "17008")})), "true");
  EXPECT_EQ(s.run(s("<", {testing::lit("date", "0"), testing::lit("timestamp", "1")})), "true");
  EXPECT_EQ(s.run(s("=", {testing::lit("decimal(3,1)", "\"1.0\""), testing::num(1)})), "true");
  EXPECT_EQ(s.run(s("=", {testing::str("abc"), testing::num(1)})), "error cast_invalid_input");
  auto refused = s.make("=", {testing::lit("array<int>", "[]"), testing::num(1)});
  EXPECT_EQ(refused.code(), errc::datatype_mismatch);
  EXPECT_EQ(refused.error().message(), "Cannot resolve \"([] = 1)\" due to data type mismatch: the left and right operands of the binary operator have "
                                       "incompatible types (\"ARRAY<INT>\" and \"INT\").");
}

TEST(Logic, InAndBetween) {
  testing::session s;
  testing::table t{"a int, b int", "[[1, 1], [2, null], [null, 1], [4, 5]]"};
  EXPECT_EQ(s.run(s("in", {t["a"], testing::num(1), testing::num(2)}), t.batch), "true|true|null|false");
  EXPECT_EQ(s.run(s("in", {t["a"], testing::num(1), null_literal(arrow::null())}), t.batch), "true|null|null|null");
  EXPECT_EQ(s.run(s("in", {t["a"], t["b"], testing::num(4)}), t.batch), "true|null|null|true");
  EXPECT_EQ(s.run(s("not", {s("in", {t["a"], testing::num(1), null_literal(arrow::null())})}), t.batch), "false|null|null|null");
  EXPECT_EQ(s.run(s("between", {t["a"], testing::num(2), testing::num(4)}), t.batch), "false|true|null|true");
  EXPECT_EQ(s.run(s("between", {t["a"], testing::num(3), t["b"]}), t.batch), "false|false|null|true");
  EXPECT_EQ(s.run(s("between", {t["a"], testing::num(1), t["b"]}), t.batch), "true|null|null|true");
}

TEST(Logic, ConditionsGuardAgainstErrors) {
  testing::session s;
  testing::table t{"a int, b int", "[[6, 2], [1, 0], [null, 0], [9, 3]]"};
  auto quotient = s("/", {t["a"], t["b"]});
  auto nonzero = s("<>", {t["b"], testing::num(0)});
  EXPECT_EQ(s.run(quotient, t.batch), "error divide_by_zero");
  EXPECT_EQ(s.run(s("case", {nonzero, quotient}), t.batch), "3.0|null|null|3.0");
  EXPECT_EQ(s.run(s("if", {nonzero, quotient, testing::lit("double", "-1")}), t.batch), "3.0|-1.0|-1.0|3.0");
  EXPECT_EQ(s.run(s("and", {nonzero, s(">", {quotient, testing::lit("double", "1")})}), t.batch), "true|false|false|true");
  EXPECT_EQ(s.run(s("or", {s("=", {t["b"], testing::num(0)}), s(">", {quotient, testing::lit("double", "5")})}), t.batch), "false|true|true|false");
  EXPECT_EQ(s.run(s("coalesce", {t["a"], s("div", {testing::num(1), t["b"]})}), t.batch), "error divide_by_zero");
  EXPECT_EQ(s.run(s("coalesce", {t["b"], s("div", {testing::num(1), testing::num(0)})}), t.batch), "2|0|0|3");
}

TEST(Logic, Conditionals) {
  testing::session s;
  testing::table t{"a int, b string", R"([[1, "x"], [2, null], [null, "z"]])"};
  auto one = s("=", {t["a"], testing::num(1)}), two = s("=", {t["a"], testing::num(2)});
  EXPECT_EQ(s.run(s("case", {one, testing::str("one"), two, t["b"], testing::str("other")}), t.batch), "one|null|other");
  EXPECT_EQ(s.run(s("case", {one, testing::num(1)}), t.batch), "1|null|null");
  EXPECT_EQ(s.run(s("coalesce", {t["b"], testing::str("-")}), t.batch), "x|-|z");
  EXPECT_EQ(s.run(s("ifnull", {t["a"], testing::num(0)}), t.batch), "1|2|0");
  EXPECT_EQ(s.run(s("nvl", {t["a"], testing::num(0)}), t.batch->Slice(1)), "2|0");
  EXPECT_EQ(s.run(s("nvl2", {t["b"], testing::num(1), testing::num(0)}), t.batch), "1|0|1");
  EXPECT_EQ(s.run(s("nullif", {t["a"], testing::num(2)}), t.batch), "1|null|null");
  EXPECT_EQ(s.run(s("nullif", {t["a"], testing::lit("bigint", "2")}), t.batch), "1|null|null");
  EXPECT_EQ(data::type_name(*s("case", {one, testing::num(1), testing::lit("double", "1")})->type), "double");
  EXPECT_EQ(s.make("case", {one, testing::num(1), testing::lit("array<int>", "[]")}).code(), errc::datatype_mismatch);
  EXPECT_EQ(s.make("case", {t["a"], testing::num(1)}).code(), errc::datatype_mismatch);
  testing::table empty{"a int", "[]"};
  EXPECT_EQ(s.run(s("case", {s("=", {empty["a"], testing::num(1)}), testing::num(1)}), empty.batch), "");
}

TEST(Logic, Filter) {
  testing::session s;
  testing::table t{"a int, b string", R"([[1, "x"], [2, null], [null, "z"]])"};
  auto some = filter(*s(">", {t["a"], testing::num(1)}), t.batch, s.context);
  ASSERT_TRUE(some.ok());
  EXPECT_EQ((*some)->num_rows(), 1);
  EXPECT_EQ(s.run(t["a"], *some), "2");
  EXPECT_EQ(filter(*s("is_not_null", {testing::num(1)}), t.batch, s.context)->get(), t.batch.get());
  EXPECT_EQ((*filter(*null_literal(arrow::null()), t.batch, s.context))->num_rows(), 0);
  EXPECT_EQ((*filter(*s("<", {t["a"], testing::num(0)}), t.batch, s.context))->num_rows(), 0);
  EXPECT_EQ(filter(*t["a"], t.batch, s.context).code(), errc::datatype_mismatch);
}

TEST(Logic, ColumnsAreNotCopied) {
  testing::session s;
  testing::table t{"a int", "[[1], [2]]"};
  EXPECT_EQ(evaluate(*t["a"], *t.batch, s.context)->get(), t.batch->column(0).get());
}

} // namespace sluice::expr
