#pragma once
/// Date and time patterns in Java's letters, as Spark takes them (date_format, to_timestamp, timestampFormat of readers):
///   G y M L d D Q q E a h H k K m s S V z O X x Z, 'text', [optional].
///
///   auto pattern = datetime_pattern::compile("yyyy-MM-dd HH:mm:ss");
///   auto micros = pattern->parse("2016-07-26 03:00:00", zone);
/// Immutable after compile; any thread.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/expr/zone.hpp"

namespace sluice::expr {

class datetime_pattern {
public:
  /// Error invalid_datetime_pattern, naming the letter.
  static result<datetime_pattern> compile(std::string_view pattern);

  /// Error invalid_datetime_pattern if the pattern holds letters that only format: days of the week and quarters.
  status check_parsing() const;

  /// Appends the instant as the zone sees it.
  void format(std::string& out, std::int64_t utc_us, zone_cursor& zone) const;
  /// Microseconds UTC; `session` applies when the text holds no zone. Nothing when the text does not fit.
  std::optional<std::int64_t> parse(std::string_view text, zone_cursor& session) const;
  /// Local microseconds; a zone in the text is read and ignored.
  std::optional<std::int64_t> parse_local(std::string_view text) const;

private:
  struct token {
    char letter = 0;  ///< 0: literal text; '[' and ']': optional section
    int count = 0;
    bool adjacent = false;  ///< a number follows at once
    std::string literal;
  };
  struct fields;

  bool read(std::string_view text, fields& out) const;
  bool read_tokens(std::size_t from, std::size_t to, std::string_view& text, fields& out) const;
  static bool read_token(const token& one, std::string_view& text, fields& out);

  std::vector<token> tokens_;
};

} // namespace sluice::expr
