#include <arrow/array/util.h>
#include <arrow/scalar.h>

#include <unordered_set>

#include "common/expr/coercion.hpp"
#include "common/expr/text.hpp"

namespace sluice::expr {

namespace {

std::string binary_sql(std::string_view bytes) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string text = "X'";
  for (unsigned char byte : bytes)
    text.append({hex[byte >> 4], hex[byte & 15]});
  return text + "'";
}

/// Java's BigDecimal.toString: an exponent where more than five zeros would follow the point.
std::string decimal_sql(std::string plain) {
  const auto point = plain.find('.');
  const auto first = plain.find_first_not_of("-0.");
  const auto places = point == std::string::npos ? 0 : plain.size() - point - 1;
  const auto zeros = first == std::string::npos ? places - (places > 0) : first > point ? first - point - 1 : 0;
  if (point == std::string::npos || zeros < 6)
    return plain;
  const std::string digits = first == std::string::npos ? "0" : plain.substr(first);
  std::string text = plain[0] == '-' ? "-" : "";
  text += digits.substr(0, 1) + (digits.size() > 1 ? "." + digits.substr(1) : "");
  return text + "E-" + std::to_string(first == std::string::npos ? places : zeros + 1);
}

std::string literal_sql(const node& literal) {
  if (!literal.value->is_valid)
    return "NULL";
  auto array = arrow::MakeArrayFromScalar(*literal.value, 1);
  if (!array.ok())
    return literal.value->ToString();
  if (literal.type->id() == arrow::Type::BINARY)
    return binary_sql(static_cast<const arrow::BinaryScalar&>(*literal.value).view());
  auto text = to_text(**array, 0, "UTC");
  if (is_decimal_type(*literal.type))
    return decimal_sql(std::move(text));
  if (is_date(*literal.type))
    return "DATE '" + text + "'";
  if (is_ntz(*literal.type))
    return "TIMESTAMP_NTZ '" + text + "'";
  if (is_any_timestamp(*literal.type))
    return "TIMESTAMP '" + text + "'";
  return text;
}

std::string list_sql(const std::vector<expr_ptr>& args, std::size_t from = 0) {
  std::string text;
  for (auto i = from; i < args.size(); ++i)
    text += (i > from ? ", " : "") + to_sql(*args[i]);
  return text;
}

std::string case_sql(const node& expression) {
  std::string text = "CASE";
  const auto& args = expression.args;
  for (std::size_t i = 0; i + 1 < args.size(); i += 2)
    text += " WHEN " + to_sql(*args[i]) + " THEN " + to_sql(*args[i + 1]);
  if (args.size() % 2)
    text += " ELSE " + to_sql(*args.back());
  return text + " END";
}

std::string upper_ascii(std::string text) {
  for (auto& c : text)
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return text;
}

bool is_infix(const std::string& name) {
  static const std::unordered_set<std::string> names = {"+", "-", "*", "/", "%", "=", "<", "<=", ">", ">=", "<=>", "and", "or", "div",
                                                        "&", "|", "^", "<<", ">>", ">>>"};
  return names.count(name) > 0;
}

/// Spark names most functions of doubles so.
bool shown_in_capitals(const std::string& name) {
  static const std::unordered_set<std::string> names = {"acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "cos", "cosh", "cot", "csc", "degrees", "e",
                                                        "exp", "expm1", "hypot", "log", "log10", "log1p", "log2", "pi", "power", "radians", "sec", "signum",
                                                        "sin", "sinh", "sqrt", "tan", "tanh", "rlike", "regexp", "regexp_like"};
  return names.count(name) > 0;
}

/// a BETWEEN b AND c is (a >= b AND a <= c), shown as Spark does.
std::string between_sql(const node& both) {
  const auto &from = *both.args[0], &to = *both.args[1];
  return "between(" + to_sql(*from.args[0]) + ", " + to_sql(*from.args[1]) + ", " + to_sql(*to.args[1]) + ")";
}

std::string call_sql(const node& expression) {
  const auto& name = expression.name;
  const auto& args = expression.args;
  auto arg = [&](std::size_t i) { return i < args.size() ? to_sql(*args[i]) : std::string{}; };
  if (is_infix(name) && args.size() == 2)
    return expression.parameter == "between" ? between_sql(expression)
                                             : "(" + arg(0) + " " + (name == "div" ? name : upper_ascii(name)) + " " + arg(1) + ")";
  if (name == "cast")
    return expression.parameter == "implicit" || !expression.type || !is_atomic(*expression.type) ? arg(0) : "CAST(" + arg(0) + " AS " + sql_type(*expression.type) + ")";
  if (name == "<>" || name == "!=")
    return "(NOT (" + arg(0) + " = " + arg(1) + "))";
  if ((name == "trim" || name == "ltrim" || name == "rtrim") && args.size() == 2)
    return std::string{"TRIM("} + (name == "trim" ? "BOTH " : name == "ltrim" ? "LEADING " : "TRAILING ") + arg(0) + " FROM " + arg(1) + ")";
  if (shown_in_capitals(name))
    return upper_ascii(name) + "(" + list_sql(args) + ")";
  if (!expression.parameter.empty() && expression.name != "typeof" && expression.parameter[0] == '\x1f')
    return expression.parameter.substr(1);
  if (name == "positive")
    return "(+ " + arg(0) + ")";
  if (name == "nvl2" && args.size() == 3 && args[0]->args.size() == 1)
    return "nvl2(" + to_sql(*args[0]->args[0]) + ", " + arg(1) + ", " + arg(2) + ")";
  if (name == "+interval")
    return arg(0) + " " + expression.parameter;
  if (expression.parameter.starts_with("extract "))
    return "extract(" + expression.parameter.substr(8) + " FROM " + arg(0) + ")";
  if (name == "negative")
    return "(- " + arg(0) + ")";
  if (name == "not" || name == "!")
    return "(NOT " + arg(0) + ")";
  if (name == "~")
    return "~" + arg(0);
  if (name == "lambda")
    return "lambdafunction(" + list_sql(args) + ")";
  if (name == "lambda_variable")
    return "namedlambdavariable()";
  if (name == "raise_error" && args.size() == 1)
    return "raise_error(USER_RAISED_EXCEPTION, map(errorMessage, " + arg(0) + "))";
  if (name == "current_database")
    return "current_schema()";
  if (name == "try_cast")
    return expression.parameter == "implicit" || !is_atomic(*expression.type) ? arg(0) : "TRY_CAST(" + arg(0) + " AS " + sql_type(*expression.type) + ")";
  if (name == "is_null" || name == "isnull")
    return "(" + arg(0) + " IS NULL)";
  if (name == "is_not_null" || name == "isnotnull")
    return "(" + arg(0) + " IS NOT NULL)";
  if (name == "in")
    return "(" + arg(0) + " IN (" + list_sql(args, 1) + "))";
  if (name == "like")
    return arg(0) + " LIKE " + arg(1) + (expression.parameter.empty() ? "" : " ESCAPE '" + expression.parameter + "'");
  if (name == "ilike")
    return "ilike(" + arg(0) + ", " + arg(1) + ")";
  if (name == "case")
    return case_sql(expression);
  if (name == "if")
    return "(IF(" + list_sql(args) + "))";
  if (name == "get_field")
    return arg(0) + "." + expression.parameter;
  if (name == "get_item")
    return arg(0) + "[" + arg(1) + "]";
  if (name == "||")
    return "concat(" + list_sql(args) + ")";
  if ((name == "ceil" || name == "floor") && args.size() == 1)
    return (name[0] == 'c' ? "CEIL(" : "FLOOR(") + list_sql(args) + ")";
  if (name == "nullif")
    return "nullif(" + arg(0) + ", " + arg(1) + ")";
  return name + "(" + list_sql(args) + ")";
}

} // namespace

std::string to_sql(const node& expression) {
  switch (expression.kind) {
    case node_kind::literal: return literal_sql(expression);
    case node_kind::column: return expression.name;
    case node_kind::call: break;
  }
  return call_sql(expression);
}

} // namespace sluice::expr
