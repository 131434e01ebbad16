#include <gtest/gtest.h>

#include "tests/unit/worker/readers/reading.hpp"

namespace sluice::readers::testing {
namespace {

using rows_t = std::vector<std::string>;

struct text_files : reading {
  explicit text_files(plan::option_map given = {}) : reading("value string", std::move(given)) {
    source.format = "text";
    path = "/in/file.txt";
  }
};

TEST(Text, BlankLinesAreRows) {
  text_files in;
  EXPECT_EQ(in.read("a\n\nb\r\n\r\nc\rd").rows, (rows_t{"a", "", "b", "", "c", "d"}));
  EXPECT_EQ(in.read("").rows, rows_t{});
  EXPECT_EQ(in.read("\n").rows, (rows_t{""}));
  EXPECT_EQ(in.read("\xef\xbb\xbfx\n\xff\n").rows, (rows_t{"x", "\xef\xbf\xbd"}));
}

TEST(Text, WholeFiles) {
  text_files in(plan::option_map{{"wholetext", "true"}});
  EXPECT_EQ(in.read("a\nb\n").rows, (rows_t{"a\nb\n"}));
  EXPECT_FALSE(is_splittable(in.source, in.path));
}

TEST(Text, WithoutColumnsLinesAreCounted) {
  text_files in;
  in.source.columns.clear();
  EXPECT_EQ(in.read("a\n\nb").counts.records, 3);
}

TEST(Text, EveryCutGivesTheSameRows) {
  const std::string text = "a\r\n\r\nbc\n\nd\r\re\r\n\nf";
  text_files in;
  const auto expected = in.read(text).rows;
  ASSERT_EQ(expected.size(), 9u);
  for (std::int64_t cut = 0; cut <= static_cast<std::int64_t>(text.size()); ++cut) {
    for (const std::size_t morsel : {1u, 3u, 4096u}) {
      in.options.morsel_bytes = morsel;
      auto first = in.whole(), second = in.whole();
      first.length = cut;
      second.offset = cut;
      second.length -= cut;
      auto rows = in.read(first).rows;
      for (auto& row : in.read(second).rows) rows.push_back(row);
      EXPECT_EQ(rows, expected) << cut << " " << morsel;
    }
  }
}

TEST(Text, NeedsOneTextColumn) {
  text_files in;
  in.source.schema = data::schema_from_ddl("a int").value();
  EXPECT_EQ(in.read("1\n").error.code(), errc::unsupported_feature);
}

} // namespace
} // namespace sluice::readers::testing
