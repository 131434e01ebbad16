#pragma once
/// Typed scalar expressions over the columns of a record batch, their registry and their evaluation with Spark's rules
/// (ANSI on by default: overflow, division by zero and bad casts are errors, not nulls).
/// Nodes are immutable and shared; evaluation is pure and may run on any thread.
///
///   auto e = expr::call("upper", {expr::column(1, data::utf8, "action")}, position, options);   // resolves, coerces
///   auto array = expr::evaluate(**e, batch, context);
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/status.hpp"
#include "common/data/types.hpp"

namespace sluice::expr {

enum class node_kind { literal, column, call };

struct node;
using expr_ptr = std::shared_ptr<const node>;

/// `call` covers operators, functions, casts and field access: name is the registry's ("+", "=", "and", "not", "cast",
/// "case", "in", "get_field", "upper", …) and the arguments are already coerced to what the function takes.
struct node {
  node_kind kind = node_kind::literal;
  data::type_ptr type;
  bool nullable = true;
  std::shared_ptr<arrow::Scalar> value;  ///< literal
  int index = -1;                        ///< column: position in the input schema
  std::string name;                      ///< column: its name for messages; call: the function
  std::vector<expr_ptr> args;
  std::string parameter;                 ///< call: what is not an expression (field name of get_field)
  text_position position;                ///< in the SQL text, for messages
};

/// What the session fixes when a query is analysed; stored with the plan.
struct options {
  bool ansi = true;
  std::string time_zone = "UTC";  ///< IANA name: session time zone
};

/// What evaluation may depend on besides the batch.
struct eval_context {
  options session;
  std::int64_t batch_time_us = 0;  ///< current_timestamp(), from the intent
};

expr_ptr literal(std::shared_ptr<arrow::Scalar> value, text_position position = {});
expr_ptr null_literal(const data::type_ptr& type);
expr_ptr column(int index, const data::type_ptr& type, std::string name, bool nullable = true, text_position position = {});
/// Resolves a scalar function or operator by name (any case), coerces the arguments by Spark's rules and folds constants' types.
/// Errors (with position): unresolved_function with the nearest name, wrong_num_args, datatype_mismatch.
result<expr_ptr> call(const std::string& name, std::vector<expr_ptr> args, text_position position, const options& session,
                      std::string parameter = {});
/// CAST(e AS type); error datatype_mismatch where Spark refuses the cast at analysis.
result<expr_ptr> cast(expr_ptr input, const data::type_ptr& type, text_position position, const options& session);
/// TRY_CAST(e AS type): null where the cast would be an error in ANSI mode.
result<expr_ptr> try_cast(expr_ptr input, const data::type_ptr& type, text_position position, const options& session);
/// The common type of Spark's implicit coercion (CASE branches, IN, UNION); error datatype_mismatch.
result<data::type_ptr> common_type(const data::type_ptr& a, const data::type_ptr& b);

/// A parameter of a lambda function.
struct lambda_parameter {
  data::type_ptr type;
  bool nullable = true;
};
/// What the lambda at argument `index` of a higher-order function gets, `count` being what it is written with; `args` are the
/// resolved arguments (null where one is not resolved yet). Error: the function takes no lambda there, or of another count.
result<std::vector<lambda_parameter>> lambda_parameters(const std::string& function, const std::vector<expr_ptr>& args, std::size_t index,
                                                        std::size_t count, text_position position, const options& session);
/// A parameter inside a lambda's body; `id` differs from those of the lambdas around it.
expr_ptr lambda_variable(int id, const lambda_parameter& of, const std::string& name, text_position position = {});
expr_ptr lambda(std::vector<expr_ptr> variables, expr_ptr body);

/// One value per row. Errors are Spark's run-time errors (divide_by_zero, cast_invalid_input, arithmetic_overflow, …).
result<data::array_ptr> evaluate(const node& expression, const arrow::RecordBatch& batch, const eval_context& context);
/// Rows for which the boolean expression is true, in order; shares memory when all or none qualify.
result<data::batch_ptr> filter(const node& predicate, const data::batch_ptr& batch, const eval_context& context);

/// Whether `name` (any case) is a scalar function; `nearest` names for messages.
bool is_scalar_function(const std::string& name);
std::string nearest_function(const std::string& name);

/// Spark-like text ("(price + 1)", "upper(action)", "CAST(a AS STRING)") for column names and explain.
std::string to_sql(const node& expression);
/// True if no column and no non-deterministic function is inside.
bool is_constant(const node& expression);
/// Same tree with column indexes mapped by `mapping[old] = new`.
expr_ptr remap_columns(const expr_ptr& expression, const std::vector<int>& mapping);
/// Same tree where column i is replaced by replacements[i] (merging projections).
expr_ptr substitute_columns(const expr_ptr& expression, const std::vector<expr_ptr>& replacements);
/// Adds the indexes of all columns inside to `out`.
void collect_columns(const node& expression, std::vector<int>& out);

} // namespace sluice::expr
