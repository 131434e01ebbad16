// Small texts: type names, schemas, dates, times, numbers, patterns, and JSON schemas of clients. What is read prints and reads the same.
#include <arrow/type.h>

#include "common/data/types.hpp"
#include "common/expr/datetime_text.hpp"
#include "common/expr/number_text.hpp"
#include "coordinator/connect/expressions.hpp"
#include "coordinator/connect/types.hpp"
#include "tests/fuzz/target.hpp"

namespace sluice::fuzz {
namespace {

void read_type(std::string_view text) {
  auto type = data::type_from_name(text);
  if (!type.ok()) return;
  auto again = data::type_from_name(data::type_name(**type));
  require(again.ok() && data::same_type(**again, **type), "a type is another after printing: " + data::type_name(**type));
}

void read_schema(const result<data::schema_ptr>& schema) {
  if (!schema.ok()) return;
  const auto ddl = data::schema_to_ddl(**schema);
  auto again = data::schema_from_ddl(ddl);
  require(again.ok(), "a schema cannot be read again: " + ddl);
  require(data::schema_to_ddl(**again) == ddl, "a schema is another after printing: " + ddl);
}

void read_times(std::string_view text) {
  if (auto days = expr::parse_date(text)) {
    std::string printed;
    expr::append_date(printed, *days);
    require(expr::parse_date(printed) == days, "a date is another after printing: " + printed);
  }
  auto local = expr::parse_timestamp_ntz(text);
  if (!local) return;
  std::string printed;
  expr::append_timestamp(printed, *local);
  require(expr::parse_timestamp_ntz(printed) == local, "a time is another after printing: " + printed);
}

void read_numbers(std::string_view text) {
  if (auto value = expr::parse_integer(text, false)) {
    std::string printed;
    expr::append_integer(printed, *value);
    require(expr::parse_integer(printed, false) == value, "an integer is another after printing");
  }
  if (auto value = expr::parse_double(text); value && *value == *value) {
    std::string printed;
    expr::append_double(printed, *value);
    require(expr::parse_double(printed) == value, "a double is another after printing: " + printed);
  }
  if (auto value = expr::parse_float(text); value && *value == *value) {
    std::string printed;
    expr::append_float(printed, *value);
    require(expr::parse_float(printed) == value, "a float is another after printing: " + printed);
  }
  __int128 unscaled = 0, second = 0;
  if (expr::parse_decimal(text, 38, 10, unscaled) != expr::decimal_outcome::good) return;
  std::string printed;
  expr::append_decimal(printed, unscaled, 10);
  require(expr::parse_decimal(printed, 38, 10, second) == expr::decimal_outcome::good && second == unscaled, "a decimal is another after printing: " + printed);
}

void run(std::string_view input) {
  const auto kind = take_byte(input);
  switch (kind % 6) {
    case 0: return read_type(input);
    case 1: return read_schema(data::schema_from_ddl(input));
    case 2: return read_schema(connect::schema_from_text(std::string(input)));
    case 3: return read_times(input);
    case 4: return read_numbers(input);
    default: return (void)connect::split_identifier(std::string(input));
  }
}

std::vector<std::string> seeds() {
  std::vector<std::string> out;
  auto add = [&](char kind, const char* text) { out.push_back(kind + std::string(text)); };
  for (const auto* text : {"decimal(38,18)", "struct<a:int,`b c`:array<map<string,double>>>", "timestamp_ntz", "varchar(5)", "interval day to second"}) add('\0', text);
  for (const auto* text : {"a INT NOT NULL COMMENT 'x', `b``c` STRING", "a: bigint, b: struct<x: int>"}) add('\1', text);
  for (const auto* text : {R"({"type":"struct","fields":[{"name":"a","type":{"type":"array","elementType":"long","containsNull":true},"nullable":false,"metadata":{}}]})", "a int"}) add('\2', text);
  for (const auto* text : {"2016-07-26T02:45:07.123456+02:30", "-0001-2-3 4:5", "2020-02-30", "292278-01-10"}) add('\3', text);
  for (const auto* text : {"-9223372036854775808", "1e400", " 12.345d", "-0", "Infinity", "0x1p3", "99999999999999999999999999999999999999.5"}) add('\4', text);
  for (const auto* text : {"a.`b.c`.d", "`a"}) add('\5', text);
  return out;
}

} // namespace

const target types_target{"types", run, seeds};

} // namespace sluice::fuzz
