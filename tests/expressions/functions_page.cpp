#include "tests/expressions/functions_page.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "common/expr/expr.hpp"
#include "common/expr/registry.hpp"
#include "common/plan/aggregates.hpp"
#include "tests/expressions/golden_file.hpp"

namespace sluice::expressions {

namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text)
    out += c == '|' ? std::string{"\\|"} : std::string{c};
  return out;
}

/// Python's names for what SQL calls or writes otherwise; an empty one is no function of rows (sorting, literals, partitions).
const std::map<std::string, std::string>& python_names() {
  static const std::map<std::string, std::string> names = {
    {"bitwise_not", "~"}, {"create_map", "map"}, {"negate", "negative"}, {"timestamp_add", "timestampadd"}, {"timestamp_diff", "timestampdiff"},
    {"countDistinct", "count"}, {"count_distinct", "count"}, {"sumDistinct", "sum"}, {"sum_distinct", "sum"}, {"approxCountDistinct", "approx_count_distinct"},
    {"shiftLeft", "shiftleft"}, {"shiftRight", "shiftright"}, {"shiftRightUnsigned", "shiftrightunsigned"}, {"toDegrees", "degrees"}, {"toRadians", "radians"},
    {"bitwiseNOT", "~"}, {"char", "char"}, {"column", ""}, {"col", ""}, {"lit", ""}, {"expr", ""}, {"asc", ""}, {"desc", ""}, {"asc_nulls_first", ""},
    {"asc_nulls_last", ""}, {"desc_nulls_first", ""}, {"desc_nulls_last", ""}, {"broadcast", ""}, {"call_function", ""}, {"when", "case"}};
  return names;
}

const std::set<std::string>& casts() {
  static const std::set<std::string> names = {"bigint", "binary", "boolean", "date", "decimal", "double", "float", "int", "smallint", "string", "timestamp", "tinyint"};
  return names;
}

bool is_done(const std::string& name) {
  return expr::is_scalar_function(name) || plan::is_aggregate_function(name) || casts().count(name) > 0 || name == "window";
}

void add_names(std::ostringstream& out, const std::string& title, const std::vector<std::string>& names) {
  out << title << " (" << names.size() << "): ";
  for (std::size_t i = 0; i < names.size(); ++i)
    out << (i ? ", " : "") << "`" << names[i] << "`";
  out << "\n\n";
}

} // namespace

std::string functions_page(const std::string& spark_functions_file) {
  std::vector<std::string> sql[2], python[2];
  for (const auto& line : read_lines(spark_functions_file)) {
    const bool is_python = line.starts_with("python ");
    if (!is_python && !line.starts_with("sql "))
      continue;
    const auto name = line.substr(line.find(' ') + 1);
    auto meant = name;
    if (is_python)
      if (auto other = python_names().find(name); other != python_names().end())
        meant = other->second;
    if (is_python && meant.empty())
      continue;
    (is_python ? python : sql)[is_done(meant)].push_back(name);
  }
  std::ostringstream out;
  out << "# Functions\n\n"
         "Made by `scripts/functions-reference` from the registry of functions and a list of Spark 4.3.0's; do not edit. Types, coercion,\n"
         "nulls and errors are Spark's; where a function differs, [compatibility.md](../compatibility.md) says how.\n\n"
         "## Functions of a row\n\n| Function | Other names | |\n|---|---|---|\n";
  for (const auto& one : expr::function_docs()) {
    std::string aliases{one.aliases};
    out << "| `" << escaped(one.signature) << "` | " << (aliases.empty() ? "" : "`" + escaped(aliases) + "`") << " | " << escaped(one.doc) << " |\n";
  }
  out << "\n## Aggregate functions\n\n";
  auto aggregates = plan::aggregate_function_names();
  std::sort(aggregates.begin(), aggregates.end());
  add_names(out, "Grouped queries know", aggregates);
  out << "## Against Spark's lists\n\nNames of `SHOW FUNCTIONS`:\n\n";
  add_names(out, "done", sql[1]);
  add_names(out, "not done", sql[0]);
  out << "Names of `pyspark.sql.functions` (without those that wrap Python code, sort or name columns):\n\n";
  add_names(out, "done", python[1]);
  add_names(out, "not done", python[0]);
  auto text = out.str();
  text.pop_back();
  return text;
}

} // namespace sluice::expressions
