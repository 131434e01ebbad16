// Plans as PySpark sends them, in protobuf's text form, and what the analyzer makes of them.
#include "coordinator/connect/translation.hpp"

#include <arrow/api.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "common/data/ipc.hpp"
#include "coordinator/connect/rows.hpp"
#include "proto/spark/connect/relations.pb.h"

namespace sluice::connect {
namespace {

using spark::connect::Relation;

class one_table : public plan::catalog_view {
public:
  std::optional<plan::relation> find(const std::string& name) const override {
    if (name != "counts") return std::nullopt;
    plan::relation table;
    table.is_result_table = true;
    table.schema = *data::schema_from_ddl("action string, count bigint");
    return table;
  }
  std::vector<std::string> names() const override { return {"counts"}; }
};

Relation parse(const std::string& text) {
  Relation out;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &out)) << text;
  return out;
}

struct fixture {
  one_table catalog;
  plan::session_settings settings;
  view_map views;

  result<translated> make(const Relation& relation) const { return translate(relation, {catalog, settings, views, "/home/me"}); }

  /// The columns of a plan's result, or its error.
  std::string columns(const Relation& relation) const {
    auto made = make(relation);
    if (!made.ok()) return made.error().message();
    auto schema = plan::columns_of(*made->query, scoped_catalog(catalog, *made), settings);
    return schema.ok() ? data::schema_to_ddl(**schema) : schema.error().message();
  }
  std::string columns(const std::string& text) const { return columns(parse(text)); }

  std::string explain(const std::string& text) const {
    auto made = make(parse(text));
    if (!made.ok()) return made.error().message();
    auto plan = plan::analyze_query(*made->query, scoped_catalog(catalog, *made), settings);
    return plan.ok() ? plan::explain(*plan) : plan.error().message();
  }
};

const std::string events =
    R"(read { data_source { format: "json" schema: "time timestamp, action string" paths: "/data/events" } })";
const std::string range = "range { start: 0 end: 5 step: 1 }";

std::string attribute(const std::string& name) { return "{ unresolved_attribute { unparsed_identifier: '" + name + "' } }"; }
std::string text(const std::string& value) { return "arguments { literal { string: '" + value + "' } } "; }

TEST(ConnectTranslation, AReadHasItsDeclaredColumns) {
  fixture f;
  EXPECT_EQ(f.columns(events), "time timestamp, action string");
  EXPECT_NE(f.explain(events).find("/data/events"), std::string::npos) << f.explain(events);
}

TEST(ConnectTranslation, AReadOfSeveralFoldersIsOneSource) {
  auto made = fixture().make(parse(R"(read { data_source { format: "JSON" schema: "a int" paths: "x" paths: "/y" } })"));
  ASSERT_TRUE(made.ok()) << made.error().to_string();
  EXPECT_EQ(made->relations.begin()->second.source.paths, (std::vector<std::string>{"/home/me/x", "/y"}));
}

TEST(ConnectTranslation, ReadsThatCannotWorkSayWhy) {
  fixture f;
  EXPECT_NE(f.columns(R"(read { data_source { format: "delta" schema: "a int" paths: "/x" } })").find("delta"), std::string::npos);
  EXPECT_NE(f.columns(R"(read { data_source { format: "json" paths: "/x" } })").find("columns"), std::string::npos);
  EXPECT_NE(f.columns(R"(read { data_source { format: "json" schema: "a int" } })").find("path"), std::string::npos);
  EXPECT_NE(f.columns(R"(read { named_table { unparsed_identifier: "count" } })").find("`counts`"), std::string::npos);
}

TEST(ConnectTranslation, AStreamIsKnownAndHasColumnsButIsNoBatch) {
  fixture f;
  auto stream = "read { is_streaming: true " + events.substr(7);
  auto made = f.make(parse(stream));
  ASSERT_TRUE(made.ok());
  EXPECT_TRUE(made->streaming);
  EXPECT_EQ(f.columns(stream), "time timestamp, action string");
  EXPECT_NE(f.explain(stream).find("STREAM"), std::string::npos);
}

TEST(ConnectTranslation, TheNotebooksAggregation) {
  fixture f;
  auto plan = "aggregate { input { " + events + " } group_type: GROUP_TYPE_GROUPBY grouping_expressions " + attribute("action") +
              " grouping_expressions { unresolved_function { function_name: 'window' arguments " + attribute("time") + text("1 hour") +
              "} } aggregate_expressions { alias { expr { unresolved_function { function_name: 'count' arguments { literal { integer: 1 } } } } "
              "name: 'count' } } }";
  EXPECT_EQ(f.columns(plan), "action string, window struct<start:timestamp,end:timestamp> NOT NULL, count bigint NOT NULL");
  auto shown = "sort { input { project { input { " + plan + " } expressions " + attribute("window.end") + " expressions " + attribute("count") +
               " } } order { child " + attribute("end") + " direction: SORT_DIRECTION_DESCENDING } }";
  EXPECT_EQ(f.columns(shown), "end timestamp, count bigint NOT NULL");
}

TEST(ConnectTranslation, ColumnsAreAddedReplacedRenamedAndDropped) {
  fixture f;
  auto with = "with_columns { input { " + range + " } aliases { name: 'ID' expr { unresolved_function { function_name: '+' arguments " +
              attribute("id") + " arguments { literal { integer: 1 } } } } } aliases { name: 'name' expr { literal { string: 'x' } } } }";
  EXPECT_EQ(f.columns(with), "ID bigint NOT NULL, name string NOT NULL");
  EXPECT_EQ(f.columns("with_columns_renamed { input { " + with + " } renames { col_name: 'name' new_col_name: 'n' } }"),
            "ID bigint NOT NULL, n string NOT NULL");
  EXPECT_EQ(f.columns("drop { input { " + with + " } column_names: 'id' column_names: 'unknown' }"), "name string NOT NULL");
  EXPECT_EQ(f.columns("to_df { input { " + with + " } column_names: 'a' column_names: 'b' }"), "a bigint NOT NULL, b string NOT NULL");
}

TEST(ConnectTranslation, AliasesQualifyColumnsThroughFiltersAndSorts) {
  fixture f;
  auto aliased = "subquery_alias { input { " + range + " } alias: 't' }";
  auto filtered = "filter { input { " + aliased + " } condition { unresolved_function { function_name: '>' arguments " + attribute("t.id") +
                  " arguments { literal { long: 1 } } } } }";
  EXPECT_EQ(f.columns("project { input { " + filtered + " } expressions " + attribute("t.id") + " }"), "id bigint NOT NULL");
  EXPECT_EQ(f.columns("project { input { project { input { " + filtered + " } expressions " + attribute("id") + " } } expressions " +
                      attribute("t.id") + " }"), "id bigint NOT NULL");
}

TEST(ConnectTranslation, NamesOfComputedColumnsAreSparks) {
  fixture f;
  auto name_of = [&](const std::string& expression) { return f.columns("project { input { " + range + " } expressions " + expression + " }"); };
  EXPECT_EQ(name_of("{ unresolved_function { function_name: '+' arguments " + attribute("id") + " arguments { literal { integer: 1 } } } }"),
            "`(id + 1)` bigint NOT NULL");
  EXPECT_EQ(name_of("{ cast { expr " + attribute("id") + " type_str: 'string' } }"), "id string NOT NULL");
  EXPECT_EQ(name_of("{ expression_string { expression: 'id * 2 AS twice' } }"), "twice bigint NOT NULL");
  EXPECT_EQ(name_of("{ unresolved_function { function_name: 'isNull' arguments " + attribute("id") + " } }"),
            "`(id IS NULL)` boolean NOT NULL");
}

TEST(ConnectTranslation, LiteralsOfEveryKindHaveTheirType) {
  fixture f;
  const std::pair<const char*, const char*> cases[] = {
      {"integer: -5", "int NOT NULL"},      {"long: 5", "bigint NOT NULL"},         {"byte: 1", "tinyint NOT NULL"},
      {"short: 1", "smallint NOT NULL"},    {"double: 1e300", "double NOT NULL"},   {"float: 0.5", "float NOT NULL"},
      {"boolean: true", "boolean NOT NULL"}, {"string: 'it''s'", "string NOT NULL"}, {"binary: '\\001'", "binary NOT NULL"},
      {"date: 19000", "date NOT NULL"},     {"timestamp: -1", "timestamp NOT NULL"}, {"timestamp_ntz: 1", "timestamp_ntz NOT NULL"},
      {"null { integer {} }", "int"},       {"decimal { value: '1.50' precision: 10 scale: 0 }", "decimal(10,2)"}};
  for (const auto& [literal, type] : cases) {
    auto plan = std::string("project { expressions { alias { name: 'x' expr { literal { ") + literal + " } } } } }";
    EXPECT_TRUE(f.columns(plan).starts_with(std::string("x ") + type)) << literal << ": " << f.columns(plan);
  }
}

TEST(ConnectTranslation, SqlSeesTheSessionsViews) {
  fixture f;
  f.views["v"] = parse(events);
  f.views["w"] = parse("filter { input { read { named_table { unparsed_identifier: 'v' } } } condition { expression_string { "
                       "expression: \"action = 'open'\" } } }");
  EXPECT_EQ(f.columns("sql { query: 'SELECT action, count(*) AS n FROM w GROUP BY action' }"), "action string, n bigint NOT NULL");
  EXPECT_EQ(f.columns("read { named_table { unparsed_identifier: 'V' } }"), "time timestamp, action string");
  EXPECT_EQ(f.columns("sql { query: 'SELECT * FROM counts' }"), "action string, count bigint");
  EXPECT_NE(f.columns("sql { query: 'SELEC 1' }").find("SELEC"), std::string::npos);
}

TEST(ConnectTranslation, AViewThatReadsItselfIsAnError) {
  fixture f;
  f.views["v"] = parse("read { named_table { unparsed_identifier: 'v' } }");
  EXPECT_NE(f.columns("read { named_table { unparsed_identifier: 'v' } }").find("200 operators"), std::string::npos);
}

TEST(ConnectTranslation, WhatIsMissingIsRefusedByName) {
  fixture f;
  EXPECT_EQ(f.columns("with_watermark { input { " + range + " } event_time: 'id' delay_threshold: '1 minute' }"), "withWatermark is not supported");
  EXPECT_EQ(f.columns("aggregate { input { " + range + " } group_type: GROUP_TYPE_GROUPING_SETS }"), "groupingSets is not supported");
  Relation join;
  join.GetReflection()->MutableUnknownFields(&join)->AddLengthDelimited(5, "");
  EXPECT_EQ(f.columns(join), "relation 5 of Spark Connect is not supported");
  EXPECT_EQ(f.columns(Relation()), "a relation without a type");
}

TEST(ConnectTranslation, DeepPlansAreBounded) {
  auto plan = parse(range);
  for (int i = 0; i < 150; ++i) {
    Relation next;
    next.mutable_limit()->set_limit(10);
    *next.mutable_limit()->mutable_input() = std::move(plan);
    plan = std::move(next);
  }
  EXPECT_EQ(fixture().columns(plan), "id bigint NOT NULL");
  for (int i = 0; i < 60; ++i) {
    Relation next;
    *next.mutable_limit()->mutable_input() = std::move(plan);
    plan = std::move(next);
  }
  EXPECT_NE(fixture().columns(plan).find("200 operators"), std::string::npos);
}

TEST(ConnectRows, RangesCountAsSparkDoes) {
  auto ids = [](std::int64_t start, std::int64_t end, std::int64_t step) {
    auto made = range_rows(start, end, step);
    if (!made.ok()) return made.error().message();
    std::string out;
    for (const auto& batch : made->batches)
      for (std::int64_t i = 0; i < batch->num_rows(); ++i)
        out += (out.empty() ? "" : " ") + std::to_string(static_cast<const arrow::Int64Array&>(*batch->column(0)).Value(i));
    return out;
  };
  EXPECT_EQ(ids(0, 5, 1), "0 1 2 3 4");
  EXPECT_EQ(ids(0, 5, 2), "0 2 4");
  EXPECT_EQ(ids(5, 0, -2), "5 3 1");
  EXPECT_EQ(ids(5, 5, 1), "");
  EXPECT_EQ(ids(0, 5, -1), "");
  EXPECT_EQ(ids(INT64_MAX - 2, INT64_MAX, 1), "9223372036854775805 9223372036854775806");
  EXPECT_EQ(ids(0, 5, 0), "the step of a range must not be 0");
  EXPECT_EQ(ids(INT64_MIN, INT64_MAX, 1), "a range of more than 50000000 rows is not supported");
  EXPECT_EQ(range_rows(0, 200'000, 1)->batches.size(), 4U);
}

TEST(ConnectRows, LocalRowsTakeTheTypesOfTheirSchema) {
  arrow::LargeStringBuilder names;
  ASSERT_TRUE(names.Append("a").ok());
  arrow::Int64Builder numbers;
  ASSERT_TRUE(numbers.Append(7).ok());
  auto schema = arrow::schema({arrow::field("x", arrow::large_utf8()), arrow::field("y", arrow::int64())});
  auto batch = arrow::RecordBatch::Make(schema, 1, {*names.Finish(), *numbers.Finish()});
  auto bytes = data::encode_batches(schema, {batch});
  ASSERT_TRUE(bytes.ok());
  auto plain = local_rows((*bytes)->ToString(), nullptr);
  ASSERT_TRUE(plain.ok()) << plain.error().to_string();
  EXPECT_EQ(data::schema_to_ddl(*plain->schema), "x string, y bigint");
  auto wanted = local_rows((*bytes)->ToString(), *data::schema_from_ddl("a string, b int"));
  ASSERT_TRUE(wanted.ok()) << wanted.error().to_string();
  EXPECT_TRUE(wanted->batches[0]->schema()->Equals(*wanted->schema));
  EXPECT_TRUE(wanted->batches[0]->ValidateFull().ok());
  EXPECT_FALSE(local_rows((*bytes)->ToString(), *data::schema_from_ddl("a string")).ok());
  EXPECT_FALSE(local_rows("no arrow", nullptr).ok());
  EXPECT_FALSE(local_rows("", nullptr).ok());
  EXPECT_TRUE(local_rows("", *data::schema_from_ddl("a int"))->batches.empty());
}

} // namespace
} // namespace sluice::connect
