// CSV and text files as Spark 4.3 writes them.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include "common/storage/memory_file_system.hpp"
#include "worker/sinks/staged_writer.hpp"

namespace sluice::sinks {
namespace {

struct cell {
  const char* text;  // null: null
};

data::batch_ptr texts(const std::vector<cell>& cells) {
  arrow::StringBuilder builder;
  for (const auto& one : cells) (void)(one.text == nullptr ? builder.AppendNull() : builder.Append(one.text));
  const auto array = builder.Finish().ValueOrDie();
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("s", arrow::utf8())}), array->length(), {array});
}

std::string written(const std::string& format, const plan::option_map& options, const data::batch_ptr& rows) {
  storage::memory_file_system files;
  (void)files.make_directories("/out");
  expr::eval_context context;
  context.session.time_zone = "UTC";
  const auto valid = validate(format, options, rows->schema());
  if (!valid.ok()) return valid.to_string();
  auto writer = open(format, options, rows->schema(), "/out/f", context, files);
  if (!writer.ok()) return writer.error().to_string();
  if (auto done = (*writer)->append(rows); !done.ok()) return done.to_string();
  if (auto done = (*writer)->finish(); !done.ok()) return done.error().to_string();
  return files.read("/out/f").value();
}

TEST(CsvSink, QuotesWhereSparkDoes) {
  const auto rows = texts({{"a"}, {""}, {nullptr}, {" x "}, {"q\"r"}, {"c,d"}, {"n\nm"}, {"b\\s"}, {"b\\\"s"}, {"#h"}, {"\""}, {"r\rt"}, {"\\"},
                           {"x\\,y"}, {"   "}, {" #a"}, {"'x'"}});
  EXPECT_EQ(written("csv", {}, rows),
            "a\n\"\"\nx\n\"q\\\"r\"\n\"c,d\"\n\"n\nm\"\nb\\s\n\"b\\\\\\\"s\"\n\"#h\"\n\"\\\"\"\n\"r\rt\"\n\\\n\"x\\\\,y\"\n\"\"\n#a\n'x'\n");
  const auto some = texts({{""}, {nullptr}, {" x "}, {"q\"r"}, {"c,d"}, {"\""}, {"b\\s"}});
  EXPECT_EQ(written("csv", {{"escape", "\""}}, some), "\"\"\nx\n\"q\"\"r\"\n\"c,d\"\n\"\"\"\"\nb\\s\n");
  EXPECT_EQ(written("csv", {{"quoteall", "true"}}, some), "\"\"\n\"\"\n\"x\"\n\"q\\\"r\"\n\"c,d\"\n\"\\\"\"\n\"b\\\\s\"\n");
  EXPECT_EQ(written("csv", {{"escapequotes", "false"}}, some), "\"\"\nx\nq\"r\n\"c,d\"\n\"\\\"\"\nb\\s\n");
  EXPECT_EQ(written("csv", {{"nullvalue", "N"}, {"emptyvalue", "E"}}, some), "E\nN\nx\n\"q\\\"r\"\n\"c,d\"\n\"\\\"\"\nb\\s\n");
  EXPECT_EQ(written("csv", {{"sep", "|"}, {"ignoreleadingwhitespace", "false"}, {"ignoretrailingwhitespace", "false"}}, some),
            "\"\"\n x \n\"q\\\"r\"\nc,d\n\"\\\"\"\nb\\s\n");
}

TEST(CsvSink, ValuesOfEveryType) {
  const auto schema = data::schema_from_ddl("t timestamp, n timestamp_ntz, d date, x double, b boolean, y binary, i int").value();
  const auto one = [](auto builder, auto value) {
    (void)builder.Append(value);
    return builder.Finish().ValueOrDie();
  };
  const arrow::ArrayVector columns{one(arrow::TimestampBuilder(schema->field(0)->type(), arrow::default_memory_pool()), 1577934245678900),
                                   one(arrow::TimestampBuilder(schema->field(1)->type(), arrow::default_memory_pool()), 1577934245000000),
                                   one(arrow::Date32Builder(), 18263),
                                   one(arrow::DoubleBuilder(), 1e20),
                                   one(arrow::BooleanBuilder(), true),
                                   one(arrow::BinaryBuilder(), "ab\xff"),
                                   arrow::MakeArrayOfNull(arrow::int32(), 1).ValueOrDie()};
  const auto rows = arrow::RecordBatch::Make(schema, 1, columns);
  EXPECT_EQ(written("csv", {{"header", "true"}}, rows),
            "t,n,d,x,b,y,i\n2020-01-02T03:04:05.678Z,2020-01-02T03:04:05.000,2020-01-02,1.0E20,true,[61 62 FF],\n");
  EXPECT_EQ(written("csv", {{"timestampformat", "yyyy"}, {"timestampntzformat", "MM"}, {"dateformat", "dd/MM/yyyy"}}, rows),
            "2020,01,02/01/2020,1.0E20,true,[61 62 FF],\n");
  EXPECT_EQ(written("csv", {{"timezone", "Asia/Tokyo"}}, rows).substr(0, 29), "2020-01-02T12:04:05.678+09:00");
}

TEST(CsvSink, RefusesNestedColumns) {
  const auto schema = data::schema_from_ddl("a array<int>").value();
  EXPECT_EQ(validate("csv", {}, schema).code(), errc::datatype_mismatch);
  EXPECT_EQ(validate("csv", {{"ignorenullfields", "true"}}, data::schema_from_ddl("a int").value()).code(), errc::unknown_option);
}

TEST(TextSink, OneColumnOfText) {
  EXPECT_EQ(written("text", {}, texts({{"a"}, {nullptr}, {"b\nc"}})), "a\n\nb\nc\n");
  EXPECT_EQ(validate("text", {}, data::schema_from_ddl("a int").value()).code(), errc::datatype_mismatch);
  EXPECT_EQ(validate("text", {}, data::schema_from_ddl("a string, b string").value()).code(), errc::unsupported_feature);
  EXPECT_EQ(file_extension("text", {{"compression", "gzip"}}), ".txt.gz");
}

} // namespace
} // namespace sluice::sinks
