#pragma once
/// Spark's implicit coercion (ANSI rules). Room-internal.
#include "common/expr/function.hpp"

namespace sluice::expr {

struct decimal_shape {
  int precision = 10;
  int scale = 0;
};

bool is_integral(const arrow::DataType& type);
bool is_fractional(const arrow::DataType& type);  ///< float, double
bool is_decimal_type(const arrow::DataType& type);
bool is_number_type(const arrow::DataType& type);
bool is_text(const arrow::DataType& type);
bool is_null(const arrow::DataType& type);
bool is_date(const arrow::DataType& type);
bool is_any_timestamp(const arrow::DataType& type);
bool is_atomic(const arrow::DataType& type);
bool is_orderable(const arrow::DataType& type);
bool is_ntz(const arrow::DataType& type);

decimal_shape shape_of(const arrow::DataType& decimal);
/// The decimal that holds every value of a type: int is decimal(10,0).
decimal_shape decimal_for(const arrow::DataType& numeric);
/// For a literal only the digits it has.
decimal_shape decimal_for(const node& argument);
/// Spark's adjustPrecisionScale: at most 38 digits, giving up scale down to 6 first.
data::type_ptr adjusted_decimal(int precision, int scale);
/// Bounded without giving up integral digits' place in the scale.
data::type_ptr bounded_decimal(int precision, int scale);
data::type_ptr wider_decimal(decimal_shape a, decimal_shape b);

/// "BIGINT", "STRUCT<a: INT>": types in messages.
std::string sql_type(const arrow::DataType& type);

/// An invisible cast; the argument itself when it has the type already.
expr_ptr implicit_cast(const expr_ptr& arg, const data::type_ptr& type);
/// Makes argument `index` a `type` if Spark casts to it implicitly; else Spark's error naming what is required.
status require(std::vector<expr_ptr>& args, std::size_t index, const data::type_ptr& type, const call_site& site);
/// Error for an argument that none of the accepted types fits.
status unexpected_type(const std::vector<expr_ptr>& args, std::size_t index, const std::string& required, const call_site& site);
/// Casts arguments [from, …) to their common type and gives it; `step` skips every second (CASE).
result<data::type_ptr> unify(std::vector<expr_ptr>& args, const std::vector<std::size_t>& which, const call_site& site);
/// Both operands of a comparison or of arithmetic to one type.
result<data::type_ptr> unify_pair(std::vector<expr_ptr>& args, const call_site& site);

} // namespace sluice::expr
