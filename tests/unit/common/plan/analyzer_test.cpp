#include "common/plan/analyzer.hpp"

#include <arrow/type.h>

#include <random>

#include "tests/unit/common/plan/fixture.hpp"

namespace sluice::plan {
namespace {

using testing::analyze_text;
using testing::batch_of;
using testing::explained;

TEST(Batch, Explained) {
  EXPECT_EQ(explained("SELECT * FROM counts"), R"(Batch query
  output      [action string, count bigint]
  Scan table counts [action string, count bigint]
)");
  EXPECT_EQ(explained("SELECT symbol s, qty + 1 FROM trades WHERE id > 3 ORDER BY price DESC LIMIT 2"), R"(Batch query
  output      [s string, (qty + 1) int]
  Project [s, (qty + 1)]
    Limit 2
      Sort [price DESC NULLS LAST]
        Project [symbol AS s, (qty + 1), price AS __sort_2]
          Filter (id > 3)
            Scan json trades [id bigint, price decimal(10,2), qty int, symbol string]
              path        /data/trades
)");
  EXPECT_EQ(explained("SELECT symbol, sum(qty) FROM trades GROUP BY symbol ORDER BY 2, 1"), R"(Batch query
  output      [symbol string, sum(qty) bigint]
  Sort [sum(qty) ASC NULLS FIRST, symbol ASC NULLS FIRST]
    Aggregate
      keys        [symbol]
      calls       sum(qty) bigint
      Scan json trades [qty int, symbol string]
        path        /data/trades
)");
  EXPECT_EQ(explained("SELECT DISTINCT action FROM events ORDER BY action"), R"(Batch query
  output      [action string]
  Sort [action ASC NULLS FIRST]
    Distinct
      keys        [action]
      Scan json events [action string]
        path        /data/events
)");
  EXPECT_EQ(explained("SELECT count(*) FROM (SELECT upper(action) AS a, time FROM events) t WHERE a = 'X'"), R"(Batch query
  output      [count(1) bigint NOT NULL]
  Aggregate
    keys        []
    calls       count(1) bigint
    Filter (a = X)
      Project [upper(action) AS a]
        Scan json events [action string]
          path        /data/events
)");
  EXPECT_EQ(explained("SELECT 1 AS one, 'x' two"), R"(Batch query
  output      [one int NOT NULL, two string NOT NULL]
  Project [1 AS one, x AS two]
    OneRow
)");
  EXPECT_EQ(explained("SELECT window.start, window.end e, count(*) n FROM events GROUP BY window(time, '1 day')"), R"(Batch query
  output      [start timestamp, e timestamp, n bigint NOT NULL]
  Project [window.start AS start, window.end AS e, n]
    Aggregate
      keys        []
      window      window(time, 1 day)
      calls       count(1) AS n bigint
      Scan json events [time timestamp]
        path        /data/events
)");
  EXPECT_EQ(explained("SELECT a FROM (SELECT action AS a, upper(action) AS b FROM events) WHERE a > 'x'"), R"(Batch query
  output      [a string]
  Filter (a > x)
    Project [action AS a]
      Scan json events [action string]
        path        /data/events
)");
}

TEST(Batch, JoinsAndTheirFiltersExplained) {
  EXPECT_EQ(explained("SELECT t.id, c.count FROM trades t, counts c WHERE t.symbol = c.action AND t.qty > 1 AND c.count < 9 AND t.id < c.count"),
            R"(Batch query
  output      [id bigint, count bigint]
  Project [id, count]
    Join Inner on symbol = action where (id < count)
      Filter (qty > 1)
        Scan json trades [id bigint, qty int, symbol string]
          path        /data/trades
      Filter (count < 9)
        Scan table counts [action string, count bigint]
)");
  EXPECT_EQ(explained("SELECT id FROM trades WHERE symbol NOT IN (SELECT action FROM counts)"), R"(Batch query
  output      [id bigint]
  Project [id]
    Filter (NOT (symbol IN (listquery())))
      Join In value symbol = action
        Scan json trades [id bigint, symbol string]
          path        /data/trades
        Scan table counts [action string]
)");
  EXPECT_EQ(explained("SELECT id, rank() OVER (PARTITION BY symbol ORDER BY qty) r FROM trades"), R"(Batch query
  output      [id bigint, r int NOT NULL]
  Project [id, rank() OVER (PARTITION BY symbol ORDER BY qty ASC NULLS FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS r]
    Window
      partition   [symbol]
      order       [qty ASC NULLS FIRST]
      calls       rank(1) ROWS UNBOUNDED PRECEDING TO CURRENT ROW
      Scan json trades [id bigint, qty int, symbol string]
        path        /data/trades
)");
}

TEST(Batch, SameAggregateOnce) {
  auto plan = batch_of("SELECT symbol, sum(qty) + 1, sum(qty) * 2 FROM trades GROUP BY symbol HAVING sum(qty) > 3 ORDER BY sum(qty)");
  ASSERT_TRUE(plan.ok()) << plan.error().to_string();
  const node* at = plan->root.get();
  while (at->what != node::kind::aggregate) at = at->inputs[0].get();
  EXPECT_EQ(at->aggregate.calls.size(), 1u);
}

TEST(Batch, Accepts) {
  for (const char* text : {
           "SELECT e.action, TIME FROM Events e",
           "SELECT events.* FROM events",
           "SELECT info.venue, info.fees['x'], tags[0] FROM trades",
           "SELECT trades.info.venue v FROM trades ORDER BY v",
           "SELECT upper(action) a, count(*) FROM events GROUP BY a",
           "SELECT upper(action), count(*) FROM events GROUP BY 1",
           "SELECT upper(action) || '!', count(*) FROM events GROUP BY upper(action)",
           "SELECT year(time) y, count(*) c FROM events GROUP BY ALL",
           "SELECT action FROM events GROUP BY action HAVING count(*) > 1",
           "SELECT count(*) c FROM events HAVING c > 1",
           "SELECT sum(qty) FILTER (WHERE ok) FROM trades",
           "SELECT count(DISTINCT symbol), count(symbol, qty) FROM trades",
           "SELECT qty AS a, a + 1 AS b, b * 2 FROM trades",
           "SELECT CASE WHEN ok THEN 1 ELSE 2.5 END, coalesce(qty, 0), nullif(qty, 1), if(ok, 'a', 'b') FROM trades",
           "SELECT qty BETWEEN 1 AND 2, qty IN (1, 2, NULL), symbol LIKE 'a%', price % 2, -qty, NOT ok FROM trades",
           "SELECT CAST(id AS string), id::int, DATE '2020-01-01' < day, TIMESTAMP '2020-01-01 00:00:00' < at FROM trades",
           "SELECT 1 FROM events WHERE true",
           "SELECT _corrupt_record FROM trades",
           "SELECT action, count(*) FROM louder GROUP BY action",
           "SELECT date_trunc('hour', time), unix_timestamp(time), date_format(time, 'yyyy') FROM events",
           "SELECT trim(symbol), length(symbol), substring(symbol, 1, 2), concat(symbol, 'x'), abs(qty), round(price, 1), lower(symbol) FROM trades",
           "SELECT year(at), month(at), day(at), hour(at), minute(at), second(at), to_timestamp(symbol), date_trunc('day', at) FROM trades",
           "SELECT symbol LIKE 'a!%' ESCAPE '!', symbol NOT LIKE '_', qty <=> NULL, qty IS NOT DISTINCT FROM 1, ok IS TRUE FROM trades",
           "SELECT CASE qty WHEN 1 THEN 'one' ELSE 'more' END, EXTRACT(hour FROM at) FROM trades",
           "SELECT collect_set(symbol), collect_list(info), last(qty, true), stddev_pop(qty), var_samp(ratio), every(ok) FROM trades",
           "WITH a AS (SELECT action x FROM events), b (y) AS (SELECT x FROM a) SELECT y FROM b",
           "SELECT * FROM (SELECT * FROM events LIMIT 5) LIMIT 3",
           "SELECT 9223372036854775807, -9223372036854775808, 12345678901234567890, 1.50, .5, 1e3, 2S, 3Y, 4L, 5.0F, 1.5BD, X'01'",
       }) {
    auto plan = batch_of(text);
    EXPECT_TRUE(plan.ok()) << text << ": " << plan.error().to_string();
  }
}

TEST(Batch, Literals) {
  auto plan = batch_of("SELECT 1, 3000000000, 12345678901234567890, 1.50, .5, 1e3, 2S, 3Y, 4L, 5.0F, 1.5BD, X'01', NULL, DATE '2020-02-29'");
  ASSERT_TRUE(plan.ok()) << plan.error().to_string();
  std::string types;
  for (const auto& field : plan->root->output->fields()) types += data::type_name(*field->type()) + " ";
  EXPECT_EQ(types.substr(0, types.find("interval")),
            "int bigint decimal(20,0) decimal(3,2) decimal(1,1) double smallint tinyint bigint float decimal(2,1) binary void date ");
}

TEST(Batch, LimitsNest) {
  auto plan = batch_of("SELECT * FROM (SELECT * FROM events LIMIT 5) LIMIT 3");
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->root->what, node::kind::limit);
  EXPECT_EQ(plan->root->limit, 3);
  EXPECT_EQ(plan->root->inputs[0]->limit, 5);
}

struct refused_case {
  const char* text;
  errc code;
  int column;
  const char* words;
};

TEST(Batch, Refusals) {
  const refused_case table[] = {
      {"SELECT actoin FROM events", errc::unresolved_column, 8, "[`action`"},
      {"SELECT e.action FROM events", errc::unresolved_column, 8, "`e`.`action`"},
      {"SELECT 1 FROM evnts", errc::table_not_found, 15, "`events`"},
      {"SELECT uper(action) FROM events", errc::unresolved_function, 8, "`upper`"},
      {"SELECT coutn(*) FROM events", errc::unresolved_function, 8, "`count`"},
      {"SELECT action + FROM events", errc::parse_syntax, 17, "FROM"},
      {"SELECT info.venu FROM trades", errc::field_not_found, 8, "venu"},
      {"SELECT action FROM events WHERE time", errc::datatype_mismatch, 33, "not a boolean"},
      {"SELECT action FROM events WHERE count(*) > 1", errc::unsupported_feature, 33, "WHERE"},
      {"SELECT action, count(*) FROM events", errc::missing_aggregation, 8, "any_value(action)"},
      {"SELECT * FROM events GROUP BY action", errc::missing_aggregation, 8, "time"},
      {"SELECT action FROM events GROUP BY 3", errc::group_by_position, 36, "[1, 1]"},
      {"SELECT action FROM events ORDER BY 0", errc::group_by_position, 36, "ORDER BY"},
      {"SELECT count(*) FROM events GROUP BY 1", errc::group_by_aggregate, 38, "aggregate"},
      {"SELECT count(*) FROM events GROUP BY sum(1)", errc::group_by_aggregate, 38, "GROUP BY"},
      {"SELECT info.fees, count(*) FROM trades GROUP BY info.fees", errc::datatype_mismatch, 49, "orderable"},
      {"SELECT window(time, '1 hour') FROM events", errc::unsupported_feature, 8, "grouping expression"},
      {"SELECT action FROM STREAM events", errc::unsupported_feature, 27, "without STREAM"},
      {"SELECT action FROM live", errc::unsupported_feature, 20, "in view `live`"},
      {"SELECT * FROM json.`/data/x`", errc::unsupported_feature, 15, "USING json"},
      {"SELECT * FROM orc.`/data/x`", errc::data_source_not_found, 15, "orc"},
      {"SELECT 1 LIMIT -1", errc::datatype_mismatch, 16, "at least 0"},
      {"SELECT 1 LIMIT 'a'", errc::datatype_mismatch, 16, "whole number"},
      {"SELECT 300Y", errc::invalid_literal, 8, "TINYINT"},
      {"SELECT DATE '2020-13-01'", errc::invalid_literal, 8, "DATE '2020-13-01'"},
      {"SELECT CAST(1 AS strin)", errc::datatype_mismatch, 8, "strin"},
      {"SELECT DISTINCT action FROM events ORDER BY time", errc::unresolved_column, 45, "DISTINCT"},
      {"SELECT action AS a, time AS a FROM events ORDER BY a", errc::ambiguous_reference, 52, "ambiguous"},
      {"SELECT *", errc::unresolved_column, 8, "FROM"},
      {"SELECT x.* FROM events", errc::unresolved_column, 8, "x.*"},
      {"SELECT upper(DISTINCT action) FROM events", errc::unsupported_feature, 8, "DISTINCT"},
      {"SELECT row_number() FROM events", errc::unsupported_feature, 8, "OVER clause"},
      {"SELECT sum(qty) OVER (ORDER BY sum(qty) OVER ()) FROM trades", errc::unsupported_feature, 32, "window functions"},
      {"SELECT qty a, sum(qty) OVER () b, sum(b) OVER () FROM trades", errc::unsupported_feature, 35, "inside another"},
      {"SELECT id FROM trades, events, counts WHERE action = 'x'", errc::ambiguous_reference, 45, "`events`.`action`, `counts`.`action`"},
      {"SELECT id FROM trades UNION SELECT id, qty FROM trades", errc::datatype_mismatch, 23, "2 columns"},
      {"SELECT id FROM trades EXCEPT SELECT ok FROM trades", errc::datatype_mismatch, 23, "BOOLEAN"},
      {"SELECT (SELECT id, qty FROM trades)", errc::datatype_mismatch, 9, "only one column"},
      {"SELECT explode(qty) FROM trades", errc::datatype_mismatch, 8, "ARRAY"},
      {"SELECT * FROM trades JOIN events USING (action)", errc::unresolved_column, 22, "left side"},
  };
  for (const auto& row : table) {
    auto plan = batch_of(row.text);
    ASSERT_FALSE(plan.ok()) << row.text;
    EXPECT_EQ(plan.code(), row.code) << row.text << ": " << plan.error().to_string();
    EXPECT_EQ(plan.error().position().column, row.column) << row.text << ": " << plan.error().to_string();
    EXPECT_NE(plan.error().message().find(row.words), std::string::npos) << row.text << ": " << plan.error().message();
  }
}

TEST(Batch, DeepExpressionsSurviveTheWholeWay) {
  std::string text = "symbol";
  for (int i = 0; i < 450; ++i) text = "upper(" + text + ")";
  auto plan = batch_of("SELECT " + text + " x, count(*) FROM trades GROUP BY 1 HAVING x > 'a' ORDER BY x");
  ASSERT_TRUE(plan.ok()) << plan.error().to_string();
  auto again = decode_batch(encode(*plan));
  ASSERT_TRUE(again.ok()) << again.error().to_string();
  EXPECT_EQ(explain(*again), explain(*plan));
}

TEST(Batch, LongChainsOfOperators) {
  std::string text = "qty";
  for (int i = 0; i < 900; ++i) text += " + qty";
  auto plan = batch_of("SELECT max(" + text + ") FROM trades WHERE " + text + " > 0");
  ASSERT_TRUE(plan.ok()) << plan.error().to_string();
  EXPECT_TRUE(decode_batch(encode(*plan)).ok());
}

TEST(Batch, AliasChainsDoNotExplode) {
  std::string text = "SELECT qty AS a0";
  for (int i = 1; i < 64; ++i) text += ", a" + std::to_string(i - 1) + " + a" + std::to_string(i - 1) + " AS a" + std::to_string(i);
  EXPECT_EQ(batch_of(text + " FROM trades").code(), errc::parse_syntax);
  std::string nested = "trades";
  for (int i = 0; i < 60; ++i) nested = "(SELECT qty + qty AS qty FROM " + nested + ")";
  auto plan = batch_of("SELECT qty FROM " + nested);
  EXPECT_TRUE(plan.ok()) << plan.error().to_string();
}

TEST(Statements, Sources) {
  auto done = analyze_text("CREATE OR REPLACE TEMPORARY VIEW v (a INT NOT NULL, `b c` struct<x: string>) USING JSON OPTIONS (PATH '../d', mode 'failfast')");
  ASSERT_TRUE(done.ok()) << done.error().to_string();
  const auto& view = std::get<define_source>(*done);
  EXPECT_TRUE(view.or_replace);
  EXPECT_EQ(view.source.paths, (std::vector<std::string>{"/home/d"}));
  EXPECT_EQ(view.source.options, (option_map{{"mode", "FAILFAST"}}));
  EXPECT_TRUE(view.source.schema->field(0)->nullable());
  EXPECT_EQ(view.source.schema->field(1)->name(), "b c");
  auto error = [](const std::string& text) {
    auto result = analyze_text(text);
    return result.ok() ? std::string("ok") : result.error().to_string();
  };
  EXPECT_NE(error("CREATE TEMPORARY VIEW v USING json OPTIONS (path 'x')").find("schema_required"), std::string::npos);
  EXPECT_NE(error("CREATE TEMPORARY VIEW v (a int) USING jsn OPTIONS (path 'x')").find("did you mean `json`"), std::string::npos);
  EXPECT_NE(error("CREATE TEMPORARY VIEW v (a int) USING json").find("needs the option `path`"), std::string::npos);
  EXPECT_NE(error("CREATE TEMPORARY VIEW v (a int, A int) USING json OPTIONS (path 'x')").find("already exists"), std::string::npos);
  EXPECT_NE(error("CREATE TEMPORARY VIEW v (a itn) USING json OPTIONS (path 'x')").find("(line 1, column 26)"), std::string::npos);
  EXPECT_NE(error("CREATE TEMPORARY VIEW v (a int) USING json OPTIONS (path 'x', maxfilespertriger 1)").find("did you mean `maxFilesPerTrigger`"), std::string::npos);
  EXPECT_NE(error("CREATE TEMPORARY VIEW v (a int) USING json OPTIONS (path 'x', maxFilesPerTrigger 1, maxBytesPerTrigger 5)").find("both"), std::string::npos);
  EXPECT_EQ(error("CREATE TABLE IF NOT EXISTS t (a int) USING parquet LOCATION '/x'"), "ok");
}

TEST(Statements, ViewsSetAndDrop) {
  auto view = analyze_text("CREATE TEMPORARY VIEW v AS\nSELECT action FROM STREAM events");
  ASSERT_TRUE(view.ok()) << view.error().to_string();
  EXPECT_EQ(std::get<define_view>(*view).query_text, "SELECT action FROM STREAM events");
  EXPECT_EQ(analyze_text("CREATE TEMPORARY VIEW v AS SELECT nothing FROM events").code(), errc::unresolved_column);
  EXPECT_EQ(analyze_text("CREATE OR REPLACE TEMPORARY VIEW loud AS SELECT * FROM louder").code(), errc::unsupported_feature);
  auto set = analyze_text("SET spark.sql.ansi.enabled = false");
  ASSERT_TRUE(set.ok()) << set.error().to_string();
  session_settings session;
  session.values[std::get<set_variable>(*set).key] = std::get<set_variable>(*set).value;
  EXPECT_FALSE(session.expressions().ansi);
  EXPECT_EQ(analyze_text("SET spark.sql.ansi.enabled = maybe").code(), errc::invalid_setting);
  auto unknown = analyze_text("SET spark.sql.ansi.enable = true");
  EXPECT_EQ(unknown.code(), errc::unknown_setting);
  EXPECT_NE(unknown.error().message().find("spark.sql.ansi.enabled"), std::string::npos);
  auto drop = analyze_text("DROP VIEW IF EXISTS v");
  EXPECT_TRUE(std::get<drop_relation>(*drop).if_exists);
}

TEST(Statements, DamagedTextIsRefusedOrPlanned) {
  const std::vector<std::string> texts{
      "CREATE STREAMING TABLE c USING memory OPTIONS (outputMode 'complete', trigger '5 seconds') AS SELECT action, window(time, '10 minutes', "
      "'5 minutes') w, count(*) AS n FROM STREAM events WHERE action LIKE 'a%' GROUP BY action, w HAVING n > 1 ORDER BY n DESC NULLS LAST LIMIT 3",
      "WITH a AS (SELECT symbol, CASE WHEN ok THEN price ELSE -1.5 END p, tags[0] t FROM trades) SELECT DISTINCT t.*, upper(symbol) || 'x' "
      "FROM a AS t WHERE p BETWEEN 1 AND 2 OR symbol IN ('a', 'b') AND NOT p IS NULL ORDER BY 1, 2",
      "SELECT symbol, sum(qty) FILTER (WHERE ok), avg(price), first(info.venue) IGNORE NULLS, date_trunc('hour', at) FROM trades GROUP BY 1, 5",
      "CREATE OR REPLACE TEMPORARY VIEW v (a int, b struct<c: array<string>>) USING json OPTIONS (path '/x', maxFilesPerTrigger = 1)"};
  const std::vector<std::string> pieces{"(", ")", "'", ",", ".", "*", " AS ", " NULL ", "-", "[", "]", " FROM ", "count(*)", "window", "1", "\"", "`",
                                        " GROUP BY ", "::", "<", " NOT ", "/*", "--", "\\", ";", "${", "9999999999999999999", " END ", "\n"};
  for (const auto& text : texts) EXPECT_TRUE(analyze_text(text).ok()) << analyze_text(text).error().to_string();
  std::mt19937 random(11);
  int refused = 0, planned = 0;
  for (int round = 0; round < 4000; ++round) {
    auto text = texts[round % texts.size()];
    for (int k = 0; k <= round % 3; ++k) {
      auto at = random() % text.size();
      switch (random() % 4) {
        case 0: text.erase(at, 1 + random() % 8); break;
        case 1: text.insert(at, pieces[random() % pieces.size()]); break;
        case 2: text[at] = static_cast<char>(32 + random() % 95); break;
        default: text.insert(at, text.substr(random() % text.size(), random() % 20));
      }
    }
    auto done = analyze_text(text);
    (done.ok() ? planned : refused) += 1;
    if (!done.ok()) {
      EXPECT_GT(done.error().position().line, 0) << text << ": " << done.error().to_string();
      EXPECT_NE(done.code(), errc::internal) << text << ": " << done.error().to_string();
    }
  }
  EXPECT_GT(refused, 1000);
  EXPECT_GT(planned, 30);
}

TEST(Statements, PositionsBehindVariablesAndStatements) {
  auto statements = split_statements("SET spark.sql.ansi.enabled = ${ansi};\n\nSELECT '${x}', nothing\nFROM events;", {{"ansi", "true"}, {"x", "long text"}});
  ASSERT_TRUE(statements.ok());
  ASSERT_EQ(statements->size(), 2u);
  testing::test_catalog catalog;
  auto failed = analyze((*statements)[1], catalog, {}, "/");
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().position().line, 3);
  EXPECT_EQ(failed.error().position().column, 16);
}

} // namespace
} // namespace sluice::plan
