#pragma once
/// The counting query over action and sliding window, its input files and its answer computed the plain way.
#include <arrow/api.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <tuple>

#include "common/plan/codec.hpp"
#include "common/storage/file_system.hpp"
#include "proto/sluice/link.pb.h"

namespace sluice::worker {

using count_key = std::tuple<std::string, std::int64_t>;  ///< action, window start in microseconds
using counts = std::map<count_key, std::int64_t>;

inline constexpr std::int64_t second_us = 1'000'000;

inline plan::streaming_plan counting_plan() {
  plan::streaming_plan plan;
  plan.name = "counts";
  auto time = data::timestamp_type();
  plan.source.name = "events";
  plan.source.format = "json";
  plan.source.schema = arrow::schema({arrow::field("time", time), arrow::field("action", arrow::utf8())});
  plan.source.columns = {0, 1};
  plan::aggregation aggregate;
  aggregate.keys = {expr::column(1, arrow::utf8(), "action")};
  aggregate.key_names = {"action"};
  aggregate.window = plan::window_spec{expr::column(0, time, "time"), 600 * second_us, 300 * second_us, 0};
  plan::aggregate_call count;
  count.function = "count";
  count.type = arrow::int64();
  aggregate.calls = {count};
  aggregate.output = arrow::schema({arrow::field("action", arrow::utf8()), arrow::field("window", data::window_type(time), false),
                                    arrow::field("count", arrow::int64(), false)});
  plan.aggregate = aggregate;
  plan.output = aggregate.output;
  plan.mode = plan::output_mode::complete;
  plan.sink.format = "memory";
  return plan;
}

/// A filter and nothing else: rows whose action is "open".
inline plan::streaming_plan filter_plan(const std::string& sink_format) {
  auto plan = counting_plan();
  plan.aggregate.reset();
  expr::options session;
  plan::step filter;
  filter.what = plan::step::kind::filter;
  filter.expressions = {expr::call("=", {expr::column(1, arrow::utf8(), "action"), expr::literal(arrow::MakeScalar("open"))}, {}, session).value()};
  filter.output = plan.source.schema;
  plan.map_steps = {filter};
  plan.output = plan.source.schema;
  plan.mode = plan::output_mode::append;
  plan.sink.format = sink_format;
  return plan;
}

/// Writes `lines` events to a file and adds them to `expected`.
inline void write_events(const std::string& path, int lines, int seed, counts& expected) {
  static const char* const actions[] = {"open", "close", "edit", "save", "find", "undo", "copy"};
  std::ofstream out(path);
  for (int i = 0; i < lines; ++i) {
    std::int64_t seconds = 1'469'500'000 + (static_cast<std::int64_t>(i) * 37 + seed * 101) % 20'000;
    std::string action = actions[(i * 5 + seed) % 7];
    out << "{\"time\":" << seconds << ",\"action\":\"" << action << "\"}\n";
    for (std::int64_t start = seconds / 300 * 300; start > seconds - 600; start -= 300) ++expected[{action, start * second_us}];
  }
}

inline void add_split(proto::batch_order& order, int ordinal, const std::string& path) {
  auto found = storage::posix_file_system()->stat(path).value();
  auto& split = *order.add_splits();
  split.set_ordinal(ordinal);
  split.set_path(path);
  split.set_length(found.size);
  split.set_file_size(found.size);
  split.set_mtime_us(found.mtime_us);
  split.set_inode(found.inode);
}

inline void add_rows(const std::vector<data::batch_ptr>& batches, counts& out) {
  for (const auto& batch : batches) {
    const auto& actions = static_cast<const arrow::StringArray&>(*batch->column(0));
    const auto& windows = static_cast<const arrow::StructArray&>(*batch->column(1));
    const auto& starts = static_cast<const arrow::TimestampArray&>(*windows.field(0));
    const auto& values = static_cast<const arrow::Int64Array&>(*batch->column(2));
    for (std::int64_t i = 0; i < batch->num_rows(); ++i) out[{actions.GetString(i), starts.Value(i)}] += values.Value(i);
  }
}

} // namespace sluice::worker
