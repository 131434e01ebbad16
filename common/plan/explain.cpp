#include <arrow/type.h>

#include "common/plan/aggregates.hpp"
#include "common/plan/analyzer.hpp"
#include "common/plan/internal/streaming.hpp"
#include "common/plan/interval.hpp"

namespace sluice::plan {
namespace {

std::string columns_text(const arrow::Schema& schema) {
  std::string out = "[";
  for (int i = 0; i < schema.num_fields(); ++i) {
    const auto& field = *schema.field(i);
    out += (i ? ", " : "") + field.name() + " " + data::type_name(*field.type());
    if (!field.nullable()) out += " NOT NULL";
  }
  return out + "]";
}

std::string options_text(const option_map& options) {
  std::string out;
  for (const auto& [key, value] : options) out += (out.empty() ? "" : ", ") + key + "=" + value;
  return out;
}

std::string window_text(const window_spec& window) {
  std::string out = "window(" + expr::to_sql(*window.time) + ", " + duration_text(window.size_us);
  if (window.slide_us != window.size_us || window.start_us != 0) out += ", " + duration_text(window.slide_us);
  if (window.start_us != 0) out += ", " + duration_text(window.start_us);
  return out + ")";
}

/// "name        value" lines below a heading.
void append_entry(std::string& out, const std::string& indent, std::string name, const std::string& value) {
  name.resize(std::max<std::size_t>(name.size() + 1, 12), ' ');
  out += indent + name + value + "\n";
}

data::schema_ptr columns_read(const file_source& source) {
  arrow::FieldVector fields;
  for (int column : source.columns) fields.push_back(source.schema->field(column));
  return arrow::schema(std::move(fields));
}

void append_scan(std::string& out, const std::string& indent, const file_source& source) {
  out += indent + "Scan " + source.format + " " + source.name + " " + columns_text(*columns_read(source)) + "\n";
  std::string paths;
  for (const auto& path : source.paths) paths += (paths.empty() ? "" : ", ") + path;
  append_entry(out, indent + "  ", "path", paths);
  if (!source.options.empty()) append_entry(out, indent + "  ", "options", options_text(source.options));
}

std::string step_text(const step& s) {
  if (s.what == step::kind::filter) return "Filter " + expr::to_sql(*s.expressions[0]);
  std::string out = "Project [";
  for (std::size_t i = 0; i < s.expressions.size(); ++i) {
    auto text = expr::to_sql(*s.expressions[i]);
    const auto& name = s.output->field(static_cast<int>(i))->name();
    out += (i ? ", " : "") + text;
    if (text != name) out += " AS " + name;
  }
  return out + "]";
}

std::string keys_text(const aggregation& what) {
  std::string out = "[";
  for (std::size_t i = 0; i < what.keys.size(); ++i) out += (i ? ", " : "") + expr::to_sql(*what.keys[i]);
  return out + "]";
}

void append_aggregate(std::string& out, const std::string& indent, const std::string& title, const aggregation& what) {
  out += indent + title + "\n";
  append_entry(out, indent + "  ", "keys", keys_text(what));
  if (what.window) append_entry(out, indent + "  ", "window", window_text(*what.window));
  auto first = what.keys.size() + (what.window ? 1 : 0);
  for (std::size_t k = 0; k < what.calls.size(); ++k) {
    const auto& field = *what.output->field(static_cast<int>(first + k));
    auto text = to_sql(what.calls[k]);
    if (field.name() != text) text += " AS " + field.name();
    append_entry(out, indent + "  ", k ? "" : "calls", text + " " + data::type_name(*what.calls[k].type));
  }
}

std::string sort_text(const std::vector<sort_key>& sort) {
  std::string out = "Sort [";
  for (std::size_t i = 0; i < sort.size(); ++i)
    out += (i ? ", " : "") + expr::to_sql(*sort[i].expression) + (sort[i].ascending ? " ASC" : " DESC") +
           (sort[i].nulls_first ? " NULLS FIRST" : " NULLS LAST");
  return out + "]";
}

std::string trigger_line(const trigger_spec& trigger) {
  switch (trigger.what) {
    case trigger_spec::kind::as_soon_as_possible: return "as soon as possible";
    case trigger_spec::kind::interval: return "every " + duration_text(trigger.interval_us);
    case trigger_spec::kind::available_now: return "availableNow";
    case trigger_spec::kind::once: return "once";
  }
  return "";
}

std::string join_text(const join_spec& join) {
  static constexpr std::string_view names[] = {"Inner", "LeftOuter", "RightOuter", "FullOuter", "LeftSemi", "LeftAnti", "Exists"};
  std::string out = "Join " + std::string(join.single ? "Scalar" : join.in ? "In" : names[static_cast<int>(join.what)]);
  auto key_text = [](const join_spec::key& key) {
    return expr::to_sql(*key.left) + (key.null_safe ? " <=> " : " = ") + expr::to_sql(*key.right);
  };
  for (std::size_t i = 0; i < join.keys.size(); ++i) out += (i ? ", " : " on ") + key_text(join.keys[i]);
  if (join.in) out += " value " + key_text(*join.in);
  if (join.condition) out += " where " + expr::to_sql(*join.condition);
  return out;
}

std::string bound_text(const frame_bound& bound, bool rows) {
  switch (bound.what) {
    case frame_bound::kind::unbounded_preceding: return "UNBOUNDED PRECEDING";
    case frame_bound::kind::unbounded_following: return "UNBOUNDED FOLLOWING";
    case frame_bound::kind::current_row: return "CURRENT ROW";
    case frame_bound::kind::offset: return rows ? std::to_string(bound.rows) : expr::to_sql(*bound.value);
  }
  return "";
}

void append_window(std::string& out, const std::string& indent, const window_node& window) {
  out += indent + "Window\n";
  std::string keys;
  for (const auto& key : window.partition) keys += (keys.empty() ? "" : ", ") + expr::to_sql(*key);
  append_entry(out, indent + "  ", "partition", "[" + keys + "]");
  append_entry(out, indent + "  ", "order", sort_text(window.order).substr(5));
  for (std::size_t k = 0; k < window.calls.size(); ++k) {
    const auto& call = window.calls[k];
    append_entry(out, indent + "  ", k ? "" : "calls", to_sql(call.call) + (call.rows ? " ROWS " : " RANGE ") + bound_text(call.lower, call.rows) +
                                                           " TO " + bound_text(call.upper, call.rows));
  }
}

std::string generate_text(const generate_node& generate) {
  static constexpr std::string_view names[] = {"explode", "posexplode", "inline"};
  return "Generate " + std::string(names[static_cast<int>(generate.what)]) + "(" + expr::to_sql(*generate.value) + ")" + (generate.outer ? " OUTER" : "");
}

void append_expand(std::string& out, const std::string& indent, const node& at) {
  constexpr std::size_t most_shown = 8;
  out += indent + "Expand " + std::to_string(at.projections.size()) + " rows each " + columns_text(*at.output) + "\n";
  for (std::size_t i = 0; i < std::min(most_shown, at.projections.size()); ++i) {
    std::string row;
    for (const auto& value : at.projections[i]) row += (row.empty() ? "" : ", ") + expr::to_sql(*value);
    append_entry(out, indent + "  ", i ? "" : "rows", "(" + row + ")");
  }
}

void append_node(std::string& out, const node& at, const std::string& indent) {
  switch (at.what) {
    case node::kind::offset: out += indent + "Offset " + std::to_string(at.limit) + "\n"; break;
    case node::kind::union_all: out += indent + "Union " + columns_text(*at.output) + "\n"; break;
    case node::kind::intersect: out += indent + (at.all ? "Intersect All\n" : "Intersect\n"); break;
    case node::kind::except: out += indent + (at.all ? "Except All\n" : "Except\n"); break;
    case node::kind::join: out += indent + join_text(at.join) + "\n"; break;
    case node::kind::expand: append_expand(out, indent, at); break;
    case node::kind::generate: out += indent + generate_text(at.generate) + "\n"; break;
    case node::kind::window: append_window(out, indent, at.window); break;
    case node::kind::range:
      out += indent + "Range " + std::to_string(at.range.start) + " to " + std::to_string(at.range.end) + " by " + std::to_string(at.range.step) + "\n";
      break;
    case node::kind::single_row: out += indent + "SingleRow\n"; break;
    case node::kind::sample: out += indent + "Sample " + std::to_string(at.sample_from) + " to " + std::to_string(at.sample_to) + "\n"; break;
    case node::kind::file_scan: append_scan(out, indent, at.source); break;
    case node::kind::table_scan: out += indent + "Scan table " + at.table + " " + columns_text(*at.output) + "\n"; break;
    case node::kind::one_row: out += indent + "OneRow\n"; break;
    case node::kind::filter:
    case node::kind::project: out += indent + step_text(at.action) + "\n"; break;
    case node::kind::aggregate: append_aggregate(out, indent, at.aggregate.calls.empty() ? "Distinct" : "Aggregate", at.aggregate); break;
    case node::kind::sort: out += indent + sort_text(at.sort) + "\n"; break;
    case node::kind::limit: out += indent + "Limit " + std::to_string(at.limit) + "\n"; break;
  }
  for (const auto& input : at.inputs) append_node(out, *input, indent + "  ");
}

void append_sink(std::string& out, const streaming_plan& plan) {
  if (!plan.sort.empty()) out += "  " + sort_text(plan.sort) + "\n";
  if (plan.limit) out += "  Limit " + std::to_string(*plan.limit) + "\n";
  out += "  Sink " + plan.sink.format + " " + (plan.sink.path.empty() ? plan.name : plan.sink.path) + "\n";
}

} // namespace

std::string explain(const streaming_plan& plan) {
  std::string out = "Streaming query " + plan.name + "\n";
  append_entry(out, "  ", "mode", std::string(internal::mode_name(plan.mode)));
  append_entry(out, "  ", "trigger", trigger_line(plan.trigger));
  append_entry(out, "  ", "sink", plan.sink.format + (plan.sink.path.empty() ? "" : " " + plan.sink.path) +
                                      (plan.sink.options.empty() ? "" : " (" + options_text(plan.sink.options) + ")"));
  append_entry(out, "  ", "checkpoint", plan.checkpoint.empty() ? "(chosen by the coordinator)" : plan.checkpoint);
  append_entry(out, "  ", "output", columns_text(*plan.output));
  append_entry(out, "  ", "state", plan.aggregate ? "one aggregation" : "none");
  out += "Stage 0: map\n";
  append_scan(out, "  ", plan.source);
  for (const auto& s : plan.map_steps) out += "  " + step_text(s) + "\n";
  if (!plan.aggregate) {
    append_sink(out, plan);
    return out;
  }
  append_aggregate(out, "  ", "Partial aggregate", *plan.aggregate);
  out += "  Exchange by key group of " + keys_text(*plan.aggregate) + "\n";
  out += "Stage 1: reduce\n";
  out += "  Final aggregate " + columns_text(*plan.aggregate->output) + "\n";
  for (const auto& s : plan.result_steps) out += "  " + step_text(s) + "\n";
  append_sink(out, plan);
  return out;
}

std::string explain(const batch_plan& plan) {
  std::string out = "Batch query\n";
  append_entry(out, "  ", "output", columns_text(*plan.root->output));
  append_node(out, *plan.root, "  ");
  return out;
}

} // namespace sluice::plan
