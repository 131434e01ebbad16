// Relations as Spark Connect's clients send them: translated, analysed, and run over sample rows.

#include <arrow/type.h>

#include <fstream>

#include "coordinator/connect/translation.hpp"
#include "proto/spark/connect/relations.pb.h"
#include "tests/fuzz/plan_run.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/unit/common/plan/fixture.hpp"

namespace sluice::fuzz {
namespace {

void run(std::string_view input) {
  spark::connect::Relation relation;
  if (!relation.ParseFromArray(input.data(), static_cast<int>(input.size()))) return;
  static const plan::testing::test_catalog catalog;
  const plan::session_settings settings;
  const connect::view_map views;
  auto made = connect::translate(relation, {catalog, settings, views, "/home/me"});
  if (!made.ok()) return require(made.code() != errc::internal, "an internal error: " + made.error().to_string());
  connect::scoped_catalog scope(catalog, *made);
  auto columns = plan::columns_of(*made->query, scope, settings);
  auto plan = plan::analyze_query(*made->query, scope, settings);
  if (!plan.ok()) return require(plan.code() != errc::internal, "an internal error: " + plan.error().to_string());
  require(columns.ok(), "a query that can run has no columns: " + (columns.ok() ? "" : columns.error().to_string()));
  require((*columns)->num_fields() == plan->root->output->num_fields(), "a query has other columns when it is asked for them");
  const auto bytes = plan::encode(*plan);
  auto again = plan::decode_batch(bytes);
  require(again.ok() && plan::encode(*again) == bytes, "a plan does not survive its encoding");
  run_batch(*plan);
}

/// What PySpark's client built, as tests/connect/record_plans.py wrote it down.
std::vector<std::string> seeds() {
  std::vector<std::string> out;
  std::ifstream file(SLUICE_SOURCE_DIR "/tests/connect/plans.txt");
  for (std::string name, hex; file >> name >> hex;) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    out.push_back(std::move(bytes));
  }
  require(!out.empty(), "no recorded plans");
  return out;
}

std::unique_ptr<google::protobuf::Message> message() { return std::make_unique<spark::connect::Relation>(); }

} // namespace

const target connect_target{"connect", run, seeds, message, 0};

} // namespace sluice::fuzz
