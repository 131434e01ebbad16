#include <arrow/type.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "common/data/types.hpp"

namespace sluice::data {

namespace {

constexpr int max_type_depth = 64;

std::string lower_ascii(std::string_view text) {
  std::string lower{text};
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower;
}

/// Recursive descent over DDL text; every method leaves the cursor behind what it read.
class ddl_parser {
public:
  explicit ddl_parser(std::string_view text) : text_(text) {}

  result<type_ptr> type(int depth = 0);
  result<std::shared_ptr<arrow::Field>> field(int depth);
  result<std::vector<std::shared_ptr<arrow::Field>>> fields(int depth, char end);
  bool at_end() {
    blanks();
    return at_ == text_.size();
  }
  status error(std::string_view what) const {
    return {errc::datatype_mismatch, std::string{what} + " at offset " + std::to_string(at_) + " of \"" + std::string{text_} + "\""};
  }

private:
  void blanks() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])))
      ++at_;
  }
  bool take(char c) {
    blanks();
    if (at_ == text_.size() || text_[at_] != c)
      return false;
    ++at_;
    return true;
  }
  std::string_view word() {
    blanks();
    auto from = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_' ||
                                  (text_[at_] & 0x80)))
      ++at_;
    return text_.substr(from, at_ - from);
  }
  bool keyword(std::string_view expected) {
    auto before = at_;
    if (lower_ascii(word()) == expected)
      return true;
    at_ = before;
    return false;
  }
  result<std::string> name();
  result<int> number();
  result<type_ptr> decimal();
  result<type_ptr> nested(const std::string& name, int depth);
  status skip_string();

  std::string_view text_;
  std::size_t at_ = 0;
};

result<std::string> ddl_parser::name() {
  if (!take('`')) {
    auto plain = word();
    if (plain.empty())
      return error("a column name is missing");
    return std::string{plain};
  }
  std::string name;
  for (; at_ < text_.size(); ++at_) {
    if (text_[at_] != '`') {
      name += text_[at_];
    } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '`') {
      name += '`';
      ++at_;
    } else {
      ++at_;
      return name;
    }
  }
  return error("an unterminated quoted name");
}

result<int> ddl_parser::number() {
  auto digits = word();
  if (digits.empty() || digits.size() > 6 || !std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return error("a number is missing");
  return std::stoi(std::string{digits});
}

result<type_ptr> ddl_parser::decimal() {
  int precision = 10, scale = 0;
  if (take('(')) {
    SLUICE_ASSIGN_OR_RETURN(precision, number());
    if (take(',')) {
      SLUICE_ASSIGN_OR_RETURN(scale, number());
    }
    if (!take(')'))
      return error("')' is missing");
  }
  if (precision < 1 || precision > 38)
    return error("decimal precision must be between 1 and 38");
  if (scale > precision)
    return error("decimal scale must not exceed its precision");
  return arrow::decimal128(precision, scale);
}

result<type_ptr> ddl_parser::nested(const std::string& name, int depth) {
  if (!take('<'))
    return error("'<' is missing");
  if (name == "struct") {
    SLUICE_ASSIGN_OR_RETURN(auto children, fields(depth + 1, '>'));
    return arrow::struct_(children);
  }
  SLUICE_ASSIGN_OR_RETURN(auto first, type(depth + 1));
  if (name == "array") {
    if (!take('>'))
      return error("'>' is missing");
    return arrow::list(arrow::field("element", first));
  }
  if (!take(','))
    return error("',' is missing");
  SLUICE_ASSIGN_OR_RETURN(auto second, type(depth + 1));
  if (!take('>'))
    return error("'>' is missing");
  return arrow::map(first, second);
}

result<type_ptr> ddl_parser::type(int depth) {
  static const std::map<std::string, type_ptr> plain = {
    {"boolean", arrow::boolean()}, {"bool", arrow::boolean()}, {"tinyint", arrow::int8()}, {"byte", arrow::int8()},
    {"smallint", arrow::int16()}, {"short", arrow::int16()}, {"int", arrow::int32()}, {"integer", arrow::int32()},
    {"bigint", arrow::int64()}, {"long", arrow::int64()}, {"float", arrow::float32()}, {"real", arrow::float32()},
    {"double", arrow::float64()}, {"string", arrow::utf8()}, {"binary", arrow::binary()}, {"date", arrow::date32()},
    {"timestamp", timestamp_type()}, {"timestamp_ltz", timestamp_type()}, {"timestamp_ntz", timestamp_ntz_type()},
    {"interval", arrow::month_day_nano_interval()}, {"void", arrow::null()}, {"null", arrow::null()}};
  if (depth > max_type_depth)
    return error("types nest too deeply");
  auto name = lower_ascii(word());
  if (auto found = plain.find(name); found != plain.end())
    return found->second;
  if (name == "decimal" || name == "dec" || name == "numeric")
    return decimal();
  if (name == "varchar" || name == "char" || name == "character") {
    if (!take('('))
      return error("'(' is missing");
    SLUICE_ASSIGN_OR_RETURN([[maybe_unused]] auto length, number());
    if (!take(')'))
      return error("')' is missing");
    return arrow::utf8();
  }
  if (name == "struct" || name == "array" || name == "map")
    return nested(name, depth);
  return error(name.empty() ? "a type is missing" : "unsupported data type '" + name + "'");
}

status ddl_parser::skip_string() {
  char quote = take('\'') ? '\'' : take('"') ? '"' : '\0';
  if (quote == '\0')
    return error("a quoted comment is missing");
  for (; at_ < text_.size(); ++at_) {
    if (text_[at_] == '\\')
      ++at_;
    else if (text_[at_] == quote)
      return ++at_, ok();
  }
  return error("an unterminated comment");
}

result<std::shared_ptr<arrow::Field>> ddl_parser::field(int depth) {
  SLUICE_ASSIGN_OR_RETURN(auto field_name, name());
  take(':');
  SLUICE_ASSIGN_OR_RETURN(auto field_type, type(depth));
  bool nullable = true;
  if (keyword("not")) {
    if (!keyword("null"))
      return error("NULL is missing after NOT");
    nullable = false;
  }
  if (keyword("comment"))
    SLUICE_RETURN_IF_ERROR(skip_string());
  return arrow::field(field_name, field_type, nullable);
}

result<std::vector<std::shared_ptr<arrow::Field>>> ddl_parser::fields(int depth, char end) {
  std::vector<std::shared_ptr<arrow::Field>> list;
  auto done = [&] { return end == '\0' ? at_end() : take(end); };
  if (done())
    return list;
  while (true) {
    SLUICE_ASSIGN_OR_RETURN(auto next, field(depth));
    list.push_back(next);
    if (done())
      return list;
    if (!take(','))
      return error("',' is missing");
  }
}

} // namespace

result<type_ptr> type_from_name(std::string_view text) {
  ddl_parser parser{text};
  SLUICE_ASSIGN_OR_RETURN(auto type, parser.type());
  if (!parser.at_end())
    return parser.error("unexpected text");
  return type;
}

result<schema_ptr> schema_from_ddl(std::string_view text) {
  ddl_parser parser{text};
  SLUICE_ASSIGN_OR_RETURN(auto fields, parser.fields(0, '\0'));
  return arrow::schema(fields);
}

} // namespace sluice::data
