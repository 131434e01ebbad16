#include "coordinator/connect/expressions.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <set>

#include "common/data/types.hpp"
#include "common/sql/nearest.hpp"
#include "common/sql/parser.hpp"
#include "coordinator/connect/types.hpp"
#include "proto/spark/connect/expressions.pb.h"

namespace sluice::connect {
namespace {

using sql::expression_ptr;
using kind = sql::expression_kind;
using message = spark::connect::Expression;
using tree_result = result<expression_ptr>;

constexpr int tallest = 1000;     ///< as the parser's bounds: what walks trees relies on them
constexpr int heaviest = 100'000;

status unsupported(const std::string& what) { return {errc::unsupported_feature, what + " is not supported"}; }

tree_result finish(sql::expression node) {
  for (const auto& arg : node.args) {
    node.height = std::max(node.height, arg->height + 1);
    node.weight += arg->weight;
    if (node.weight > heaviest) return status(errc::parse_syntax, "the expression is too large");
  }
  if (node.height > tallest) return status(errc::parse_syntax, "the expression is nested deeper than 1000 levels");
  return expression_ptr(std::make_shared<const sql::expression>(std::move(node)));
}

tree_result leaf(kind what, std::string text) {
  sql::expression node;
  node.kind = what;
  node.text = std::move(text);
  return finish(std::move(node));
}

tree_result number(std::string text, std::string suffix) {
  sql::expression node;
  node.kind = kind::number;
  node.text = std::move(text);
  node.suffix = std::move(suffix);
  return finish(std::move(node));
}

tree_result cast_tree(expression_ptr value, std::string type) {
  sql::expression node;
  node.kind = kind::cast;
  node.args = {std::move(value)};
  node.type = std::move(type);
  return finish(std::move(node));
}

// ---- literals ----

template <class Number>
tree_result real(Number value, const char* suffix, const char* type) {
  if (!std::isfinite(value)) {
    auto text = std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
    SLUICE_ASSIGN_OR_RETURN(auto written, leaf(kind::string_literal, text));
    return cast_tree(std::move(written), type);
  }
  char buffer[64];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return number(std::string(buffer, end), suffix);
}

std::string date_text(std::int64_t days) {
  std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()));
  return buffer;
}

/// Years that the text forms of dates can say.
constexpr std::int64_t first_day = -719162;
constexpr std::int64_t last_day = 2932896;
constexpr std::int64_t day_us = 86'400'000'000;

tree_result typed(const char* type, std::string text) {
  sql::expression node;
  node.kind = kind::typed_literal;
  node.type = type;
  node.text = std::move(text);
  return finish(std::move(node));
}

tree_result date_tree(std::int64_t days) {
  if (days < first_day || days > last_day) return unsupported("a date outside of the years 1 to 9999");
  return typed("date", date_text(days));
}

tree_result time_tree(std::int64_t us, bool zoned) {
  auto days = us / day_us - (us % day_us < 0 ? 1 : 0);
  if (days < first_day || days > last_day) return unsupported("a timestamp outside of the years 1 to 9999");
  auto rest = us - days * day_us;
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, " %02d:%02d:%02d.%06d", static_cast<int>(rest / 3'600'000'000),
                static_cast<int>(rest / 60'000'000 % 60), static_cast<int>(rest / 1'000'000 % 60),
                static_cast<int>(rest % 1'000'000));
  return typed(zoned ? "timestamp" : "timestamp_ntz", date_text(days) + buffer + (zoned ? "Z" : ""));
}

tree_result decimal_tree(const message::Literal::Decimal& literal) {
  SLUICE_ASSIGN_OR_RETURN(auto value, number(literal.value(), "BD"));
  if (!literal.has_precision()) return value;
  // a client may leave the scale at 0 for "1.50": Spark takes the text's
  auto dot = literal.value().find('.');
  int written = dot == std::string::npos ? 0 : static_cast<int>(literal.value().size() - dot - 1);
  int scale = std::max(literal.scale(), written);
  return cast_tree(std::move(value), "decimal(" + std::to_string(literal.precision()) + "," + std::to_string(scale) + ")");
}

bool is_number(const std::string& text) {
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
}

tree_result interval_tree(std::int64_t months, std::int64_t days, std::int64_t us) {
  return leaf(kind::interval, std::to_string(months) + " months " + std::to_string(days) + " days " + std::to_string(us) +
                                  " microseconds");
}

tree_result null_tree(const spark::connect::DataType& type) {
  SLUICE_ASSIGN_OR_RETURN(auto value, leaf(kind::null_literal, ""));
  if (type.kind_case() == spark::connect::DataType::kNull || type.kind_case() == spark::connect::DataType::KIND_NOT_SET) return value;
  SLUICE_ASSIGN_OR_RETURN(auto wanted, type_of(type));
  return cast_tree(std::move(value), data::type_name(*wanted));
}

tree_result literal_tree(const message::Literal& literal);

using literals = google::protobuf::RepeatedPtrField<message::Literal>;

/// A function of constants, under the type that the client names (if it does).
tree_result constants_tree(const char* function, const std::vector<const message::Literal*>& values, const std::string& type) {
  sql::expression node;
  node.kind = kind::call;
  node.text = function;
  for (const auto* value : values) {
    SLUICE_ASSIGN_OR_RETURN(auto tree, literal_tree(*value));
    node.args.push_back(std::move(tree));
  }
  SLUICE_ASSIGN_OR_RETURN(auto made, finish(std::move(node)));
  return type.empty() ? tree_result(std::move(made)) : cast_tree(std::move(made), type);
}

bool names_type(const spark::connect::DataType& type) { return type.kind_case() != spark::connect::DataType::KIND_NOT_SET; }

tree_result array_tree(const message::Literal::Array& array) {
  std::vector<const message::Literal*> values;
  for (const auto& element : array.elements()) values.push_back(&element);
  std::string type;
  if (names_type(array.element_type())) {
    SLUICE_ASSIGN_OR_RETURN(auto element, type_of(array.element_type()));
    type = "array<" + data::type_name(*element) + ">";
  }
  return constants_tree("array", values, type);
}

tree_result map_tree(const message::Literal::Map& map) {
  std::vector<const message::Literal*> values;
  for (int i = 0; i < map.keys_size() && i < map.values_size(); ++i) {
    values.push_back(&map.keys(i));
    values.push_back(&map.values(i));
  }
  std::string type;
  if (names_type(map.key_type()) && names_type(map.value_type())) {
    SLUICE_ASSIGN_OR_RETURN(auto key, type_of(map.key_type()));
    SLUICE_ASSIGN_OR_RETURN(auto value, type_of(map.value_type()));
    type = "map<" + data::type_name(*key) + "," + data::type_name(*value) + ">";
  }
  return constants_tree("map", values, type);
}

tree_result struct_tree(const message::Literal::Struct& literal) {
  std::vector<const message::Literal*> values;
  for (const auto& element : literal.elements()) values.push_back(&element);
  std::string type;
  if (names_type(literal.struct_type())) {
    SLUICE_ASSIGN_OR_RETURN(auto wanted, type_of(literal.struct_type()));
    type = data::type_name(*wanted);
  }
  return constants_tree("struct", values, type);
}

/// Packed constants (4.0 and later) as plain ones.
message::Literal::Array plain_array(const message::Literal::SpecializedArray& packed) {
  message::Literal::Array out;
  for (auto value : packed.bools().values()) out.add_elements()->set_boolean(value);
  for (auto value : packed.ints().values()) out.add_elements()->set_integer(value);
  for (auto value : packed.longs().values()) out.add_elements()->set_long_(value);
  for (auto value : packed.floats().values()) out.add_elements()->set_float_(value);
  for (auto value : packed.doubles().values()) out.add_elements()->set_double_(value);
  for (const auto& value : packed.strings().values()) out.add_elements()->set_string(value);
  return out;
}

tree_result literal_tree(const message::Literal& literal) {
  switch (literal.literal_type_case()) {
    case message::Literal::kNull: return null_tree(literal.null());
    case message::Literal::kBinary: return leaf(kind::binary_literal, literal.binary());
    case message::Literal::kBoolean: return leaf(kind::boolean_literal, literal.boolean() ? "true" : "false");
    case message::Literal::kByte: return number(std::to_string(literal.byte()), "Y");
    case message::Literal::kShort: return number(std::to_string(literal.short_()), "S");
    case message::Literal::kInteger: return number(std::to_string(literal.integer()), "");
    case message::Literal::kLong: return number(std::to_string(literal.long_()), "L");
    case message::Literal::kFloat: return real(literal.float_(), "F", "float");
    case message::Literal::kDouble: return real(literal.double_(), "D", "double");
    case message::Literal::kString: return leaf(kind::string_literal, literal.string());
    case message::Literal::kDate: return date_tree(literal.date());
    case message::Literal::kTimestamp: return time_tree(literal.timestamp(), true);
    case message::Literal::kTimestampNtz: return time_tree(literal.timestamp_ntz(), false);
    case message::Literal::kYearMonthInterval: return interval_tree(literal.year_month_interval(), 0, 0);
    case message::Literal::kDayTimeInterval: return interval_tree(0, 0, literal.day_time_interval());
    case message::Literal::kCalendarInterval:
      return interval_tree(literal.calendar_interval().months(), literal.calendar_interval().days(),
                           literal.calendar_interval().microseconds());
    case message::Literal::kDecimal:
      if (!is_number(literal.decimal().value()))
        return status(errc::invalid_plan, "a decimal literal that is no number: " + literal.decimal().value());
      return decimal_tree(literal.decimal());
    case message::Literal::kArray: return array_tree(literal.array());
    case message::Literal::kMap: return map_tree(literal.map());
    case message::Literal::kStruct: return struct_tree(literal.struct_());
    case message::Literal::kSpecializedArray: return array_tree(plain_array(literal.specialized_array()));
    default: return unsupported("this kind of literal");
  }
}

// ---- functions ----

const std::set<std::string> operators{"=", "<", "<=", ">", ">=", "<=>", "<>", "+", "-", "*", "/", "%", "and", "or", "not",
                                      "in", "like", "ilike", "rlike", "case", "is_null", "is_not_null", "negative"};

/// Spark's name to that of the analyzer.
std::string function_name(const std::string& written) {
  auto name = sql::to_lower(written);
  if (name == "==") return "=";
  if (name == "!=") return "<>";
  if (name == "!") return "not";
  if (name == "isnull") return "is_null";
  if (name == "isnotnull") return "is_not_null";
  if (name == "when") return "case";
  return name;
}

tree_result call_tree(const std::string& written, const google::protobuf::RepeatedPtrField<message>& arguments, bool distinct) {
  sql::expression node;
  node.kind = kind::call;
  node.text = function_name(written);
  node.distinct = distinct;
  if (node.text == "-" && arguments.size() == 1) node.text = "negative";
  node.is_operator = operators.contains(node.text);
  if (node.is_operator && arguments.empty()) return status(errc::invalid_plan, "the operator " + written + " without operands");
  if (node.text == "count" && arguments.size() == 1 && arguments[0].has_unresolved_star()) {
    node.star = true;
    return finish(std::move(node));
  }
  // struct(x AS s): the alias names the field
  bool named = node.text == "struct" && std::any_of(arguments.begin(), arguments.end(), [](const auto& argument) { return argument.has_alias(); });
  if (named) node.text = "named_struct";
  int place = 0;
  for (const auto& argument : arguments) {
    SLUICE_ASSIGN_OR_RETURN(auto value, value_of(argument));
    ++place;
    if (named) {
      auto name = argument.alias().name_size() > 0 ? argument.alias().name(0) : value->kind == kind::name ? value->parts.back() : "col" + std::to_string(place);
      SLUICE_ASSIGN_OR_RETURN(auto field, leaf(kind::string_literal, std::move(name)));
      node.args.push_back(std::move(field));
    }
    node.args.push_back(std::move(value));
  }
  bool two = node.is_operator && node.text != "case" && node.text != "in" && node.text != "not" && node.text != "negative" &&
             !node.text.starts_with("is_");
  if (two && node.args.size() != 2 && !(node.text.ends_with("like") && node.args.size() == 3))
    return status(errc::invalid_plan, "the operator " + written + " takes two operands");
  if (node.args.size() == 3 && node.text.ends_with("like") && (node.args[2]->kind != kind::string_literal || node.args[2]->text.size() != 1))
    return status(errc::invalid_plan, "the escape of " + written + " must be one character");
  return finish(std::move(node));
}

tree_result cast_of(const message::Cast& cast) {
  if (cast.eval_mode() == message::Cast::EVAL_MODE_LEGACY) return unsupported("a cast in legacy mode");
  sql::expression node;
  node.kind = kind::cast;
  if (cast.eval_mode() == message::Cast::EVAL_MODE_TRY) node.text = "try";
  SLUICE_ASSIGN_OR_RETURN(auto value, value_of(cast.expr()));
  node.args = {std::move(value)};
  node.type = cast.type_str();
  if (!cast.has_type_str()) {
    SLUICE_ASSIGN_OR_RETURN(auto type, type_of(cast.type()));
    node.type = data::type_name(*type);
  }
  return finish(std::move(node));
}

tree_result extract_of(const message::UnresolvedExtractValue& extract) {
  SLUICE_ASSIGN_OR_RETURN(auto child, value_of(extract.child()));
  sql::expression node;
  if (extract.extraction().literal().has_string()) {
    node.kind = kind::get_field;
    node.text = extract.extraction().literal().string();
    node.args = {std::move(child)};
    return finish(std::move(node));
  }
  SLUICE_ASSIGN_OR_RETURN(auto item, value_of(extract.extraction()));
  node.kind = kind::get_item;
  node.args = {std::move(child), std::move(item)};
  return finish(std::move(node));
}

tree_result star_of(const message::UnresolvedStar& star) {
  sql::expression node;
  node.kind = kind::star;
  if (star.has_plan_id()) node.plan_id = star.plan_id();
  if (star.has_unparsed_target()) {
    auto target = star.unparsed_target();
    if (target.ends_with(".*")) target.resize(target.size() - 2);
    SLUICE_ASSIGN_OR_RETURN(node.parts, split_identifier(target));
  }
  return finish(std::move(node));
}

tree_result lambda_of(const message::LambdaFunction& lambda) {
  sql::expression node;
  node.kind = kind::lambda;
  for (const auto& argument : lambda.arguments()) {
    if (argument.name_parts_size() != 1) return status(errc::invalid_plan, "a lambda parameter without a simple name");
    node.parts.push_back(argument.name_parts(0));
  }
  SLUICE_ASSIGN_OR_RETURN(auto body, value_of(lambda.function()));
  node.args = {std::move(body)};
  return finish(std::move(node));
}

using wire_frame = message::Window::WindowFrame;

/// Integers around 0 are rows before and after the current one.
result<sql::frame_bound> bound_of(const wire_frame::FrameBoundary& bound, bool is_lower) {
  using what = sql::frame_bound::kind;
  sql::frame_bound out;
  switch (bound.boundary_case()) {
    case wire_frame::FrameBoundary::kCurrentRow: out.what = what::current_row; return out;
    case wire_frame::FrameBoundary::kUnbounded: out.what = is_lower ? what::unbounded_preceding : what::unbounded_following; return out;
    case wire_frame::FrameBoundary::kValue: break;
    default: return status(errc::invalid_plan, "a window frame without bounds");
  }
  const auto& literal = bound.value().literal();
  if (!literal.has_integer() && !literal.has_long_()) return unsupported("a window frame whose bounds are no whole numbers");
  std::int64_t offset = literal.has_integer() ? literal.integer() : literal.long_();
  if (offset == 0) return out;
  out.what = offset < 0 ? what::preceding : what::following;
  auto text = std::to_string(offset);
  SLUICE_ASSIGN_OR_RETURN(out.value, number(offset < 0 ? text.substr(1) : text, ""));
  return out;
}

tree_result window_of(const message::Window& window) {
  SLUICE_ASSIGN_OR_RETURN(auto function, value_of(window.window_function()));
  if (function->kind != kind::call) return status(errc::invalid_plan, "OVER needs a function");
  auto over = std::make_shared<sql::window_definition>();
  for (const auto& expression : window.partition_spec()) {
    SLUICE_ASSIGN_OR_RETURN(auto value, value_of(expression));
    over->partition_by.push_back(std::move(value));
  }
  for (const auto& order : window.order_spec()) {
    SLUICE_ASSIGN_OR_RETURN(auto item, order_of(order));
    over->order_by.push_back(std::move(item));
  }
  if (window.has_frame_spec()) {
    sql::window_frame frame;
    frame.rows = window.frame_spec().frame_type() == wire_frame::FRAME_TYPE_ROW;
    SLUICE_ASSIGN_OR_RETURN(frame.lower, bound_of(window.frame_spec().lower(), true));
    SLUICE_ASSIGN_OR_RETURN(frame.upper, bound_of(window.frame_spec().upper(), false));
    over->frame = std::move(frame);
  }
  auto node = *function;
  node.over = std::move(over);
  return finish(std::move(node));
}

/// "a AS b", as selectExpr takes it.
result<sql::select_item> item_of_text(const std::string& text) {
  SLUICE_ASSIGN_OR_RETURN(auto query, sql::parse_query({"SELECT " + text, {}}));
  bool plain = query->items.size() == 1 && query->with.empty() && !query->distinct && !query->from && !query->where &&
               query->group_by.empty() && !query->group_by_all && !query->having && query->order_by.empty() && !query->limit;
  if (!plain) return status(errc::parse_syntax, "not one expression: " + text);
  return query->items[0];
}

tree_result plain_value(const message& expression) {
  switch (expression.expr_type_case()) {
    case message::kLiteral: return literal_tree(expression.literal());
    case message::kUnresolvedAttribute: {
      sql::expression node;
      node.kind = kind::name;
      SLUICE_ASSIGN_OR_RETURN(node.parts, split_identifier(expression.unresolved_attribute().unparsed_identifier()));
      if (expression.unresolved_attribute().has_plan_id()) node.plan_id = expression.unresolved_attribute().plan_id();
      return finish(std::move(node));
    }
    case message::kLambdaFunction: return lambda_of(expression.lambda_function());
    case message::kUnresolvedNamedLambdaVariable:
      return name_tree({expression.unresolved_named_lambda_variable().name_parts().begin(), expression.unresolved_named_lambda_variable().name_parts().end()});
    case message::kWindow: return window_of(expression.window());
    case message::kUpdateFields: return unsupported("withField and dropFields");
    case message::kSubqueryExpression: return unsupported("a subquery made of a DataFrame");
    case message::kUnresolvedRegex: return unsupported("colRegex");
    case message::kNamedArgumentExpression: return unsupported("a named argument");
    case message::kUnresolvedFunction: {
      const auto& function = expression.unresolved_function();
      return call_tree(function.function_name(), function.arguments(), function.is_distinct());
    }
    case message::kCallFunction:
      return call_tree(expression.call_function().function_name(), expression.call_function().arguments(), false);
    case message::kExpressionString: return sql::parse_expression({expression.expression_string().expression(), {}});
    case message::kUnresolvedStar: return star_of(expression.unresolved_star());
    case message::kAlias: return value_of(expression.alias().expr());
    case message::kCast: return cast_of(expression.cast());
    case message::kUnresolvedExtractValue: return extract_of(expression.unresolved_extract_value());
    case message::kSortOrder: return unsupported("an order outside of a sort");
    default: return unsupported("this kind of expression");
  }
}

} // namespace

expression_ptr name_tree(std::vector<std::string> parts) {
  sql::expression node;
  node.kind = kind::name;
  node.parts = std::move(parts);
  return std::make_shared<const sql::expression>(std::move(node));
}

expression_ptr star_tree() {
  sql::expression node;
  node.kind = kind::star;
  return std::make_shared<const sql::expression>(std::move(node));
}

result<std::vector<std::string>> split_identifier(const std::string& text) {
  auto bad = [&] { return status(errc::parse_syntax, "not a name: " + text); };
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (true) {
    std::string part;
    if (at < text.size() && text[at] == '`') {
      for (++at;; ++at) {
        if (at >= text.size()) return bad();
        if (text[at] == '`' && (at + 1 >= text.size() || text[at + 1] != '`')) break;
        if (text[at] == '`') ++at;
        part += text[at];
      }
      ++at;
    } else {
      while (at < text.size() && text[at] != '.' && text[at] != '`') part += text[at++];
    }
    if (part.empty()) return bad();
    parts.push_back(std::move(part));
    if (at == text.size()) return parts;
    if (text[at] != '.') return bad();
    ++at;
  }
}

result<sql::select_item> item_of(const message& expression) {
  if (expression.expr_type_case() == message::kExpressionString) return item_of_text(expression.expression_string().expression());
  sql::select_item item;
  if (expression.expr_type_case() == message::kAlias) {
    const auto& names = expression.alias().name();
    if (names.empty()) return status(errc::invalid_plan, "an alias without a name");
    if (names.size() == 1) item.alias = names[0];
    else item.aliases.assign(names.begin(), names.end());
  }
  SLUICE_ASSIGN_OR_RETURN(item.value, value_of(expression));
  // a cast of a column keeps the column's name
  if (expression.expr_type_case() == message::kCast && item.value->args[0]->kind == kind::name)
    item.alias = item.value->args[0]->parts.back();
  return item;
}

tree_result value_of(const message& expression) { return plain_value(expression); }

tree_result key_of(const message& expression) {
  SLUICE_ASSIGN_OR_RETURN(auto value, value_of(expression));
  if (value->kind != kind::number || !value->suffix.empty()) return value;
  return cast_tree(value, "int");
}

result<sql::order_item> order_of(const message::SortOrder& order) {
  sql::order_item item;
  SLUICE_ASSIGN_OR_RETURN(item.value, key_of(order.child()));
  item.ascending = order.direction() != message::SortOrder::SORT_DIRECTION_DESCENDING;
  if (order.null_ordering() != message::SortOrder::SORT_NULLS_UNSPECIFIED)
    item.nulls_first = order.null_ordering() == message::SortOrder::SORT_NULLS_FIRST;
  return item;
}

} // namespace sluice::connect
