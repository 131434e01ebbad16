#include <arrow/type.h>
#include <gtest/gtest.h>

#include "common/data/types.hpp"

namespace sluice::data {

TEST(Types, NamesRoundTrip) {
  for (auto name : {"void", "boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "decimal(10,2)", "string", "binary",
                    "date", "timestamp", "timestamp_ntz", "interval", "array<string>", "map<string,array<int>>",
                    "struct<start:timestamp,end:timestamp>", "struct<`a b`:int,c:struct<>>"}) {
    auto type = type_from_name(name);
    ASSERT_TRUE(type.ok()) << name << ": " << type.error().to_string();
    EXPECT_EQ(type_name(**type), name);
  }
}

TEST(Types, Synonyms) {
  EXPECT_EQ(type_name(**type_from_name(" BigInt ")), "bigint");
  EXPECT_EQ(type_name(**type_from_name("LONG")), "bigint");
  EXPECT_EQ(type_name(**type_from_name("integer")), "int");
  EXPECT_EQ(type_name(**type_from_name("varchar(20)")), "string");
  EXPECT_EQ(type_name(**type_from_name("numeric")), "decimal(10,0)");
  EXPECT_EQ(type_name(**type_from_name("DEC( 5 )")), "decimal(5,0)");
  EXPECT_EQ(type_name(**type_from_name("timestamp_ltz")), "timestamp");
  EXPECT_EQ(type_name(**type_from_name("struct<a int, b: Array < long >>")), "struct<a:int,b:array<bigint>>");
}

TEST(Types, RefusesNonsense) {
  for (auto text : {"", "strin", "decimal(39,0)", "decimal(5,6)", "array<int", "map<int>", "int int", "decimal(-1)", "struct<a>",
                    "varchar", "struct<a:int,>"})
    EXPECT_EQ(type_from_name(text).code(), errc::datatype_mismatch) << text;
  std::string deep;
  for (int i = 0; i < 100000; ++i)
    deep += "array<";
  EXPECT_EQ(type_from_name(deep).code(), errc::datatype_mismatch);
}

TEST(Types, SchemaFromDdl) {
  auto schema = schema_from_ddl("a bigint, `b ``c` STRING NOT NULL COMMENT 'it''s', d: decimal(5,2)");
  ASSERT_FALSE(schema.ok());
  schema = schema_from_ddl("a bigint, `b ``c` STRING NOT NULL COMMENT 'it\\'s', d: decimal(5,2)");
  ASSERT_TRUE(schema.ok()) << schema.error().to_string();
  EXPECT_EQ((*schema)->num_fields(), 3);
  EXPECT_EQ((*schema)->field(1)->name(), "b `c");
  EXPECT_FALSE((*schema)->field(1)->nullable());
  auto text = schema_to_ddl(**schema);
  EXPECT_EQ(text, "a bigint, `b ``c` string NOT NULL, d decimal(5,2)");
  EXPECT_TRUE((*schema_from_ddl(text))->Equals(**schema));
  EXPECT_EQ((*schema_from_ddl("  "))->num_fields(), 0);
  EXPECT_FALSE(schema_from_ddl("a bigint b").ok());
}

TEST(Types, SameTypeIgnoresItemNamesButNotFieldNames) {
  EXPECT_TRUE(same_type(*arrow::list(arrow::field("item", arrow::int32())), *arrow::list(arrow::field("element", arrow::int32()))));
  EXPECT_FALSE(same_type(**type_from_name("struct<a:int>"), **type_from_name("struct<b:int>")));
  EXPECT_FALSE(same_type(*timestamp_type(), *timestamp_ntz_type()));
  EXPECT_TRUE(same_type(*window_type(timestamp_type()), **type_from_name("struct<start:timestamp,end:timestamp>")));
}

} // namespace sluice::data
