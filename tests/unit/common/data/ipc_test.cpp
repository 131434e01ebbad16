#include "common/data/ipc.hpp"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>

namespace sluice::data {

namespace {

batch_ptr sample_batch() {
  auto schema = *schema_from_ddl("a int, s string, l array<bigint>");
  auto a = *arrow::json::ArrayFromJSONString(arrow::int32(), "[1, null, 3]");
  auto s = *arrow::json::ArrayFromJSONString(arrow::utf8(), R"(["x", "yy", null])");
  auto l = *arrow::json::ArrayFromJSONString(schema->field(2)->type(), "[[1, 2], null, []]");
  return arrow::RecordBatch::Make(schema, 3, {a, s, l});
}

} // namespace

TEST(Ipc, RoundTrip) {
  auto batch = sample_batch();
  auto bytes = encode_batches(batch->schema(), {batch, batch->Slice(1)});
  ASSERT_TRUE(bytes.ok()) << bytes.error().to_string();
  auto back = decode_batches(*bytes);
  ASSERT_TRUE(back.ok()) << back.error().to_string();
  ASSERT_EQ(back->size(), 2u);
  EXPECT_TRUE((*back)[0]->Equals(*batch));
  EXPECT_TRUE((*back)[1]->Equals(*batch->Slice(1)));
  auto none = encode_batches(batch->schema(), {});
  EXPECT_TRUE(decode_batches(*none)->empty());
}

TEST(Ipc, EveryTruncationIsAnError) {
  auto batch = sample_batch();
  auto bytes = *encode_batches(batch->schema(), {batch});
  for (std::int64_t size = 0; size < bytes->size(); ++size) {
    auto cut = std::make_shared<arrow::Buffer>(bytes->data(), size);
    EXPECT_EQ(decode_batches(cut).code(), errc::corrupt_file) << size;
  }
}

TEST(Ipc, FlippedBytesNeverCrash) {
  auto batch = sample_batch();
  auto bytes = (*encode_batches(batch->schema(), {batch}))->ToString();
  for (std::size_t i = 0; i < bytes.size(); ++i)
    for (unsigned char flip : {0x01, 0x80, 0xff}) {
      auto copy = bytes;
      copy[i] = static_cast<char>(copy[i] ^ flip);
      auto back = decode_batches(arrow::Buffer::FromString(copy));
      if (!back.ok())
        continue;
      for (const auto& one : *back)
        EXPECT_TRUE(one->ValidateFull().ok());
    }
}

TEST(Ipc, Schema) {
  auto schema = *schema_from_ddl("a int NOT NULL, w struct<start:timestamp,end:timestamp>, m map<string,double>");
  auto bytes = *encode_schema(*schema);
  EXPECT_TRUE((*decode_schema(bytes))->Equals(*schema));
  for (std::size_t size = 0; size < bytes.size(); ++size)
    (void)decode_schema(std::string_view{bytes}.substr(0, size));
  EXPECT_EQ(decode_schema("junk").code(), errc::corrupt_file);
}

} // namespace sluice::data
