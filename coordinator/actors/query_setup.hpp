#pragma once
/// From a plan and the settings to what the query's core and its checkpoint want to know. Pure.
#include "common/config/settings.hpp"
#include "coordinator/actors/query_record.hpp"
#include "coordinator/query/query_core.hpp"
#include "coordinator/sources/input_source.hpp"

namespace sluice::actors {

/// Settings of the job (SET …) override the cluster's. Error: invalid_setting.
result<config::query_settings> settings_for(const plan::streaming_plan& plan, const config::query_settings& defaults);

query::metadata metadata_of(const query_record& record);
query::core_options core_options_of(const query_record& record, const config::query_settings& settings);
/// What says which input comes next. Error: invalid_option.
result<std::unique_ptr<sources::input_source>> make_source(const plan::streaming_plan& plan);
/// Encoded plan, digest and checkpoint, as orders carry them.
query::order_context order_context_of(const plan::streaming_plan& plan);

/// A memory query in append or update mode: its table cannot be built up again by starting it by hand on an old
/// checkpoint.
bool keeps_results(const plan::streaming_plan& plan);
bool is_memory(const plan::streaming_plan& plan);
bool is_console(const plan::streaming_plan& plan);
/// Ends by itself once everything is read.
bool is_bounded(const plan::streaming_plan& plan);

sources::file_entry entry_of(const query::source_file& file);
query::source_file source_file_of(const sources::file_entry& entry);

/// "FileStreamSource[/data/events]" and "FileSink[/out]", "MemorySink", "ConsoleSink".
std::string source_text(const plan::streaming_plan& plan);
std::string sink_text(const plan::streaming_plan& plan);

} // namespace sluice::actors
