#pragma once
/// The list of scalar functions and operators, for the reference page and for help.
#include <string_view>
#include <vector>

namespace sluice::expr {

struct function_doc {
  std::string_view name;
  std::string_view aliases;    ///< blank-separated
  std::string_view signature;  ///< "substring(str, pos[, len])"
  std::string_view doc;        ///< one line
};

/// Every function once, sorted by name.
const std::vector<function_doc>& function_docs();

} // namespace sluice::expr
