// Plans that PySpark's client built (tests/connect/plans.txt), through the translation and the analyzer.
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "coordinator/connect/translation.hpp"
#include "proto/spark/connect/relations.pb.h"

namespace sluice::connect {
namespace {

class counts_table : public plan::catalog_view {
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

std::map<std::string, std::string> recorded() {
  std::ifstream file(SLUICE_SOURCE_DIR "/tests/connect/plans.txt");
  std::map<std::string, std::string> out;
  for (std::string name, hex; file >> name >> hex;) {
    auto& bytes = out[name];
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return out;
}

std::string columns_of(const std::string& bytes) {
  spark::connect::Relation relation;
  if (!relation.ParseFromString(bytes)) return "no relation";
  counts_table catalog;
  plan::session_settings settings;
  view_map views;
  auto made = translate(relation, {catalog, settings, views, "/home/me"});
  if (!made.ok()) return made.error().to_string();
  scoped_catalog scope(catalog, *made);
  auto schema = plan::columns_of(*made->query, scope, settings);
  if (!schema.ok()) return schema.error().to_string();
  if (!made->streaming) {
    auto plan = plan::analyze_query(*made->query, scope, settings);
    if (!plan.ok()) return plan.error().to_string();
    EXPECT_TRUE(plan->root->output->Equals(**schema, false)) << plan->root->output->ToString() << (*schema)->ToString();
  }
  return data::schema_to_ddl(**schema);
}

TEST(RecordedPlans, AreUnderstoodAndTyped) {
  const std::map<std::string, std::string> expected{
      {"read_with_schema", "time timestamp, action string"},
      {"read_with_ddl", "a int, b string"},
      {"notebook_counts", "action string, window struct<start:timestamp,end:timestamp> NOT NULL, count bigint NOT NULL"},
      {"notebook_report", "action string, time string, count bigint NOT NULL"},
      {"notebook_stream", "action string, window struct<start:timestamp,end:timestamp> NOT NULL, count bigint NOT NULL, h double"},
      {"range", "id bigint NOT NULL"},
      {"range_parts", "id bigint NOT NULL"},
      {"columns", "n bigint NOT NULL, twice bigint NOT NULL"},
      {"drop", "x string NOT NULL"},
      {"filter_text", "id bigint NOT NULL"},
      {"filter_column", "id bigint NOT NULL"},
      {"select_expr", "id bigint NOT NULL, twice bigint NOT NULL, id string NOT NULL"},
      {"alias", "id bigint NOT NULL, s string NOT NULL"},
      {"when", "size string NOT NULL"},
      {"strings", "`upper(action)` string, `startswith(action, o)` boolean, `substr(action, 1, 2)` string, `action LIKE o%` boolean, "
                  "`concat_ws(-, action, x)` string NOT NULL, `coalesce(action, none)` string NOT NULL"},
      {"literals", "i int NOT NULL, l bigint NOT NULL, d double NOT NULL, s string NOT NULL, b boolean NOT NULL, n void, day date NOT NULL, "
                   "at timestamp NOT NULL, dec decimal(10,2) NOT NULL, bin binary NOT NULL"},
      {"aggregates", "`count(1)` bigint NOT NULL, `count(DISTINCT action)` bigint NOT NULL, first timestamp, last timestamp"},
      {"group_expression", "odd bigint, `sum(id)` bigint, mean double"},
      {"sort_limit", "id bigint NOT NULL"},
      {"distinct", "action string"},
      {"sql", "action string, count bigint"},
      {"repartition", "id bigint NOT NULL"},
      {"rows", "n bigint, s string"},
      {"no_rows", "time timestamp, action string"},
      {"named", "x bigint, y string"},
  };
  auto plans = recorded();
  for (const auto& [name, columns] : expected) EXPECT_EQ(columns_of(plans[name]), columns) << name;
  EXPECT_TRUE(columns_of(plans["chained"]).ends_with("c39 bigint NOT NULL")) << columns_of(plans["chained"]);
  EXPECT_EQ(plans.size(), expected.size() + 1);
}

} // namespace
} // namespace sluice::connect
