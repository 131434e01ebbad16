#include <algorithm>
#include <array>

#include "common/sql/internal/parser_core.hpp"
#include "common/sql/nearest.hpp"

namespace sluice::sql::internal {
namespace {

enum power : int {
  p_or = 10, p_and = 20, p_not = 30, p_predicate = 40, p_compare = 50, p_bit_or = 54, p_bit_xor = 56, p_bit_and = 58, p_shift = 60,
  p_add = 70, p_multiply = 80, p_sign = 90
};

struct binary_operator {
  std::string_view token;
  std::string_view name;
  int power;
};
constexpr std::array<binary_operator, 22> binary_operators{{
    {"OR", "or", p_or},          {"AND", "and", p_and},        {"=", "=", p_compare},         {"==", "=", p_compare},
    {"<>", "<>", p_compare},     {"!=", "<>", p_compare},      {"<", "<", p_compare},         {"<=", "<=", p_compare},
    {">", ">", p_compare},       {">=", ">=", p_compare},      {"<=>", "<=>", p_compare},     {"+", "+", p_add},
    {"-", "-", p_add},           {"||", "concat", p_add},      {"*", "*", p_multiply},        {"/", "/", p_multiply},
    {"%", "%", p_multiply},      {"DIV", "div", p_multiply},   {"&", "&", p_bit_and},         {"|", "|", p_bit_or},
    {"^", "^", p_bit_xor},       {"<<", "<<", p_shift},
}};

} // namespace

result<expression_ptr> parser_core::finish(expression node) const {
  std::int64_t weight = 1;
  for (const auto& arg : node.args) {
    node.height = std::max(node.height, arg->height + 1);
    weight += arg->weight;
  }
  if (node.filter) {
    node.height = std::max(node.height, node.filter->height + 1);
    weight += node.filter->weight;
  }
  if (node.height > max_height)
    return status(errc::parse_syntax, "the expression is nested deeper than 1000 levels", node.position);
  if (weight > max_weight) return status(errc::parse_syntax, "the expression is too large", node.position);
  node.weight = static_cast<int>(weight);
  return std::make_shared<const expression>(std::move(node));
}

result<expression_ptr> parser_core::make_call(std::string name, std::vector<expression_ptr> args, text_position position,
                                              bool is_operator) const {
  expression node;
  node.kind = expression_kind::call;
  node.text = std::move(name);
  node.args = std::move(args);
  node.is_operator = is_operator;
  node.position = position;
  return finish(std::move(node));
}

bool parser_core::at_binary(int& power, std::string& name, int& tokens) const {
  const auto& t = peek();
  if (t.kind != token_kind::word && t.kind != token_kind::symbol) return false;
  tokens = 1;
  if (t.text == ">" && at_symbol(">", 1) && peek(1).begin == t.end) {  // ">" is a token of its own: it closes nested types
    tokens = at_symbol(">", 2) && peek(2).begin == peek(1).end ? 3 : 2;
    power = p_shift;
    name = std::string(static_cast<std::size_t>(tokens), '>');
    return true;
  }
  const auto& text = t.kind == token_kind::word ? t.upper : t.text;
  for (const auto& candidate : binary_operators)
    if (candidate.token == text) {
      power = candidate.power;
      name = candidate.name;
      return true;
    }
  return false;
}

result<expression_ptr> parser_core::parse_operand(int min_power) {
  depth_guard guard(*this);
  if (!guard.fine()) return status(errc::parse_syntax, "the expression is nested deeper than 500 levels", here());
  SLUICE_ASSIGN_OR_RETURN(auto left, parse_prefix());
  for (;;) {
    int power = 0;
    int tokens = 1;
    std::string name;
    if (at_binary(power, name, tokens)) {
      if (power <= min_power) return left;
      auto position = here();
      next_ += tokens;
      SLUICE_ASSIGN_OR_RETURN(auto right, parse_operand(power));
      SLUICE_ASSIGN_OR_RETURN(left, make_call(name, {left, right}, position));
      continue;
    }
    bool negated = at_word("NOT");
    int ahead = negated ? 1 : 0;
    if (p_predicate > min_power &&
        ((!negated && at_word("IS")) || at_word("BETWEEN", ahead) || at_word("IN", ahead) || at_word("LIKE", ahead) ||
         at_word("ILIKE", ahead) || at_word("RLIKE", ahead) || at_word("REGEXP", ahead))) {
      SLUICE_ASSIGN_OR_RETURN(left, parse_predicate(left));
      continue;
    }
    return left;
  }
}

result<expression_ptr> parser_core::parse_predicate(expression_ptr left) {
  const token first = peek();
  bool negated = take_word("NOT");
  const token word = take();
  result<expression_ptr> out = expression_ptr{};
  if (word.upper == "IS") {
    out = parse_is(left, word);
  } else if (word.upper == "BETWEEN") {
    if (at_word("SYMMETRIC") || at_word("ASYMMETRIC")) return refuse("BETWEEN " + peek().upper, peek());
    SLUICE_ASSIGN_OR_RETURN(auto low, parse_operand(p_predicate));
    SLUICE_RETURN_IF_ERROR(expect_word("AND"));
    SLUICE_ASSIGN_OR_RETURN(auto high, parse_operand(p_predicate));
    SLUICE_ASSIGN_OR_RETURN(auto from, make_call(">=", {left, low}, word.position));
    SLUICE_ASSIGN_OR_RETURN(auto to, make_call("<=", {left, high}, word.position));
    expression both;
    both.kind = expression_kind::call;
    both.text = "and";
    both.suffix = "between";
    both.is_operator = true;
    both.args = {from, to};
    both.position = word.position;
    out = finish(std::move(both));
  } else if (word.upper == "IN") {
    out = parse_in(left, word);
  } else {
    out = parse_like(left, word);
  }
  if (!out.ok() || !negated) return out;
  return make_call("not", {*out}, first.position);
}

result<expression_ptr> parser_core::parse_is(expression_ptr left, const token& is) {
  bool negated = take_word("NOT");
  if (take_word("NULL")) return make_call(negated ? "is_not_null" : "is_null", {left}, is.position);
  result<expression_ptr> out = expression_ptr{};
  if (at_word("TRUE") || at_word("FALSE") || at_word("UNKNOWN")) {
    const token value = take();
    if (value.upper == "UNKNOWN") return make_call(negated ? "is_not_null" : "is_null", {left}, is.position);
    expression literal;
    literal.kind = expression_kind::boolean_literal;
    literal.text = to_lower(value.upper);
    literal.position = value.position;
    out = make_call("<=>", {left, std::make_shared<const expression>(literal)}, is.position);
  } else if (at_words({"DISTINCT", "FROM"})) {
    take();
    take();
    SLUICE_ASSIGN_OR_RETURN(auto right, parse_operand(p_predicate));
    out = make_call("<=>", {left, right}, is.position);
    negated = !negated;
  } else {
    return syntax_error({"NULL", "TRUE", "FALSE", "DISTINCT FROM"});
  }
  if (!out.ok() || !negated) return out;
  return make_call("not", {*out}, is.position);
}

result<expression_ptr> parser_core::parse_in(expression_ptr left, const token& in) {
  SLUICE_RETURN_IF_ERROR(expect_symbol("("));
  if (at_query()) {
    expression node;
    node.kind = expression_kind::in_subquery;
    node.position = in.position;
    bool is_row = left->kind == expression_kind::call && left->suffix == "row";
    node.args = is_row ? left->args : std::vector<expression_ptr>{left};
    return parse_subquery(std::move(node));
  }
  std::vector<expression_ptr> args{left};
  do {
    SLUICE_ASSIGN_OR_RETURN(auto value, parse_expression());
    args.push_back(std::move(value));
  } while (take_symbol(","));
  SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
  return make_call("in", std::move(args), in.position);
}

result<expression_ptr> parser_core::parse_like(expression_ptr left, const token& like) {
  if (at_word("ANY") || at_word("SOME") || at_word("ALL"))
    if (at_symbol("(", 1)) return refuse(like.upper + " " + peek().upper, peek());
  SLUICE_ASSIGN_OR_RETURN(auto pattern, parse_operand(p_predicate));
  std::vector<expression_ptr> args{left, pattern};
  if (like.upper != "RLIKE" && like.upper != "REGEXP" && take_word("ESCAPE")) {
    SLUICE_ASSIGN_OR_RETURN(auto escape, parse_primary());
    if (escape->kind != expression_kind::string_literal || escape->text.size() != 1)
      return status(errc::parse_syntax, "the ESCAPE of LIKE must be a string of one character", escape->position);
    args.push_back(std::move(escape));
  }
  return make_call(like.upper == "REGEXP" ? "rlike" : to_lower(like.upper), std::move(args), like.position);
}

result<expression_ptr> parser_core::parse_prefix() {
  const token first = peek();
  if (at_word("NOT") || at_symbol("!")) {
    take();
    SLUICE_ASSIGN_OR_RETURN(auto operand, parse_operand(p_not));
    return make_call("not", {operand}, first.position);
  }
  if (take_symbol("~")) {
    SLUICE_ASSIGN_OR_RETURN(auto operand, parse_operand(p_sign));
    return make_call("~", {operand}, first.position);
  }
  if (at_symbol("-") || at_symbol("+")) {
    take();
    if (first.text == "-" && peek().kind == token_kind::number && peek().begin == first.end) {
      // "-9223372036854775808" is one literal
      SLUICE_ASSIGN_OR_RETURN(auto number, parse_number());
      expression negative = *number;
      negative.text = "-" + negative.text;
      negative.position = first.position;
      return parse_postfix(std::make_shared<const expression>(std::move(negative)));
    }
    SLUICE_ASSIGN_OR_RETURN(auto operand, parse_operand(p_sign));
    if (first.text == "+") return make_call("positive", {operand}, first.position);
    return make_call("negative", {operand}, first.position);
  }
  SLUICE_ASSIGN_OR_RETURN(auto primary, parse_primary());
  return parse_postfix(std::move(primary));
}

result<expression_ptr> parser_core::parse_postfix(expression_ptr left) {
  for (;;) {
    const token t = peek();
    expression node;
    node.position = t.position;
    if (take_symbol(".")) {
      if (at_symbol("*")) return refuse("expanding a struct with .*", t);
      SLUICE_ASSIGN_OR_RETURN(auto field, parse_name("a field"));
      node.kind = expression_kind::get_field;
      node.text = std::move(field);
      node.args = {left};
    } else if (take_symbol("[")) {
      SLUICE_ASSIGN_OR_RETURN(auto index, parse_expression());
      SLUICE_RETURN_IF_ERROR(expect_symbol("]"));
      node.kind = expression_kind::get_item;
      node.args = {left, index};
    } else if (take_symbol("::")) {
      SLUICE_ASSIGN_OR_RETURN(auto type, parse_type());
      node.kind = expression_kind::cast;
      node.type = std::move(type);
      node.args = {left};
    } else {
      return left;
    }
    SLUICE_ASSIGN_OR_RETURN(left, finish(std::move(node)));
  }
}

result<expression_ptr> parser_core::parse_number() {
  const token t = take();
  expression node;
  node.kind = expression_kind::number;
  node.text = t.text;
  node.suffix = t.suffix;
  node.position = t.position;
  return finish(std::move(node));
}

result<expression_ptr> parser_core::parse_parenthesised() {
  SLUICE_RETURN_IF_ERROR(expect_symbol("("));
  const token first = peek();
  if (at_query()) {
    expression node;
    node.kind = expression_kind::scalar_subquery;
    node.position = first.position;
    if (!at_symbol("(")) return parse_subquery(std::move(node));
    auto start = next_;  // ((SELECT 1)) is a subquery, ((SELECT 1) + 1) an expression
    auto subquery = parse_subquery(std::move(node));
    if (subquery.ok()) return subquery;
    next_ = start;
  }
  SLUICE_ASSIGN_OR_RETURN(auto inner, parse_expression());
  if (!at_symbol(",")) {
    SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
    return inner;
  }
  expression row;  // (a, b) is a struct
  row.kind = expression_kind::call;
  row.text = "struct";
  row.suffix = "row";
  row.position = first.position;
  row.args.push_back(std::move(inner));
  while (take_symbol(",")) {
    SLUICE_ASSIGN_OR_RETURN(auto next, parse_expression());
    row.args.push_back(std::move(next));
  }
  SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
  return finish(std::move(row));
}

result<expression_ptr> parser_core::parse_primary() {
  const token t = peek();
  expression node;
  node.position = t.position;
  switch (t.kind) {
    case token_kind::number: return parse_number();
    case token_kind::string:
      node.kind = expression_kind::string_literal;
      while (peek().kind == token_kind::string) node.text += take().text;
      return finish(std::move(node));
    case token_kind::binary:
      node.kind = expression_kind::binary_literal;
      node.text = take().text;
      return finish(std::move(node));
    case token_kind::quoted_name: return parse_name_or_call();
    case token_kind::symbol:
      if (t.text == "(") return parse_parenthesised();
      if (t.text == "*") {
        take();
        node.kind = expression_kind::star;
        return finish(std::move(node));
      }
      if (t.text == "?" || t.text == ":") return refuse("parameters", t);
      return syntax_error();
    case token_kind::end: return syntax_error();
    case token_kind::word: break;
  }
  bool literal_follows = peek(1).kind == token_kind::string;
  if (literal_follows && (t.upper == "DATE" || t.upper == "TIMESTAMP" || t.upper == "TIMESTAMP_NTZ" || t.upper == "TIMESTAMP_LTZ")) {
    take();
    node.kind = expression_kind::typed_literal;
    node.type = t.upper == "TIMESTAMP_LTZ" ? "timestamp" : to_lower(t.upper);
    node.text = take().text;
    return finish(std::move(node));
  }
  if (t.upper == "INTERVAL" && (literal_follows || peek(1).kind == token_kind::number || at_symbol("-", 1))) return parse_interval();
  bool call_follows = at_symbol("(", 1);
  if (t.upper == "CASE") return parse_case();
  if (call_follows) {
    if (t.upper == "CAST") return parse_cast();
    if (t.upper == "TRY_CAST") return parse_cast();
    if (t.upper == "EXTRACT") return parse_extract();
    if (t.upper == "TRIM") return parse_trim();
    if (t.upper == "SUBSTRING" || t.upper == "SUBSTR") return parse_substring();
    if (t.upper == "EXISTS" && (at_word("SELECT", 2) || at_word("WITH", 2) || at_word("VALUES", 2) || at_word("FROM", 2))) {
      next_ += 2;
      node.kind = expression_kind::exists;
      return parse_subquery(std::move(node));
    }
    if (t.upper == "POSITION") return parse_position();
    if (t.upper == "OVERLAY") return parse_overlay();
  }
  if (t.upper == "NULL" || t.upper == "TRUE" || t.upper == "FALSE") {
    take();
    node.kind = t.upper == "NULL" ? expression_kind::null_literal : expression_kind::boolean_literal;
    node.text = to_lower(t.upper);
    return finish(std::move(node));
  }
  if (!call_follows && (t.upper == "CURRENT_TIMESTAMP" || t.upper == "CURRENT_DATE" || t.upper == "LOCALTIMESTAMP" ||
                        t.upper == "CURRENT_USER")) {
    take();
    return make_call(to_lower(t.upper), {}, t.position, false);
  }
  return parse_name_or_call();
}

result<expression_ptr> parser_core::parse_name_or_call() {
  expression node;
  node.kind = expression_kind::name;
  node.position = here();
  if (peek().kind == token_kind::word && is_clause_word(peek().upper)) return syntax_error();
  bool plain = peek().kind == token_kind::word;
  SLUICE_ASSIGN_OR_RETURN(auto first, parse_name("a name"));
  if (at_symbol("(") && plain) return parse_call(std::move(first), node.position);
  node.parts.push_back(std::move(first));
  while (at_symbol(".")) {
    take();
    if (take_symbol("*")) {
      node.kind = expression_kind::star;
      break;
    }
    SLUICE_ASSIGN_OR_RETURN(auto part, parse_name("a name"));
    node.parts.push_back(std::move(part));
  }
  if (at_symbol("(")) return refuse("functions of a catalog", peek());
  return finish(std::move(node));
}

result<expression_ptr> parser_core::parse_call(std::string name, text_position position) {
  expression node;
  node.kind = expression_kind::call;
  node.text = to_lower(name);
  node.position = position;
  SLUICE_RETURN_IF_ERROR(expect_symbol("("));
  std::vector<std::string> names;  // struct(a AS x)
  bool named = false;
  if (at_symbol("*") && at_symbol(")", 1)) {
    take();
    node.star = true;
  } else if (!at_symbol(")")) {
    if (take_word("DISTINCT")) node.distinct = true;
    else if (at_word("ALL") && !at_symbol(")", 1) && !at_symbol(",", 1)) take();
    if (at_unit_argument(node.text)) {
      expression unit;
      unit.kind = expression_kind::string_literal;
      unit.position = here();
      unit.text = take().upper;
      node.args.push_back(std::make_shared<const expression>(std::move(unit)));
      take();
    }
    do {
      if (at_symbol("=>", 1)) return refuse("named arguments", peek());
      SLUICE_ASSIGN_OR_RETURN(auto arg, parse_argument());
      names.push_back(arg->kind == expression_kind::name ? arg->parts.back() : "col" + std::to_string(node.args.size() + 1));
      if (at_word("AS") && node.text != "struct") return refuse("AS inside of a function call", peek());
      if (take_word("AS")) {
        named = true;
        SLUICE_ASSIGN_OR_RETURN(names.back(), parse_name("an alias"));
      }
      node.args.push_back(std::move(arg));
    } while (take_symbol(","));
    if (take_words({"IGNORE", "NULLS"})) node.ignore_nulls = true;
    else take_words({"RESPECT", "NULLS"});
  }
  SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
  if (named) {
    node.text = "named_struct";
    std::vector<expression_ptr> args;
    for (std::size_t i = 0; i < node.args.size(); ++i) {
      expression label;
      label.kind = expression_kind::string_literal;
      label.text = names[i];
      label.position = node.args[i]->position;
      args.push_back(std::make_shared<const expression>(std::move(label)));
      args.push_back(node.args[i]);
    }
    node.args = std::move(args);
  }
  SLUICE_RETURN_IF_ERROR(parse_call_suffix(node));
  return finish(std::move(node));
}

/// timestampadd(HOUR, …): a bare unit.
bool parser_core::at_unit_argument(std::string_view function) const {
  static constexpr std::array<std::string_view, 6> functions{"timestampadd", "timestampdiff", "dateadd", "date_add", "datediff", "date_diff"};
  static constexpr std::array<std::string_view, 9> units{"YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND"};
  if (std::find(functions.begin(), functions.end(), function) == functions.end() || !at_symbol(",", 1)) return false;
  const auto& t = peek();
  return t.kind == token_kind::word &&
         (std::find(units.begin(), units.end(), t.upper) != units.end() || t.upper == "DAYOFYEAR" || t.upper == "MICROSECOND");
}

status parser_core::parse_call_suffix(expression& node) {
  if (at_words({"WITHIN", "GROUP"}))
    return {errc::unsupported_feature, "WITHIN GROUP (ORDER BY …) of an aggregate is not supported", peek().position};
  if (at_words({"FILTER"}) && at_symbol("(", 1)) {
    next_ += 2;
    SLUICE_RETURN_IF_ERROR(expect_word("WHERE"));
    auto filter = parse_expression();
    if (!filter.ok()) return filter.error();
    node.filter = *std::move(filter);
    SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
  }
  if (take_words({"IGNORE", "NULLS"})) node.ignore_nulls = true;
  else take_words({"RESPECT", "NULLS"});
  if (!at_word("OVER")) return ok();
  take();
  auto over = parse_window_definition();
  if (!over.ok()) return over.error();
  node.over = std::make_shared<const window_definition>(*std::move(over));
  return ok();
}

bool parser_core::at_lambda() const {
  auto is_name = [&](int ahead) { return peek(ahead).kind == token_kind::word || peek(ahead).kind == token_kind::quoted_name; };
  if (is_name(0) && at_symbol("->", 1)) return true;
  if (!at_symbol("(")) return false;
  int ahead = 1;
  while (is_name(ahead) && at_symbol(",", ahead + 1)) ahead += 2;
  return is_name(ahead) && at_symbol(")", ahead + 1) && at_symbol("->", ahead + 2);
}

result<expression_ptr> parser_core::parse_argument() { return at_lambda() ? parse_lambda() : parse_expression(); }

result<expression_ptr> parser_core::parse_lambda() {
  expression node;
  node.kind = expression_kind::lambda;
  node.position = here();
  bool several = take_symbol("(");
  do {
    SLUICE_ASSIGN_OR_RETURN(auto name, parse_name("a parameter"));
    node.parts.push_back(std::move(name));
  } while (take_symbol(","));
  if (several) SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
  SLUICE_RETURN_IF_ERROR(expect_symbol("->"));
  SLUICE_ASSIGN_OR_RETURN(auto body, parse_argument());
  node.args.push_back(std::move(body));
  return finish(std::move(node));
}

/// The query and the closing parenthesis of a subquery expression.
result<expression_ptr> parser_core::parse_subquery(expression node) {
  SLUICE_ASSIGN_OR_RETURN(node.subquery, parse_query());
  SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
  return finish(std::move(node));
}

} // namespace sluice::sql::internal
