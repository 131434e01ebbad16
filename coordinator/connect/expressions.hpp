#pragma once
/// A client's expressions as the trees that the SQL analyzer takes. Pure. Errors: unsupported_feature, naming what Sluice has
/// not; parse_syntax for SQL text; invalid_plan where something required is missing.
#include "common/sql/ast.hpp"

namespace spark::connect {
class Expression;
class Expression_SortOrder;
} // namespace spark::connect

namespace sluice::connect {

/// A value of a select list: the expression, and the alias if it has one.
result<sql::select_item> item_of(const spark::connect::Expression& expression);
/// A value where no alias can be: conditions, arguments. Aliases inside are dropped, as in Spark.
result<sql::expression_ptr> value_of(const spark::connect::Expression& expression);
/// As value_of, but a number is a constant, not the position of a column.
result<sql::expression_ptr> key_of(const spark::connect::Expression& expression);
result<sql::order_item> order_of(const spark::connect::Expression_SortOrder& order);

/// Dotted text with back-quotes as its parts. Error: parse_syntax.
result<std::vector<std::string>> split_identifier(const std::string& text);

/// A name as a tree.
sql::expression_ptr name_tree(std::vector<std::string> parts);
sql::expression_ptr star_tree();

} // namespace sluice::connect
