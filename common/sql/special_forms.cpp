// Expressions that are no plain calls: CASE, CAST, INTERVAL, EXTRACT, TRIM, SUBSTRING, POSITION, OVERLAY and OVER.
#include <algorithm>
#include <array>

#include "common/sql/internal/parser_core.hpp"
#include "common/sql/nearest.hpp"

namespace sluice::sql::internal {

result<expression_ptr> parser_core::parse_interval() {
  expression node;
  node.kind = expression_kind::interval;
  node.position = take().position;
  for (;;) {
    std::string value = take_symbol("-") ? "-" : "";
    bool is_value = peek().kind == token_kind::string || peek().kind == token_kind::number;
    if (!is_value) return syntax_error();
    value += take().text;
    if (!node.text.empty()) node.text += ' ';
    node.text += value;
    static constexpr std::array<std::string_view, 20> units{
        "MICROSECOND", "MICROSECONDS", "MILLISECOND", "MILLISECONDS", "SECOND", "SECONDS", "MINUTE", "MINUTES", "HOUR", "HOURS",
        "DAY",         "DAYS",         "WEEK",        "WEEKS",        "MONTH",  "MONTHS",  "YEAR",   "YEARS",   "QUARTER", "QUARTERS"};
    if (peek().kind == token_kind::word && std::find(units.begin(), units.end(), peek().upper) != units.end()) {
      node.text += " " + to_lower(take().upper);
      if (at_word("TO")) return refuse("intervals of the form 'x' UNIT TO UNIT", peek());
    }
    if (peek().kind != token_kind::number) break;
  }
  return finish(std::move(node));
}

result<expression_ptr> parser_core::parse_case() {
  auto position = take().position;
  expression_ptr operand;
  if (!at_word("WHEN")) {
    SLUICE_ASSIGN_OR_RETURN(operand, parse_expression());
  }
  std::vector<expression_ptr> args;
  if (!at_word("WHEN")) return syntax_error({"WHEN"});
  while (at_word("WHEN")) {
    auto when = take().position;
    SLUICE_ASSIGN_OR_RETURN(auto condition, parse_expression());
    if (operand) {
      SLUICE_ASSIGN_OR_RETURN(condition, make_call("=", {operand, condition}, when));
    }
    SLUICE_RETURN_IF_ERROR(expect_word("THEN"));
    SLUICE_ASSIGN_OR_RETURN(auto value, parse_expression());
    args.push_back(std::move(condition));
    args.push_back(std::move(value));
  }
  if (take_word("ELSE")) {
    SLUICE_ASSIGN_OR_RETURN(auto otherwise, parse_expression());
    args.push_back(std::move(otherwise));
  }
  SLUICE_RETURN_IF_ERROR(expect_word("END"));
  return make_call("case", std::move(args), position);
}

result<expression_ptr> parser_core::parse_cast() {
  expression node;
  node.kind = expression_kind::cast;
  if (at_word("TRY_CAST")) node.text = "try";
  node.position = take().position;
  SLUICE_RETURN_IF_ERROR(expect_symbol("("));
  SLUICE_ASSIGN_OR_RETURN(auto operand, parse_expression());
  SLUICE_RETURN_IF_ERROR(expect_word("AS"));
  SLUICE_ASSIGN_OR_RETURN(node.type, parse_type());
  SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
  node.args = {std::move(operand)};
  return finish(std::move(node));
}

result<expression_ptr> parser_core::parse_extract() {
  auto position = take().position;
  SLUICE_RETURN_IF_ERROR(expect_symbol("("));
  const token field = peek();
  SLUICE_ASSIGN_OR_RETURN(auto name, parse_name("a field"));
  SLUICE_RETURN_IF_ERROR(expect_word("FROM"));
  SLUICE_ASSIGN_OR_RETURN(auto operand, parse_expression());
  SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
  static const std::vector<std::string> fields{"year", "quarter", "month", "week", "day", "dayofweek", "dow", "doy", "hour", "minute"};
  std::string function = to_lower(name);
  if (std::find(fields.begin(), fields.end(), function) == fields.end()) {
    expression unit;
    unit.kind = expression_kind::string_literal;
    unit.text = name;
    unit.position = field.position;
    return make_call("extract", {std::make_shared<const expression>(std::move(unit)), operand}, position, false);
  }
  if (function == "week") function = "weekofyear";
  if (function == "dow") function = "dayofweek";
  if (function == "doy") function = "dayofyear";
  expression node;
  node.kind = expression_kind::call;
  node.text = function;
  node.suffix = "extract " + name;
  node.args = {operand};
  node.position = position;
  return finish(std::move(node));
}

result<expression_ptr> parser_core::parse_trim() {
  auto position = take().position;
  SLUICE_RETURN_IF_ERROR(expect_symbol("("));
  std::string name = "trim";
  if (!at_symbol("(", 1) && !at_symbol(",", 1) && !at_symbol(")", 1) && !at_symbol(".", 1)) {
    if (take_word("LEADING")) name = "ltrim";
    else if (take_word("TRAILING")) name = "rtrim";
    else take_word("BOTH");
  }
  if (take_word("FROM")) {
    SLUICE_ASSIGN_OR_RETURN(auto text, parse_expression());
    SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
    return make_call(name, {text}, position, false);
  }
  SLUICE_ASSIGN_OR_RETURN(auto first, parse_expression());
  std::vector<expression_ptr> args{first};
  if (take_word("FROM")) {
    SLUICE_ASSIGN_OR_RETURN(auto text, parse_expression());
    args = {first, text};
  } else {
    while (take_symbol(",")) {
      SLUICE_ASSIGN_OR_RETURN(auto next, parse_expression());
      args.push_back(std::move(next));
    }
  }
  SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
  return make_call(name, std::move(args), position, false);
}

result<expression_ptr> parser_core::parse_substring() {
  const token name = take();
  SLUICE_RETURN_IF_ERROR(expect_symbol("("));
  std::vector<expression_ptr> args;
  SLUICE_ASSIGN_OR_RETURN(auto text, parse_expression());
  args.push_back(std::move(text));
  while (take_symbol(",") || take_word("FROM") || take_word("FOR")) {
    SLUICE_ASSIGN_OR_RETURN(auto next, parse_expression());
    args.push_back(std::move(next));
  }
  SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
  return make_call(to_lower(name.upper), std::move(args), name.position, false);
}

result<expression_ptr> parser_core::parse_position() {
  auto position = take().position;
  SLUICE_RETURN_IF_ERROR(expect_symbol("("));
  constexpr int above_predicates = 40;
  SLUICE_ASSIGN_OR_RETURN(auto first, parse_operand(above_predicates));
  std::vector<expression_ptr> args{first};
  if (!at_word("IN") && !at_symbol(",") && !at_symbol(")")) return syntax_error({"IN"});
  while (take_word("IN") || take_symbol(",")) {
    SLUICE_ASSIGN_OR_RETURN(auto next, parse_expression());
    args.push_back(std::move(next));
  }
  SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
  return make_call("position", std::move(args), position, false);
}

result<expression_ptr> parser_core::parse_overlay() {
  auto position = take().position;
  SLUICE_RETURN_IF_ERROR(expect_symbol("("));
  std::vector<expression_ptr> args;
  do {
    SLUICE_ASSIGN_OR_RETURN(auto next, parse_expression());
    args.push_back(std::move(next));
  } while (take_word("PLACING") || take_word("FROM") || take_word("FOR") || take_symbol(","));
  SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
  return make_call("overlay", std::move(args), position, false);
}

result<frame_bound> parser_core::parse_frame_bound() {
  frame_bound out;
  if (take_words({"CURRENT", "ROW"})) return out;
  if (take_words({"UNBOUNDED", "PRECEDING"})) out.what = frame_bound::kind::unbounded_preceding;
  else if (take_words({"UNBOUNDED", "FOLLOWING"})) out.what = frame_bound::kind::unbounded_following;
  else {
    SLUICE_ASSIGN_OR_RETURN(out.value, parse_expression());
    out.what = at_word("FOLLOWING") ? frame_bound::kind::following : frame_bound::kind::preceding;
    if (!take_word("FOLLOWING")) SLUICE_RETURN_IF_ERROR(expect_word("PRECEDING"));
  }
  return out;
}

result<window_definition> parser_core::parse_window_definition() {
  window_definition out;
  out.position = here();
  if (!at_symbol("(")) {
    SLUICE_ASSIGN_OR_RETURN(out.name, parse_name("a window"));
    return out;
  }
  take();
  bool clause = at_word("PARTITION") || at_word("DISTRIBUTE") || at_word("CLUSTER") || at_word("ORDER") || at_word("SORT") ||
                at_word("ROWS") || at_word("RANGE");
  if (!clause && !at_symbol(")")) {
    SLUICE_ASSIGN_OR_RETURN(out.name, parse_name("a window"));
  }
  if (take_words({"PARTITION", "BY"}) || take_words({"DISTRIBUTE", "BY"})) {
    do {
      SLUICE_ASSIGN_OR_RETURN(auto key, parse_expression());
      out.partition_by.push_back(std::move(key));
    } while (take_symbol(","));
  }
  if (take_words({"ORDER", "BY"}) || take_words({"SORT", "BY"})) {
    SLUICE_ASSIGN_OR_RETURN(out.order_by, parse_order_items());
  }
  if (at_word("ROWS") || at_word("RANGE")) {
    window_frame frame;
    frame.rows = take().upper == "ROWS";
    bool between = take_word("BETWEEN");
    SLUICE_ASSIGN_OR_RETURN(frame.lower, parse_frame_bound());
    if (between) {
      SLUICE_RETURN_IF_ERROR(expect_word("AND"));
      SLUICE_ASSIGN_OR_RETURN(frame.upper, parse_frame_bound());
    }
    out.frame = std::move(frame);
  }
  SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
  return out;
}

} // namespace sluice::sql::internal
