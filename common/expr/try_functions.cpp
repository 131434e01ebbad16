#include <arrow/array/concatenate.h>

#include "common/expr/cast.hpp"
#include "common/expr/coercion.hpp"
#include "common/expr/tables.hpp"

namespace sluice::expr {

namespace {

/// Evaluates in ANSI mode; rows that raise an error are null. Halves the rows until the wrong ones stand alone.
result<data::array_ptr> tolerant(const function& inner, const frame& call, const operands& args) {
  auto whole = inner.evaluate(call, args);
  if (whole.ok() || info(whole.code()).domain != error_domain::user || whole.error().spark_class() == "INVALID_INDEX_OF_ZERO")
    return whole;
  if (call.rows <= 1)
    return all_null(call.call.type, call.rows);
  const auto half = call.rows / 2;
  arrow::ArrayVector parts;
  for (auto [begin, rows] : {std::pair{std::int64_t{0}, half}, std::pair{half, call.rows - half}}) {
    operands some;
    for (const auto& arg : args)
      some.push_back({arg.constant ? arg.array : arg.array->Slice(begin, rows), arg.constant});
    SLUICE_ASSIGN_OR_RETURN(auto part, tolerant(inner, frame{call.call, call.context, rows}, some));
    parts.push_back(std::move(part));
  }
  return data::from_arrow(arrow::Concatenate(parts));
}

/// The function that a try_ function tries.
std::string tried(const std::string& name) {
  constexpr std::pair<std::string_view, std::string_view> operators[] = {{"try_add", "+"}, {"try_subtract", "-"}, {"try_multiply", "*"}, {"try_divide", "/"}, {"try_mod", "%"}};
  for (const auto& [known, meant] : operators)
    if (known == name)
      return std::string{meant};
  return name.substr(4);
}

result<data::array_ptr> evaluate_try(const frame& call, const operands& args) {
  const auto* inner = find_function(call.call.parameter);
  if (inner == nullptr || inner->evaluate == nullptr)
    return call.fail(errc::internal, "no function `" + call.call.parameter + "` to try");
  node as = call.call;
  as.name = call.call.parameter;
  as.parameter.clear();
  eval_context context = call.context;
  context.session.ansi = true;
  return tolerant(*inner, frame{as, context, call.rows}, args);
}

result<resolved> resolve_try(std::vector<expr_ptr>& args, call_site& site) {
  auto inner_name = tried(site.name);
  if (inner_name == "+" && args[0]->type->id() == arrow::Type::DATE32)
    inner_name = "date_add";
  else if (inner_name == "-" && args[0]->type->id() == arrow::Type::DATE32)
    inner_name = "date_sub";
  options ansi = site.session;
  ansi.ansi = true;
  SLUICE_ASSIGN_OR_RETURN(auto inner, call(inner_name, args, site.position, ansi));
  args = inner->args;
  if (args.size() == 1 && args[0]->kind == node_kind::call && args[0]->name == "cast") {  // to_date(text) is a cast
    auto tolerant_cast = std::make_shared<node>(*args[0]);
    tolerant_cast->name = "try_cast";
    args[0] = tolerant_cast;
  }
  site.parameter = inner->name;
  return resolved{inner->type, true};
}

/// "try" casts: the node's parameter keeps them apart from casts.
result<data::array_ptr> evaluate_try_cast(const frame& call, const operands& args) {
  node as = call.call;
  as.name = "cast";
  as.parameter.clear();
  eval_context context = call.context;
  context.session.ansi = true;
  const auto* inner = find_function("cast");
  return tolerant(*inner, frame{as, context, call.rows}, args);
}
result<resolved> resolve_try_cast(std::vector<expr_ptr>&, call_site& site) {
  return status{errc::parse_syntax, "TRY_CAST is written TRY_CAST(value AS type)", site.position};
}

constexpr function entry(std::string_view name, int least, int most, std::string_view signature, std::string_view doc) {
  return {name, "", least, most, resolve_try, evaluate_try, nullptr, signature, doc};
}

constexpr function try_table[] = {
  entry("try_add", 2, 2, "try_add(a, b)", "a + b, or null on overflow."),
  entry("try_subtract", 2, 2, "try_subtract(a, b)", "a - b, or null on overflow."),
  entry("try_multiply", 2, 2, "try_multiply(a, b)", "a * b, or null on overflow."),
  entry("try_divide", 2, 2, "try_divide(a, b)", "a / b, or null when b is 0."),
  entry("try_mod", 2, 2, "try_mod(a, b)", "a % b, or null when b is 0."),
  entry("try_element_at", 2, 2, "try_element_at(array, index)", "element_at, or null outside the array."),
  entry("try_to_timestamp", 1, 2, "try_to_timestamp(value[, pattern])", "to_timestamp, or null when the text does not fit."),
  entry("try_to_date", 1, 2, "try_to_date(value[, pattern])", "to_date, or null when the text does not fit."),
  entry("try_make_timestamp", 6, 7, "try_make_timestamp(year, month, day, hour, minute, second[, zone])", "make_timestamp, or null when there is no such time."),
  entry("try_make_timestamp_ltz", 6, 7, "try_make_timestamp_ltz(year, month, day, hour, minute, second[, zone])", "make_timestamp_ltz, or null when there is no such time."),
  entry("try_make_timestamp_ntz", 6, 6, "try_make_timestamp_ntz(year, month, day, hour, minute, second)", "make_timestamp_ntz, or null when there is no such time."),
  {"try_cast", "", 1, 1, resolve_try_cast, evaluate_try_cast, nullptr, "TRY_CAST(a AS type)", "The value as another type; null if it does not fit."},
};

} // namespace

result<expr_ptr> try_cast(expr_ptr input, const data::type_ptr& type, text_position position, const options& session) {
  options ansi = session;
  ansi.ansi = true;
  auto made = cast(std::move(input), type, position, ansi);
  if (!made.ok())
    return made;
  auto copy = std::make_shared<node>(**made);
  copy->name = "try_cast";
  copy->nullable = true;
  return expr_ptr{copy};
}

std::span<const function> try_functions() { return try_table; }

} // namespace sluice::expr
