#pragma once
/// Records of CSV text to tokens, by the rules of the parser that Spark uses (univocity) with Spark's settings: an
/// unescaped quote inside a quoted value makes the value end at the next separator, with its quotes. Pure.
#include <string>
#include <string_view>
#include <vector>

#include "common/plan/plan.hpp"

namespace sluice::readers {

struct csv_format {
  std::string separator = ",";
  char quote = '"';     ///< 0: none
  char escape = '\\';   ///< 0: none
  char comment = 0;     ///< 0: none
  bool header = false;
  bool ignore_leading = false;
  bool ignore_trailing = false;
  std::string null_value;
  std::string empty_value;
  std::string nan_value = "NaN";
  std::string positive_infinity = "Inf";
  std::string negative_infinity = "-Inf";
};

/// Options sep (delimiter), quote, escape, comment, header, ignoreLeadingWhiteSpace, … Error: invalid_option.
result<csv_format> csv_format_of(const plan::option_map& options);

struct csv_token {
  std::string_view text;
  bool null = false;
};

class csv_tokenizer {
public:
  /// `spans_lines`: a quoted value may hold line ends; else [p, end) is one line.
  csv_tokenizer(csv_format format, bool spans_lines) : format_(std::move(format)), spans_lines_(spans_lines) {}

  /// Tokens of the record at `p`, valid until the next call; where the next record starts.
  const char* next(const char* p, const char* end, std::vector<csv_token>& tokens);
  /// Whether the line at `p` is blank or a comment. `line_end`: of that line.
  bool skips(const char* p, const char* line_end) const noexcept;
  const csv_format& format() const noexcept { return format_; }

private:
  bool at_separator(const char* p, const char* end) const noexcept;
  bool at_stop(const char* p, const char* end) const noexcept;  // end of the value: separator or end of the record
  bool at_record_end(const char* p, const char* end) const noexcept;
  const char* quoted(const char* p, const char* end, csv_token& token);
  const char* unescaped_rest(std::size_t from, const char* p, const char* end, csv_token& token);
  const char* plain(const char* p, const char* end, csv_token& token) const;
  csv_token finished(std::size_t from) const noexcept;

  csv_format format_;
  bool spans_lines_;
  std::string scratch_;  // unescaped values of a record; never grows while a record is read
};

} // namespace sluice::readers
