#pragma once
/// The statistical aggregates: pairs, moments, bits, percentiles, extremes by another column, texts, distinct counts.
#include <string>
#include <string_view>
#include <vector>

#include "common/plan/internal/scope.hpp"

namespace sluice::plan::internal {

/// The canonical name, or "" for any other function.
std::string_view statistical_name(const std::string& lower);
void add_statistical_names(std::vector<std::string>& out);
/// Coerces the arguments and sets the result's type; `written` is the name in lower case, `call.function` the canonical one.
status resolve_statistical(const std::string& written, aggregate_call& call, text_position position, const expr::options& session);

/// Gives a call the arguments that Spark shows in its name; `written` are those before coercion. Other functions keep theirs.
void show_arguments(const std::string& name, std::vector<expr::expr_ptr> written, aggregate_call& shown);

} // namespace sluice::plan::internal
