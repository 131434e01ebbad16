#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/expressions/functions_page.hpp"

namespace sluice::expressions {
namespace {

constexpr const char* page_file = SLUICE_EXPRESSIONS "/../../docs/reference/functions.md";

TEST(FunctionsPage, IsWhatTheRegistrySays) {
  const auto page = functions_page(SLUICE_EXPRESSIONS "/spark_functions.txt");
  if (std::getenv("SLUICE_WRITE_FUNCTIONS"))
    std::ofstream{page_file} << page;
  std::ifstream in{page_file};
  std::ostringstream kept;
  kept << in.rdbuf();
  EXPECT_EQ(page == kept.str(), true) << "docs/reference/functions.md is stale: run scripts/functions-reference BUILD_DIR";
}

} // namespace
} // namespace sluice::expressions
