#pragma once
/// Texts of dates and timestamps by the source's formats or Spark's default parsers, a column at a time.
#include <memory>
#include <string>

#include "common/plan/plan.hpp"

namespace sluice::readers {

class time_parser {
public:
  /// Options timestampformat, timestampntzformat, dateformat, timezone. Errors: invalid_datetime_pattern, invalid_option.
  static result<time_parser> make(const plan::option_map& options, const expr::eval_context& context);

  /// `texts` (utf8) as `type` (date, timestamp, timestamp_ntz); null where a text cannot be read.
  result<data::array_ptr> parse(const data::type_ptr& type, const data::array_ptr& texts) const;
  /// Whether a text that is no date is read as a number of days, as Spark does in JSON.
  void allow_day_numbers(bool allowed) noexcept { day_numbers_ = allowed; }
  /// Whether parse_plain_timestamp may decide for this type, and how it reads a text without zone.
  bool plain_allowed(const arrow::DataType& type) const noexcept;
  bool local_is_utc(const arrow::DataType& type) const noexcept;

private:
  std::string timestamp_format_;
  std::string ntz_format_;
  std::string date_format_;
  bool day_numbers_ = true;
  expr::eval_context context_;
};

} // namespace sluice::readers
