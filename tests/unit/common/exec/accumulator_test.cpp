#include "common/exec/accumulator.hpp"

#include <gtest/gtest.h>

#include "tests/unit/common/exec/exec_fixture.hpp"

namespace sluice::exec {
namespace {

using test::array_of;
using test::make_call;
using test::text_of;

/// Rows 0, 2, 4, … go to group 0 and the others to group 1; half of them in a second accumulator that is merged through
/// its state columns. Group 2 stays empty.
std::string aggregate(const plan::aggregate_call& call, const std::string& json, expr::options session = {}) {
  auto values = array_of(call.args[0]->type, json);
  std::unique_ptr<accumulator> parts[2];
  for (int p = 0; p < 2; ++p) {
    auto made = make_accumulator(call, session);
    if (!made.ok()) return std::string(info(made.code()).name);
    parts[p] = std::move(*made);
    parts[p]->resize(3);
    auto half = values->length() / 2;
    auto begin = p == 0 ? 0 : half;
    auto part = values->Slice(begin, p == 0 ? half : values->length() - half);
    std::vector<std::uint32_t> groups;
    for (std::int64_t i = 0; i < part->length(); ++i) groups.push_back(static_cast<std::uint32_t>((begin + i) % 2));
    std::vector<data::array_ptr> args{part};
    auto updated = parts[p]->update({args, groups.data(), part->length(), true, {0, 0, begin}});
    if (!updated.ok()) return std::string(info(updated.code()).name);
  }
  std::vector<std::uint32_t> all{0, 1, 2};
  auto columns = parts[1]->state(all);
  if (!columns.ok()) return columns.error().to_string();
  auto fields = state_fields(call);
  for (std::size_t i = 0; i < columns->size(); ++i) {
    EXPECT_TRUE((*columns)[i]->type()->Equals((*fields)[i]->type())) << (*columns)[i]->type()->ToString();
    EXPECT_TRUE((*columns)[i]->ValidateFull().ok());
  }
  auto merged = parts[0]->merge(*columns, all.data());
  if (!merged.ok()) return std::string(info(merged.code()).name);
  EXPECT_EQ(parts[0]->check(all).ok(), parts[0]->finish(all).ok());
  return text_of(parts[0]->finish(all));
}

TEST(Accumulator, SumOfIntegersIsExactAndOverflowIsAnError) {
  auto call = make_call("sum", arrow::int64());
  EXPECT_EQ(aggregate(call, "[1, 2, null, 4, 5, 6]"), "6,12,null");
  EXPECT_EQ(aggregate(call, "[9223372036854775807, 0, 1, 0]"), "arithmetic_overflow");
  EXPECT_EQ(aggregate(call, "[9223372036854775807, 0, 1, 0, -5, 0]"), "9223372036854775803,0,null");
  EXPECT_EQ(aggregate(call, "[9223372036854775807, 0, 1, 0]", {.ansi = false}), "-9223372036854775808,0,null");
}

TEST(Accumulator, DecimalsFollowSparksTypes) {
  auto ten_two = arrow::decimal128(20, 2);
  EXPECT_EQ(aggregate(make_call("sum", ten_two), R"(["1.10", "2.00", "3.35", null])"), "4.45,2.00,null");
  EXPECT_EQ(aggregate(make_call("avg", ten_two, arrow::decimal128(14, 6)), R"(["1.00", "-1.00", "1.00", "-1.00", "0.00", "0.00"])"),
            "0.666667,-0.666667,null");
  auto wide = arrow::decimal128(38, 0);
  auto nines = std::string(38, '9');
  EXPECT_EQ(aggregate(make_call("sum", wide), "[\"" + nines + "\", \"1\", \"1\", \"1\"]"), "arithmetic_overflow");
  EXPECT_EQ(aggregate(make_call("sum", wide), "[\"" + nines + "\", \"1\", \"1\", \"1\"]", {.ansi = false}), "null,2,null");
}

TEST(Accumulator, ExtremesPutNanLast) {
  EXPECT_EQ(aggregate(make_call("max", arrow::float64()), "[1, NaN, NaN, NaN, Inf, null]"), "nan,nan,null");
  EXPECT_EQ(aggregate(make_call("min", arrow::float64()), "[1, NaN, NaN, NaN, -Inf, null]"), "-inf,nan,null");
  EXPECT_EQ(aggregate(make_call("min", arrow::utf8()), R"(["b", "", "a", null, "ab", "z"])"), "a,,null");
  EXPECT_EQ(aggregate(make_call("max", arrow::boolean()), "[true, false, false, null]"), "true,false,null");
  EXPECT_EQ(aggregate(make_call("max", arrow::decimal128(5, 1)), R"(["1.5", "-1.5", "12.0", "-3.0"])"), "12.0,-1.5,null");
  EXPECT_EQ(aggregate(make_call("min", arrow::date32()), "[5, -7, 3, 9]"), "1970-01-04,1969-12-25,null");
  auto pair = arrow::struct_({arrow::field("a", arrow::int64()), arrow::field("b", arrow::utf8())});
  EXPECT_EQ(aggregate(make_call("max", pair), R"([{"a":1,"b":"z"}, {"a":2,"b":"a"}, {"a":1,"b":"zz"}, {"a":2,"b":null}])"),
            "{a:int64 = 1, b:string = zz},{a:int64 = 2, b:string = a},null");
}

TEST(Accumulator, FirstAndLastGoByPosition) {
  auto first = make_call("first", arrow::int64()), last = make_call("last", arrow::int64());
  EXPECT_EQ(aggregate(first, "[null, 2, 3, 4]"), "null,2,null");
  EXPECT_EQ(aggregate(last, "[1, 2, 3, null]"), "3,null,null");
  first.ignore_nulls = last.ignore_nulls = true;
  EXPECT_EQ(aggregate(first, "[null, 2, 3, 4]"), "3,2,null");
  EXPECT_EQ(aggregate(last, "[1, 2, 3, null]"), "3,2,null");
  EXPECT_EQ(aggregate(make_call("first", arrow::float64()), "[-0.0, 2, 3, 4]"), "-0,2,null");
}

TEST(Accumulator, FirstOfNestedValues) {
  auto map = arrow::map(arrow::utf8(), arrow::int64());
  EXPECT_EQ(aggregate(make_call("last", map), R"([[["a", 1]], [["b", null]], null, [["c", 3], ["d", 4]]])"),
            "null,map<string, int64>[{key:string = c, value:int64 = 3}, {key:string = d, value:int64 = 4}],null");
  EXPECT_EQ(aggregate(make_call("first", arrow::list(map)), "[]"), "unsupported_feature");
  EXPECT_EQ(aggregate(make_call("max", map), "[]"), "unsupported_feature");
}

TEST(Accumulator, CollectKeepsOrderAndDropsNulls) {
  auto list = arrow::list(arrow::field("element", arrow::utf8()));
  EXPECT_EQ(aggregate(make_call("collect_list", arrow::utf8(), list), R"(["b", "x", "a", null, "b", "x"])"),
            R"(list<element: string>[b, a, b],list<element: string>[x, x],list<element: string>[])");
  EXPECT_EQ(aggregate(make_call("collect_set", arrow::utf8(), list), R"(["b", "x", "a", null, "b", "x"])"),
            R"(list<element: string>[b, a],list<element: string>[x],list<element: string>[])");
}

TEST(Accumulator, VarianceOfFewRows) {
  EXPECT_EQ(aggregate(make_call("var_samp", arrow::float64()), "[1, 5, 3, null]"), "2,null,null");
  EXPECT_EQ(aggregate(make_call("var_pop", arrow::float64()), "[1, 5, 3, null]"), "1,0,null");
  EXPECT_EQ(aggregate(make_call("stddev_pop", arrow::float64()), "[1, 5, 7, null]"), "3,0,null");
  EXPECT_EQ(aggregate(make_call("count", arrow::float64(), arrow::int64()), "[1, 5, 7, null]"), "2,1,0");
}

TEST(Accumulator, UnknownFunctionsAndTypesAreRefused) {
  EXPECT_EQ(aggregate(make_call("median_of_all", arrow::int64()), "[]"), "unresolved_function");
  EXPECT_EQ(aggregate(make_call("sum", arrow::utf8()), "[]"), "unsupported_feature");
}

} // namespace
} // namespace sluice::exec
