#pragma once
/// JSON texts as trees, read as Jackson reads them for Spark: what follows the first value is ignored, single quotes count as
/// quotes. Room-internal.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::expr {

struct json_tree {
  enum class kind { null, boolean, integer, real, text, array, object };
  kind what = kind::null;
  std::string text;  ///< text: its value; number and boolean: as written
  std::vector<std::pair<std::string, json_tree>> members;
  std::vector<json_tree> elements;

  const json_tree* member(std::string_view name) const;
};

/// Nothing when the text is no JSON (or nested more than a thousand times).
std::optional<json_tree> parse_json(std::string_view text);
/// As Jackson writes what it read: numbers with a fraction as doubles.
void append_json(std::string& out, const json_tree& value);

} // namespace sluice::expr
