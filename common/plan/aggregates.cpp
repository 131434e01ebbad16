#include "common/plan/aggregates.hpp"

#include <arrow/type.h>

#include <algorithm>
#include <array>

#include "common/plan/internal/statistical_aggregates.hpp"
#include "common/sql/nearest.hpp"

namespace sluice::plan {
namespace {

struct aggregate_name {
  std::string_view name;
  std::string_view canonical;
};
constexpr std::array<aggregate_name, 27> aggregate_names{{
    {"count", "count"},           {"count_if", "count_if"},       {"sum", "sum"},
    {"avg", "avg"},               {"mean", "avg"},                {"min", "min"},
    {"max", "max"},               {"first", "first"},             {"first_value", "first"},
    {"any_value", "first"},       {"last", "last"},               {"last_value", "last"},
    {"stddev", "stddev_samp"},    {"std", "stddev_samp"},         {"stddev_samp", "stddev_samp"},
    {"stddev_pop", "stddev_pop"}, {"variance", "var_samp"},       {"var_samp", "var_samp"},
    {"var_pop", "var_pop"},       {"collect_list", "collect_list"}, {"array_agg", "collect_list"},
    {"collect_set", "collect_set"}, {"bool_and", "bool_and"},     {"every", "bool_and"},
    {"bool_or", "bool_or"},       {"some", "bool_or"},            {"any", "bool_or"},
}};
constexpr std::array<std::string_view, 9> other_aggregates{
    "percentile_disc", "histogram_numeric", "count_min_sketch", "try_sum", "try_avg", "product", "hll_sketch_agg", "bitmap_construct_agg", "schema_of_json_agg"};

std::string_view canonical_aggregate(const std::string& name) {
  std::string lower = sql::to_lower(name);
  for (const auto& entry : aggregate_names)
    if (entry.name == lower) return entry.canonical;
  return internal::statistical_name(lower);
}

bool is_integer_type(const arrow::DataType& type) {
  auto id = type.id();
  return id == arrow::Type::INT8 || id == arrow::Type::INT16 || id == arrow::Type::INT32 || id == arrow::Type::INT64;
}
bool is_float_type(const arrow::DataType& type) { return type.id() == arrow::Type::FLOAT || type.id() == arrow::Type::DOUBLE; }
bool is_string_or_null(const arrow::DataType& type) { return type.id() == arrow::Type::STRING || type.id() == arrow::Type::NA; }

bool holds_map(const arrow::DataType& type) {
  if (type.id() == arrow::Type::MAP) return true;
  for (const auto& field : type.fields())
    if (holds_map(*field->type())) return true;
  return false;
}

class aggregate_resolver {
public:
  aggregate_resolver(std::string written, aggregate_call& call, text_position position, const expr::options& session)
      : written_(std::move(written)), call_(call), position_(position), session_(session) {}

  status resolve() {
    const auto& name = call_.function;
    if (name == "count") {
      call_.type = arrow::int64();
      return ok();
    }
    if (name == "first" || name == "last") SLUICE_RETURN_IF_ERROR(take_ignore_nulls());
    if (call_.args.size() != 1) {
      return {errc::wrong_num_args, "The `" + written_ + "` requires 1 parameters but the actual number is " +
                                        std::to_string(call_.args.size()) + ".", position_};
    }
    if (name == "sum") return resolve_sum();
    if (name == "avg") return resolve_avg();
    if (name == "min" || name == "max") return resolve_extreme();
    if (name == "first" || name == "last") {
      call_.type = arg_type();
      return ok();
    }
    if (name == "count_if") {
      SLUICE_RETURN_IF_ERROR(need_boolean());
      call_.type = arrow::int64();
      return ok();
    }
    if (name == "bool_and" || name == "bool_or") {
      SLUICE_RETURN_IF_ERROR(need_boolean());
      call_.function = name == "bool_and" ? "min" : "max";
      call_.type = arrow::boolean();
      return ok();
    }
    if (name == "collect_list" || name == "collect_set") {
      if (name == "collect_set" && holds_map(*arg_type())) return mismatch("a type without maps");
      call_.type = arrow::list(arrow::field("element", arg_type()));
      return ok();
    }
    // stddev_*, var_*
    if (!is_number()) return mismatch("a numeric type");
    call_.type = arrow::float64();
    return coerce(arrow::float64());
  }

private:
  const data::type_ptr& arg_type() const { return call_.args[0]->type; }
  bool is_decimal_type() const { return arg_type()->id() == arrow::Type::DECIMAL128; }
  bool is_number() const {
    return is_integer_type(*arg_type()) || is_float_type(*arg_type()) || is_string_or_null(*arg_type()) || is_decimal_type();
  }

  status mismatch(const std::string& wanted) const {
    return {errc::datatype_mismatch,
            "Cannot resolve \"" + written_ + "(" + expr::to_sql(*call_.args[0]) + ")\" due to data type mismatch: the argument has the type " +
                sql::to_upper(data::type_name(*arg_type())) + " but needs " + wanted + ".", position_};
  }

  status coerce(const data::type_ptr& type) {
    if (data::same_type(*arg_type(), *type)) return ok();
    auto cast = expr::cast(call_.args[0], type, position_, session_);
    if (!cast.ok()) return cast.error();
    auto invisible = std::make_shared<expr::node>(**cast);
    if (invisible->kind == expr::node_kind::call) invisible->parameter = "implicit";  // not shown in names and plans
    call_.args[0] = std::move(invisible);
    return ok();
  }

  status need_boolean() {
    if (arg_type()->id() != arrow::Type::BOOL && arg_type()->id() != arrow::Type::NA) return mismatch("BOOLEAN");
    return coerce(arrow::boolean());
  }

  /// The type in which decimals are summed.
  data::type_ptr decimal_sum() const {
    const auto& type = static_cast<const arrow::Decimal128Type&>(*arg_type());
    return arrow::decimal128(std::min(38, type.precision() + 10), type.scale());
  }

  status resolve_sum() {
    if (!is_number()) return mismatch("a numeric type");
    call_.type = is_integer_type(*arg_type()) ? arrow::int64() : is_decimal_type() ? decimal_sum() : arrow::float64();
    return coerce(call_.type);
  }

  status resolve_avg() {
    if (!is_number()) return mismatch("a numeric type");
    if (!is_decimal_type()) {
      call_.type = arrow::float64();
      return coerce(call_.type);
    }
    const auto& type = static_cast<const arrow::Decimal128Type&>(*arg_type());
    call_.type = arrow::decimal128(std::min(38, type.precision() + 4), std::min(38, type.scale() + 4));
    return coerce(decimal_sum());
  }

  status resolve_extreme() {
    if (holds_map(*arg_type())) return mismatch("an orderable type");
    call_.type = arg_type();
    return ok();
  }

  /// first(x, true): the second argument is IGNORE NULLS.
  status take_ignore_nulls() {
    if (call_.args.size() != 2) return ok();
    auto second = call_.args[1];
    std::string text = sql::to_lower(expr::to_sql(*second));
    if (second->type->id() != arrow::Type::BOOL || !expr::is_constant(*second) || (text != "true" && text != "false"))
      return {errc::datatype_mismatch, "the second argument of `" + written_ + "` must be true or false", position_};
    call_.ignore_nulls = text == "true";
    call_.args.pop_back();
    return ok();
  }

  std::string written_;
  aggregate_call& call_;
  text_position position_;
  const expr::options& session_;
};

} // namespace

bool is_aggregate_function(const std::string& name) { return !canonical_aggregate(name).empty(); }

bool is_unsupported_aggregate(const std::string& name) {
  std::string lower = sql::to_lower(name);
  return std::find(other_aggregates.begin(), other_aggregates.end(), lower) != other_aggregates.end();
}

const std::vector<std::string>& aggregate_function_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (const auto& entry : aggregate_names)
      if (!entry.canonical.empty()) out.emplace_back(entry.name);
    internal::add_statistical_names(out);
    return out;
  }();
  return names;
}

result<aggregate_call> resolve_aggregate(const std::string& name, std::vector<expr::expr_ptr> args, text_position position,
                                         const expr::options& session) {
  aggregate_call call;
  call.function = canonical_aggregate(name);
  if (call.function.empty())
    return status(errc::unresolved_function, "`" + name + "` is no aggregate function" +
                                                 sql::did_you_mean(name, aggregate_function_names()), position);
  call.args = std::move(args);
  auto lower = sql::to_lower(name);
  if (!internal::statistical_name(lower).empty()) {
    SLUICE_RETURN_IF_ERROR(internal::resolve_statistical(lower, call, position, session));
    return call;
  }
  SLUICE_RETURN_IF_ERROR(aggregate_resolver(sql::to_lower(name), call, position, session).resolve());
  return call;
}

bool is_nullable(const aggregate_call& call) {
  return call.function != "count" && call.function != "count_if" && call.function != "collect_list" && call.function != "collect_set" &&
         call.function != "regr_count" && call.function != "approx_count_distinct";
}

std::string to_sql(const aggregate_call& call) {
  std::string out = call.function + "(";
  if (call.distinct) out += "DISTINCT ";
  if (call.args.empty()) out += "1";
  for (std::size_t i = 0; i < call.args.size(); ++i) out += (i ? ", " : "") + expr::to_sql(*call.args[i]);
  out += ")";
  if (call.filter) out += " FILTER (WHERE " + expr::to_sql(*call.filter) + ")";
  return out;
}

} // namespace sluice::plan
