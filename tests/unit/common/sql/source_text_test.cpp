#include "common/sql/source_text.hpp"

#include <gtest/gtest.h>

namespace sluice::sql {
namespace {

TEST(SourceText, CutsOutsideQuotesAndComments) {
  auto job = substitute_variables("-- a;b\nSELECT ';' /* ; /* ; */ */ , \"a\\\";\", `;`;\n\n ;SET a = 1 -- end", {});
  ASSERT_TRUE(job.ok());
  auto parts = split_at_semicolons(*job);
  ASSERT_TRUE(parts.ok());
  ASSERT_EQ(parts->size(), 2u);
  EXPECT_EQ((*parts)[0].text, "SELECT ';' /* ; /* ; */ */ , \"a\\\";\", `;`");
  EXPECT_EQ((*parts)[0].at(0).line, 2);
  EXPECT_EQ((*parts)[1].at(0).line, 4);
  EXPECT_EQ((*parts)[1].at(0).column, 3);
}

TEST(SourceText, RawStringsHaveNoEscapes) {
  auto parts = split_at_semicolons(*substitute_variables("SELECT r'\\'; SELECT '${x}'", {{"x", "1"}}));
  ASSERT_TRUE(parts.ok()) << parts.error().to_string();
  ASSERT_EQ(parts->size(), 2u);
  EXPECT_EQ((*parts)[1].text, "SELECT '1'");
}

TEST(SourceText, OpenQuoteAndCommentAreErrorsWithPosition) {
  auto quote = split_at_semicolons(*substitute_variables("SELECT 1;\nSELECT 'abc", {}));
  ASSERT_FALSE(quote.ok());
  EXPECT_EQ(quote.code(), errc::parse_syntax);
  EXPECT_EQ(quote.error().position().line, 2);
  EXPECT_EQ(quote.error().position().column, 8);
  auto comment = split_at_semicolons(*substitute_variables("SELECT /* a /* b */", {}));
  ASSERT_FALSE(comment.ok());
  EXPECT_EQ(comment.error().position().column, 8);
}

TEST(SourceText, VariablesKeepPositionsOfTheOriginal) {
  auto job = substitute_variables("SELECT '${dir}', x,\n ${n}, y -- ${nothing}", {{"dir", "a long\nvalue"}, {"n", "7"}});
  ASSERT_TRUE(job.ok()) << job.error().to_string();
  EXPECT_EQ(job->text, "SELECT 'a long\nvalue', x,\n 7, y -- ${nothing}");
  auto x = job->at(static_cast<int>(job->text.find("x,")));
  EXPECT_EQ(x.line, 1);
  EXPECT_EQ(x.column, 18);
  auto y = job->at(static_cast<int>(job->text.find("y --")));
  EXPECT_EQ(y.line, 2);
  EXPECT_EQ(y.column, 8);
  auto inside = job->at(static_cast<int>(job->text.find("value")));
  EXPECT_EQ(inside.column, 9);
}

TEST(SourceText, UndefinedVariableNamesTheNearest) {
  auto job = substitute_variables("SET a = 1;\nSET b = ${inptu};", {{"input", "x"}});
  ASSERT_FALSE(job.ok());
  EXPECT_EQ(job.code(), errc::undefined_variable);
  EXPECT_EQ(job.error().position().line, 2);
  EXPECT_EQ(job.error().position().column, 9);
  EXPECT_NE(job.error().message().find("`input`"), std::string::npos);
}

TEST(SourceText, Utf8) {
  EXPECT_TRUE(check_utf8("SELECT 'äöü €😀'").ok());
  for (const char* bad : {"a\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "x\x80", "\xe2\x82"})
    EXPECT_FALSE(check_utf8(bad).ok()) << bad;
  EXPECT_EQ(check_utf8("ab\n c\xff").position().column, 3);
}

TEST(SourceText, ColumnsCountCharacters) {
  auto job = substitute_variables("SELECT 'äöü', x", {});
  EXPECT_EQ(job->at(static_cast<int>(job->text.find("x"))).column, 15);
}

} // namespace
} // namespace sluice::sql
