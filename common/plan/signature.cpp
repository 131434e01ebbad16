#include <arrow/type.h>

#include "common/plan/codec.hpp"
#include "common/plan/internal/streaming.hpp"
#include "common/plan/interval.hpp"

namespace sluice::plan {

namespace {

/// Raised when an aggregate's stored state changes its meaning or layout.
int state_version_of(const std::string& function) { return 1; }

} // namespace

std::string state_signature(const streaming_plan& plan) {
  if (!plan.aggregate) return "stateless";
  const auto& what = *plan.aggregate;
  std::string out = "keys(";
  for (std::size_t i = 0; i < what.keys.size(); ++i)
    out += (i ? ", " : "") + expr::to_sql(*what.keys[i]) + " " + data::type_name(*what.keys[i]->type);
  out += ")";
  if (what.window)
    out += " window(" + expr::to_sql(*what.window->time) + " " + data::type_name(*what.window->time->type) + ", " +
           duration_text(what.window->size_us) + ", " + duration_text(what.window->slide_us) + ", " + duration_text(what.window->start_us) + ")";
  out += " calls(";
  for (std::size_t k = 0; k < what.calls.size(); ++k) {
    const auto& call = what.calls[k];
    out += (k ? ", " : "") + call.function + "/v" + std::to_string(state_version_of(call.function)) + "(";
    for (std::size_t i = 0; i < call.args.size(); ++i) out += (i ? ", " : "") + expr::to_sql(*call.args[i]) + " " + data::type_name(*call.args[i]->type);
    out += ")";
    if (call.ignore_nulls) out += " ignore nulls";
    if (call.filter) out += " filter(" + expr::to_sql(*call.filter) + ")";
    out += " " + data::type_name(*call.type);
  }
  out += ") mode " + std::string(internal::mode_name(plan.mode));
  return out;
}

std::string source_signature(const streaming_plan& plan) {
  std::string out = "files " + plan.source.format;
  for (const auto& path : plan.source.paths) out += " " + path;
  return out;
}

} // namespace sluice::plan
