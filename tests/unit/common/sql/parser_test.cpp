#include "common/sql/parser.hpp"

#include <gtest/gtest.h>

namespace sluice::sql {
namespace {

std::string shown(const std::string& text) {
  auto parsed = parse_expression({text, {}});
  return parsed.ok() ? to_text(**parsed) : parsed.error().message();
}

TEST(ExpressionParser, Precedence) {
  EXPECT_EQ(shown("a + b * c - d"), "((a + (b * c)) - d)");
  EXPECT_EQ(shown("not a = b and c or d"), "(((NOT (a = b)) AND c) OR d)");
  EXPECT_EQ(shown("a between 1 and 2 and c"), "(((a >= 1) AND (a <= 2)) AND c)");
  EXPECT_EQ(shown("a not between 1 + 1 and 2"), "(NOT ((a >= (1 + 1)) AND (a <= 2)))");
  EXPECT_EQ(shown("-a::string"), "(- CAST(a AS STRING))");
  EXPECT_EQ(shown("a = b is null"), "((a = b) IS NULL)");
  EXPECT_EQ(shown("a not in (1, 2)"), "(NOT (a IN (1, 2)))");
  EXPECT_EQ(shown("a not like 'x%' escape '!'"), "(NOT a LIKE x% ESCAPE '!')");
  EXPECT_EQ(shown("a is not distinct from b"), "(a <=> b)");
  EXPECT_EQ(shown("a is not true"), "(NOT (a <=> true))");
  EXPECT_EQ(shown("a || 'x' || b"), "concat(concat(a, x), b)");
  EXPECT_EQ(shown("a <> b"), "(NOT (a = b))");
}

TEST(ExpressionParser, Primaries) {
  EXPECT_EQ(shown("case when a then 1 else 2 end"), "CASE WHEN a THEN 1 ELSE 2 END");
  EXPECT_EQ(shown("case a when 1 then 'x' end"), "CASE WHEN (a = 1) THEN x END");
  EXPECT_EQ(shown("cast(a as decimal(10, 2))"), "CAST(a AS DECIMAL(10, 2))");
  EXPECT_EQ(shown("count(*)"), "count(1)");
  EXPECT_EQ(shown("count(distinct a) filter (where b > 1)"), "count(DISTINCT a) FILTER (WHERE (b > 1))");
  EXPECT_EQ(shown("first(a) ignore nulls"), "first(a) ignore nulls");
  EXPECT_EQ(shown("f(a).b.c[1]"), "f(a).b.c[1]");
  EXPECT_EQ(shown("t.window.start"), "start");
  EXPECT_EQ(shown("extract(hour from t)"), "hour(t)");
  EXPECT_EQ(shown("trim(both from a)"), "trim(a)");
  EXPECT_EQ(shown("'it''s' 'b'"), "it'sb");
  EXPECT_EQ(shown("'\\u0041\\n'"), "A\n");
  EXPECT_EQ(shown("x'0aF'"), "X'00AF'");
  EXPECT_EQ(shown("timestamp '2020-01-01'"), "TIMESTAMP '2020-01-01'");
  EXPECT_EQ(shown("interval 1 hour 30 minutes"), "INTERVAL '1 hour 30 minutes'");
  EXPECT_EQ(shown("-1"), "-1");
  EXPECT_EQ(shown("1 /* b */ + -- c\n 2"), "(1 + 2)");
}

struct refusal {
  std::string text;
  errc code;
  int line;
  int column;
  std::string words;
};

TEST(Parser, RefusesWithPositions) {
  const refusal table[] = {
      {"SELECT * FORM events", errc::parse_syntax, 1, 10, "Syntax error at or near 'FORM'."},
      {"SELCT 1", errc::parse_syntax, 1, 1, "Did you mean SELECT?"},
      {"SELECT a,\n FROM t", errc::parse_syntax, 2, 2, "near 'FROM'"},
      {"SELECT a FROM", errc::parse_syntax, 1, 14, "end of input"},
      {"SELECT (a FROM t", errc::parse_syntax, 1, 11, "'FROM'"},
      {"SELECT 1abc", errc::parse_syntax, 1, 8, "1abc"},
      {"SELECT 'abc", errc::parse_syntax, 1, 8, "not closed"},
      {"SELECT a FROM t WHERE", errc::parse_syntax, 1, 22, "end of input"},
      {"SELECT a FROM t GROUP a", errc::parse_syntax, 1, 23, "Expected 'BY'"},
      {"SELECT a FROM t LIMIT 1 2", errc::parse_syntax, 1, 25, "near '2'"},
      {"SELECT a FROM STREAM t WATERMARK time DELAY OF INTERVAL 10 MINUTES", errc::unsupported_feature, 1, 24, "WATERMARK"},
      {"SELECT a FROM STREAM(t) AS s WATERMARK time DELAY OF INTERVAL 10 MINUTES", errc::unsupported_feature, 1, 30, "WATERMARK"},
      {"INSERT INTO t SELECT 1", errc::unsupported_feature, 1, 1, "INSERT"},
      {"CREATE TEMPORARY VIEW v (a int)", errc::parse_syntax, 1, 32, "end of input"},
      {"CREATE STREAMING TABEL t AS SELECT 1", errc::parse_syntax, 1, 8, "STREAMING"},
      {"CREATE STREAMING TABLE t PARTITIONED BY (a) AS SELECT 1", errc::unsupported_feature, 1, 26, "PARTITIONED"},
      {"SELECT a FROM t JOIN", errc::parse_syntax, 1, 21, "end of input"},
      {"SELECT a FROM t UNION ALL", errc::parse_syntax, 1, 26, "end of input"},
      {"SELECT a FROM t ORDER BY a UNION SELECT 1", errc::parse_syntax, 1, 28, "near 'UNION'"},
      {"SELECT sum(a) OVER (ROWS 1) FROM t", errc::parse_syntax, 1, 27, "Expected 'PRECEDING'"},
      {"SELECT a FROM t PIVOT (sum(b) FOR c IN 1)", errc::parse_syntax, 1, 40, "Expected '('"},
      {"SELECT a FROM t QUALIFY a", errc::unsupported_feature, 1, 17, "QUALIFY"},
      {"SELECT listagg(a) WITHIN GROUP (ORDER BY a) FROM t", errc::unsupported_feature, 1, 19, "WITHIN"},
      {"SET a b = 1", errc::parse_syntax, 1, 7, "near 'b'"},
  };
  for (const auto& row : table) {
    auto parsed = parse_statement({row.text, {}});
    ASSERT_FALSE(parsed.ok()) << row.text;
    EXPECT_EQ(parsed.code(), row.code) << row.text << ": " << parsed.error().to_string();
    EXPECT_EQ(parsed.error().position().line, row.line) << row.text << ": " << parsed.error().to_string();
    EXPECT_EQ(parsed.error().position().column, row.column) << row.text << ": " << parsed.error().to_string();
    EXPECT_NE(parsed.error().message().find(row.words), std::string::npos) << row.text << ": " << parsed.error().message();
  }
}

TEST(Parser, NestingIsBounded) {
  for (const char* open : {"(", "not ", "f(", "case when ", "- ", "a + (", "a["}) {
    std::string text = "SELECT ";
    for (int i = 0; i < 20'000; ++i) text += open;
    auto parsed = parse_statement({text, {}});
    ASSERT_FALSE(parsed.ok()) << open;
    EXPECT_EQ(parsed.code(), errc::parse_syntax);
  }
  std::string chain = "SELECT a";
  for (int i = 0; i < 50'000; ++i) chain += " + a";
  EXPECT_EQ(parse_statement({chain, {}}).code(), errc::parse_syntax);
  std::string growing = "true";
  for (int i = 0; i < 40; ++i) growing = "(" + growing + ") between false and true";
  EXPECT_EQ(parse_statement({"SELECT " + growing, {}}).code(), errc::parse_syntax);
  std::string queries = "SELECT * FROM ";
  for (int i = 0; i < 20'000; ++i) queries += "(SELECT * FROM ";
  EXPECT_EQ(parse_statement({queries, {}}).code(), errc::parse_syntax);
  std::string parentheses = "SELECT * FROM " + std::string(100'000, '(');
  EXPECT_EQ(parse_statement({parentheses, {}}).code(), errc::parse_syntax);
}

TEST(Parser, Set) {
  auto set = parse_statement({"SET spark.sql.shuffle.partitions=4", {}});
  ASSERT_TRUE(set.ok()) << set.error().to_string();
  EXPECT_EQ(std::get<set_statement>(*set).key, "spark.sql.shuffle.partitions");
  EXPECT_EQ(std::get<set_statement>(*set).value, "4");
  set = parse_statement({"set spark.sql.session.timeZone = Europe/Berlin ", {}});
  ASSERT_TRUE(set.ok()) << set.error().to_string();
  EXPECT_EQ(std::get<set_statement>(*set).value, "Europe/Berlin");
  set = parse_statement({"SET TIME ZONE 'UTC'", {}});
  EXPECT_EQ(std::get<set_statement>(*set).key, "spark.sql.session.timeZone");
}

TEST(Parser, CreateSource) {
  auto parsed = parse_statement({"CREATE OR REPLACE TEMPORARY VIEW events (time TIMESTAMP, s struct<a: int, b: array<array<string>>> NOT NULL)\n"
                                 "USING json OPTIONS (path 'data/events', maxFilesPerTrigger = 1, a.b = true)", {}});
  ASSERT_TRUE(parsed.ok()) << parsed.error().to_string();
  const auto& view = std::get<create_source>(*parsed);
  EXPECT_TRUE(view.or_replace);
  ASSERT_EQ(view.columns.size(), 2u);
  EXPECT_EQ(view.columns[1].type, "struct<a: int, b: array<array<string>>>");
  ASSERT_EQ(view.options.size(), 3u);
  EXPECT_EQ(view.options[1].key, "maxFilesPerTrigger");
  EXPECT_EQ(view.options[1].value, "1");
  EXPECT_EQ(view.options[1].value_position.line, 2);
  EXPECT_EQ(view.options[2].key, "a.b");
  parsed = parse_statement({"CREATE TABLE IF NOT EXISTS t (a int COMMENT 'x') USING json TBLPROPERTIES ('k'='v') LOCATION '/data' COMMENT 'c'", {}});
  ASSERT_TRUE(parsed.ok()) << parsed.error().to_string();
  const auto& table = std::get<create_source>(*parsed);
  EXPECT_TRUE(table.is_table && table.if_not_exists);
  EXPECT_EQ(table.properties[1].value, "/data");
}

TEST(Parser, StreamingTable) {
  for (const char* from : {"STREAM events", "STREAM(events)", "STREAM (events) AS e", "STREAM events WITH (maxFilesPerTrigger = 1) e"}) {
    auto parsed = parse_statement({std::string("CREATE STREAMING TABLE c USING memory OPTIONS (outputMode 'complete') COMMENT 'x' "
                                               "TBLPROPERTIES (trigger = 'once') AS SELECT count(*) FROM ") + from, {}});
    ASSERT_TRUE(parsed.ok()) << parsed.error().to_string();
    const auto& table = std::get<create_streaming_table>(*parsed);
    EXPECT_EQ(table.format, "memory");
    EXPECT_TRUE(table.body->from->is_stream);
    EXPECT_EQ(table.body->from->name, "events");
    EXPECT_EQ(table.properties.size(), 1u);
  }
  // a relation may be called stream
  auto plain = parse_statement({"SELECT * FROM stream", {}});
  ASSERT_TRUE(plain.ok());
  EXPECT_FALSE(std::get<select_statement>(*plain).body->from->is_stream);
}

TEST(Parser, Query) {
  auto parsed = parse_statement({"WITH a AS (SELECT 1 x), b (y) AS (SELECT x FROM a) SELECT DISTINCT t.*, y z FROM (SELECT * FROM b) t "
                                 "WHERE y > 0 GROUP BY 1, z HAVING count(*) > 1 ORDER BY 1 DESC NULLS LAST, z LIMIT 10", {}});
  ASSERT_TRUE(parsed.ok()) << parsed.error().to_string();
  const auto& body = *std::get<select_statement>(*parsed).body;
  EXPECT_EQ(body.with.size(), 2u);
  EXPECT_TRUE(body.distinct);
  EXPECT_EQ(body.items[1].alias, "z");
  EXPECT_EQ(body.from->alias, "t");
  EXPECT_FALSE(*body.order_by[0].nulls_first);
  EXPECT_FALSE(body.order_by[0].ascending);
  auto path = parse_statement({"SELECT * FROM json.`/data/x`", {}});
  ASSERT_TRUE(path.ok());
  EXPECT_EQ(std::get<select_statement>(*path).body->from->name, "/data/x");
}

/// Parses and gives the query, or fails the test.
query_ptr query_of(const std::string& text) {
  auto parsed = parse_query({text, {}});
  EXPECT_TRUE(parsed.ok()) << text << ": " << parsed.error().to_string();
  return parsed.ok() ? *parsed : std::make_shared<const query>();
}

TEST(Parser, SetOperations) {
  auto both = query_of("SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 3 EXCEPT SELECT 4");
  EXPECT_EQ(both->set, set_operator::except);
  EXPECT_FALSE(both->set_all);
  ASSERT_TRUE(both->left);
  EXPECT_EQ(both->left->set, set_operator::union_);
  EXPECT_TRUE(both->left->set_all);
  EXPECT_EQ(both->left->right->set, set_operator::intersect);
  auto ordered = query_of("WITH t AS (SELECT 1 a) (SELECT a FROM t LIMIT 1) UNION VALUES (2), (3) ORDER BY a LIMIT 2 OFFSET 1");
  EXPECT_EQ(ordered->set, set_operator::none);
  EXPECT_EQ(ordered->with.size(), 1u);
  ASSERT_TRUE(ordered->from && ordered->from->subquery && ordered->offset && ordered->limit);
  EXPECT_TRUE(ordered->from->transparent);
  EXPECT_EQ(ordered->from->subquery->set, set_operator::union_);
  EXPECT_TRUE(ordered->from->subquery->left->limit);
  ASSERT_EQ(ordered->from->subquery->right->from->rows.size(), 2u);
}

TEST(Parser, Joins) {
  auto query = query_of("SELECT * FROM a JOIN b ON a.x = b.x LEFT OUTER JOIN c USING (x, y) NATURAL FULL JOIN d, LATERAL e LEFT SEMI JOIN f");
  ASSERT_TRUE(query->from);
  const auto* comma = &*query->from;
  EXPECT_EQ(comma->join, join_kind::cross);
  EXPECT_TRUE(comma->lateral);
  EXPECT_EQ(comma->right->join, join_kind::left_semi);
  const auto* natural = comma->left.get();
  EXPECT_TRUE(natural->natural);
  EXPECT_EQ(natural->join, join_kind::full_outer);
  EXPECT_EQ(natural->left->using_columns, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(natural->left->left->join, join_kind::inner);
  EXPECT_EQ(to_text(*natural->left->left->on), "(x = x)");
}

TEST(Parser, GroupingSets) {
  auto sets = [](const std::string& clause) {
    std::string out;
    auto query = query_of("SELECT 1 FROM t GROUP BY " + clause);
    for (const auto& set : query->grouping_sets) {
      out += '(';
      for (int i : set) out += to_text(*query->group_by[i]);
      out += ')';
    }
    return out;
  };
  EXPECT_EQ(sets("ROLLUP (a, (b, c))"), "(abc)(a)()");
  EXPECT_EQ(sets("CUBE (a, b)"), "(ab)(a)(b)()");
  EXPECT_EQ(sets("a, b WITH ROLLUP"), "(ab)(a)()");
  EXPECT_EQ(sets("GROUPING SETS ((a, b), b, ())"), "(ab)(b)()");
  EXPECT_EQ(sets("a, ROLLUP (b)"), "(ab)(a)");
  EXPECT_EQ(sets("a, b GROUPING SETS (a, b)"), "(a)(b)");
  EXPECT_EQ(sets("a, (b)"), "");
}

TEST(Parser, Relations) {
  auto view = query_of("SELECT * FROM t LATERAL VIEW OUTER explode(m) e AS k, v");
  EXPECT_EQ(view->from->what, relation::kind::lateral_view);
  EXPECT_TRUE(view->from->outer);
  EXPECT_EQ(view->from->column_aliases, (std::vector<std::string>{"k", "v"}));
  auto pivot = query_of("SELECT * FROM t PIVOT (sum(x) AS s, max(y) FOR c IN ('a' AS a, 'b')) p");
  ASSERT_TRUE(pivot->from->pivot);
  EXPECT_EQ(pivot->from->pivot->aggregates.size(), 2u);
  EXPECT_EQ(pivot->from->pivot->values[0].alias, "a");
  auto unpivot = query_of("SELECT * FROM t UNPIVOT INCLUDE NULLS (v FOR n IN (a, b AS bee))");
  ASSERT_TRUE(unpivot->from->unpivot);
  EXPECT_TRUE(unpivot->from->unpivot->include_nulls);
  EXPECT_EQ(unpivot->from->unpivot->columns[1].alias, "bee");
  auto range = query_of("SELECT * FROM range(1, 10) r (n), VALUES (1, 'x') AS v (a, b)");
  EXPECT_EQ(range->from->left->what, relation::kind::function);
  EXPECT_EQ(range->from->right->column_aliases.size(), 2u);
  auto sample = query_of("SELECT * FROM t TABLESAMPLE (10 PERCENT) REPEATABLE (7) s");
  EXPECT_EQ(sample->from->what, relation::kind::sample);
  EXPECT_EQ(sample->from->sample.seed, 7);
}

TEST(Parser, Windows) {
  auto query = query_of("SELECT sum(a) FILTER (WHERE b) OVER (PARTITION BY c ORDER BY d DESC ROWS BETWEEN 1 PRECEDING AND CURRENT ROW), "
                        "rank() OVER w FROM t WINDOW w AS (ORDER BY a)");
  const auto& over = query->items[0].value->over;
  ASSERT_TRUE(over && over->frame);
  EXPECT_TRUE(over->frame->rows);
  EXPECT_EQ(over->frame->lower.what, frame_bound::kind::preceding);
  EXPECT_EQ(over->frame->upper.what, frame_bound::kind::current_row);
  EXPECT_EQ(query->items[1].value->over->name, "w");
  ASSERT_EQ(query->windows.size(), 1u);
  EXPECT_EQ(query->windows[0].order_by.size(), 1u);
}

TEST(ExpressionParser, SubqueriesLambdasAndBits) {
  auto text = [](const std::string& expression) {
    auto parsed = parse_expression({expression, {}});
    return parsed.ok() ? to_text(**parsed) : parsed.error().to_string();
  };
  EXPECT_EQ(text("(SELECT 1) + 1"), "(scalarsubquery() + 1)");
  EXPECT_EQ(text("((SELECT 1) + 1)"), "(scalarsubquery() + 1)");
  EXPECT_EQ(text("((SELECT 1))"), "scalarsubquery()");
  EXPECT_EQ(text("a NOT IN (SELECT b FROM t)"), "(NOT (a IN (listquery())))");
  EXPECT_EQ(text("NOT EXISTS (SELECT 1)"), "(NOT exists())");
  EXPECT_EQ(text("exists(a, x -> x > 1)"), "exists(a, lambdafunction((x > 1), x))");
  EXPECT_EQ(text("f((x, y) -> x + y)"), "f(lambdafunction((x + y), x, y))");
  EXPECT_EQ(text("a | b ^ c & d << 1 + 2"), "(a | (b ^ (c & (d << (1 + 2)))))");
  EXPECT_EQ(text("a >> 1 >>> 2"), "((a >> 1) >>> 2)");
  EXPECT_EQ(text("a > 1"), "(a > 1)");
  EXPECT_EQ(text("~a"), "~a");
  EXPECT_EQ(text("try_cast(a AS int)"), "TRY_CAST(a AS INT)");
  EXPECT_EQ(text("struct(a AS x, b)"), "named_struct(x, a, b, b)");
  EXPECT_EQ(text("(a, 1)"), "struct(a, 1)");
  EXPECT_EQ(text("timestampadd(HOUR, 1, t)"), "timestampadd(HOUR, 1, t)");
  EXPECT_EQ(text("position('a' IN b)"), "position(a, b)");
  EXPECT_EQ(text("first(a IGNORE NULLS)"), "first(a) ignore nulls");
}

} // namespace
} // namespace sluice::sql
