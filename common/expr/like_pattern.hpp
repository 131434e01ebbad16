#pragma once
/// LIKE patterns, compiled once per pattern. Room-internal.
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.hpp"

namespace sluice::expr {

class like_pattern {
public:
  /// Error invalid_literal, class INVALID_FORMAT: the escape character stands before something else than %, _ or itself.
  static result<like_pattern> compile(std::string_view pattern, char escape);
  bool matches(std::string_view text) const;

private:
  enum class shape { exact, prefix, suffix, contains, general };
  struct token {
    enum class kind { any_text, any_character, literal } what;
    std::string text;
  };
  bool matches_generally(std::string_view text) const;
  void classify();

  std::vector<token> tokens_;
  shape shape_ = shape::general;
  std::string literal_;
};

} // namespace sluice::expr
