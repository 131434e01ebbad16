#include "common/data/ipc.hpp"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>

#include <cstring>

#include "common/data/arrow_status.hpp"

namespace sluice::data {

namespace {

constexpr unsigned char end_of_stream[8] = {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0};

arrow::ipc::IpcReadOptions read_options() {
  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.use_threads = false;
  options.max_recursion_depth = 64;
  return options;
}

arrow::Status write_all(const schema_ptr& schema, const std::vector<batch_ptr>& batches, arrow::io::OutputStream* sink) {
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  options.use_threads = false;
  ARROW_ASSIGN_OR_RAISE(auto writer, arrow::ipc::MakeStreamWriter(sink, schema, options));
  for (const auto& batch : batches)
    ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(*batch));
  return writer->Close();
}

arrow::Result<std::vector<batch_ptr>> read_all(const std::shared_ptr<arrow::Buffer>& buffer) {
  arrow::io::BufferReader input{buffer};
  ARROW_ASSIGN_OR_RAISE(auto reader, arrow::ipc::RecordBatchStreamReader::Open(&input, read_options()));
  std::vector<batch_ptr> batches;
  while (true) {
    batch_ptr batch;
    ARROW_RETURN_NOT_OK(reader->ReadNext(&batch));
    if (batch == nullptr)
      break;
    ARROW_RETURN_NOT_OK(batch->ValidateFull());
    batches.push_back(std::move(batch));
  }
  ARROW_ASSIGN_OR_RAISE(auto position, input.Tell());
  if (position != buffer->size())
    return arrow::Status::Invalid("bytes follow the end of the stream");
  return batches;
}

} // namespace

result<std::shared_ptr<arrow::Buffer>> encode_batches(const schema_ptr& schema, const std::vector<batch_ptr>& batches) {
  auto sink = from_arrow(arrow::io::BufferOutputStream::Create());
  if (!sink.ok())
    return std::move(sink).error();
  SLUICE_RETURN_IF_ERROR(from_arrow(write_all(schema, batches, sink->get())));
  return from_arrow((*sink)->Finish());
}

result<std::vector<batch_ptr>> decode_batches(const std::shared_ptr<arrow::Buffer>& buffer) {
  if (buffer == nullptr || buffer->size() < 8 || std::memcmp(buffer->data() + buffer->size() - 8, end_of_stream, 8) != 0)
    return {errc::corrupt_file, "record batches are cut off"};
  return from_arrow(read_all(buffer), errc::corrupt_file);
}

result<std::string> encode_schema(const arrow::Schema& schema) {
  auto buffer = from_arrow(arrow::ipc::SerializeSchema(schema));
  if (!buffer.ok())
    return std::move(buffer).error();
  return (*buffer)->ToString();
}

result<schema_ptr> decode_schema(std::string_view bytes) {
  auto input = arrow::io::BufferReader::FromString(std::string{bytes});
  arrow::ipc::DictionaryMemo dictionaries;
  return from_arrow(arrow::ipc::ReadSchema(input.get(), &dictionaries), errc::corrupt_file);
}

} // namespace sluice::data
