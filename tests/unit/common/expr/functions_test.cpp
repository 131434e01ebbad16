#include <set>

#include "common/expr/registry.hpp"
#include "tests/unit/common/expr/fixture.hpp"

namespace sluice::expr {

TEST(Functions, Strings) {
  testing::session s;
  auto run = [&](const char* name, std::vector<expr_ptr> args) { return s.run(s(name, std::move(args))); };
  using testing::num;
  using testing::str;
  EXPECT_EQ(run("upper", {str("straße")}), "STRASSE");
  EXPECT_EQ(run("lower", {str("ÄBC")}), "äbc");
  EXPECT_EQ(run("upper", {num(5)}), "5");
  EXPECT_EQ(run("length", {str("äöü ")}), "4");
  EXPECT_EQ(run("octet_length", {str("äöü")}), "6");
  EXPECT_EQ(run("trim", {str("  a b\t ")}), "a b\t");
  EXPECT_EQ(run("ltrim", {str(" a ")}), "a ");
  EXPECT_EQ(run("rtrim", {str(" a ")}), " a");
  EXPECT_EQ(run("trim", {str("yx"), str("xyaxy")}), "a");
  EXPECT_EQ(run("trim", {str("ä"), str("ääa")}), "a");
  EXPECT_EQ(run("btrim", {str("xyaxy"), str("yx")}), "a");
  EXPECT_EQ(run("substring", {str("Spark SQL"), num(5)}), "k SQL");
  EXPECT_EQ(run("substring", {str("Spark SQL"), num(-3)}), "SQL");
  EXPECT_EQ(run("substr", {str("Spark SQL"), num(5), num(1)}), "k");
  EXPECT_EQ(run("substring", {str("abc"), num(0), num(2)}), "ab");
  EXPECT_EQ(run("substring", {str("abc"), num(-5), num(3)}), "a");
  EXPECT_EQ(run("substring", {str("abc"), num(9)}), "");
  EXPECT_EQ(run("substring", {str("äöü"), num(2), num(1)}), "ö");
  EXPECT_EQ(run("substring", {str("abc"), num(2), num(-1)}), "");
  EXPECT_EQ(run("substring", {str("abc"), num(2147483647), num(2147483647)}), "");
  EXPECT_EQ(run("concat", {str("a"), num(1), str("b")}), "a1b");
  EXPECT_EQ(run("||", {str("a"), null_literal(arrow::utf8())}), "null");
  EXPECT_EQ(run("concat_ws", {str("-"), str("a"), null_literal(arrow::utf8()), str("b")}), "a-b");
  EXPECT_EQ(run("replace", {str("aXbX"), str("X"), str("yy")}), "ayybyy");
  EXPECT_EQ(run("contains", {str("abc"), str("bc")}), "true");
  EXPECT_EQ(run("startswith", {str("abc"), str("bc")}), "false");
}

TEST(Functions, Like) {
  testing::session s;
  auto like = [&](const char* text, const char* pattern, const char* escape = "") {
    return s.run(s("like", {testing::str(text), testing::str(pattern)}, escape));
  };
  EXPECT_EQ(like("Open", "Open"), "true");
  EXPECT_EQ(like("Open", "open"), "false");
  EXPECT_EQ(like("Open", "O%"), "true");
  EXPECT_EQ(like("Open", "%en"), "true");
  EXPECT_EQ(like("Open", "%pe%"), "true");
  EXPECT_EQ(like("Open", "O__n"), "true");
  EXPECT_EQ(like("Open", "O_n"), "false");
  EXPECT_EQ(like("äb", "_b"), "true");
  EXPECT_EQ(like("", "%"), "true");
  EXPECT_EQ(like("", ""), "true");
  EXPECT_EQ(like("abcabd", "%ab_"), "true");
  EXPECT_EQ(like("a\nb", "a%b"), "true");
  EXPECT_EQ(like("a%b", "a\\%b"), "true");
  EXPECT_EQ(like("axb", "a\\%b"), "false");
  EXPECT_EQ(like("a%b", "a#%b", "#"), "true");
  EXPECT_EQ(like("ab", "a\\b"), "error invalid_literal");
  EXPECT_EQ(testing::session{}.run(s("ilike", {testing::str("ÄOpen"), testing::str("äo%N")})), "true");
  std::string text(3000, 'a'), pattern;
  for (int i = 0; i < 30; ++i)
    pattern += "a%";
  EXPECT_EQ(like(text.c_str(), (pattern + "b").c_str()), "false");
}

TEST(Functions, Nested) {
  testing::session s, legacy{false};
  testing::table t{"w struct<start:timestamp,`End X`:int>, l array<int>, m map<string,int>, ls array<struct<a:int>>",
                   R"([[[0, 5], [1, 2, null], [["a", 1]], [[1], [2]]], [null, [], [], null], [[1, null], null, null, []]])"};
  EXPECT_EQ(s.run(s("get_field", {t["w"]}, "START"), t.batch), "1970-01-01 00:00:00|null|1970-01-01 00:00:00.000001");
  EXPECT_EQ(s.run(s("get_field", {t["w"]}, "End X"), t.batch->Slice(1)), "null|null");
  EXPECT_EQ(s.run(s("get_field", {t["ls"]}, "a"), t.batch), "[1, 2]|null|[]");
  EXPECT_EQ(s.make("get_field", {t["w"]}, "nope").code(), errc::field_not_found);
  EXPECT_EQ(s.make("get_field", {t["l"]}, "nope").code(), errc::datatype_mismatch);
  EXPECT_EQ(s.run(s("get_item", {t["w"], testing::str("start")}), t.batch->Slice(0, 1)), "1970-01-01 00:00:00");
  EXPECT_EQ(s.run(s("get_item", {t["m"], testing::str("a")}), t.batch), "1|null|null");
  EXPECT_EQ(s.run(s("element_at", {t["l"], testing::num(-2)}), t.batch->Slice(0, 1)), "2");
  EXPECT_EQ(s.run(s("element_at", {t["l"], testing::num(1)}), t.batch), "error invalid_array_index");
  EXPECT_EQ(legacy.run(legacy("element_at", {t["l"], testing::num(1)}), t.batch), "1|null|null");
  EXPECT_EQ(s.run(s("element_at", {t["l"], testing::num(0)}), t.batch), "error invalid_array_index");
  EXPECT_EQ(s.run(s("get_item", {t["l"], testing::num(1)}), t.batch->Slice(0, 1)), "2");
  EXPECT_EQ(s.run(s("get", {t["l"], testing::num(7)}), t.batch), "null|null|null");
  EXPECT_EQ(s.run(s("size", {t["l"]}), t.batch), "3|0|null");
  EXPECT_EQ(s.run(s("array_contains", {t["l"], testing::num(9)}), t.batch), "null|false|null");
  EXPECT_EQ(s.run(s("array_contains", {t["l"], testing::num(2)}), t.batch->Slice(0, 1)), "true");
  EXPECT_EQ(s.run(s("named_struct", {testing::str("x"), testing::num(1), testing::str("y"), t["l"]}), t.batch->Slice(1, 1)), "{1, []}");
  EXPECT_EQ(data::type_name(*s("struct", {t["l"], testing::num(1)})->type), "struct<l:array<int>,col2:int>");
  EXPECT_EQ(s.run(s("array", {testing::num(1), testing::lit("bigint", "2")}), t.batch->Slice(1)), "[1, 2]|[1, 2]");
  EXPECT_EQ(s.run(s("map", {testing::str("a"), testing::num(1)})), "{a -> 1}");
  EXPECT_EQ(s.run(s("array", {})), "[]");
}

TEST(Functions, Names) {
  testing::session s;
  testing::table t{"price int, action string, w struct<start:timestamp>, m map<string,int>, time timestamp, b boolean", "[]"};
  auto price = t["price"], action = t["action"];
  using testing::num;
  using testing::str;
  EXPECT_EQ(to_sql(*s("+", {price, num(1)})), "(price + 1)");
  EXPECT_EQ(to_sql(*s("upper", {action})), "upper(action)");
  EXPECT_EQ(to_sql(*s("upper", {price})), "upper(price)");
  EXPECT_EQ(to_sql(*s.as(price, "string")), "CAST(price AS STRING)");
  EXPECT_EQ(to_sql(*s("=", {action, str("Open")})), "(action = Open)");
  EXPECT_EQ(to_sql(*s("<>", {price, num(1)})), "(NOT (price = 1))");
  EXPECT_EQ(to_sql(*s("and", {t["b"], s("is_null", {price})})), "(b AND (price IS NULL))");
  EXPECT_EQ(to_sql(*s("in", {price, num(1), num(2)})), "(price IN (1, 2))");
  EXPECT_EQ(to_sql(*s("like", {action, str("a%")})), "action LIKE a%");
  EXPECT_EQ(to_sql(*s("case", {t["b"], num(1), num(2)})), "CASE WHEN b THEN 1 ELSE 2 END");
  EXPECT_EQ(to_sql(*s("-", {price})), "(- price)");
  EXPECT_EQ(to_sql(*s("get_field", {t["w"]}, "start")), "w.start");
  EXPECT_EQ(to_sql(*s("get_item", {t["m"], str("k")})), "m[k]");
  EXPECT_EQ(to_sql(*s("unix_timestamp", {t["time"]})), "unix_timestamp(time, yyyy-MM-dd HH:mm:ss)");
  EXPECT_EQ(to_sql(*s("round", {price})), "round(price, 0)");
  EXPECT_EQ(to_sql(*s("if", {t["b"], num(1), num(2)})), "(IF(b, 1, 2))");
  EXPECT_EQ(to_sql(*s("||", {action, str("x")})), "concat(action, x)");
  EXPECT_EQ(to_sql(*s("CEIL", {price})), "CEIL(price)");
  EXPECT_EQ(to_sql(*null_literal(arrow::int32())), "NULL");
  EXPECT_EQ(to_sql(*testing::lit("date", "0")), "DATE '1970-01-01'");
  EXPECT_EQ(to_sql(*s("nullif", {price, testing::lit("bigint", "1")})), "nullif(price, 1)");
}

TEST(Functions, Resolution) {
  testing::session s;
  EXPECT_TRUE(is_scalar_function("UPPER"));
  EXPECT_FALSE(is_scalar_function("count"));
  EXPECT_EQ(nearest_function("uper"), "upper");
  EXPECT_EQ(nearest_function("unixtimestamp"), "unix_timestamp");
  EXPECT_EQ(nearest_function("xqzwvkjh"), "");
  auto unknown = s.make("subtring", {testing::str("a")});
  EXPECT_EQ(unknown.code(), errc::unresolved_function);
  EXPECT_NE(unknown.error().message().find("`substring`"), std::string::npos);
  EXPECT_EQ(unknown.error().position().column, 8);
  EXPECT_EQ(s.make("upper", {}).code(), errc::wrong_num_args);
  auto mismatch = s.make("upper", {testing::lit("array<int>", "[]")});
  EXPECT_EQ(mismatch.error().message(), "Cannot resolve \"upper([])\" due to data type mismatch: The first parameter requires the \"STRING\" type, "
                                        "however \"[]\" has the type \"ARRAY<INT>\".");
  EXPECT_FALSE(common_type(arrow::boolean(), arrow::int32()).ok());
  EXPECT_EQ(data::type_name(**common_type(arrow::int32(), arrow::float32())), "double");
  EXPECT_EQ(data::type_name(**common_type(arrow::int64(), arrow::decimal128(5, 2))), "decimal(22,2)");
  EXPECT_EQ(data::type_name(**common_type(arrow::null(), arrow::utf8())), "string");
}

TEST(Functions, Documentation) {
  std::set<std::string_view> names;
  for (const auto& one : function_docs()) {
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
    EXPECT_FALSE(one.doc.empty() || one.signature.empty()) << one.name;
  }
  EXPECT_GT(names.size(), 80u);
}

TEST(Functions, Trees) {
  testing::session s;
  testing::table t{"a int, b int", "[[1, 2], [3, 4]]"};
  auto sum = s("+", {t["a"], s("*", {t["b"], testing::num(2)})});
  std::vector<int> columns;
  collect_columns(*sum, columns);
  EXPECT_EQ(columns, (std::vector<int>{0, 1}));
  EXPECT_FALSE(is_constant(*sum));
  EXPECT_TRUE(is_constant(*s("+", {testing::num(1), testing::num(2)})));
  auto swapped = remap_columns(sum, {1, 0});
  EXPECT_EQ(s.run(swapped, t.batch), "4|10");
  auto substituted = substitute_columns(sum, {testing::num(10), t["a"]});
  EXPECT_EQ(s.run(substituted, t.batch), "12|16");
  EXPECT_EQ(s.run(sum, t.batch), "5|11");
}

TEST(RowFunctions, FollowTheirSignatures) {
  testing::session s;
  testing::table t{"s string, i int", R"([["kitten", 3], [null, 1], ["", 2]])"};
  EXPECT_EQ(s.run(s("levenshtein", {t["s"], testing::str("sitting")}), t.batch), "3|null|7");
  EXPECT_EQ(s.run(s("repeat", {t["s"], t["i"]}), t.batch), "kittenkittenkitten|null|");
  EXPECT_EQ(s.run(s("lpad", {t["s"], testing::num(8)}), t.batch), "  kitten|null|        ");
  EXPECT_EQ(s.run(s("regexp_replace", {t["s"], testing::str("(t+)"), testing::str("<$1>")}), t.batch), "ki<tt>en|null|");
  EXPECT_EQ(s.run(s("split", {t["s"], testing::str("t")}), t.batch), "[ki, , en]|null|[]");
  EXPECT_EQ(s.run(s("hash", {t["i"]}), t.batch->Slice(1, 1)), "-559580957");
  EXPECT_FALSE(s("levenshtein", {testing::str("a"), testing::str("b")})->nullable);
}

TEST(RowFunctions, FailWithSparksConditions) {
  testing::session s;
  EXPECT_EQ(s.run(s("rlike", {testing::str("a"), testing::str("(")})), "error invalid_parameter_value");
  EXPECT_EQ(s.run(s("raise_error", {testing::str("no")})), "error raised_by_user");
  EXPECT_EQ(s.run(s("try_add", {testing::lit("int", "2147483647"), testing::num(1)})), "null");
  EXPECT_EQ(s.run(s("rlike", {testing::str(std::string(40, 'a')), testing::str("(a|a)*\\1b")})), "error limit_exceeded");
}

} // namespace sluice::expr
