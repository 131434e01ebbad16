#pragma once
/// The aggregate functions: names, what their arguments are coerced to and what they return. The analyzer puts only canonical
/// names and coerced arguments into plans; common/exec implements exactly this table.
///
///   name          arguments as coerced                       result             null rule
///   count         none (count(*)) or any types               bigint             rows where all arguments are not null; 0 for none
///   count_if      boolean                                    bigint             rows that are true
///   sum           bigint                                     bigint             overflow is an error (ANSI) or wraps
///                 double                                     double
///                 decimal(p+10, s), p capped at 38           the same           overflow is an error (ANSI) or null
///   avg           double                                     double             null when no value
///                 decimal(p+10, s): the type of its sum      decimal(p+4, s+4) of the argument's (p, s)
///   min, max      any orderable type T                       T                  NaN is greatest
///   first, last   any type T                                 T                  `ignore_nulls` of the call
///   stddev_samp, stddev_pop, var_samp, var_pop: double       double             null without rows; NULL for one row (sample)
///   collect_list, collect_set: any T (set: not map)          array<T>           nulls left out, empty array for none
///   corr, covar_pop, covar_samp, regr_*: two doubles         double             rows where both are not null; regr_count: bigint
///   skewness, kurtosis: double                               double             null where all values are equal
///   bit_and, bit_or, bit_xor: an integral type T             T
///   max_by, min_by: any T, any orderable type                T                  rows with a null order left out; of equals the last
///   percentile: double, constant (array of) double           (array of) double  linear interpolation
///   percentile_approx: number, date, time T, as above        (array of) T       the nearest rank, exact
///   mode: any orderable T                                    T                  of equally frequent values the least
///   listagg: string or binary, constant delimiter            the same
///   approx_count_distinct: any type [, constant double]      bigint             HyperLogLog; the double is the wanted error
///
/// Synonyms resolved here: mean, std, stddev, variance, first_value, last_value, any_value (first), bool_and/every (min),
/// bool_or/some/any (max), array_agg (collect_list), median (percentile), string_agg (listagg),
/// approx_percentile (percentile_approx), percentile_cont (percentile).
#include <string>
#include <vector>

#include "common/plan/plan.hpp"

namespace sluice::plan {

/// Whether `name` (any case) is an aggregate function of the table, or a synonym.
bool is_aggregate_function(const std::string& name);
/// Whether Spark has an aggregate function of this name that Sluice does not have (yet).
bool is_unsupported_aggregate(const std::string& name);
/// Canonical names and synonyms, for messages and completion.
const std::vector<std::string>& aggregate_function_names();

/// Resolves a call of an aggregate function: canonical name, coerced arguments, result type. `args` are resolved expressions over
/// the aggregation's input. Errors: wrong_num_args, datatype_mismatch, unsupported_feature, unresolved_function.
result<aggregate_call> resolve_aggregate(const std::string& name, std::vector<expr::expr_ptr> args, text_position position,
                                         const expr::options& session);
/// Whether the result can be null: count, count_if and collect_* never are.
bool is_nullable(const aggregate_call& call);
/// "avg(unix_timestamp(time))", with DISTINCT and FILTER.
std::string to_sql(const aggregate_call& call);

} // namespace sluice::plan
