#pragma once
/// Nested and rare JSON values: a checked value converted to a tree of the wanted type, then appended to an Arrow builder.
#include <arrow/api.h>

#include <string>
#include <vector>

#include "worker/readers/internal/json_scan.hpp"
#include "worker/readers/internal/json_times.hpp"

namespace sluice::readers {

/// A value of some type: which member holds it follows from the type. Structs: one item per field; maps: key, value, key, …
struct json_tree {
  bool present = false;
  std::int64_t integer = 0;
  double real = 0;
  arrow::Decimal128 decimal;
  std::string text;
  std::vector<json_tree> items;
};

/// `partial`: usable, but something inside was malformed; `bad`: null takes its place.
enum class conversion { good, partial, bad };

class tree_converter {
public:
  tree_converter(const time_parser& times, json_grammar grammar) : times_(times), grammar_(grammar) {}

  /// Converts the checked value at `begin`. An error is one of evaluation, not of the data.
  result<conversion> convert(const char* begin, const char* end, const data::type_ptr& type, json_tree& tree) const;
  static status append(arrow::ArrayBuilder& builder, const arrow::DataType& type, const json_tree& tree);
  /// Whether JSON can be read as this type; unsupported_feature names the type.
  static status supported(const arrow::DataType& type);

private:
  result<conversion> scalar(const char* begin, const char* end, const data::type_ptr& type, json_tree& tree) const;
  result<conversion> time_text(const char* begin, const char* end, const data::type_ptr& type, json_tree& tree) const;
  result<conversion> members(const char* begin, const arrow::StructType& type, json_tree& tree) const;
  result<conversion> elements(const char* begin, const data::type_ptr& element, json_tree& tree) const;
  result<conversion> entries(const char* begin, const arrow::MapType& type, json_tree& tree) const;

  const time_parser& times_;
  json_grammar grammar_;
};

/// Integers as Spark narrows them: a tinyint takes -128..255 and wraps; false beyond.
bool fits_integer(arrow::Type::type type, std::int64_t& value) noexcept;

} // namespace sluice::readers
