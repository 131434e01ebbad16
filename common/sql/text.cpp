#include "common/sql/nearest.hpp"
#include "common/sql/parser.hpp"

namespace sluice::sql {
namespace {

void append(std::string& out, const expression& node);

void append_list(std::string& out, const std::vector<expression_ptr>& args, std::size_t from) {
  for (auto i = from; i < args.size(); ++i) {
    if (i > from) out += ", ";
    append(out, *args[i]);
  }
}

/// A row is a struct whose fields are named by its columns.
void append_row(std::string& out, const std::vector<expression_ptr>& values) {
  out += "named_struct(";
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto name = values[i]->kind == expression_kind::name ? values[i]->parts.back() : "col" + std::to_string(i + 1);
    out += (i ? ", '" : "'") + name + "', ";
    append(out, *values[i]);
  }
  out += ')';
}

void append_operator(std::string& out, const expression& node) {
  const auto& name = node.text;
  const auto& args = node.args;
  auto two = [&](std::string_view symbol) {
    out += '(';
    append(out, *args[0]);
    out += ' ';
    out += symbol;
    out += ' ';
    append(out, *args[1]);
    out += ')';
  };
  auto after = [&](std::string_view suffix) {
    out += '(';
    append(out, *args[0]);
    out += suffix;
    out += ')';
  };
  if (name == "and") return two("AND");
  if (name == "or") return two("OR");
  if (name == "is_null") return after(" IS NULL");
  if (name == "is_not_null") return after(" IS NOT NULL");
  if (name == "~") {
    out += '~';
    return append(out, *args[0]);
  }
  if (name == "not" || name == "negative" || name == "positive") {
    out += name == "not" ? "(NOT " : name == "negative" ? "(- " : "(+ ";
    append(out, *args[0]);
    out += ')';
  } else if (name == "in") {
    out += '(';
    append(out, *args[0]);
    out += " IN (";
    append_list(out, args, 1);
    out += "))";
  } else if (name == "like" || name == "ilike" || name == "rlike") {
    append(out, *args[0]);
    out += ' ' + to_upper(name) + ' ';
    append(out, *args[1]);
    if (args.size() > 2) {
      out += " ESCAPE '";
      append(out, *args[2]);
      out += '\'';
    }
  } else if (name == "case") {
    out += "CASE";
    for (std::size_t i = 0; i + 1 < args.size(); i += 2) {
      out += " WHEN ";
      append(out, *args[i]);
      out += " THEN ";
      append(out, *args[i + 1]);
    }
    if (args.size() % 2) {
      out += " ELSE ";
      append(out, *args.back());
    }
    out += " END";
  } else if (name == "concat") {
    out += "concat(";
    append_list(out, args, 0);
    out += ')';
  } else if (name == "<>") {
    out += "(NOT ";
    two("=");
    out += ')';
  } else {
    two(name);
  }
}

void append_call(std::string& out, const expression& node) {
  out += node.text;
  out += '(';
  if (node.distinct) out += "DISTINCT ";
  if (node.star) out += node.text == "count" ? "1" : "*";
  append_list(out, node.args, 0);
  out += ')';
  if (node.ignore_nulls) out += " ignore nulls";
  if (node.filter) {
    out += " FILTER (WHERE ";
    append(out, *node.filter);
    out += ')';
  }
}

void append(std::string& out, const expression& node) {
  switch (node.kind) {
    case expression_kind::null_literal: out += "NULL"; break;
    case expression_kind::boolean_literal:
    case expression_kind::number:
    case expression_kind::string_literal: out += node.text; break;
    case expression_kind::binary_literal: {
      static constexpr std::string_view hex = "0123456789ABCDEF";
      out += "X'";
      for (unsigned char c : node.text) {
        out += hex[c >> 4];
        out += hex[c & 15];
      }
      out += '\'';
      break;
    }
    case expression_kind::typed_literal: out += to_upper(node.type) + " '" + node.text + "'"; break;
    case expression_kind::interval: out += "INTERVAL '" + node.text + "'"; break;
    case expression_kind::name: out += node.parts.back(); break;
    case expression_kind::star: out += '*'; break;
    case expression_kind::call: node.is_operator ? append_operator(out, node) : append_call(out, node); break;
    case expression_kind::cast:
      out += node.text == "try" ? "TRY_CAST(" : "CAST(";
      append(out, *node.args[0]);
      out += " AS " + to_upper(node.type) + ")";
      break;
    case expression_kind::get_field:
      append(out, *node.args[0]);
      out += '.' + node.text;
      break;
    case expression_kind::get_item:
      append(out, *node.args[0]);
      out += '[';
      append(out, *node.args[1]);
      out += ']';
      break;
    case expression_kind::lambda:
      out += "lambdafunction(";
      append(out, *node.args[0]);
      for (const auto& parameter : node.parts) out += ", " + parameter;
      out += ')';
      break;
    case expression_kind::scalar_subquery: out += "scalarsubquery()"; break;
    case expression_kind::exists: out += "exists()"; break;
    case expression_kind::in_subquery:
      out += '(';
      if (node.args.size() == 1) append(out, *node.args[0]);
      else append_row(out, node.args);
      out += " IN (listquery()))";
      break;
  }
}

} // namespace

std::string to_text(const expression& node) {
  std::string out;
  append(out, node);
  return out;
}

} // namespace sluice::sql
