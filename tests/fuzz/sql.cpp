// Jobs as text: cut into statements, read, analysed; the plans survive their encoding and run over a few rows.
#include "tests/fuzz/plan_run.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/unit/common/plan/fixture.hpp"

#include "common/sql/lexer.hpp"
#include "common/sql/parser.hpp"

namespace sluice::fuzz {
namespace {

const plan::option_map variables{{"n", "7"}, {"table", "trades"}, {"odd", "';--"}};

void take(const plan::action& action) {
  if (const auto* batch = std::get_if<plan::run_batch>(&action)) {
    const auto bytes = plan::encode(batch->plan);
    auto again = plan::decode_batch(bytes);
    require(again.ok(), "a plan cannot be decoded: " + (again.ok() ? "" : again.error().to_string()));
    require(plan::encode(*again) == bytes, "a plan is another after decoding");
    require(plan::explain(*again) == plan::explain(batch->plan), "a plan explains itself otherwise after decoding");
    run_batch(*again);
  }
  if (const auto* stream = std::get_if<plan::start_query>(&action)) {
    const auto bytes = plan::encode(stream->plan);
    auto again = plan::decode_streaming(bytes);
    require(again.ok(), "a plan cannot be decoded: " + (again.ok() ? "" : again.error().to_string()));
    require(plan::encode(*again) == bytes, "a plan is another after decoding");
    require(plan::state_signature(*again) == plan::state_signature(stream->plan), "a plan has another signature after decoding");
    run_stream(*again);
  }
}

void parse_alone(const std::string& text) {
  auto tokens = sql::lex({text, {}});
  if (tokens.ok())
    for (const auto& token : *tokens) require(token.begin <= token.end && token.end <= static_cast<int>(text.size()), "a token outside the text");
  auto expression = sql::parse_expression({text, {}});
  if (expression.ok()) (void)sql::to_text(**expression);
}

void run(std::string_view input) {
  const auto flags = take_byte(input);
  const std::string text(input);
  parse_alone(text);
  auto statements = plan::split_statements(text, variables);
  if (!statements.ok()) return;
  plan::session_settings session;
  if (flags & 1) session.values["spark.sql.ansi.enabled"] = "false";
  if (flags & 2) session.values["spark.sql.session.timezone"] = "Europe/Berlin";
  static const plan::testing::test_catalog catalog;
  for (const auto& statement : *statements) {
    auto action = plan::analyze(statement, catalog, session, "/home/me");
    if (action.ok()) take(*action);
    else require(action.code() != errc::internal, "an internal error: " + action.error().to_string());
  }
}

std::vector<std::string> seeds() {
  const char* texts[] = {
      "SELECT 1",
      "SELECT symbol s, qty + 1 FROM trades WHERE id > ${n} ORDER BY price DESC LIMIT 2; SELECT * FROM counts",
      "SELECT symbol, sum(qty), avg(price), max(at) FROM ${table} GROUP BY symbol HAVING sum(qty) > 3 ORDER BY 2, 1",
      "SELECT window.start, count(*) n FROM events GROUP BY window(time, '1 day', '1 hour', '5 minutes')",
      "SELECT true, 1, 2S, 3Y, 4L, 1.5F, 2.5D, 1.50, 1e3, 'text', X'0102', NULL, DATE '2020-02-29', TIMESTAMP '2020-01-01 00:00:00'",
      "SELECT CASE WHEN ok THEN 1 ELSE 2.5 END, info.venue, info.fees['x'], tags[0], symbol LIKE 'a%' ESCAPE '/', qty IN (1, 2) FROM trades",
      "SELECT first(qty) IGNORE NULLS, count(DISTINCT symbol), sum(qty) FILTER (WHERE ok), collect_list(tags), stddev(ratio) FROM trades",
      "SELECT CAST(price AS STRING), CAST(symbol AS INT), try_cast(symbol AS DATE), date_format(at, 'yyyy-MM-dd HH:mm'), unix_timestamp(at) FROM trades",
      "SELECT upper(symbol), substring(symbol, 2, 3), concat_ws('-', symbol, 'x'), lpad(symbol, 5, '*'), regexp_replace(symbol, '[a-z]', '') FROM trades",
      "SELECT round(price, 1), id % 3, id / qty, -small, abs(real), pow(ratio, 2), greatest(id, 2), coalesce(qty, 1), to_date('2020-01-01') FROM trades",
      "WITH t (a, b) AS (SELECT symbol, qty FROM trades) SELECT DISTINCT a FROM (SELECT a FROM t WHERE b BETWEEN 1 AND 5) AS u",
      "CREATE TEMPORARY VIEW v (a INT NOT NULL, s STRUCT<x: INT>) USING json OPTIONS (path '/in', maxFilesPerTrigger '2', mode 'FAILFAST')",
      "CREATE OR REPLACE TEMPORARY VIEW w AS SELECT /* c */ action FROM events -- end\n",
      "CREATE STREAMING TABLE out USING memory OPTIONS (outputMode 'complete', trigger '5 seconds', checkpointLocation '/c') AS\n"
      "SELECT action, window(time, '10 minutes', '5 minutes') AS window, count(*) AS count FROM STREAM events GROUP BY action, window(time, '10 minutes', '5 minutes')",
      "CREATE STREAMING TABLE o USING json OPTIONS (path '/out', checkpointLocation '/c') AS SELECT upper(action) AS a FROM STREAM events WHERE action <> 'x'",
      "SET spark.sql.session.timeZone = UTC; DROP VIEW IF EXISTS v; SELECT * FROM json.`/data/x` LIMIT 1",
      "SELECT a FROM STREAM live WITH (maxFilesPerTrigger = '1')",
  };
  std::vector<std::string> out;
  for (const auto* text : texts) out.push_back('\1' + std::string(text));
  return out;
}

} // namespace

const target sql_target{"sql", run, seeds};

} // namespace sluice::fuzz
