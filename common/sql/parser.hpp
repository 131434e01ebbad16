#pragma once
/// The parser of Sluice's SQL dialect: the subset of Spark SQL that the analyzer knows, by Spark's grammar.
/// What Spark has and Sluice does not is refused by name (unsupported_feature); everything else that does not fit is
/// "Syntax error at or near 'x'." (parse_syntax), both with the position in the job.
#include "common/sql/ast.hpp"
#include "common/sql/source_text.hpp"

namespace sluice::sql {

/// One statement, without ';'.
result<statement> parse_statement(const source_text& source);
/// A query alone (the text of a view).
result<query_ptr> parse_query(const source_text& source);
/// An expression alone: expr() and selectExpr of the DataFrame API.
result<expression_ptr> parse_expression(const source_text& source);

/// Spark's text of an unresolved expression: the name of a column without alias ("count(1)", "(a + 1)").
std::string to_text(const expression& node);

} // namespace sluice::sql
