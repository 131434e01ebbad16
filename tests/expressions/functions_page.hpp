#pragma once
/// docs/reference/functions.md out of the registry, the aggregates and the recorded list of Spark's functions.
#include <string>

namespace sluice::expressions {

std::string functions_page(const std::string& spark_functions_file);

} // namespace sluice::expressions
