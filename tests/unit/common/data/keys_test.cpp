#include "common/data/keys.hpp"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace sluice::data {

namespace {

struct encoded_keys {
  std::string bytes;
  std::vector<std::uint32_t> offsets;
  std::string_view key(std::size_t i) const { return std::string_view{bytes}.substr(offsets[i], offsets[i + 1] - offsets[i]); }
  std::vector<std::string_view> all() const {
    std::vector<std::string_view> keys;
    for (std::size_t i = 0; i + 1 < offsets.size(); ++i)
      keys.push_back(key(i));
    return keys;
  }
};

encoded_keys encode_columns(const std::vector<array_ptr>& columns) {
  std::vector<type_ptr> types;
  for (const auto& column : columns)
    types.push_back(column->type());
  encoded_keys keys;
  auto done = key_encoder{types}.encode(columns, keys.bytes, keys.offsets);
  EXPECT_TRUE(done.ok()) << done.to_string();
  return keys;
}

/// Rows must be given in strictly ascending order.
void expect_ascending(const std::string& type, const std::string& json) {
  auto array = *arrow::json::ArrayFromJSONString(*type_from_name(type), json);
  auto keys = encode_columns({array});
  for (std::int64_t i = 0; i + 1 < array->length(); ++i)
    EXPECT_LT(keys.key(i), keys.key(i + 1)) << type << " row " << i;
  auto back = key_encoder{{array->type()}}.decode(keys.all());
  ASSERT_TRUE(back.ok()) << back.error().to_string();
  EXPECT_TRUE((*back)[0]->Equals(*array, arrow::EqualOptions::Defaults().nans_equal(true))) << (*back)[0]->ToString();
}

std::string random_text(std::mt19937_64& random) {
  std::string text;
  for (auto n = random() % 4; n > 0; --n)
    text += "\0\x01\xff\x61"[random() % 4];
  return text;
}

} // namespace

TEST(Keys, ByteOrderIsValueOrder) {
  expect_ascending("boolean", "[null, false, true]");
  expect_ascending("tinyint", "[null, -128, -1, 0, 1, 127]");
  expect_ascending("smallint", "[null, -32768, -1, 0, 255, 256]");
  expect_ascending("int", "[null, -2147483648, -1, 0, 1, 2147483647]");
  expect_ascending("bigint", "[null, -9223372036854775808, -1, 0, 1, 9223372036854775807]");
  expect_ascending("double", "[null, -Inf, -1e300, -1.5, -1e-300, 0, 1e-300, 1, 2, Inf, NaN]");
  expect_ascending("float", "[null, -Inf, -1.5, 0, 1, 2, Inf, NaN]");
  expect_ascending("decimal(10,2)", R"([null, "-99999999.99", "-0.01", "0.00", "0.01", "1.00", "99999999.99"])");
  expect_ascending("string", R"([null, "", "\u0000", "\u0000\u0000", "\u0000a", "a", "a\u0000", "ab", "b", "ä"])");
  expect_ascending("timestamp", "[null, -1, 0, 1]");
  expect_ascending("date", "[null, -1, 0, 1]");
  expect_ascending("struct<a:int,b:string>", R"([null, [null, null], [1, null], [1, "a"], [1, "b"], [2, ""]])");
  expect_ascending("array<int>", "[null, [], [null], [null, 1], [1], [1, null], [1, 1], [2]]");
  expect_ascending("array<string>", R"([[], [""], ["", ""], ["\u0000"], ["a"], ["a", "b"], ["ab"]])");
}

TEST(Keys, FoldsNaNAndNegativeZero) {
  arrow::DoubleBuilder builder;
  ASSERT_TRUE(builder.AppendValues({0.0, -0.0, std::nan("1"), -std::nan("2")}).ok());
  auto keys = encode_columns({*builder.Finish()});
  EXPECT_EQ(keys.key(0), keys.key(1));
  EXPECT_EQ(keys.key(2), keys.key(3));
}

TEST(Keys, RandomRowsKeepOrderAndRoundTrip) {
  std::mt19937_64 random{42};
  using row = std::tuple<std::optional<std::string>, std::optional<std::int64_t>, std::optional<std::string>>;
  std::vector<row> rows;
  arrow::StringBuilder first;
  arrow::Int64Builder second;
  arrow::BinaryBuilder third;
  for (int i = 0; i < 500; ++i) {
    row r;
    if (random() % 5)
      std::get<0>(r) = std::string(random() % 3, 'a');
    if (random() % 5)
      std::get<1>(r) = static_cast<std::int64_t>(random() % 3) - 1;
    if (random() % 5)
      std::get<2>(r) = random_text(random);
    auto& [a, b, c] = r;
    ASSERT_TRUE((a ? first.Append(*a) : first.AppendNull()).ok());
    ASSERT_TRUE((b ? second.Append(*b) : second.AppendNull()).ok());
    ASSERT_TRUE((c ? third.Append(*c) : third.AppendNull()).ok());
    rows.push_back(r);
  }
  std::vector<array_ptr> columns{*first.Finish(), *second.Finish(), *third.Finish()};
  auto keys = encode_columns(columns);
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t j = 0; j < rows.size(); ++j) {
      ASSERT_EQ(rows[i] < rows[j], keys.key(i) < keys.key(j)) << i << " " << j;
      ASSERT_EQ(rows[i] == rows[j], keys.key(i) == keys.key(j));
    }
  auto back = key_encoder{{arrow::utf8(), arrow::int64(), arrow::binary()}}.decode(keys.all());
  ASSERT_TRUE(back.ok());
  for (int c = 0; c < 3; ++c)
    EXPECT_TRUE((*back)[c]->Equals(*columns[c]));
}

TEST(Keys, SlicesAndAppending) {
  auto array = *arrow::json::ArrayFromJSONString(arrow::utf8(), R"(["a", null, "bc", "d"])");
  auto whole = encode_columns({array});
  std::string bytes = "before";
  std::vector<std::uint32_t> offsets;
  ASSERT_TRUE(key_encoder{{arrow::utf8()}}.encode({array->Slice(1, 2)}, bytes, offsets).ok());
  ASSERT_EQ(offsets, (std::vector<std::uint32_t>{6, 7, 11}));
  EXPECT_EQ(std::string_view{bytes}.substr(7, 4), whole.key(2));
}

TEST(Keys, RefusesMapsAndBadBytes) {
  auto map = *type_from_name("struct<m:map<int,int>>");
  auto array = *arrow::json::ArrayFromJSONString(map, "[]");
  std::string bytes;
  std::vector<std::uint32_t> offsets;
  EXPECT_EQ((key_encoder{{map}}.encode({array}, bytes, offsets).code()), errc::unsupported_feature);
  auto good = encode_columns({*arrow::json::ArrayFromJSONString(*type_from_name("struct<a:int,b:array<string>>"), R"([[1, ["x", "\u0000y"]]])")});
  key_encoder encoder{{*type_from_name("struct<a:int,b:array<string>>")}};
  for (std::size_t size = 0; size < good.bytes.size(); ++size) {
    std::string_view cut = std::string_view{good.bytes}.substr(0, size);
    EXPECT_EQ(encoder.decode({&cut, 1}).code(), errc::corrupt_file) << size;
  }
}

TEST(Keys, HashIsPinned) {
  // The hash decides where state lives: these values are part of the checkpoint format.
  EXPECT_EQ(key_hash(""), 0x2d06800538d394c2ULL);
  EXPECT_EQ(key_group_of(0, 128), 0);
  EXPECT_EQ(key_group_of(~0ULL, 128), 127);
  auto keys = encode_columns({*arrow::json::ArrayFromJSONString(arrow::utf8(), R"(["Open"])")});
  EXPECT_EQ(keys.bytes, std::string("\x01Open\0", 6));
}

} // namespace sluice::data
