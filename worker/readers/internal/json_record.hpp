#pragma once
/// The careful path: one record of any shape to rows, with Spark's answers for everything odd.
#include "worker/readers/internal/json_columns.hpp"

namespace sluice::readers {

class json_record_parser {
public:
  json_record_parser(json_columns& columns, json_grammar grammar) : columns_(columns), grammar_(grammar) {}

  /// Reads [begin, end): no row for a blank record, one per element of a top-level array, else one. Malformed records give
  /// a null row marked bad. `check_utf8`: the text may hold invalid UTF-8. Returns whether it was one good object.
  bool parse(const char* begin, const char* end, bool check_utf8);
  /// A record that is not even looked at.
  void add_bad(const char* begin, const char* end);

private:
  struct member {
    int column;
    const char* begin;
    const char* end;
  };

  const char* find_members(const char* p);
  bool parse_array(const char* p, const char* begin, const char* end, bool check_utf8);
  bool add_row(const char* begin, const char* end);
  bool convert(json_column& column, std::size_t row, const char* begin, const char* end);
  bool convert_text(json_column& column, std::size_t row, const char* begin, const char* end);
  bool convert_timestamp(json_column& column, std::size_t row, const char* begin, const char* end);
  bool convert_integer(json_column& column, std::size_t row, const char* begin, const char* end);

  json_columns& columns_;
  json_grammar grammar_;
  std::vector<member> members_;
};

} // namespace sluice::readers
