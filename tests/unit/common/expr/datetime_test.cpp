#include "common/expr/datetime_pattern.hpp"
#include "tests/unit/common/expr/fixture.hpp"

namespace sluice::expr {

namespace {

std::string on_time(const testing::session& s, const char* function, const char* text) {
  return s.run(s(function, {s.as(testing::str(text), "timestamp")}));
}

} // namespace

TEST(Datetime, Parts) {
  testing::session s;
  const char* time = "2016-07-26 03:04:05.678";
  EXPECT_EQ(on_time(s, "year", time), "2016");
  EXPECT_EQ(on_time(s, "quarter", time), "3");
  EXPECT_EQ(on_time(s, "month", time), "7");
  EXPECT_EQ(on_time(s, "day", time), "26");
  EXPECT_EQ(on_time(s, "dayofmonth", time), "26");
  EXPECT_EQ(on_time(s, "dayofyear", time), "208");
  EXPECT_EQ(on_time(s, "hour", time), "3");
  EXPECT_EQ(on_time(s, "minute", time), "4");
  EXPECT_EQ(on_time(s, "second", time), "5");
  EXPECT_EQ(on_time(s, "dayofweek", time), "3");
  EXPECT_EQ(on_time(s, "weekday", time), "1");
  EXPECT_EQ(on_time(s, "weekofyear", time), "30");
  EXPECT_EQ(on_time(s, "weekofyear", "2016-01-03"), "53");
  EXPECT_EQ(on_time(s, "hour", "1969-12-31 23:59:59.5"), "23");
  EXPECT_EQ(on_time(s, "second", "1969-12-31 23:59:59.5"), "59");
  EXPECT_EQ(s.run(s("year", {testing::str("2016-07-26")})), "2016");
  EXPECT_EQ(s.run(s("hour", {s.as(testing::str("1500-01-01 07:00:00"), "timestamp_ntz")})), "7");
  EXPECT_EQ(s.make("year", {testing::lit("boolean", "true")}).code(), errc::datatype_mismatch);
}

TEST(Datetime, UnixTimestamp) {
  testing::session s;
  testing::table t{"time timestamp", "[[1469501107000000], [null], [-1], [-1000000], [1999999]]"};
  EXPECT_EQ(s.run(s("unix_timestamp", {t["time"]}), t.batch), "1469501107|null|0|-1|1");
  EXPECT_EQ(s.run(s("unix_timestamp", {testing::str("1970-01-01 00:01:00")})), "60");
  EXPECT_EQ(s.run(s("unix_timestamp", {testing::str("01.02.1970"), testing::str("dd.MM.yyyy")})), "2678400");
  EXPECT_EQ(s.run(s("unix_timestamp", {testing::str("junk")})), "error cannot_parse_timestamp");
  EXPECT_EQ(testing::session{false}.run(testing::session{false}("unix_timestamp", {testing::str("junk")})), "null");
  EXPECT_EQ(s.run(s("unix_timestamp", {testing::lit("date", "1")})), "86400");
}

TEST(Datetime, DaylightSaving) {
  testing::session la{true, "America/Los_Angeles"}, berlin{true, "Europe/Berlin"};
  auto seconds = [](const testing::session& s, const char* text) { return s.run(s("unix_timestamp", {s.as(testing::str(text), "timestamp")})); };
  // A gap moves on by its length, an overlap means the earlier instant.
  EXPECT_EQ(seconds(la, "2016-03-13 01:59:59"), "1457863199");
  EXPECT_EQ(seconds(la, "2016-03-13 02:30:00"), "1457865000");
  EXPECT_EQ(seconds(la, "2016-03-13 03:30:00"), "1457865000");
  EXPECT_EQ(seconds(la, "2016-11-06 01:30:00"), "1478421000");
  EXPECT_EQ(seconds(la, "2016-11-06 02:30:00"), "1478428200");
  EXPECT_EQ(seconds(berlin, "2016-03-27 02:30:00"), "1459042200");
  EXPECT_EQ(seconds(berlin, "2016-10-30 02:30:00"), "1477787400");
  EXPECT_EQ(la.run(la.as(testing::lit("bigint", "1457865000"), "timestamp")), "2016-03-13 03:30:00");
  EXPECT_EQ(berlin.run(berlin.as(testing::lit("bigint", "1477787400"), "timestamp")), "2016-10-30 02:30:00");
  EXPECT_EQ(berlin.run(berlin.as(testing::lit("bigint", "1477791000"), "timestamp")), "2016-10-30 02:30:00");
  // Rules go on after the zone files end, and local mean time holds before they begin.
  EXPECT_EQ(la.run(la.as(testing::str("2050-07-01 12:00:00"), "timestamp")), "2050-07-01 12:00:00");
  EXPECT_EQ(seconds(la, "2050-07-01 12:00:00"), "2540314800");
  EXPECT_EQ(seconds(la, "2050-01-01 12:00:00"), "2524680000");
  EXPECT_EQ(seconds(la, "1800-01-01 00:00:00"), "-5364634022");
}

TEST(Datetime, LocalTimesRoundTripThroughTheYear) {
  for (const char* name : {"America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "+05:45"}) {
    zone_cursor zone{*find_zone(name)};
    for (std::int64_t utc = -2'000'000'000; utc < 3'000'000'000; utc += 7'777'777) {
      const auto local = zone.to_local(utc * 1'000'000);
      const auto back = zone.to_utc(local);
      EXPECT_EQ(zone.to_local(back), local) << name << " " << utc;
      EXPECT_EQ(zone_cursor{*find_zone(name)}.to_utc(local), back) << name << " " << utc;
    }
  }
}

TEST(Datetime, Truncation) {
  testing::session la{true, "America/Los_Angeles"};
  auto trunc = [&](const char* unit) { return la.run(la("date_trunc", {testing::str(unit), la.as(testing::str("2016-07-26 03:04:05.678901"), "timestamp")})); };
  EXPECT_EQ(trunc("YEAR"), "2016-01-01 00:00:00");
  EXPECT_EQ(trunc("quarter"), "2016-07-01 00:00:00");
  EXPECT_EQ(trunc("mon"), "2016-07-01 00:00:00");
  EXPECT_EQ(trunc("week"), "2016-07-25 00:00:00");
  EXPECT_EQ(trunc("dd"), "2016-07-26 00:00:00");
  EXPECT_EQ(trunc("HOUR"), "2016-07-26 03:00:00");
  EXPECT_EQ(trunc("minute"), "2016-07-26 03:04:00");
  EXPECT_EQ(trunc("second"), "2016-07-26 03:04:05");
  EXPECT_EQ(trunc("millisecond"), "2016-07-26 03:04:05.678");
  EXPECT_EQ(trunc("microsecond"), "2016-07-26 03:04:05.678901");
  EXPECT_EQ(trunc("fortnight"), "null");
  EXPECT_EQ(la.run(la("date_trunc", {testing::str("hour"), la.as(testing::str("1969-12-31 23:59:59"), "timestamp")})), "1969-12-31 23:00:00");
  EXPECT_EQ(la.run(la("trunc", {testing::lit("date", "17008"), testing::str("month")})), "2016-07-01");
}

TEST(Datetime, Patterns) {
  testing::session berlin{true, "Europe/Berlin"};
  auto format = [&](const char* pattern) { return berlin.run(berlin("date_format", {berlin.as(testing::str("2016-07-06 15:04:05.678901"), "timestamp"), testing::str(pattern)})); };
  EXPECT_EQ(format("yyyy-MM-dd HH:mm:ss.SSS"), "2016-07-06 15:04:05.678");
  EXPECT_EQ(format("y M d H m s"), "2016 7 6 15 4 5");
  EXPECT_EQ(format("yy MMM MMMM E EEEE"), "16 Jul July Wed Wednesday");
  EXPECT_EQ(format("h a KK kk"), "3 PM 03 15");
  EXPECT_EQ(format("D Q QQQ QQQQ"), "188 3 Q3 3rd quarter");
  EXPECT_EQ(format("X XX XXX x Z ZZZZ O z VV"), "+02 +0200 +02:00 +02 +0200 GMT+02:00 GMT+2 CEST Europe/Berlin");
  EXPECT_EQ(format("'at' HH 'o''clock' ''"), "at 15 o'clock '");
  EXPECT_EQ(format("SSSSSS"), "678901");
  for (const char* bad : {"b", "yyyy-nn", "YYYY", "yyyy 'open", "w", "[yyyy[MM]]", "MMMMM", "ddd", "{"})
    EXPECT_EQ(berlin.make("date_format", {berlin("current_timestamp", {}), testing::str(bad)}).code(), errc::invalid_datetime_pattern) << bad;
}

TEST(Datetime, Parsing) {
  testing::session s, legacy{false};
  auto parse = [&](const char* text, const char* pattern) { return s.run(s("to_timestamp", {testing::str(text), testing::str(pattern)})); };
  EXPECT_EQ(parse("2016-07-26 03:04:05", "yyyy-MM-dd HH:mm:ss"), "2016-07-26 03:04:05");
  EXPECT_EQ(parse("20160726030405", "yyyyMMddHHmmss"), "2016-07-26 03:04:05");
  EXPECT_EQ(parse("26 jul 2016", "d MMM yyyy"), "2016-07-26 00:00:00");
  EXPECT_EQ(parse("7/4/16 3:05 pm", "M/d/yy h:mm a"), "2016-07-04 15:05:00");
  EXPECT_EQ(parse("2016-07-26T03:04:05.1+0200", "yyyy-MM-dd'T'HH:mm:ss.SSSZ"), "2016-07-26 01:04:05.1");
  EXPECT_EQ(parse("2016-07-26T03:04:05Z", "yyyy-MM-dd'T'HH:mm:ssXXX"), "2016-07-26 03:04:05");
  EXPECT_EQ(parse("2016-07-26 03:04 Europe/Berlin", "yyyy-MM-dd HH:mm VV"), "2016-07-26 01:04:00");
  EXPECT_EQ(parse("2016-208", "yyyy-DDD"), "2016-07-26 00:00:00");
  EXPECT_EQ(parse("2016-07-26", "yyyy-MM-dd[ HH:mm]"), "2016-07-26 00:00:00");
  EXPECT_EQ(parse("2016-07-26 04:05", "yyyy-MM-dd[ HH:mm]"), "2016-07-26 04:05:00");
  for (auto bad : {"2016-7-26", "2016-07-32", "2016-07-26x", "", "2016-13-01", "16-07-26"})
    EXPECT_EQ(parse(bad, "yyyy-MM-dd"), "error cannot_parse_timestamp") << bad;
  EXPECT_EQ(s.run(s("to_date", {testing::str("26.07.2016"), testing::str("dd.MM.yyyy")})), "2016-07-26");
  EXPECT_EQ(s.run(s("to_date", {testing::str("2016-07-26")})), "2016-07-26");
  EXPECT_EQ(legacy.run(legacy("to_timestamp", {testing::str("x"), testing::str("yyyy")})), "null");
  EXPECT_EQ(s.run(s("from_unixtime", {testing::lit("bigint", "60")})), "1970-01-01 00:01:00");
}

TEST(Datetime, CurrentTimeIsTheBatchs) {
  testing::session la{true, "America/Los_Angeles"};
  la.context.batch_time_us = 1469501107000000;
  EXPECT_EQ(la.run(la("now", {})), "2016-07-25 19:45:07");
  EXPECT_EQ(la.run(la("current_timestamp", {})), "2016-07-25 19:45:07");
  EXPECT_EQ(la.run(la("current_date", {})), "2016-07-25");
  EXPECT_EQ(la.run(la("localtimestamp", {})), "2016-07-25 19:45:07");
}

TEST(Datetime, EndsOfTheRangeAreSafe) {
  for (auto zone : {"UTC", "America/Los_Angeles", "-18:00"}) {
    testing::session s{true, zone};
    testing::table t{"t timestamp, d date", "[[9223372036854775807, 2147483647], [-9223372036854775808, -2147483648]]"};
    for (auto unit : {"year", "week", "hour", "second", "millisecond"})
      EXPECT_TRUE(evaluate(*s("date_trunc", {testing::str(unit), t["t"]}), *t.batch, s.context).ok());
    for (auto part : {"year", "dayofyear", "weekofyear", "hour", "second", "unix_timestamp"})
      EXPECT_TRUE(evaluate(*s(part, {t["t"]}), *t.batch, s.context).ok());
    EXPECT_TRUE(evaluate(*s("last_day", {t["d"]}), *t.batch, s.context).ok());
    EXPECT_TRUE(evaluate(*s("add_months", {t["d"], testing::num(2147483647)}), *t.batch, s.context).ok());
    EXPECT_EQ(s.run(s.as(t["d"], "timestamp"), t.batch), "error datetime_overflow");
    EXPECT_TRUE(evaluate(*s("date_format", {t["t"], testing::str("yyyy-MM-dd HH:mm:ss.SSSSSS z XXX")}), *t.batch, s.context).ok());
    std::string json;
    append_json_row(json, *t.batch, 1, zone, json_style::spark);
  }
}

TEST(Datetime, DateArithmetic) {
  testing::session s;
  auto date = [&](const char* text) { return s.as(testing::str(text), "date"); };
  EXPECT_EQ(s.run(s("date_add", {date("2016-02-28"), testing::num(2)})), "2016-03-01");
  EXPECT_EQ(s.run(s("date_sub", {date("1970-01-01"), testing::num(1)})), "1969-12-31");
  EXPECT_EQ(s.run(s("datediff", {date("2016-03-01"), date("2016-02-28")})), "2");
  EXPECT_EQ(s.run(s("add_months", {date("2016-01-31"), testing::num(1)})), "2016-02-29");
  EXPECT_EQ(s.run(s("last_day", {date("2016-02-03")})), "2016-02-29");
  EXPECT_EQ(s.run(s("timestamp_seconds", {testing::num(-1)})), "1969-12-31 23:59:59");
  EXPECT_EQ(s.run(s("timestamp_millis", {testing::lit("bigint", "9223372036854775807")})), "error arithmetic_overflow");
}

} // namespace sluice::expr
