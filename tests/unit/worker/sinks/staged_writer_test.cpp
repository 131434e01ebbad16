#include <arrow/api.h>
#include <arrow/util/compression.h>
#include <gtest/gtest.h>

#include "common/storage/durable.hpp"
#include "tests/unit/worker/readers/reading.hpp"
#include "worker/sinks/staged_writer.hpp"

namespace sluice::sinks {
namespace {

using readers::testing::reading;
using rows_t = std::vector<std::string>;

constexpr const char* all_types =
  "a bigint, b string, c double, d boolean, e timestamp, f timestamp_ntz, g date, h decimal(12,3), i array<int>, "
  "j struct<x:int,y:string>, k map<string,int>, l tinyint, m float, n binary";
constexpr const char* sample =
  R"({"a":1,"b":"x \"y\"\n","c":1.5,"d":true,"e":1469501107,"f":"2016-07-26 03:00:00.25","g":"2016-07-26","h":12.345,"i":[1,null,3],"j":{"x":1,"y":"q"},"k":{"u":7},"l":-5,"m":2.5,"n":"aGk="})"
  "\n{}\n"
  R"({"a":-9,"b":"","c":1e20,"d":false,"e":-5,"f":"1969-12-31 23:59:59","g":"1969-12-31","h":-0.001,"i":[],"j":{},"k":{},"l":0,"m":0,"n":""})" "\n";

data::batch_ptr sample_batch(reading& in) {
  in.write(sample);
  auto reader = readers::open_json(in.source, in.whole(), in.context, in.files, in.options).value();
  return reader->next().value();
}

struct written {
  staged_file file;
  std::string bytes;
};

written write(const std::string& format, const plan::option_map& options, const std::vector<data::batch_ptr>& batches, reading& in,
              const std::string& path) {
  auto writer = open(format, options, batches[0]->schema(), path, in.context, in.files);
  EXPECT_TRUE(writer.ok()) << writer.error().to_string();
  for (const auto& batch : batches) EXPECT_TRUE((*writer)->append(batch).ok());
  auto done = (*writer)->finish();
  EXPECT_TRUE(done.ok()) << done.error().to_string();
  written out{*done, in.files.read(path).value()};
  EXPECT_EQ(out.file.size, static_cast<std::int64_t>(out.bytes.size()));
  EXPECT_EQ(out.file.checksum, storage::checksum(out.bytes));
  EXPECT_EQ(out.file.path, path);
  return out;
}

rows_t read_back(const std::string& format, const std::string& path, reading& in) {
  in.source.format = format;
  in.path = path;
  rows_t rows;
  auto reader = readers::open(in.source, in.whole(), in.context, in.files, in.options);
  if (!reader.ok()) return {reader.error().to_string()};
  for (;;) {
    auto batch = (*reader)->next();
    if (!batch.ok()) return {batch.error().to_string()};
    if (*batch == nullptr) break;
    EXPECT_TRUE((*batch)->ValidateFull().ok());
    for (std::int64_t row = 0; row < (*batch)->num_rows(); ++row) {
      std::string text;
      for (int i = 0; i < (*batch)->num_columns(); ++i) text += (i > 0 ? "|" : "") + readers::testing::print(*(*batch)->column(i), row);
      rows.push_back(text);
    }
  }
  return rows;
}

TEST(JsonSink, WritesSparksLines) {
  reading in("time timestamp, action string, n double, s struct<x:int,y:string>");
  in.write("{\"time\":1469501107,\"action\":\"Open \\\"it\\\"\",\"n\":1.0,\"s\":{\"x\":1}}\n{\"n\":null}\n");
  auto reader = readers::open_json(in.source, in.whole(), in.context, in.files, in.options).value();
  const auto out = write("json", {}, {reader->next().value()}, in, "/in/out.json");
  EXPECT_EQ(out.bytes, "{\"time\":\"2016-07-26T02:45:07.000Z\",\"action\":\"Open \\\"it\\\"\",\"n\":1.0,\"s\":{\"x\":1}}\n{}\n");
  EXPECT_EQ(out.file.rows, 2);
}

TEST(JsonSink, FormatsAndNullsAsAsked) {
  reading in("t timestamp, d date, s string");
  in.write("{\"t\":1469501107,\"d\":\"2016-07-26\"}\n");
  auto reader = readers::open_json(in.source, in.whole(), in.context, in.files, in.options).value();
  const auto out = write("json", {{"timestampformat", "yyyy/MM/dd HH:mm"}, {"dateformat", "dd.MM.yyyy"}, {"ignorenullfields", "false"}},
                         {reader->next().value()}, in, "/in/out.json");
  EXPECT_EQ(out.bytes, "{\"t\":\"2016/07/26 02:45\",\"d\":\"26.07.2016\",\"s\":null}\n");
}

TEST(Sinks, EveryTypeComesBack) {
  for (const std::string format : {"json", "parquet"}) {
    for (const std::string codec : {"none", "gzip"}) {
      reading in(all_types);
      const auto batch = sample_batch(in);
      const auto expected = in.read(in.whole()).rows;
      const plan::option_map options = {{"compression", codec}};
      const auto path = "/in/out" + file_extension(format, options);
      ASSERT_TRUE(validate(format, options, batch->schema()).ok());
      const auto out = write(format, options, {batch, batch->Slice(0, 0), batch->Slice(1)}, in, path);
      EXPECT_EQ(out.file.rows, 5);
      auto twice = expected;
      twice.insert(twice.end(), expected.begin() + 1, expected.end());
      EXPECT_EQ(read_back(format, path, in), twice) << format << " " << codec;
    }
  }
}

TEST(Sinks, JsonOfManyRowsIsCompressedInPieces) {
  reading in("a bigint, b string");
  std::string text;
  for (int i = 0; i < 60000; ++i) text += "{\"a\":" + std::to_string(i * 7919LL % 100003) + ",\"b\":\"row " + std::to_string(i) + "\"}\n";
  in.write(text);
  auto reader = readers::open_json(in.source, in.whole(), in.context, in.files, in.options).value();
  std::vector<data::batch_ptr> batches;
  for (auto batch = reader->next().value(); batch != nullptr; batch = reader->next().value()) batches.push_back(batch);
  EXPECT_EQ(write("json", {}, batches, in, "/in/plain.json").bytes, text);
  const auto out = write("json", {{"compression", "gzip"}}, batches, in, "/in/out.json.gz");
  EXPECT_LT(out.bytes.size(), text.size() / 2);
  EXPECT_EQ(read_back("json", "/in/out.json.gz", in).size(), 60000u);
}

TEST(Parquet, ColumnsAreFoundByName) {
  reading in("a bigint, b string, c double");
  in.write("{\"a\":1,\"b\":\"x\",\"c\":2.5}\n");
  auto reader = readers::open_json(in.source, in.whole(), in.context, in.files, in.options).value();
  write("parquet", {}, {reader->next().value()}, in, "/in/f.parquet");
  reading other("z string, c double, a int");
  other.files.put("/in/f.parquet", in.files.read("/in/f.parquet").value());
  EXPECT_EQ(read_back("parquet", "/in/f.parquet", other), (rows_t{"null|2.5|1"}));
  other.source.columns = {};
  EXPECT_EQ(read_back("parquet", "/in/f.parquet", other).size(), 1u);
  reading wrong("b date");
  wrong.files.put("/in/f.parquet", in.files.read("/in/f.parquet").value());
  EXPECT_NE(read_back("parquet", "/in/f.parquet", wrong).at(0).find("source_file_unreadable"), std::string::npos);
}

TEST(Parquet, DamagedFilesAreNamed) {
  reading in("a bigint");
  in.write("{\"a\":1}\n");
  auto reader = readers::open_json(in.source, in.whole(), in.context, in.files, in.options).value();
  const auto out = write("parquet", {}, {reader->next().value()}, in, "/in/f.parquet");
  for (const std::size_t size : {std::size_t{0}, std::size_t{3}, out.bytes.size() / 2, out.bytes.size() - 1}) {
    in.files.put("/in/cut.parquet", out.bytes.substr(0, size));
    const auto rows = read_back("parquet", "/in/cut.parquet", in);
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_NE(rows[0].find("source_file_unreadable: input file /in/cut.parquet"), std::string::npos) << rows[0];
  }
}

TEST(RowsObject, ComesBackAndIsChecked) {
  reading in(all_types);
  const auto batch = sample_batch(in);
  const auto out = write("rows", {}, {batch, batch->Slice(1, 1)}, in, "/in/out.rows");
  EXPECT_EQ(out.file.rows, 4);
  auto rows = read_rows("/in/out.rows", in.files);
  ASSERT_TRUE(rows.ok()) << rows.error().to_string();
  ASSERT_EQ(rows->size(), 2u);
  EXPECT_TRUE((*rows)[0]->Equals(*batch));
  EXPECT_EQ((*rows)[1]->num_rows(), 1);
  for (const std::size_t at : {std::size_t{0}, out.bytes.size() / 2, out.bytes.size() - 1}) {
    auto damaged = out.bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    in.files.put("/in/bad.rows", damaged);
    EXPECT_EQ(read_rows("/in/bad.rows", in.files).code(), errc::corrupt_file);
  }
  in.files.put("/in/bad.rows", "");
  EXPECT_EQ(read_rows("/in/bad.rows", in.files).code(), errc::corrupt_file);
}

TEST(Sinks, AreCheckedAtSubmit) {
  const auto schema = data::schema_from_ddl("a bigint, b string").value();
  EXPECT_TRUE(validate("json", {{"path", "/x"}, {"checkpointlocation", "/c"}, {"outputmode", "append"}}, schema).ok());
  EXPECT_EQ(validate("json", {{"compresion", "gzip"}}, schema).code(), errc::unknown_option);
  EXPECT_EQ(validate("json", {{"compression", "lzma"}}, schema).code(), errc::invalid_option);
  EXPECT_EQ(validate("parquet", {{"compression", "rar"}}, schema).code(), errc::invalid_option);
  EXPECT_EQ(validate("parquet", {{"dateformat", "y"}}, schema).code(), errc::unknown_option);
  EXPECT_EQ(validate("orc", {}, schema).code(), errc::data_source_not_found);
  EXPECT_EQ(validate("json", {}, data::schema_from_ddl("a bigint, A string").value()).code(), errc::already_exists);
  EXPECT_EQ(validate("parquet", {}, arrow::schema({arrow::field("n", arrow::null())})).code(), errc::datatype_mismatch);
  EXPECT_EQ(validate("json", {}, arrow::schema(arrow::FieldVector{})).code(), errc::unsupported_feature);
}

TEST(Sinks, Extensions) {
  EXPECT_EQ(file_extension("json", {}), ".json");
  EXPECT_EQ(file_extension("json", {{"compression", "gzip"}}), ".json.gz");
  EXPECT_EQ(file_extension("parquet", {}), ".snappy.parquet");
  EXPECT_EQ(file_extension("parquet", {{"compression", "none"}}), ".parquet");
}

TEST(Sinks, AnExistingFileIsNotTouched) {
  reading in("a bigint");
  in.files.put("/in/there", "mine");
  const auto opened = open("json", {}, in.source.schema, "/in/there", in.context, in.files);
  EXPECT_EQ(opened.code(), errc::sink_write);
  EXPECT_NE(opened.error().message().find("/in/there"), std::string::npos);
  EXPECT_EQ(in.files.read("/in/there").value(), "mine");
}

} // namespace
} // namespace sluice::sinks
