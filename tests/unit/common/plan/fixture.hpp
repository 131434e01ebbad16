#pragma once
/// A catalog with a few relations, and shortcuts from text to plans.
#include <gtest/gtest.h>

#include "common/plan/analyzer.hpp"
#include "common/plan/codec.hpp"
#include "common/sql/nearest.hpp"

namespace sluice::plan::testing {

class test_catalog : public catalog_view {
public:
  test_catalog() {
    add("events", "time timestamp, action string");
    add("trades", "id bigint, price decimal(10,2), qty int, symbol string, tags array<string>, info struct<venue: string, fees: map<string, double>>, "
                  "ok boolean, at timestamp, day date, ratio double, real float, small smallint, _corrupt_record string");
    relation table;
    table.is_result_table = true;
    table.schema = *data::schema_from_ddl("action string, count bigint");
    relations["counts"] = table;
    relation view;
    view.view_query = "SELECT upper(action) AS action, time FROM events WHERE action IS NOT NULL";
    relations["loud"] = view;
    view.view_query = "SELECT action FROM loud WHERE action <> 'X'";
    relations["louder"] = view;
    view.view_query = "SELECT nothing FROM events";
    relations["broken"] = view;
    view.view_query = "SELECT * FROM STREAM events";
    relations["live"] = view;
  }
  void add(const std::string& name, const std::string& ddl) {
    relation r;
    r.schema = *data::schema_from_ddl(ddl);
    r.source.name = name;
    r.source.format = "json";
    r.source.paths = {"/data/" + name};
    r.source.schema = r.schema;
    relations[name] = r;
  }
  std::optional<relation> find(const std::string& name) const override {
    auto found = relations.find(name);
    return found == relations.end() ? std::nullopt : std::optional(found->second);
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> out;
    for (const auto& [name, r] : relations) out.push_back(name);
    return out;
  }
  std::map<std::string, relation> relations;
};

inline result<action> analyze_text(const std::string& text, const session_settings& session = {}) {
  static const test_catalog catalog;
  return analyze({text, {1, 1, 0}, {}}, catalog, session, "/home/me");
}

inline result<batch_plan> batch_of(const std::string& text) {
  SLUICE_ASSIGN_OR_RETURN(auto done, analyze_text(text));
  return std::get<run_batch>(std::move(done)).plan;
}

inline result<streaming_plan> stream_of(const std::string& select, const std::string& options = "outputMode 'complete'",
                                        const std::string& format = "memory") {
  SLUICE_ASSIGN_OR_RETURN(auto done, analyze_text("CREATE STREAMING TABLE out USING " + format + " OPTIONS (" + options + ") AS\n" + select));
  return std::get<start_query>(std::move(done)).plan;
}

/// Explain text, or the error.
inline std::string explained(const std::string& select) {
  auto plan = batch_of(select);
  return plan.ok() ? explain(*plan) : plan.error().to_string();
}
inline std::string explained_stream(const std::string& select, const std::string& options = "outputMode 'complete'",
                                    const std::string& format = "memory") {
  auto plan = stream_of(select, options, format);
  return plan.ok() ? explain(*plan) : plan.error().to_string();
}

} // namespace sluice::plan::testing
