#include <arrow/scalar.h>

#include "common/expr/compare.hpp"
#include "common/expr/compute.hpp"
#include "common/expr/rows.hpp"
#include "common/expr/lists.hpp"
#include "common/expr/tables.hpp"

namespace sluice::expr {

namespace {

/// Picks for every row the argument that is greatest (or least); nulls do not count.
template <int wanted>
result<data::array_ptr> evaluate_best(const frame& call, const operands& args) {
  std::vector<data::array_ptr> parts;
  for (const auto& arg : args)
    parts.push_back(arg.array);
  SLUICE_ASSIGN_OR_RETURN(auto all, join_values(parts));
  arrow::Int64Builder places;
  SLUICE_RETURN_IF_ERROR(data::from_arrow(places.Reserve(call.rows)));
  for (std::int64_t i = 0; i < call.rows; ++i) {
    std::int64_t best = -1;
    for (std::size_t k = 0; k < args.size(); ++k) {
      const auto at = all.begins[k] + args[k].at(i);
      if (!args[k].null(i) && (best < 0 || compare_values(*all.values, at, *all.values, best) == wanted))
        best = at;
    }
    best < 0 ? places.UnsafeAppendNull() : places.UnsafeAppend(best);
  }
  SLUICE_ASSIGN_OR_RETURN(auto at, finish_builder(places));
  return take(*all.values, *at);
}

result<resolved> resolve_best(std::vector<expr_ptr>& args, call_site& site) {
  std::vector<std::size_t> all(args.size());
  bool nullable = true;
  for (std::size_t i = 0; i < args.size(); ++i) {
    all[i] = i;
    nullable = nullable && args[i]->nullable;
  }
  SLUICE_ASSIGN_OR_RETURN(auto type, unify(args, all, site));
  if (!is_orderable(*type))
    return site.mismatch("The `" + site.name + "` does not support ordering on type \"" + sql_type(*type) + "\".", "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE");
  return resolved{type, nullable};
}

result<data::array_ptr> evaluate_typeof(const frame& call, const operands& args) {
  arrow::StringBuilder out;
  const auto name = call.call.parameter;
  for (std::int64_t i = 0; i < call.rows; ++i)
    SLUICE_RETURN_IF_ERROR(data::from_arrow(out.Append(name)));
  return finish_builder(out);
}
result<resolved> resolve_typeof(std::vector<expr_ptr>& args, call_site& site) {
  site.parameter = data::type_name(*args[0]->type);
  return resolved{arrow::utf8(), false};
}

/// The argument, resolved by other functions; only the name stays.
result<data::array_ptr> evaluate_first(const frame&, const operands& args) { return args[0].array; }

result<resolved> become(std::vector<expr_ptr>& args, result<expr_ptr> made) {
  if (!made.ok())
    return std::move(made).error();
  const resolved out{(*made)->type, (*made)->nullable};
  args = {*made};
  return out;
}

expr_ptr zero() { return literal(std::make_shared<arrow::Int32Scalar>(0)); }

result<resolved> resolve_equal_null(std::vector<expr_ptr>& args, call_site& site) {
  keep_name(site);
  return become(args, call("<=>", args, site.position, site.session));
}
result<resolved> resolve_zero_if_null(std::vector<expr_ptr>& args, call_site& site) {
  keep_name(site);
  return become(args, call("coalesce", {args[0], zero()}, site.position, site.session));
}
result<resolved> resolve_null_if_zero(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto is_zero, call("=", {args[0], zero()}, site.position, site.session));
  keep_name(site);
  return become(args, call("if", {is_zero, null_literal(arrow::null()), args[0]}, site.position, site.session));
}

constexpr const char* user_class = "USER_RAISED_EXCEPTION";

/// Fails for the first row whose message is not null; null otherwise.
result<data::array_ptr> evaluate_raise(const frame& call, const operands& args) {
  for (std::int64_t i = 0; i < call.rows; ++i)
    return call.fail(errc::raised_by_user, args[0].null(i) ? "null" : std::string{texts{args[0]}[i]}, user_class);
  return all_null(arrow::null(), call.rows);
}
result<resolved> resolve_raise(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_RETURN_IF_ERROR(require(args, 0, arrow::utf8(), site));
  return resolved{arrow::null(), true};
}

/// args: condition, message
result<data::array_ptr> evaluate_assert(const frame& call, const operands& args) {
  const auto& truth = static_cast<const arrow::BooleanArray&>(*args[0].array);
  for (std::int64_t i = 0; i < call.rows; ++i)
    if (args[0].null(i) || !truth.Value(args[0].at(i)))
      return call.fail(errc::raised_by_user, args[1].null(i) ? "null" : std::string{texts{args[1]}[i]}, user_class);
  return all_null(arrow::null(), call.rows);
}
result<resolved> resolve_assert(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_RETURN_IF_ERROR(require(args, 0, arrow::boolean(), site));
  if (args.size() == 1)
    args.push_back(literal(std::make_shared<arrow::StringScalar>("'" + to_sql(*args[0]) + "' is not true!")));
  SLUICE_RETURN_IF_ERROR(require(args, 1, arrow::utf8(), site));
  return resolved{arrow::null(), true};
}

void catalog_name(std::string& out) { out = "spark_catalog"; }
void database_name(std::string& out) { out = "default"; }
void zone_name(const row_call& call, std::string& out) { out = call.frame_of().context.session.time_zone; }

/// elt(n, a, b, …)
result<data::array_ptr> evaluate_elt(const frame& call, const operands& args) {
  std::vector<data::array_ptr> parts;
  for (std::size_t k = 1; k < args.size(); ++k)
    parts.push_back(args[k].array);
  SLUICE_ASSIGN_OR_RETURN(auto all, join_values(parts));
  arrow::Int64Builder places;
  numbers<std::int32_t> indexes{args[0]};
  const auto count = static_cast<std::int64_t>(parts.size());
  for (std::int64_t i = 0; i < call.rows; ++i) {
    std::int64_t place = -1;
    if (!args[0].null(i)) {
      const auto index = indexes[i];
      if (index >= 1 && index <= count)
        place = args[index].null(i) ? -1 : all.begins[index - 1] + args[index].at(i);
      else if (call.ansi())
        return call.fail(errc::invalid_array_index, "The index " + std::to_string(index) + " is out of bounds. The array has " + std::to_string(count) + " elements. Use the SQL function `get()` to tolerate accessing element at invalid index and return NULL instead.");
    }
    SLUICE_RETURN_IF_ERROR(data::from_arrow(place < 0 ? places.AppendNull() : places.Append(place)));
  }
  SLUICE_ASSIGN_OR_RETURN(auto at, finish_builder(places));
  return take(*all.values, *at);
}
result<resolved> resolve_elt(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_RETURN_IF_ERROR(require(args, 0, arrow::int32(), site));
  const bool binary = std::all_of(args.begin() + 1, args.end(), [](const auto& arg) { return arg->type->id() == arrow::Type::BINARY; });
  for (std::size_t i = 1; i < args.size(); ++i)
    if (!binary)
      SLUICE_RETURN_IF_ERROR(args[i]->type->id() == arrow::Type::BINARY ? (args[i] = implicit_cast(args[i], arrow::utf8()), ok()) : require(args, i, arrow::utf8(), site));
  return resolved{args[1]->type, true};
}

constexpr function choice_table[] = {
  {"greatest", "", 2, any_number, resolve_best, evaluate_best<1>, nullptr, "greatest(a, b, ...)", "The greatest value; nulls do not count."},
  {"least", "", 2, any_number, resolve_best, evaluate_best<-1>, nullptr, "least(a, b, ...)", "The least value; nulls do not count."},
  {"typeof", "", 1, 1, resolve_typeof, evaluate_typeof, nullptr, "typeof(a)", "The type's name."},
  {"equal_null", "", 2, 2, resolve_equal_null, evaluate_first, nullptr, "equal_null(a, b)", "Whether both are equal or both null."},
  {"zeroifnull", "", 1, 1, resolve_zero_if_null, evaluate_first, nullptr, "zeroifnull(a)", "a, or 0 where it is null."},
  {"nullifzero", "", 1, 1, resolve_null_if_zero, evaluate_first, nullptr, "nullifzero(a)", "a, or null where it is 0."},
  {"raise_error", "", 1, 1, resolve_raise, evaluate_raise, nullptr, "raise_error(message)", "Fails with the message."},
  {"assert_true", "", 1, 2, resolve_assert, evaluate_assert, nullptr, "assert_true(condition[, message])", "Null, or fails where the condition is not true."},
  {"elt", "", 2, any_number, resolve_elt, evaluate_elt, nullptr, "elt(n, a, b, ...)", "The n-th of the texts behind n."},
  row_function<catalog_name>("current_catalog", "current_catalog()", "The catalog: spark_catalog."),
  row_function<database_name>("current_database current_schema", "current_database()", "The database: default."),
  row_function<zone_name>("current_timezone", "current_timezone()", "The session's time zone."),
};

} // namespace

std::span<const function> choice_functions() { return choice_table; }

} // namespace sluice::expr
