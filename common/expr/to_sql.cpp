#include <arrow/array/util.h>
#include <arrow/scalar.h>

#include <unordered_set>

#include "common/expr/coercion.hpp"
#include "common/expr/text.hpp"

namespace sluice::expr {

namespace {

std::string literal_sql(const node& literal) {
  if (!literal.value->is_valid)
    return "NULL";
  auto array = arrow::MakeArrayFromScalar(*literal.value, 1);
  if (!array.ok())
    return literal.value->ToString();
  auto text = to_text(**array, 0, "UTC");
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
                                                        "&", "|", "^"};
  return names.count(name) > 0;
}

std::string call_sql(const node& expression) {
  const auto& name = expression.name;
  const auto& args = expression.args;
  auto arg = [&](std::size_t i) { return i < args.size() ? to_sql(*args[i]) : std::string{}; };
  if (is_infix(name) && args.size() == 2)
    return "(" + arg(0) + " " + upper_ascii(name) + " " + arg(1) + ")";
  if (name == "cast")
    return expression.parameter == "implicit" || !expression.type ? arg(0) : "CAST(" + arg(0) + " AS " + sql_type(*expression.type) + ")";
  if (name == "<>" || name == "!=")
    return "(NOT (" + arg(0) + " = " + arg(1) + "))";
  if (name == "negative")
    return "(- " + arg(0) + ")";
  if (name == "not" || name == "!")
    return "(NOT " + arg(0) + ")";
  if (name == "is_null")
    return "(" + arg(0) + " IS NULL)";
  if (name == "is_not_null")
    return "(" + arg(0) + " IS NOT NULL)";
  if (name == "in")
    return "(" + arg(0) + " IN (" + list_sql(args, 1) + "))";
  if (name == "like")
    return arg(0) + " LIKE " + arg(1);
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
  if (name == "ceil" || name == "ceiling" || name == "floor")
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
