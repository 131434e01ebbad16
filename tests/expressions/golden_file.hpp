#pragma once
/// Golden files of expressions (format: record.py) and the columns they are tried on (golden/columns.txt).
#include <map>
#include <string>
#include <vector>

namespace sluice::expressions {

/// What Spark answered for one expression.
struct golden_case {
  std::string expression;
  std::string column;
  std::string type;
  bool nullable = true;
  std::string refused;            ///< the condition, when refused at analysis
  std::vector<std::string> rows;  ///< "row JSON" or "fails CONDITION"
};

struct golden_file {
  std::map<std::string, std::string> settings;
  std::vector<golden_case> cases;
};

struct value_column {
  std::string name;
  std::string type;
  std::vector<std::string> cells;  ///< SQL texts, one per row
};

golden_file read_golden(const std::string& path);
std::vector<value_column> read_columns(const std::string& path);
/// The lines of a text file; empty when it cannot be read.
std::vector<std::string> read_lines(const std::string& path);

} // namespace sluice::expressions
