#pragma once
/// Identifiers in DDL text.
#include <string>
#include <string_view>

namespace sluice::data {

/// The name as it may stand in SQL: back-quoted unless it consists of letters, digits and underscores.
std::string quote_identifier(std::string_view name);

} // namespace sluice::data
