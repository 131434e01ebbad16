// Spark's answers for JSON values, one rule a line.
#include <gtest/gtest.h>

#include "tests/unit/worker/readers/reading.hpp"

namespace sluice::readers::testing {
namespace {

struct value_case {
  const char* rule;
  const char* ddl;
  std::string text;
  std::vector<std::string> rows;
};

class JsonValues : public ::testing::TestWithParam<value_case> {};

TEST_P(JsonValues, ReadAsInSpark) {
  const auto& c = GetParam();
  EXPECT_EQ(rows_of(c.ddl, c.text), c.rows) << c.rule << "\n" << c.text;
  // The same line again after two plain ones: whatever layout was learned must not change the answer.
  reading twice(c.ddl);
  const auto out = twice.read(c.text + "\n" + c.text + "\n");
  std::vector<std::string> doubled = c.rows;
  doubled.insert(doubled.end(), c.rows.begin(), c.rows.end());
  if (c.text.find('\n') == std::string::npos) EXPECT_EQ(out.rows, doubled) << c.rule << "\n" << c.text;
}

const value_case value_cases[] = {
  {"plain", "time timestamp, action string", R"({"time":1469501107,"action":"Open"})", {"1469501107000000|Open"}},
  {"unknown fields are dropped", "b bigint", R"({"a":[1,{"x":2}],"b":5,"c":null})", {"5"}},
  {"missing fields are null", "a bigint, b string", R"({"a":1})", {"1|null"}},
  {"names are case-sensitive", "a bigint", R"({"A":1})", {"null"}},
  {"the last of equal names wins", "a bigint", R"({"a":1,"a":2})", {"2"}},
  {"a bad later duplicate leaves the first", "a bigint", R"({"a":1,"a":"x"})", {"1"}},
  {"null after a value wins", "a bigint", R"({"a":1,"a":null})", {"null"}},
  {"escaped names", "a bigint", R"({"\u0061":7})", {"7"}},
  {"single quotes", "a string, b bigint", R"({'a':'it\'s "x"','b':1})", {"it's \"x\"|1"}},
  {"a BOM", "a bigint", "\xef\xbb\xbf{\"a\":1}", {"1"}},
  {"what follows an object is ignored", "a bigint", R"({"a":1} junk)", {"1"}},
  {"a second object is ignored", "a bigint", R"({"a":1}{"a":2})", {"1"}},
  {"blank lines", "a bigint", "\n  \n{\"a\":1}\n\t\n", {"1"}},
  {"CRLF", "a bigint", "{\"a\":1}\r\n{\"a\":2}\r\n", {"1", "2"}},
  {"a lone CR ends a line", "a bigint", "{\"a\":1}\r{\"a\":2}", {"1", "2"}},
  {"no final newline", "a bigint", "{\"a\":1}\n{\"a\":2}", {"1", "2"}},
  {"blanks between tokens", "a bigint", "  { \"a\" :\t1 }  ", {"1"}},
  {"an empty object", "a bigint", "{}", {"null"}},
  {"a top-level array", "a bigint", R"([{"a":1},{"a":2}])", {"1", "2"}},
  {"an empty array gives nothing", "a bigint", "[]", {}},
  {"an array with something else", "a bigint", R"([{"a":1},2])", {"null"}},
  {"a number is no record", "a bigint", "5", {"null"}},
  {"null is no record", "a bigint", "null", {"null"}},
  // Numbers
  {"64 bits", "a bigint", R"({"a":9223372036854775807})", {"9223372036854775807"}},
  {"64 bits, negative", "a bigint", R"({"a":-9223372036854775808})", {"-9223372036854775808"}},
  {"beyond 64 bits", "a bigint, b bigint", R"({"a":9223372036854775808,"b":1})", {"null|1"}},
  {"1.0 is bad for integers", "a int, b int", R"({"a":1.0,"b":1})", {"null|1"}},
  {"1e2 is bad for integers", "a bigint", R"({"a":1e2})", {"null"}},
  {"tinyint 128 wraps", "a tinyint", R"({"a":128})", {"-128"}},
  {"tinyint -129 is bad", "a tinyint, b int", R"({"a":-129,"b":2})", {"null|2"}},
  {"smallint range", "a smallint, b smallint", R"({"a":32767,"b":32768})", {"32767|null"}},
  {"int range", "a int, b int", R"({"a":-2147483648,"b":2147483648})", {"-2147483648|null"}},
  {"minus zero", "a bigint", R"({"a":-0})", {"0"}},
  {"a quoted number is bad for int and double", "a int, b double", R"({"a":"1","b":"2"})", {"null|null"}},
  {"a quoted number is fine for decimal", "a decimal(10,2)", R"({"a":"1,234.5"})", {"1234.50"}},
  {"doubles", "a double, b double", R"({"a":1.5,"b":-2e3})", {"1.5|-2000"}},
  {"integers as double", "a double, b float", R"({"a":3,"b":4})", {"3|4"}},
  {"1e400 is infinite", "a double, b double", R"({"a":1e400,"b":-1e400})", {"inf|-inf"}},
  {"1e-400 is zero", "a double", R"({"a":1e-400})", {"0"}},
  {"special numbers as text", "a double, b double, c double", R"({"a":"NaN","b":"+INF","c":"-Infinity"})", {"nan|inf|-inf"}},
  {"special numbers bare", "a double, b double", R"({"a":NaN,"b":-INF})", {"nan|-inf"}},
  {"other text is no number", "a double", R"({"a":"1.5x"})", {"null"}},
  {"decimals round half up", "a decimal(5,1), b decimal(5,1), c decimal(5,1)", R"({"a":1.25,"b":-1.25,"c":1.249})", {"1.3|-1.3|1.2"}},
  {"decimals carry", "a decimal(4,1)", R"({"a":99.96})", {"100.0"}},
  {"decimals that do not fit", "a decimal(3,1), b int", R"({"a":99.96,"b":1})", {"null|1"}},
  {"decimals with exponents", "a decimal(10,2), b decimal(10,2)", R"({"a":1.5e3,"b":15e-1})", {"1500.00|1.50"}},
  {"small decimals", "a decimal(10,2), b decimal(10,2)", R"({"a":0.004,"b":0.005})", {"0.00|0.01"}},
  {"booleans", "a boolean, b boolean, c boolean", R"({"a":true,"b":false,"c":1})", {"true|false|null"}},
  {"text is no boolean", "a boolean", R"({"a":"true"})", {"null"}},
  // Strings
  {"a number read as text", "a string, b string", R"({"a":1.50,"b":1e2})", {"1.50|1e2"}},
  {"nested values read as text", "a string, b string", R"({"a":{"x": [1, 2]},"b":[ true ]})", {R"({"x": [1, 2]}|[ true ])"}},
  {"true and NaN read as text", "a string, b string", R"({"a":true,"b":NaN})", {"true|NaN"}},
  {"null stays null", "a string", R"({"a":null})", {"null"}},
  {"escapes", "a string", R"({"a":"\"\\\/\b\f\n\r\t"})", {"\"\\/\b\f\n\r\t"}},
  {"unicode escapes", "a string", R"({"a":"\u00e9\u20ac\ud83d\ude00"})", {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"}},
  {"half a surrogate pair", "a string", R"({"a":"x\ud83dy"})", {"x?y"}},
  {"UTF-8 stays", "a string", "{\"a\":\"\xc3\xa9\"}", {"\xc3\xa9"}},
  {"empty strings", "a string, b int, c double", R"({"a":"","b":"","c":""})", {"|null|null"}},
  {"long strings", "a string", R"({"a":"0123456789abcdef0123456789abcdef!"})", {"0123456789abcdef0123456789abcdef!"}},
  {"binary is base64", "a binary, b binary", R"({"a":"aGk=","b":"?"})", {"hi|null"}},
  // Broken syntax nulls everything
  {"an unclosed object", "a bigint", R"({"a":1)", {"null"}},
  {"an unclosed string", "a bigint, b string", R"({"a":1,"b":"x)", {"null|null"}},
  {"a bad escape", "a bigint, b string", R"({"a":1,"b":"\x41"})", {"null|null"}},
  {"a bad escape in an unknown field", "a bigint", R"({"a":1,"z":"\x41"})", {"null"}},
  {"invalid UTF-8", "a bigint, b string", "{\"a\":1,\"b\":\"\xff\"}", {"null|null"}},
  {"a control character in a string", "a bigint, b string", "{\"a\":1,\"b\":\"x\ty\"}", {"null|null"}},
  {"a NUL byte", "a bigint", std::string("{\"a\":\0001}", 8), {"null"}},
  {"a trailing comma", "a bigint", R"({"a":1,})", {"null"}},
  {"a leading zero", "a bigint", R"({"a":01})", {"null"}},
  {"a bare point", "a double", R"({"a":1.})", {"null"}},
  {"an unquoted name", "a bigint", R"({a:1})", {"null"}},
  {"a word cut short", "a boolean, b int", R"({"b":1,"a":tru})", {"null|null"}},
  {"plus sign", "a int", R"({"a":+1})", {"null"}},
  {"plain text", "a bigint", "hello", {"null"}},
  // Nested
  {"a struct", "s struct<x:int,y:string>", R"({"s":{"y":"q","x":1}})", {"{1,q}"}},
  {"a bad value in a struct nulls that field", "s struct<x:int,y:string>, b int", R"({"s":{"x":"bad","y":"q"},"b":2})", {"{null,q}|2"}},
  {"no struct", "s struct<x:int>, b int", R"({"s":5,"b":2})", {"null|2"}},
  {"arrays", "a array<int>", R"({"a":[1,null,3]})", {"[1,null,3]"}},
  {"a bad element nulls the array", "a array<int>, b int", R"({"a":[1,"x",3],"b":2})", {"null|2"}},
  {"a bad field in an array of structs", "a array<struct<x:int,y:int>>", R"({"a":[{"x":1,"y":2},{"x":"bad","y":3}]})", {"[{1,2},{null,3}]"}},
  {"maps", "m map<string,int>", R"({"m":{"k":1,"l":null}})", {"(k=1,l=null)"}},
  {"a bad value nulls the map", "m map<string,int>, b int", R"({"m":{"k":"x"},"b":1})", {"null|1"}},
  {"empty nested values", "a array<int>, m map<string,int>, s struct<x:int>", R"({"a":[],"m":{},"s":{}})", {"[]|()|{null}"}},
};

INSTANTIATE_TEST_SUITE_P(All, JsonValues, ::testing::ValuesIn(value_cases));

const value_case time_cases[] = {
  {"seconds", "t timestamp", R"({"t":1469501107})", {"1469501107000000"}},
  {"negative seconds", "t timestamp", R"({"t":-5})", {"-5000000"}},
  {"seconds wrap", "t timestamp", R"({"t":9223372036854775807})", {"-1000000"}},
  {"fractions are malformed", "t timestamp, b int", R"({"t":1.5,"b":1})", {"null|1"}},
  {"numbers are malformed for timestamp_ntz", "t timestamp_ntz", R"({"t":5})", {"null"}},
  {"ISO with Z", "t timestamp", R"({"t":"2016-07-26T03:00:00Z"})", {"1469502000000000"}},
  {"ISO with offset and fraction", "t timestamp", R"({"t":"2016-07-26T05:00:00.123456+02:00"})", {"1469502000123456"}},
  {"without zone", "t timestamp, n timestamp_ntz", R"({"t":"2016-07-26 03:00:00","n":"2016-07-26T03:00:00.5"})", {"1469502000000000|1469502000500000"}},
  {"zones are malformed for timestamp_ntz", "n timestamp_ntz", R"({"n":"2016-07-26T03:00:00Z"})", {"null"}},
  {"before 1970", "t timestamp", R"({"t":"1969-12-31T23:59:59Z"})", {"-1000000"}},
  {"leap day", "t timestamp, u timestamp", R"({"t":"2016-02-29T00:00:00Z","u":"2015-02-29T00:00:00Z"})", {"1456704000000000|null"}},
  {"a date as timestamp", "t timestamp", R"({"t":"2016-07-26"})", {"1469491200000000"}},
  {"no time at all", "t timestamp, b int", R"({"t":"yesterday?","b":1})", {"null|1"}},
  {"an empty text", "t timestamp, d date", R"({"t":"","d":""})", {"null|null"}},
  {"dates", "d date", R"({"d":"1970-01-03"})", {"2"}},
  {"a number in quotes counts days", "d date", R"({"d":"1"})", {"1"}},
  {"a number is no date", "d date", R"({"d":1})", {"null"}},
  {"times in nested values", "a array<timestamp>", R"({"a":[1,"1970-01-01T00:00:02Z"]})", {"[1000000,2000000]"}},
};

INSTANTIATE_TEST_SUITE_P(Times, JsonValues, ::testing::ValuesIn(time_cases));

TEST(JsonValues, TimestampsFollowTheFormatAndTheZone) {
  EXPECT_EQ(rows_of("t timestamp", R"({"t":"26/07/2016 03:00"})", {{"timestampformat", "dd/MM/yyyy HH:mm"}}),
            std::vector<std::string>{"1469502000000000"});
  EXPECT_EQ(rows_of("t timestamp", R"({"t":"2016-07-26T03:00:00Z"})", {{"timestampformat", "dd/MM/yyyy HH:mm"}}),
            std::vector<std::string>{"null"});
  reading berlin("t timestamp");
  berlin.context.session.time_zone = "Europe/Berlin";
  EXPECT_EQ(berlin.read(R"({"t":"2016-07-26 05:00:00"})").rows, std::vector<std::string>{"1469502000000000"});
  EXPECT_EQ(rows_of("d date", R"({"d":"26.07.2016"})", {{"dateformat", "dd.MM.yyyy"}}), std::vector<std::string>{"17008"});
}

} // namespace
} // namespace sluice::readers::testing
