#pragma once
/// Options that Spark knows. One that Sluice has not is refused by name if it stands here: leaving it out would change the answer. What
/// nobody knows is left out, as Spark does.
#include <string>

namespace sluice::connect {

/// Any case; of any file source or sink.
bool spark_knows_option(const std::string& name);

} // namespace sluice::connect
