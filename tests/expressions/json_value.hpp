#pragma once
/// Values as Spark's to_json writes them, and their comparison.
#include <string>

#include "common/data/types.hpp"

namespace sluice::expressions {

/// One value of an array; timestamps as the zone sees them, with microseconds and offset.
std::string json_value(const arrow::Array& array, std::int64_t row, const std::string& time_zone);

/// Whether two such texts mean the same: numbers with a point or exponent may differ in the last places of a double.
bool same_json(const std::string& expected, const std::string& actual);

} // namespace sluice::expressions
