#include "coordinator/query/records.hpp"

#include <gtest/gtest.h>

#include "common/storage/durable.hpp"

namespace sluice::query {
namespace {

extent an_extent(std::uint32_t group, const std::string& object) {
  return {group, object, 10, 20, 0xfedcba9876543210ULL, group % 2 == 0, 7, 3};
}

metadata a_metadata() { return {"id", "name \"q\"", 128, "xxh3-64/v1", "json /in", {{0, "aggregate", "keys: string"}}, "json", "/out"}; }
intent an_intent() {
  intent i;
  i.batch = 7;
  i.epoch = 2;
  i.batch_time_us = 1'469'501'107'123'456;
  i.watermarks = {{"0", 1469501107123}};
  i.inputs = {{"0", {{"/in/a b", 12, -5, 18446744073709551615ULL}, {std::string{"/in/\xff\xfe\n", 7}, 0, 0, 0}, {"/in/\xc3\xa9", 1, 2, 3}}}};
  i.settings = {{"spark.sql.session.timeZone", "UTC"}};
  return i;
}
commit a_commit() {
  commit c;
  c.batch = 7;
  c.epoch = 2;
  c.attempt = "2-9";
  c.previous = "0123456789abcdef";
  c.batch_time_us = 99;
  c.extents = {{0, an_extent(1, "7-2-9-0.state")}, {0, an_extent(4, "7-2-9-1.state")}, {0, an_extent(5, "7-2-9-0.state")}};
  c.output = {{"_staging/7-2-9/0", "part-00000-7-id.json", 0, 55, 1, 2}};
  c.counters = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  c.watermarks = {{"0", -1}};
  return c;
}
base a_base() {
  base b;
  b.batch = 255;
  b.epoch = 3;
  b.commit_hash = "0123456789abcdef";
  b.attempt = "3-1";
  b.published = 254;
  b.source_progress = {{"0", R"({"files":[["a",1]]})"}};
  b.extents[0][1] = {an_extent(1, "a"), an_extent(1, "b")};
  b.extents[0][9] = {an_extent(9, "b")};
  b.results = {{"staged/x", "", 0, 1, 2, 3}};
  return b;
}

template <class Record, class Decode>
void check_round_trip(const Record& record, Decode decode) {
  const auto text = encode(record);
  const auto back = decode(text, "p");
  ASSERT_TRUE(back.ok()) << back.error().to_string() << text;
  EXPECT_TRUE(*back == record) << text;
  EXPECT_EQ(encode(*back), text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto broken = text;
    broken[i] = static_cast<char>(broken[i] ^ 1);
    const auto found = decode(broken, "some/path");
    ASSERT_EQ(found.code(), errc::corrupt_file) << i;
    ASSERT_NE(found.error().message().find("some/path"), std::string::npos);
    ASSERT_FALSE(decode(text.substr(0, i), "p").ok());
  }
}

TEST(Records, RoundTripAndDetectEveryFlip) {
  check_round_trip(a_metadata(), decode_metadata);
  check_round_trip(epoch_claim{3, "run", "host", 5}, decode_epoch);
  check_round_trip(an_intent(), decode_intent);
  check_round_trip(a_commit(), decode_commit);
  check_round_trip(a_base(), decode_base);
  check_round_trip(published_note{4, 1}, decode_published);
  check_round_trip(commit{}, decode_commit);
  check_round_trip(intent{}, decode_intent);
}

TEST(Records, AreReadableByAPerson) {
  const auto text = encode(a_commit());
  EXPECT_TRUE(text.starts_with("sluice commit v1\n{\n\"batch\": 7,\n\"epoch\": 2,\n\"attempt\": \"2-9\",")) << text;
  EXPECT_NE(text.find("\nxxh3:"), std::string::npos);
}

// Sealed, but saying what no record says: never a crash, always corrupt_file.
TEST(Records, RefuseSealedNonsense) {
  for (const auto* json : {"[]", "null", "{}", "{\"batch\":\"x\"}", "{\"batch\":1e99}", "{\"batch\":9999999999999999999}", "{", "",
                           R"({"batch":-1.5,"epoch":1,"attempt":"","previous":"","time":0,"objects":[],"extents":[[0,1,0,0,0,"",0,0]],"output":[],"counters":{},"watermarks":{}})",
                           R"({"batch":true,"epoch":1,"attempt":"","previous":"","time":0,"objects":{},"extents":7,"output":[1],"counters":[],"watermarks":[]})"}) {
    EXPECT_FALSE(decode_commit(storage::seal_record("commit", json), "p").ok()) << json;
    EXPECT_FALSE(decode_intent(storage::seal_record("intent", json), "p").ok()) << json;
    EXPECT_FALSE(decode_base(storage::seal_record("base", json), "p").ok()) << json;
    EXPECT_FALSE(decode_metadata(storage::seal_record("metadata", json), "p").ok()) << json;
    EXPECT_FALSE(decode_epoch(storage::seal_record("epoch", json), "p").ok()) << json;
    EXPECT_FALSE(decode_published(storage::seal_record("published", json), "p").ok()) << json;
  }
  const auto deep = std::string(1'000'000, '[');
  EXPECT_EQ(decode_commit(storage::seal_record("commit", deep), "p").code(), errc::corrupt_file);
}

TEST(Records, ApplyAddsDeltasAndReplacesBySnapshots) {
  extent_map extents;
  commit c;
  c.extents = {{0, {3, "a", 0, 1, 0, false, 0, 1}}};
  apply_commit(c, extents);
  c.extents = {{0, {3, "b", 0, 1, 0, false, 1, 1}}};
  apply_commit(c, extents);
  EXPECT_EQ(extents[0][3].size(), 2u);
  c.extents = {{0, {3, "c", 0, 1, 0, true, 2, 1}}};
  apply_commit(c, extents);
  ASSERT_EQ(extents[0][3].size(), 1u);
  EXPECT_EQ(extents[0][3][0].object, "c");
}

} // namespace
} // namespace sluice::query
