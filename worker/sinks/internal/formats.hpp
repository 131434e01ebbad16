#pragma once
/// The writers of each format; options are checked by validate().
#include "worker/sinks/internal/output_file.hpp"

namespace sluice::sinks {

result<std::unique_ptr<staged_writer>> make_json_writer(const plan::option_map& options, const data::schema_ptr& schema,
                                                        const expr::eval_context& context, std::unique_ptr<output_file> file);
result<std::unique_ptr<staged_writer>> make_csv_writer(const plan::option_map& options, const data::schema_ptr& schema,
                                                       const expr::eval_context& context, std::unique_ptr<output_file> file);
result<std::unique_ptr<staged_writer>> make_text_writer(const plan::option_map& options, std::unique_ptr<output_file> file);
result<std::unique_ptr<staged_writer>> make_parquet_writer(const plan::option_map& options, const data::schema_ptr& schema,
                                                           std::unique_ptr<output_file> file);
result<std::unique_ptr<staged_writer>> make_rows_writer(const data::schema_ptr& schema, std::unique_ptr<output_file> file);

/// Option `key` in lower case letters, or `otherwise`.
std::string option_or(const plan::option_map& options, const char* key, const char* otherwise);
/// Suffix of a compression: "" for none, ".gz", ".snappy", … Error: invalid_option.
result<std::string> parquet_compression(const plan::option_map& options);

} // namespace sluice::sinks
