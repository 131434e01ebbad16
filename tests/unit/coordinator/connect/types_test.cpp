#include "coordinator/connect/types.hpp"

#include <arrow/type.h>
#include <gtest/gtest.h>

#include "proto/spark/connect/types.pb.h"

namespace sluice::connect {
namespace {

std::string schema_text(const std::string& text) {
  auto schema = schema_from_text(text);
  return schema.ok() ? data::schema_to_ddl(**schema) : schema.error().to_string();
}

TEST(ConnectTypes, SchemaOfTheNotebook) {
  const char* text =
      R"({"fields":[{"metadata":{},"name":"time","nullable":true,"type":"timestamp"},)"
      R"({"metadata":{},"name":"action","nullable":true,"type":"string"}],"type":"struct"})";
  EXPECT_EQ(schema_text(text), schema_text("time timestamp, action string"));
}

TEST(ConnectTypes, NestedSchemasInJson) {
  const char* text =
      R"({"type":"struct","fields":[)"
      R"({"name":"a","type":{"type":"array","elementType":"integer","containsNull":true},"nullable":false},)"
      R"j({"name":"m","type":{"type":"map","keyType":"string","valueType":"decimal(10,2)","valueContainsNull":true}},)j"
      R"({"name":"s","type":{"type":"struct","fields":[{"name":"x","type":"long"}]}}]})";
  EXPECT_EQ(schema_text(text), schema_text("a array<int> NOT NULL, m map<string,decimal(10,2)>, s struct<x:bigint>"));
}

TEST(ConnectTypes, ATypeAloneIsAColumnValue) {
  EXPECT_EQ(schema_text("int"), "value int");
  EXPECT_EQ(schema_text("\"long\""), "value bigint");
  EXPECT_EQ(schema_text("struct<a:int>"), "a int");
}

TEST(ConnectTypes, BadSchemasAreErrors) {
  for (const char* text : {"{", R"({"type":"struct"})", R"({"type":"struct","fields":[1]})", R"({"type":1})",
                           R"({"type":"udt"})", R"("nothing")", "a nothing", "{\"type\":\"struct\",\"fields\":[{\"name\":1}]}"})
    EXPECT_FALSE(schema_from_text(text).ok()) << text;
  std::string deep = "\"int\"";
  for (int i = 0; i < 200; ++i) deep = R"({"type":"array","elementType":)" + deep + "}";
  EXPECT_EQ(schema_from_text(deep).code(), errc::datatype_mismatch);
}

TEST(ConnectTypes, EveryTypeGoesThereAndBack) {
  for (const char* name : {"void", "binary", "boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "decimal(12,3)",
                           "string", "date", "timestamp", "timestamp_ntz", "array<string>", "map<string,array<int>>",
                           "struct<start:timestamp,end:timestamp>"}) {
    auto type = data::type_from_name(name);
    ASSERT_TRUE(type.ok()) << name;
    spark::connect::DataType message;
    fill(**type, message);
    auto back = type_of(message);
    ASSERT_TRUE(back.ok()) << name;
    EXPECT_TRUE((*back)->Equals(**type)) << name << " " << (*back)->ToString();
  }
}

TEST(ConnectTypes, ASchemaIsAStructWithNullability) {
  spark::connect::DataType message;
  fill(*arrow::schema({arrow::field("id", arrow::int64(), false), arrow::field("name", arrow::utf8())}), message);
  ASSERT_EQ(message.struct_().fields_size(), 2);
  EXPECT_EQ(message.struct_().fields(0).name(), "id");
  EXPECT_TRUE(message.struct_().fields(0).data_type().has_long_());
  EXPECT_FALSE(message.struct_().fields(0).nullable());
  EXPECT_TRUE(message.struct_().fields(1).nullable());
}

TEST(ConnectTypes, UnknownTypesAreRefused) {
  EXPECT_EQ(type_of({}).code(), errc::datatype_mismatch);
  spark::connect::DataType decimal;
  decimal.mutable_decimal()->set_precision(99);
  EXPECT_FALSE(type_of(decimal).ok());
}

} // namespace
} // namespace sluice::connect
