#include "common/sql/internal/parser_core.hpp"
#include "common/sql/nearest.hpp"

namespace sluice::sql::internal {
namespace {

std::string trim_blank(std::string_view text) {
  auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

} // namespace

result<statement> parser_core::parse_statement() {
  const token first = peek();
  if (at_word("SET")) return parse_set();
  if (at_word("CREATE")) return parse_create();
  if (at_word("DROP")) return parse_drop();
  if (at_word("SELECT") || at_word("WITH") || at_symbol("(") || at_word("VALUES") || at_word("TABLE")) {
    SLUICE_ASSIGN_OR_RETURN(auto body, parse_query());
    SLUICE_RETURN_IF_ERROR(expect_end());
    return statement(select_statement{std::move(body)});
  }
  for (std::string_view known : {"INSERT", "UPDATE", "DELETE", "MERGE", "ALTER", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "CACHE", "UNCACHE",
                                 "REFRESH", "USE", "RESET", "TRUNCATE", "ANALYZE", "LOAD", "DECLARE", "EXECUTE", "FROM", "BEGIN", "MSCK"})
    if (at_word(known)) return refuse(std::string("the statement ") + std::string(known), first);
  return syntax_error({"SELECT", "CREATE", "SET", "DROP", "WITH"});
}

result<statement> parser_core::parse_set() {
  set_statement out;
  take();
  out.position = here();
  if (at_words({"TIME", "ZONE"})) {
    next_ += 2;
    out.key = "spark.sql.session.timeZone";
    if (peek().kind != token_kind::string) return refuse("SET TIME ZONE without a quoted name", peek());
    out.value = take().text;
    SLUICE_RETURN_IF_ERROR(expect_end());
    return statement(std::move(out));
  }
  if (peek().kind == token_kind::end) return refuse("SET without a key", peek());
  const token first = peek();
  while (!at_symbol("=") && peek().kind != token_kind::end) {
    // keys are dotted names that may hold words like "streaming" or pieces like "1" and "-"
    const token t = take();
    bool joined = t.begin == first.begin || tokens_[next_ - 2].end == t.begin;
    if (!joined) {
      --next_;
      return syntax_error({"="});
    }
    out.key += t.text;
  }
  if (!take_symbol("=")) return refuse("SET without a value", first);
  if (peek().kind == token_kind::string && peek(1).kind == token_kind::end) {
    out.value = peek().text;
  } else {
    out.value = trim_blank(source_.text.substr(tokens_[next_ - 1].end));
  }
  if (out.key.empty()) return syntax_error();
  return statement(std::move(out));
}

result<bool> parser_core::parse_if_not_exists() {
  if (!take_word("IF")) return false;
  SLUICE_RETURN_IF_ERROR(expect_word("NOT"));
  SLUICE_RETURN_IF_ERROR(expect_word("EXISTS"));
  return true;
}

result<statement> parser_core::parse_create() {
  const token create = take();
  bool or_replace = false;
  if (take_word("OR")) {
    SLUICE_RETURN_IF_ERROR(expect_word("REPLACE"));
    or_replace = true;
  }
  take_word("GLOBAL");
  if (take_word("TEMPORARY") || take_word("TEMP")) {
    if (at_word("FUNCTION") || at_word("VARIABLE")) return refuse("CREATE TEMPORARY " + peek().upper, create);
    SLUICE_RETURN_IF_ERROR(expect_word("VIEW"));
    return parse_create_view(or_replace, create);
  }
  if (at_word("VIEW")) return refuse("a permanent view (use CREATE TEMPORARY VIEW)", create);
  if (at_words({"STREAMING", "TABLE"}) || at_words({"FLOW"})) {
    if (at_word("FLOW")) return refuse("CREATE FLOW", create);
    if (or_replace) return refuse("CREATE OR REPLACE STREAMING TABLE", create);
    next_ += 2;
    return parse_create_streaming_table(create);
  }
  take_word("EXTERNAL");
  if (take_word("TABLE")) {
    if (or_replace) return refuse("CREATE OR REPLACE TABLE", create);
    return parse_create_table(create);
  }
  for (std::string_view known : {"DATABASE", "SCHEMA", "NAMESPACE", "FUNCTION", "INDEX", "MATERIALIZED", "VARIABLE"})
    if (at_word(known)) return refuse("CREATE " + std::string(known), create);
  return syntax_error({"TABLE", "STREAMING", "TEMPORARY", "VIEW"});
}

result<std::vector<column_definition>> parser_core::parse_columns() {
  std::vector<column_definition> out;
  SLUICE_RETURN_IF_ERROR(expect_symbol("("));
  do {
    column_definition column;
    column.position = here();
    SLUICE_ASSIGN_OR_RETURN(column.name, parse_name("a column"));
    take_symbol(":");
    SLUICE_ASSIGN_OR_RETURN(column.type, parse_type());
    for (;;) {
      if (take_words({"NOT", "NULL"})) {
        column.not_null = true;
      } else if (take_word("COMMENT")) {
        if (peek().kind != token_kind::string) return syntax_error();
        take();
      } else if (at_word("DEFAULT") || at_word("GENERATED")) {
        return refuse(peek().upper + " of a column", peek());
      } else {
        break;
      }
    }
    out.push_back(std::move(column));
  } while (take_symbol(","));
  SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
  return out;
}

result<std::vector<option>> parser_core::parse_options() {
  std::vector<option> out;
  SLUICE_RETURN_IF_ERROR(expect_symbol("("));
  if (take_symbol(")")) return out;
  do {
    option entry;
    entry.key_position = here();
    if (peek().kind == token_kind::string) {
      entry.key = take().text;
    } else {
      SLUICE_ASSIGN_OR_RETURN(entry.key, parse_name("an option"));
      while (take_symbol(".")) {
        SLUICE_ASSIGN_OR_RETURN(auto part, parse_name("an option"));
        entry.key += "." + part;
      }
    }
    take_symbol("=");
    entry.value_position = here();
    std::string sign = take_symbol("-") ? "-" : "";
    const auto& value = peek();
    if (value.kind == token_kind::string && sign.empty()) {
      entry.value = take().text;
    } else if (value.kind == token_kind::number) {
      entry.value = sign + take().text + (value.suffix.empty() ? "" : value.suffix);
    } else if (value.kind == token_kind::word && (value.upper == "TRUE" || value.upper == "FALSE") && sign.empty()) {
      entry.value = to_lower(take().upper);
    } else {
      return syntax_error();
    }
    out.push_back(std::move(entry));
  } while (take_symbol(","));
  SLUICE_RETURN_IF_ERROR(expect_symbol(")"));
  return out;
}

result<std::string> parser_core::parse_format(text_position& position) {
  position = here();
  SLUICE_ASSIGN_OR_RETURN(auto name, parse_name("a format"));
  while (take_symbol(".")) {
    SLUICE_ASSIGN_OR_RETURN(auto part, parse_name("a format"));
    name += "." + part;
  }
  return to_lower(name);
}

result<statement> parser_core::parse_create_view(bool or_replace, const token& create) {
  SLUICE_ASSIGN_OR_RETURN(bool if_not_exists, parse_if_not_exists());
  auto position = here();
  SLUICE_ASSIGN_OR_RETURN(auto name, parse_qualified_name("a view"));
  std::vector<column_definition> columns;
  if (at_symbol("(")) {
    bool names_only = at_symbol(",", 2) || at_symbol(")", 2) || at_word("COMMENT", 2);
    if (names_only) return refuse("a list of names without types", peek());
    SLUICE_ASSIGN_OR_RETURN(columns, parse_columns());
  }
  while (at_word("COMMENT") || at_word("TBLPROPERTIES")) {
    if (take_word("COMMENT")) {
      if (peek().kind != token_kind::string) return syntax_error();
      take();
    } else {
      return refuse("TBLPROPERTIES of a view", peek());
    }
  }
  if (at_word("USING")) {
    create_source out;
    out.name = std::move(name);
    out.or_replace = or_replace;
    out.if_not_exists = if_not_exists;
    out.columns = std::move(columns);
    out.position = position;
    SLUICE_RETURN_IF_ERROR(parse_table_clauses(out.format, out.format_position, out.options, out.properties, false));
    SLUICE_RETURN_IF_ERROR(expect_end());
    return statement(std::move(out));
  }
  if (!take_word("AS")) return syntax_error({"USING", "AS"});
  if (!columns.empty()) return refuse("a column list of a view over a query", create);
  if (if_not_exists) return refuse("IF NOT EXISTS of a temporary view over a query", create);
  const token body = peek();
  create_view out;
  out.name = std::move(name);
  out.or_replace = or_replace;
  out.if_not_exists = if_not_exists;
  out.position = position;
  SLUICE_ASSIGN_OR_RETURN(out.body, parse_query());
  SLUICE_RETURN_IF_ERROR(expect_end());
  out.body_text = text_from(body);
  return statement(std::move(out));
}

status parser_core::parse_table_clauses(std::string& format, text_position& format_position, std::vector<option>& options,
                                        std::vector<option>& properties, bool location_allowed) {
  bool has_options = false, has_properties = false, has_location = false;
  for (;;) {
    const token t = peek();
    if (at_word("USING") && format.empty()) {
      take();
      auto name = parse_format(format_position);
      if (!name.ok()) return name.error();
      format = *std::move(name);
    } else if ((at_word("OPTIONS") && !has_options) || (at_word("TBLPROPERTIES") && !has_properties)) {
      bool is_options = take().upper == "OPTIONS";
      (is_options ? has_options : has_properties) = true;
      auto entries = parse_options();
      if (!entries.ok()) return entries.error();
      (is_options ? options : properties) = *std::move(entries);
    } else if (at_word("LOCATION") && location_allowed && !has_location) {
      take();
      has_location = true;
      if (peek().kind != token_kind::string) return syntax_error();
      properties.push_back({"path", peek().text, t.position, here()});
      take();
    } else if (at_word("COMMENT")) {
      take();
      if (peek().kind != token_kind::string) return syntax_error();
      take();
    } else if (at_word("PARTITIONED") || at_word("CLUSTERED")) {
      return refuse(t.upper + " BY", t);
    } else if (at_word("ROW") || at_word("STORED") || at_word("COLLATION") || at_words({"DEFAULT", "COLLATION"})) {
      return refuse(t.upper, t);
    } else {
      return ok();
    }
    // LOCATION may come before TBLPROPERTIES: keep it
    if (t.upper == "TBLPROPERTIES" && has_location) return refuse("LOCATION before TBLPROPERTIES", t);
  }
}

result<statement> parser_core::parse_create_table(const token& create) {
  create_source out;
  out.is_table = true;
  SLUICE_ASSIGN_OR_RETURN(out.if_not_exists, parse_if_not_exists());
  out.position = here();
  SLUICE_ASSIGN_OR_RETURN(out.name, parse_qualified_name("a table"));
  if (at_symbol("(")) {
    SLUICE_ASSIGN_OR_RETURN(out.columns, parse_columns());
  }
  SLUICE_RETURN_IF_ERROR(parse_table_clauses(out.format, out.format_position, out.options, out.properties, true));
  if (at_word("AS") || at_word("SELECT")) return refuse("CREATE TABLE … AS (use CREATE STREAMING TABLE)", create);
  SLUICE_RETURN_IF_ERROR(expect_end());
  if (out.format.empty()) return syntax_error({"USING"});
  return statement(std::move(out));
}

result<statement> parser_core::parse_create_streaming_table(const token& create) {
  create_streaming_table out;
  SLUICE_ASSIGN_OR_RETURN(out.if_not_exists, parse_if_not_exists());
  out.position = here();
  SLUICE_ASSIGN_OR_RETURN(out.name, parse_qualified_name("a table"));
  if (at_symbol("(")) {
    SLUICE_ASSIGN_OR_RETURN(out.columns, parse_columns());
  }
  out.format_position = out.position;
  SLUICE_RETURN_IF_ERROR(parse_table_clauses(out.format, out.format_position, out.options, out.properties, false));
  if (peek().kind == token_kind::end) return refuse("a streaming table without AS query", create);
  SLUICE_RETURN_IF_ERROR(expect_word("AS"));
  SLUICE_ASSIGN_OR_RETURN(out.body, parse_query());
  SLUICE_RETURN_IF_ERROR(expect_end());
  return statement(std::move(out));
}

result<statement> parser_core::parse_drop() {
  const token drop = take();
  take_word("TEMPORARY");
  if (!take_word("VIEW") && !take_word("TABLE")) {
    if (at_word("DATABASE") || at_word("SCHEMA") || at_word("FUNCTION")) return refuse("DROP " + peek().upper, drop);
    return syntax_error({"VIEW", "TABLE"});
  }
  drop_statement out;
  if (take_word("IF")) {
    SLUICE_RETURN_IF_ERROR(expect_word("EXISTS"));
    out.if_exists = true;
  }
  out.position = here();
  SLUICE_ASSIGN_OR_RETURN(out.name, parse_qualified_name("a table"));
  take_word("PURGE");
  SLUICE_RETURN_IF_ERROR(expect_end());
  return statement(std::move(out));
}

} // namespace sluice::sql::internal
