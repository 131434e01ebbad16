#include "tests/unit/common/plan/fixture.hpp"

namespace sluice::plan {
namespace {

using testing::explained_stream;
using testing::stream_of;

const char* const main_job = R"(-- the counting job
CREATE TEMPORARY VIEW events (time TIMESTAMP, action STRING)
  USING json OPTIONS (path 'data/events', maxFilesPerTrigger '1');
CREATE STREAMING TABLE counts
  USING memory OPTIONS (outputMode 'complete', trigger 'availableNow', checkpointLocation 'ckpt/counts') AS
SELECT action, window(time, '10 minutes', '5 minutes') AS window, count(*) AS count, avg(unix_timestamp(time)) AS mean_time
FROM STREAM events
GROUP BY action, window(time, '10 minutes', '5 minutes');
)";

result<streaming_plan> plan_main_job() {
  SLUICE_ASSIGN_OR_RETURN(auto statements, split_statements(main_job, {}));
  testing::test_catalog catalog;
  catalog.relations.clear();
  SLUICE_ASSIGN_OR_RETURN(auto first, analyze(statements.at(0), catalog, {}, "/home/me"));
  auto defined = std::get<define_source>(first);
  catalog.relations["events"] = {false, defined.source.schema, "", defined.source};
  SLUICE_ASSIGN_OR_RETURN(auto second, analyze(statements.at(1), catalog, {}, "/home/me"));
  return std::get<start_query>(second).plan;
}

TEST(MainJob, Explained) {
  auto plan = plan_main_job();
  ASSERT_TRUE(plan.ok()) << plan.error().to_string();
  EXPECT_EQ(explain(*plan), R"(Streaming query counts
  mode        complete
  trigger     availableNow
  sink        memory
  checkpoint  /home/me/ckpt/counts
  output      [action string, window struct<start:timestamp,end:timestamp> NOT NULL, count bigint NOT NULL, mean_time double]
  state       one aggregation
Stage 0: map
  Scan json events [time timestamp, action string]
    path        /home/me/data/events
    options     maxfilespertrigger=1
  Partial aggregate
    keys        [action]
    window      window(time, 10 minutes, 5 minutes)
    calls       count(1) AS count bigint
                avg(unix_timestamp(time, yyyy-MM-dd HH:mm:ss)) AS mean_time double
  Exchange by key group of [action]
Stage 1: reduce
  Final aggregate [action string, window struct<start:timestamp,end:timestamp> NOT NULL, count bigint NOT NULL, mean_time double]
  Sink memory counts
)");
  EXPECT_EQ(plan->source.columns, (std::vector<int>{0, 1}));
  EXPECT_TRUE(plan->map_steps.empty());
  EXPECT_TRUE(plan->result_steps.empty());
  EXPECT_EQ(state_signature(*plan),
            "keys(action string) window(time timestamp, 10 minutes, 5 minutes, 0 seconds) calls(count/v1() bigint, "
            "avg/v1(unix_timestamp(time, yyyy-MM-dd HH:mm:ss) double) double) mode complete");
  EXPECT_EQ(source_signature(*plan), "files json /home/me/data/events");
  auto bytes = encode(*plan);
  auto again = decode_streaming(bytes);
  ASSERT_TRUE(again.ok()) << again.error().to_string();
  EXPECT_EQ(explain(*again), explain(*plan));
  EXPECT_EQ(encode(*again), bytes);
}

TEST(Streaming, Stateless) {
  EXPECT_EQ(explained_stream("SELECT time, upper(action) AS action FROM STREAM events WHERE action <> 'x'",
                             "path 'out', compression 'zstd', trigger '5 seconds'", "parquet"),
            R"(Streaming query out
  mode        append
  trigger     every 5 seconds
  sink        parquet /home/me/out (compression=zstd)
  checkpoint  (chosen by the coordinator)
  output      [time timestamp, action string]
  state       none
Stage 0: map
  Scan json events [time timestamp, action string]
    path        /data/events
  Filter (NOT (action = x))
  Project [time, upper(action) AS action]
  Sink parquet /home/me/out
)");
}

TEST(Streaming, HavingAndOrder) {
  EXPECT_EQ(explained_stream("SELECT upper(action) a, window.start AS s, count(*) + 1 AS n FROM STREAM(events) WITH (maxFilesPerTrigger = 2) e\n"
                             "GROUP BY 1, window(e.time, '1 hour') HAVING n > 2 AND max(time) IS NOT NULL ORDER BY n DESC, s LIMIT 3"),
            R"(Streaming query out
  mode        complete
  trigger     as soon as possible
  sink        memory
  checkpoint  (chosen by the coordinator)
  output      [a string, s timestamp, n bigint NOT NULL]
  state       one aggregation
Stage 0: map
  Scan json events [time timestamp, action string]
    path        /data/events
    options     maxfilespertrigger=2
  Partial aggregate
    keys        [upper(action)]
    window      window(time, 1 hour)
    calls       count(1) bigint
                max(time) timestamp
  Exchange by key group of [upper(action)]
Stage 1: reduce
  Final aggregate [a string, window struct<start:timestamp,end:timestamp> NOT NULL, count(1) bigint NOT NULL, max(time) timestamp]
  Filter (((count(1) + 1) > 2) AND (max(time) IS NOT NULL))
  Project [a, window.start AS s, (count(1) + 1) AS n]
  Sort [n DESC NULLS LAST, s ASC NULLS FIRST]
  Limit 3
  Sink memory out
)");
}

struct mode_case {
  const char* select;
  const char* mode;
  const char* format;
  const char* outcome;  ///< "ok", or the Spark class
};

TEST(Streaming, OutputModes) {
  const char* plain = "SELECT action FROM STREAM events";
  const char* grouped = "SELECT action, count(*) c FROM STREAM events GROUP BY action";
  const char* operation = "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION";
  const char* source = "STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE";
  const mode_case table[] = {
      {plain, "append", "memory", "ok"},      {plain, "update", "memory", "ok"},      {plain, "complete", "memory", operation},
      {grouped, "append", "memory", operation}, {grouped, "update", "memory", "ok"},  {grouped, "complete", "memory", "ok"},
      {plain, "append", "console", "ok"},     {grouped, "update", "console", "ok"},   {grouped, "complete", "console", "ok"},
      {plain, "append", "json", "ok"},        {plain, "update", "json", source},      {plain, "complete", "json", source},
      {grouped, "append", "json", operation}, {grouped, "complete", "json", source},  {grouped, "update", "parquet", source},
      {plain, "append", "parquet", "ok"},
  };
  for (const auto& row : table) {
    std::string options = std::string("outputMode '") + row.mode + "'";
    std::string format = row.format;
    if (format == "json" || format == "parquet") options += ", path '/o'";
    auto plan = stream_of(row.select, options, format);
    std::string outcome = plan.ok() ? "ok" : std::string(plan.error().spark_class());
    EXPECT_EQ(outcome, row.outcome) << row.select << " " << row.mode << " " << row.format << " " << (plan.ok() ? "" : plan.error().to_string());
    if (!plan.ok()) {
      EXPECT_EQ(plan.code(), errc::output_mode);
    }
  }
  EXPECT_EQ(stream_of(grouped, "trigger 'once'").code(), errc::output_mode);  // append is the default
}

struct refused_stream {
  std::string select;
  errc code;
  int line;
  int column;
  std::string words;
};

TEST(Streaming, Refusals) {
  const refused_stream table[] = {
      {"SELECT DISTINCT action FROM STREAM events", errc::unsupported_feature, 2, 1, "DISTINCT"},
      {"SELECT count(DISTINCT action) FROM STREAM events", errc::unsupported_feature, 2, 8, "Distinct aggregations"},
      {"SELECT action, count(*) c FROM events GROUP BY action", errc::unsupported_feature, 2, 32, "STREAM events"},
      {"SELECT count(*) FROM STREAM counts", errc::unsupported_feature, 2, 29, "without STREAM"},
      {"SELECT count(*) FROM counts", errc::unsupported_feature, 2, 22, "result table"},
      {"SELECT 1", errc::unsupported_feature, 2, 1, "STREAM"},
      {"SELECT a.action, count(*) FROM STREAM events a JOIN STREAM events b ON a.time = b.time GROUP BY a.action", errc::unsupported_feature, 2, 48, "Joins of streams"},
      {"SELECT action FROM STREAM events UNION ALL SELECT action FROM STREAM events", errc::unsupported_feature, 2, 34, "UNION"},
      {"SELECT action, count(*) FROM STREAM events GROUP BY ROLLUP (action)", errc::unsupported_feature, 0, 0, "grouping sets"},
      {"SELECT action, row_number() OVER (ORDER BY time) FROM STREAM events", errc::unsupported_feature, 2, 16, "Non-time-based windows"},
      {"SELECT action FROM STREAM events OFFSET 2", errc::unsupported_feature, 2, 41, "Offset"},
      {"SELECT count(*) n FROM (SELECT action, count(*) c FROM STREAM events GROUP BY action) t", errc::unsupported_feature, 2, 79, "Multiple"},
      {"SELECT action, count(*) c FROM (SELECT * FROM STREAM events ORDER BY time) GROUP BY action", errc::unsupported_feature, 2, 70, "ORDER BY"},
      {"SELECT action, count(*) c FROM (SELECT * FROM STREAM events LIMIT 3) GROUP BY action", errc::unsupported_feature, 2, 67, "LIMIT"},
      {"SELECT action, count(*) c FROM STREAM events GROUP BY action ORDER BY max(time)", errc::unsupported_feature, 2, 71, "select list"},
      {"SELECT action, count(*) action FROM STREAM events GROUP BY action", errc::already_exists, 2, 1, "two columns"},
      {"SELECT count(*) FROM STREAM events WITH (maxFilePerTrigger = 1)", errc::unknown_option, 2, 42, "maxFilesPerTrigger"},
      {"SELECT count(*) FROM STREAM events WITH (maxFilesPerTrigger = 0)", errc::invalid_option, 2, 63, "positive"},
      {"SELECT count(*) FROM STREAM loud WITH (maxFilesPerTrigger = 1)", errc::unsupported_feature, 2, 40, "view"},
      {"SELECT window(time, '1 hour'), count(*) FROM STREAM events GROUP BY window(time, '2 hours')", errc::missing_aggregation, 2, 8, "not the one"},
      {"SELECT count(*) FROM STREAM events GROUP BY window(time, '1 month')", errc::invalid_window, 2, 58, "month"},
      {"SELECT count(*) FROM STREAM events GROUP BY window(time, '1 hour', '2 hours')", errc::invalid_window, 2, 68, "less than or equal"},
      {"SELECT count(*) FROM STREAM events GROUP BY window(time, '0 hours')", errc::invalid_window, 2, 58, "greater than 0"},
      {"SELECT count(*) FROM STREAM events GROUP BY window(time, '2 hours', '1 hour', '-1 hour')", errc::invalid_window, 2, 79, "start time"},
      {"SELECT count(*) FROM STREAM events GROUP BY window(time, '1 huor')", errc::invalid_window, 2, 58, "hours"},
      {"SELECT count(*) FROM STREAM events GROUP BY window(time, '1 hour'), window(time, '2 hours')", errc::unsupported_feature, 2, 69, "cartesian"},
  };
  for (const auto& row : table) {
    auto plan = stream_of(row.select);
    ASSERT_FALSE(plan.ok()) << row.select;
    EXPECT_EQ(plan.code(), row.code) << row.select << ": " << plan.error().to_string();
    EXPECT_EQ(plan.error().position().line, row.line) << row.select << ": " << plan.error().to_string();
    EXPECT_EQ(plan.error().position().column, row.column) << row.select << ": " << plan.error().to_string();
    EXPECT_NE(plan.error().message().find(row.words), std::string::npos) << row.select << ": " << plan.error().message();
  }
  auto sorted = stream_of("SELECT action FROM STREAM events ORDER BY action", "outputMode 'append'");
  EXPECT_EQ(sorted.code(), errc::unsupported_feature);
  EXPECT_NE(sorted.error().message().find("Sorting is not supported"), std::string::npos);
  EXPECT_EQ(stream_of("SELECT action FROM STREAM events LIMIT 1", "outputMode 'append'").code(), errc::unsupported_feature);
}

TEST(Streaming, Options) {
  auto error = [](const std::string& options, const std::string& format = "memory") {
    auto plan = stream_of("SELECT action, count(*) c FROM STREAM events GROUP BY action", options, format);
    return plan.ok() ? std::string("ok") : plan.error().to_string();
  };
  EXPECT_EQ(error("outputMode 'complete', trigger '100 milliseconds'"), "ok");
  EXPECT_NE(error("outputmod 'complete'").find("(did you mean `outputMode`?)"), std::string::npos);
  EXPECT_NE(error("outputMode 'complet'").find("(did you mean `complete`?)"), std::string::npos);
  EXPECT_NE(error("trigger 'now'").find("'availableNow', 'once' or an interval"), std::string::npos);
  EXPECT_NE(error("outputMode 'complete', OUTPUTMODE 'update'").find("given twice"), std::string::npos);
  EXPECT_NE(error("path 'x'").find("unknown_option"), std::string::npos);
  EXPECT_NE(error("outputMode 'append'", "jsn").find("data_source_not_found"), std::string::npos);
  EXPECT_NE(error("outputMode 'append'", "json").find("needs the option `path`"), std::string::npos);
  EXPECT_NE(error("path 's3://b/x'", "json").find("not supported"), std::string::npos);
  EXPECT_NE(error("outputMode 'complete') TBLPROPERTIES (outputMode = 'complete'").find("given twice"), std::string::npos);
  auto untyped = stream_of("SELECT action, NULL AS x FROM STREAM events", "path '/o'", "json");
  EXPECT_EQ(untyped.code(), errc::datatype_mismatch);
  auto session = testing::analyze_text("CREATE STREAMING TABLE t AS SELECT * FROM STREAM events",
                                       {{{"spark.sql.streaming.checkpointLocation", "ckpt"}, {"spark.sql.session.timeZone", "Europe/Berlin"}}});
  ASSERT_TRUE(session.ok()) << session.error().to_string();
  EXPECT_EQ(std::get<start_query>(*session).plan.checkpoint, "/home/me/ckpt/t");
  EXPECT_EQ(std::get<start_query>(*session).plan.session.time_zone, "Europe/Berlin");
  EXPECT_NE(error("path 'x', timestampFormat 'bbb'", "json").find("pattern"), std::string::npos);
  EXPECT_EQ(testing::analyze_text("SET spark.sql.session.timeZone = Mars/Base").code(), errc::invalid_setting);
  auto properties = stream_of("SELECT action FROM STREAM events", "path 'file:///o/./x/../y/') TBLPROPERTIES ('trigger' = 'once'", "json");
  ASSERT_TRUE(properties.ok()) << properties.error().to_string();
  EXPECT_EQ(properties->sink.path, "/o/y");
  EXPECT_EQ(properties->trigger.what, trigger_spec::kind::once);
}

TEST(Streaming, ViewsAndCommonTables) {
  auto plan = stream_of("WITH w AS (SELECT action FROM STREAM loud) SELECT action, count(*) c FROM w GROUP BY action");
  ASSERT_TRUE(plan.ok()) << plan.error().to_string();
  EXPECT_EQ(plan->source.columns, (std::vector<int>{1}));  // the view's time is not used
  ASSERT_EQ(plan->map_steps.size(), 2u);
  EXPECT_EQ(plan->map_steps[0].what, step::kind::filter);
  EXPECT_TRUE(stream_of("SELECT action, count(*) FROM STREAM louder GROUP BY action").ok());
  EXPECT_TRUE(stream_of("SELECT action, count(*) FROM live GROUP BY action").ok());
  auto broken = stream_of("SELECT * FROM STREAM broken");
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.error().position().line, 2);
  EXPECT_NE(broken.error().message().find("in view `broken`"), std::string::npos);
}

TEST(Streaming, CountReadsNoColumn) {
  auto plan = stream_of("SELECT count(*) FROM STREAM events");
  ASSERT_TRUE(plan.ok()) << plan.error().to_string();
  EXPECT_TRUE(plan->source.columns.empty());
  EXPECT_TRUE(plan->aggregate->keys.empty());
}

} // namespace
} // namespace sluice::plan
