#pragma once
/// Record batches as bytes: Arrow IPC stream format without compression, one schema message and its batches.
/// All functions are pure and thread safe. Errors: corrupt_file for bytes that are no valid IPC (never a crash; batches are validated).
#include <vector>

#include "common/data/types.hpp"

namespace sluice::data {

result<std::shared_ptr<arrow::Buffer>> encode_batches(const schema_ptr& schema, const std::vector<batch_ptr>& batches);
/// Bytes of one self-contained stream (schema + batches). `buffer` must stay unchanged; the batches share its memory.
result<std::vector<batch_ptr>> decode_batches(const std::shared_ptr<arrow::Buffer>& buffer);
/// A schema alone as an IPC message, and back.
result<std::string> encode_schema(const arrow::Schema& schema);
result<schema_ptr> decode_schema(std::string_view bytes);

} // namespace sluice::data
