#include "coordinator/connect/compression.hpp"

#include <arrow/buffer.h>
#include <arrow/io/compressed.h>
#include <arrow/io/memory.h>
#include <arrow/util/compression.h>
#include <google/protobuf/io/coded_stream.h>

#include "proto/spark/connect/base.pb.h"

namespace sluice::connect {
namespace {

constexpr std::int64_t largest_plan = 128 << 20;
constexpr int deepest_plan = 1024;

result<std::string> decompressed(const std::string& bytes) {
  auto codec = arrow::util::Codec::Create(arrow::Compression::ZSTD);
  if (!codec.ok()) return status(errc::unsupported_feature, "plans compressed with zstd are not supported by this build");
  auto source = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes));
  auto stream = arrow::io::CompressedInputStream::Make(codec->get(), source);
  if (!stream.ok()) return status(errc::invalid_plan, "a compressed plan cannot be read: " + stream.status().ToString());
  auto plain = (*stream)->Read(largest_plan + 1);
  if (!plain.ok()) return status(errc::invalid_plan, "a compressed plan is damaged: " + plain.status().ToString());
  if ((*plain)->size() > largest_plan) return status(errc::limit_exceeded, "a compressed plan holds more than 128 MiB");
  return (*plain)->ToString();
}

bool parse_deep(const std::string& bytes, google::protobuf::Message& out) {
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
  input.SetRecursionLimit(deepest_plan);
  return out.ParseFromCodedStream(&input) && input.ConsumedEntireMessage();
}

} // namespace

status unpack_plan(spark::connect::Plan& plan) {
  if (!plan.has_compressed_operation()) return ok();
  const auto packed = plan.compressed_operation();
  if (packed.compression_codec() != spark::connect::COMPRESSION_CODEC_ZSTD)
    return {errc::unsupported_feature, "plans compressed with another codec than zstd are not supported"};
  SLUICE_ASSIGN_OR_RETURN(auto bytes, decompressed(packed.data()));
  bool is_command = packed.op_type() == spark::connect::Plan::CompressedOperation::OP_TYPE_COMMAND;
  bool good = is_command ? parse_deep(bytes, *plan.mutable_command()) : parse_deep(bytes, *plan.mutable_root());
  return good ? ok() : status(errc::invalid_plan, "a compressed plan holds no plan");
}

} // namespace sluice::connect
