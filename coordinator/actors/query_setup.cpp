#include "coordinator/actors/query_setup.hpp"

#include <charconv>

#include "common/data/keys.hpp"
#include "common/plan/codec.hpp"
#include "common/storage/durable.hpp"
#include "coordinator/sources/file_discovery.hpp"
#include "coordinator/sources/rate_source.hpp"
#include "coordinator/sources/split_plan.hpp"

namespace sluice::actors {
namespace {

/// A whole number from a job's settings, under any of its names.
status override_number(const plan::option_map& values, std::initializer_list<const char*> keys, std::int64_t least,
                       std::int64_t most, std::int64_t& target) {
  for (const char* key : keys) {
    auto found = values.find(key);
    if (found == values.end()) continue;
    const auto& text = found->second;
    std::int64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number < least || number > most)
      return {errc::invalid_setting, std::string(key) + " must be a whole number from " + std::to_string(least) +
                                         " to " + std::to_string(most) + ", not '" + text + "'"};
    target = number;
  }
  return ok();
}

query::trigger_kind trigger_of(const plan::streaming_plan& plan) {
  switch (plan.trigger.what) {
    case plan::trigger_spec::kind::as_soon_as_possible: return query::trigger_kind::as_soon_as_possible;
    case plan::trigger_spec::kind::interval: return query::trigger_kind::interval;
    case plan::trigger_spec::kind::available_now: return query::trigger_kind::available_now;
    case plan::trigger_spec::kind::once: return query::trigger_kind::once;
  }
  return query::trigger_kind::as_soon_as_possible;
}

std::function<std::vector<query::file_split>(const std::vector<query::source_file>&)> split_planner(
    const plan::file_source& source, std::int64_t bytes) {
  return [source, bytes](const std::vector<query::source_file>& files) {
    std::vector<sources::file_entry> entries;
    for (const auto& file : files) entries.push_back(entry_of(file));
    std::vector<query::file_split> splits;
    for (const auto& split : sources::plan_splits(entries, source, bytes))
      splits.push_back(
          {split.ordinal, split.path, split.offset, split.length, split.file_size, split.mtime_us, split.inode});
    return splits;
  };
}

/// What files of the sink's format end in.
std::string extension_of(const plan::streaming_plan& plan) {
  if (plan.sink.path.empty()) return {};
  auto compression = plan.sink.options.find("compression");
  const bool zipped = compression != plan.sink.options.end() && compression->second == "gzip" && plan.sink.format != "parquet";
  return (plan.sink.format == "text" ? ".txt" : "." + plan.sink.format) + (zipped ? ".gz" : "");
}

} // namespace

result<config::query_settings> settings_for(const plan::streaming_plan& plan, const config::query_settings& defaults) {
  auto settings = defaults;
  std::int64_t key_groups = settings.key_groups;
  std::int64_t attempts = settings.max_attempts;
  const auto& values = plan.settings;
  SLUICE_RETURN_IF_ERROR(
      override_number(values, {"sluice.query.key-groups", "query.key-groups"}, 1, 32768, key_groups));
  SLUICE_RETURN_IF_ERROR(
      override_number(values, {"sluice.query.max-attempts", "query.max-attempts"}, 1, 100, attempts));
  SLUICE_RETURN_IF_ERROR(
      override_number(values,
                      {"sluice.query.min-batches-to-retain", "query.min-batches-to-retain",
                       "spark.sql.streaming.minbatchestoretain", "spark.sql.streaming.minBatchesToRetain"},
                      2, 1'000'000, settings.min_batches_to_retain));
  SLUICE_RETURN_IF_ERROR(override_number(values, {"sluice.query.base-interval", "query.base-interval"}, 2, 100'000,
                                         settings.base_interval));
  SLUICE_RETURN_IF_ERROR(override_number(values, {"sluice.query.split-size", "query.split-size"}, 64 << 10, 1LL << 30,
                                         settings.split_size));
  SLUICE_RETURN_IF_ERROR(override_number(values, {"sluice.query.result-rows", "query.result-rows"}, 1, 10'000'000'000,
                                         settings.result_rows));
  settings.key_groups = static_cast<std::uint32_t>(key_groups);
  settings.max_attempts = static_cast<int>(attempts);
  return settings;
}

query::metadata metadata_of(const query_record& record) {
  query::metadata wanted;
  wanted.query = record.id.text;
  wanted.name = record.plan.name;
  wanted.num_key_groups = record.key_groups;
  wanted.hash_name = data::key_hash_name;
  wanted.source_signature = plan::source_signature(record.plan);
  if (record.plan.aggregate) wanted.operators.push_back({0, "aggregate", plan::state_signature(record.plan)});
  wanted.sink_format = record.plan.sink.format;
  wanted.sink_path = record.plan.sink.path;
  return wanted;
}

query::core_options core_options_of(const query_record& record, const config::query_settings& settings) {
  const auto& plan = record.plan;
  query::core_options options;
  options.query = record.id.text;
  options.run = record.run.text;
  options.name = plan.name;
  options.stateful = plan.aggregate.has_value();
  options.global = plan.aggregate && plan.aggregate->keys.empty() && !plan.aggregate->window;
  options.complete = plan.mode == plan::output_mode::complete;
  options.keep_results = keeps_results(plan);
  options.collect_output = options.keep_results || is_console(plan);
  options.checkpoint = plan.checkpoint;
  options.sink_path = plan.sink.path;
  options.sink_extension = extension_of(plan);
  options.source_description = source_text(plan);
  options.sink_description = sink_text(plan);
  options.plan_splits = split_planner(plan.source, settings.split_size);
  options.settings = plan.settings;
  options.trigger = trigger_of(plan);
  options.interval_us = plan.trigger.interval_us;
  options.max_attempts = settings.max_attempts;
  options.silence_us = settings.progress_timeout.count();
  options.base_every = settings.base_interval;
  options.min_batches_to_retain = settings.min_batches_to_retain;
  options.max_result_rows = settings.result_rows;
  return options;
}

result<std::unique_ptr<sources::input_source>> make_source(const plan::streaming_plan& plan) {
  std::unique_ptr<sources::input_source> source;
  if (plan.source.format == "rate") {
    SLUICE_ASSIGN_OR_RETURN(auto options, sources::rate_options_of(plan.source.options));
    source = std::make_unique<sources::rate_source>(options);
    return source;
  }
  SLUICE_ASSIGN_OR_RETURN(auto options, sources::discovery_options_of(plan.source.options, is_bounded(plan),
                                                                      plan.trigger.what == plan::trigger_spec::kind::once));
  source = std::make_unique<sources::file_discovery>(std::move(options));
  return source;
}

query::order_context order_context_of(const plan::streaming_plan& plan) {
  query::order_context context;
  context.plan = plan::encode(plan);
  context.plan_digest = storage::checksum_text(storage::checksum(context.plan));
  context.checkpoint = plan.checkpoint;
  return context;
}

bool is_memory(const plan::streaming_plan& plan) { return plan.sink.format == "memory"; }
bool is_console(const plan::streaming_plan& plan) { return plan.sink.format == "console"; }
bool keeps_results(const plan::streaming_plan& plan) {
  return is_memory(plan) && plan.mode != plan::output_mode::complete;
}
bool is_bounded(const plan::streaming_plan& plan) {
  return plan.trigger.what == plan::trigger_spec::kind::available_now ||
         plan.trigger.what == plan::trigger_spec::kind::once;
}

sources::file_entry entry_of(const query::source_file& file) {
  return {file.path, file.size, file.mtime_us, file.inode};
}
query::source_file source_file_of(const sources::file_entry& entry) {
  return {entry.path, entry.size, entry.mtime_us, entry.inode};
}

std::string source_text(const plan::streaming_plan& plan) {
  if (plan.source.format == "rate") {
    auto options = sources::rate_options_of(plan.source.options);
    return "RateStreamV2[rowsPerSecond=" + std::to_string(options.ok() ? options->rows_per_second : 1) +
           ", rampUpTimeSeconds=" + std::to_string(options.ok() ? options->ramp_up_seconds : 0) + ", numPartitions=default]";
  }
  std::string text = "FileStreamSource[";
  for (const auto& path : plan.source.paths) text += (text.back() == '[' ? "" : ",") + path;
  return text + "]";
}

std::string sink_text(const plan::streaming_plan& plan) {
  if (is_memory(plan)) return "MemorySink";
  if (is_console(plan)) return "ConsoleSink";
  return "FileSink[" + plan.sink.path + "]";
}

} // namespace sluice::actors
