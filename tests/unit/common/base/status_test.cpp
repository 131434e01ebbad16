#include "common/base/environment.hpp"
#include "common/base/status.hpp"

#include <gtest/gtest.h>

#include <set>

namespace sluice {

TEST(Status, SuccessIsEmpty) {
  EXPECT_TRUE(ok().ok());
  EXPECT_EQ(ok().to_string(), "ok");
}

TEST(Status, ContextKeepsCodeAndPosition) {
  auto error = status{errc::unresolved_column, "no column x", {2, 5, 17}}.with_context("job.sql");
  EXPECT_EQ(error.code(), errc::unresolved_column);
  EXPECT_EQ(error.to_string(), "error 2002 unresolved_column: job.sql: no column x (line 2, column 5)");
}

TEST(Status, MacrosPropagate) {
  auto half = [](int n) -> result<int> {
    if (n % 2 != 0)
      return status{errc::invalid_argument, "odd"};
    return n / 2;
  };
  auto quarter = [&](int n) -> result<int> {
    SLUICE_ASSIGN_OR_RETURN(auto h, half(n));
    return half(h);
  };
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).code(), errc::invalid_argument);
}

TEST(ErrorTable, NumbersAndNamesAreUnique) {
  std::set<int> numbers;
  std::set<std::string> names;
#define SLUICE_ERROR(id, number, domain, retry, spark_class, sqlstate, text) \
  EXPECT_TRUE(numbers.insert(number).second) << number;                        \
  EXPECT_TRUE(names.insert(#id).second) << #id;                            \
  EXPECT_EQ(info(errc::id).name, #id);
#include "common/base/errors.def"
#undef SLUICE_ERROR
}

TEST(Random, UuidHasVersionAndVariant) {
  auto text = seeded_random_source(7)->uuid();
  ASSERT_EQ(text.size(), 36u);
  EXPECT_EQ(text[14], '4');
  EXPECT_NE(std::string("89ab").find(text[19]), std::string::npos);
}

} // namespace sluice
