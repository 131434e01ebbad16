// Malformed records by mode, borders of lines, splits and files.
#include <arrow/util/compression.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <random>

#include "tests/unit/worker/readers/reading.hpp"
#include "worker/readers/internal/utf8.hpp"

namespace sluice::readers::testing {
namespace {

using rows_t = std::vector<std::string>;

TEST(JsonModes, PermissiveKeepsTheTextOfBadRecords) {
  reading in("a int, _corrupt_record string");
  const auto out = in.read("{\"a\":1}\n{\"a\":\"x\"}\nbroken\n[{\"a\":1},{\"a\":\"y\"}]\n");
  EXPECT_EQ(out.rows, (rows_t{"1|null", "null|{\"a\":\"x\"}", "null|broken", "1|[{\"a\":1},{\"a\":\"y\"}]", "null|[{\"a\":1},{\"a\":\"y\"}]"}));
  EXPECT_EQ(out.counts.records, 5);
  EXPECT_EQ(out.counts.parsed, 1);
  EXPECT_EQ(out.counts.bad, 4);
}

TEST(JsonModes, TheCorruptColumnMayHaveAnotherName) {
  reading in("a int, bad string", {{"columnnameofcorruptrecord", "bad"}});
  EXPECT_EQ(in.read("{\"a\":1,\"bad\":\"mine\"}\n{\n").rows, (rows_t{"1|null", "null|{"}));
}

TEST(JsonModes, InvalidUtf8InTheCorruptColumnIsReplaced) {
  reading in("a int, _corrupt_record string");
  EXPECT_EQ(in.read("{\"a\":\"\xff\"}\n{\"a\":2}\n").rows, (rows_t{"null|{\"a\":\"\xef\xbf\xbd\"}", "2|null"}));
}

TEST(JsonModes, DropMalformedJudgesUsedColumnsOnly) {
  reading in("a int, b int", {{"mode", "DROPMALFORMED"}});
  const std::string text = "{\"a\":1,\"b\":1}\n{\"a\":\"x\",\"b\":2}\n{\"a\":3,\"b\":\"y\"}\nbroken\n{\"a\":5}\n";
  auto out = in.read(text);
  EXPECT_EQ(out.rows, (rows_t{"1|1", "5|null"}));
  EXPECT_EQ(out.counts.records, 5);
  EXPECT_EQ(out.counts.bad, 3);
  in.source.columns = {1};
  EXPECT_EQ(in.read(text).rows, (rows_t{"1", "2", "null"}));
}

TEST(JsonModes, FailFastNamesFileAndByte) {
  reading in("a int", {{"mode", "failfast"}});
  const auto out = in.read("{\"a\":1}\n{\"a\":2}\n{\"a\":x}\n");
  EXPECT_EQ(out.error.code(), errc::malformed_record);
  EXPECT_NE(out.error.message().find("/in/file.json at byte 16"), std::string::npos) << out.error.message();
  EXPECT_NE(out.error.message().find("{\"a\":x}"), std::string::npos);
}

TEST(JsonModes, BadTimesAreFoundLateButCounted) {
  reading drop("t timestamp, b int", {{"mode", "dropmalformed"}});
  const auto out = drop.read("{\"t\":\"2016-07-26\",\"b\":1}\n{\"t\":\"never\",\"b\":2}\n");
  EXPECT_EQ(out.rows, (rows_t{"1469491200000000|1"}));
  EXPECT_EQ(out.counts.bad, 1);
  EXPECT_EQ(out.counts.records, 2);
}

TEST(JsonModes, WithoutColumnsLinesAreCounted) {
  reading in("a int");
  in.source.columns.clear();
  const auto out = in.read("{\"a\":1}\n\n  \nbroken\r\n{\"a\":3}");
  EXPECT_EQ(out.counts.records, 3);
  EXPECT_EQ(out.rows.size(), 3u);
  reading drop("a int", {{"mode", "DROPMALFORMED"}});
  drop.source.columns.clear();
  EXPECT_EQ(drop.read("{\"a\":1}\nbroken\n{\"a\":3}").rows.size(), 2u);
}

TEST(JsonModes, MultilineReadsOneValuePerFile) {
  reading in("a int", {{"multiline", "true"}});
  EXPECT_EQ(in.read("[\n {\"a\":\n1},\r\n{\"a\":2}\n]\n").rows, (rows_t{"1", "2"}));
  EXPECT_FALSE(is_splittable(in.source, in.path));
}

TEST(JsonSplits, EveryCutGivesTheSameRows) {
  std::string text = "{\"a\":1}\n{\"a\":22}\r\n\r{\"a\":333}\r\n\n{\"a\":\"bad\"}\n{\"b\":\"x\",\"a\":4}\n\n{\"a\":5}";
  for (const bool final_newline : {false, true}) {
    if (final_newline) text += "\n";
    for (const std::size_t morsel : {1u, 7u, 1000u}) {
      reading in("a int");
      in.options.morsel_bytes = morsel;
      const auto expected = in.read(text).rows;
      ASSERT_EQ(expected, (rows_t{"1", "22", "333", "null", "4", "5"}));
      const auto size = static_cast<std::int64_t>(text.size());
      for (std::int64_t first = 0; first <= size; ++first) {
        for (std::int64_t second = first; second <= size; second += 3) {
          rows_t rows;
          std::int64_t begin = 0, bytes = 0;
          for (const std::int64_t end : {first, second, size}) {
            auto part = in.whole();
            part.offset = begin;
            part.length = end - begin;
            const auto out = in.read(part);
            ASSERT_TRUE(out.error.ok()) << out.error.to_string();
            rows.insert(rows.end(), out.rows.begin(), out.rows.end());
            bytes += out.counts.bytes;
            begin = end;
          }
          ASSERT_EQ(rows, expected) << "cut at " << first << " and " << second << ", morsel " << morsel;
          ASSERT_EQ(bytes, size);
        }
      }
    }
  }
}

TEST(JsonSplits, ContentBehindTheIntentsSizeIsNotRead) {
  reading in("a int");
  in.write("{\"a\":1}\n{\"a\":2}\n");
  auto part = in.whole();
  part.file_size = part.length = 8;
  part.mtime_us = 0;
  EXPECT_EQ(in.read(part).rows, (rows_t{"1"}));
}

TEST(JsonFiles, ChangesAreNamed) {
  reading in("a int");
  in.write("{\"a\":1}\n");
  auto part = in.whole();
  auto longer = part;
  longer.file_size = 9;
  EXPECT_EQ(in.read(longer).error.code(), errc::source_file_changed);
  auto newer = part;
  newer.mtime_us += 1;
  EXPECT_EQ(in.read(newer).error.code(), errc::source_file_changed);
  auto other = part;
  other.inode += 1;
  EXPECT_EQ(in.read(other).error.code(), errc::source_file_changed);
  part.path = "/in/gone.json";
  const auto gone = in.read(part);
  EXPECT_EQ(gone.error.code(), errc::source_file_missing);
  EXPECT_NE(gone.error.message().find("/in/gone.json"), std::string::npos);
}

TEST(JsonLimits, LongRecordsAreOneBadRecord) {
  for (const std::size_t morsel : {16u, 64u, 4096u}) {
    reading in("a int, b string, _corrupt_record string");
    in.options.max_record_bytes = 100;
    in.options.morsel_bytes = morsel;
    const std::string big = "{\"a\":2,\"b\":\"" + std::string(300, 'x') + "\"}";
    const auto out = in.read("{\"a\":1}\n" + big + "\n{\"a\":3}\n" + big);
    ASSERT_EQ(out.rows.size(), 4u) << morsel;
    EXPECT_EQ(out.rows[0], "1|null|null");
    EXPECT_EQ(out.rows[1].substr(0, 24), "null|null|{\"a\":2,\"b\":\"xx");
    EXPECT_EQ(out.rows[2], "3|null|null");
    EXPECT_EQ(out.counts.bad, 2);
  }
}

TEST(JsonLimits, DeepNestingIsABadRecordAndNothingWorse) {
  reading in("a int, b int");
  const std::string deep = "{\"a\":1,\"b\":" + std::string(1000000, '[') + std::string(1000000, ']') + "}";
  const std::string open = "{\"b\":" + std::string(1000000, '{');
  const std::string fine = "{\"a\":1,\"z\":" + std::string(900, '[') + std::string(900, ']') + "}";
  EXPECT_EQ(in.read(deep + "\n" + fine + "\n" + open + "\n{\"a\":7}\n").rows, (rows_t{"null|null", "1|null", "null|null", "7|null"}));
}

std::string compressed(const std::string& text, arrow::Compression::type type) {
  auto codec = arrow::util::Codec::Create(type).ValueOrDie();
  std::string out(static_cast<std::size_t>(codec->MaxCompressedLen(static_cast<std::int64_t>(text.size()), nullptr)) + 64, '\0');
  const auto size = codec->Compress(static_cast<std::int64_t>(text.size()), reinterpret_cast<const std::uint8_t*>(text.data()),
                                    static_cast<std::int64_t>(out.size()), reinterpret_cast<std::uint8_t*>(out.data()));
  out.resize(static_cast<std::size_t>(*size));
  return out;
}

TEST(JsonCompression, GzipIsReadByName) {
  std::string text;
  rows_t expected;
  for (int i = 0; i < 5000; ++i) text += "{\"a\":" + std::to_string(i) + "}\n", expected.push_back(std::to_string(i));
  reading in("a int");
  in.options.morsel_bytes = 1000;
  in.path = "/in/file.json.gz";
  EXPECT_FALSE(is_splittable(in.source, in.path));
  EXPECT_TRUE(is_splittable(in.source, "/in/file.json"));
  const auto packed = compressed(text, arrow::Compression::GZIP);
  EXPECT_EQ(in.read(packed).rows, expected);
  const auto two = in.read(packed + compressed("{\"a\":-1}\n", arrow::Compression::GZIP));
  EXPECT_EQ(two.rows.size(), expected.size() + 1);
  EXPECT_EQ(in.read(packed.substr(0, packed.size() / 2)).error.code(), errc::source_file_unreadable);
  EXPECT_EQ(in.read("this is no gzip").error.code(), errc::source_file_unreadable);
  in.path = "/in/file.json.snappy";
  EXPECT_EQ(in.read("x").error.code(), errc::unsupported_feature);
}

// Lines as a machine writes them, then damaged at random.
std::string mutated_text(std::mt19937_64& random, int lines) {
  static const char* shapes[] = {R"({"time":%d,"action":"Open","n":%d.5,"ok":true})", R"({"time":%d,"action":"a longer text, %d","n":1,"ok":null})",
                                 R"({ "action":null, "time" : -%d, "z":[1,{"q":"%d"}] })", R"({"time":"2016-07-26T03:00:%02dZ","ok":false,"x":"%d"})"};
  std::string text;
  const char* shape = shapes[random() % 4];
  for (int i = 0; i < lines; ++i) {
    if (random() % 8 == 0) shape = shapes[random() % 4];
    char line[200];
    std::snprintf(line, sizeof line, shape, static_cast<int>(random() % 60), static_cast<int>(random() % 100000));
    std::string mutated = line;
    while (random() % 4 == 0) {
      static const std::string bytes = "{}[]\",:\\ \t\r0x1-.enut\xc3\xa9\xff";
      const auto at = random() % mutated.size();
      switch (random() % 3) {
        case 0: mutated[at] = bytes[random() % bytes.size()]; break;
        case 1: mutated.insert(at, 1, bytes[random() % bytes.size()]); break;
        default: mutated.erase(at, 1 + random() % 3);
      }
      if (mutated.empty()) mutated = "x";
    }
    text += mutated + "\n";
  }
  return text;
}

TEST(JsonFastPath, AgreesWithTheCarefulPathOnDamagedLines) {
  std::mt19937_64 random(20260101);
  for (int round = 0; round < 150; ++round) {
    const auto text = mutated_text(random, 60);
    reading fast("time timestamp, action string, n double, ok boolean, z array<struct<q:string>>, _corrupt_record string");
    fast.options.morsel_bytes = 100 + random() % 5000;
    reading careful("time timestamp, action string, n double, ok boolean, z array<struct<q:string>>, _corrupt_record string");
    careful.tuning.fast_path = false;
    const auto a = fast.read(text);
    const auto b = careful.read(text);
    ASSERT_TRUE(a.error.ok() && b.error.ok());
    ASSERT_EQ(a.rows, b.rows) << text;
    ASSERT_EQ(a.counts.bad, b.counts.bad);
    ASSERT_EQ(a.counts.records, b.counts.records);
  }
}

// What a strict parser takes as JSON reads the same here; what only we take is one of Spark's liberties.
TEST(JsonFastPath, AgreesWithAStrictParserOnValidLines) {
  std::mt19937_64 random(99);
  int valid = 0;
  for (int round = 0; round < 60; ++round) {
    const auto text = mutated_text(random, 60);
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = text.find_first_of("\r\n", begin);
      const auto line = text.substr(begin, end - begin);
      begin = end + 1;
      const auto json = nlohmann::json::parse(line, nullptr, false);
      if (!json.is_object()) continue;
      std::string time = "null", action = "null";
      if (json.contains("time") && json["time"].is_number_integer()) time = json["time"].dump();
      if (json.contains("action") && json["action"].is_string()) action = json["action"].get<std::string>();
      else if (json.contains("action") && !json["action"].is_null()) continue;
      // Which of two equal names counts is another test's matter.
      if (line.find("time") != line.rfind("time") || line.find("action") != line.rfind("action")) continue;
      ++valid;
      reading in("time bigint, action string");
      ASSERT_EQ(in.read(line + "\n" + line + "\n").rows, (rows_t{time + "|" + action, time + "|" + action})) << line;
    }
  }
  EXPECT_GT(valid, 1000);
}

TEST(Utf8, WellFormedSequencesOnly) {
  const char* good[] = {"", "plain", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
  const char* bad[] = {"\x80", "\xc1\xbf", "\xc2", "\xc2x", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe1\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"};
  for (const std::size_t before : {0u, 15u, 63u, 64u, 130u}) {
    const std::string ascii(before, 'a');
    for (const char* text : good) EXPECT_TRUE(is_valid_utf8(ascii + text + ascii)) << before;
    for (const char* text : bad) EXPECT_FALSE(is_valid_utf8(ascii + text + ascii)) << before;
  }
  EXPECT_EQ(valid_utf8("a\xff\xc3\xa9\xe2\x82"), "a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(JsonFastPath, RandomBytesNeverCrash) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string text(random() % 400, '\0');
    static const std::string bytes = "{{}[]\"\"\\,,::truefalsnN01-+.eE \n\r\t'";
    for (auto& c : text) c = random() % 10 == 0 ? static_cast<char>(random()) : bytes[random() % bytes.size()];
    reading in("a int, b string, c array<int>, d decimal(9,3), _corrupt_record string");
    in.options.morsel_bytes = 1 + random() % 100;
    const auto out = in.read(text);
    ASSERT_TRUE(out.error.ok()) << out.error.to_string();
    ASSERT_EQ(out.counts.records, static_cast<std::int64_t>(out.rows.size()));
  }
}

} // namespace
} // namespace sluice::readers::testing
