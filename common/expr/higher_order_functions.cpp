#include <arrow/array/concatenate.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>

#include "common/expr/lists.hpp"
#include "common/expr/maps.hpp"
#include "common/expr/tables.hpp"

namespace sluice::expr {

result<data::array_ptr> sorted_array(const frame& call, const operands& args);
result<resolved> resolve_sorted_array(std::vector<expr_ptr>& args, call_site& site);

namespace {

using arrays = std::vector<data::array_ptr>;

bool is_lambda(const expr_ptr& arg) { return arg->kind == node_kind::call && arg->name == "lambda"; }

result<data::array_ptr> numbers_array(const std::vector<std::int64_t>& values) {
  arrow::Int64Builder builder;
  SLUICE_RETURN_IF_ERROR(data::from_arrow(builder.AppendValues(values)));
  return finish_builder(builder);
}

/// The elements of all rows one after the other, with their rows and places.
struct element_rows {
  list_gather shape;                 ///< the picked elements, per row
  std::vector<std::int64_t> parents;
  std::vector<std::int32_t> places;  ///< from 0
};

element_rows elements_of(const list_rows& in, std::int64_t rows) {
  element_rows out;
  for (std::int64_t i = 0; i < rows; ++i) {
    const bool valid = !in.null(i);
    for (std::int64_t k = 0; valid && k < in.size(i); ++k) {
      out.shape.add(in.begin(i) + k);
      out.parents.push_back(i);
      out.places.push_back(static_cast<std::int32_t>(k));
    }
    out.shape.end_row(valid);
  }
  return out;
}

result<data::array_ptr> places_array(const std::vector<std::int32_t>& values) {
  arrow::Int32Builder builder;
  SLUICE_RETURN_IF_ERROR(data::from_arrow(builder.AppendValues(values)));
  return finish_builder(builder);
}

/// The lambda over every element (and its place, or over key and value) of the first argument.
result<data::array_ptr> over_elements(evaluation& evaluate, const node& lambda, const element_rows& rows, const operand& lists) {
  SLUICE_ASSIGN_OR_RETURN(auto parents, numbers_array(rows.parents));
  arrays parameters;
  if (lists.id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapArray&>(*lists.array);
    for (const auto& side : {map.keys(), map.items()}) {
      SLUICE_ASSIGN_OR_RETURN(auto values, rows.shape.elements(*side));
      parameters.push_back(std::move(values));
    }
  } else {
    SLUICE_ASSIGN_OR_RETURN(auto values, rows.shape.elements(*list_rows{lists}.lists.values()));
    parameters.push_back(std::move(values));
    if (lambda.args.size() > 2) {
      SLUICE_ASSIGN_OR_RETURN(auto places, places_array(rows.places));
      parameters.push_back(std::move(places));
    }
  }
  return evaluate.apply(lambda, parameters, *parents);
}

result<operand> evaluate_transform(evaluation& evaluate, const node& call) {
  SLUICE_ASSIGN_OR_RETURN(auto lists, evaluate(*call.args[0]));
  const auto rows = elements_of(list_rows{lists}, evaluate.rows());
  SLUICE_ASSIGN_OR_RETURN(auto values, over_elements(evaluate, *call.args[1], rows, lists));
  SLUICE_ASSIGN_OR_RETURN(auto made, rows.shape.wrap(call.type, values));
  return operand{made, false};
}

bool holds(const arrow::Array& truth, std::int64_t i) {
  return truth.type_id() == arrow::Type::BOOL && truth.IsValid(i) && static_cast<const arrow::BooleanArray&>(truth).Value(i);
}

result<operand> evaluate_filter(evaluation& evaluate, const node& call) {
  SLUICE_ASSIGN_OR_RETURN(auto lists, evaluate(*call.args[0]));
  list_rows in{lists};
  const auto rows = elements_of(in, evaluate.rows());
  SLUICE_ASSIGN_OR_RETURN(auto truth, over_elements(evaluate, *call.args[1], rows, lists));
  list_gather out;
  std::int64_t next = 0;
  for (std::int64_t i = 0; i < evaluate.rows(); ++i) {
    for (std::int64_t k = 0; !in.null(i) && k < in.size(i); ++k, ++next)
      if (holds(*truth, next))
        out.add(in.begin(i) + k);
    out.end_row(!in.null(i));
  }
  SLUICE_ASSIGN_OR_RETURN(auto made, out.finish(call.type, in.values()));
  return operand{made, false};
}

/// exists: deciding is true; forall: deciding is false. A null keeps the answer open.
template <bool deciding>
result<operand> evaluate_quantifier(evaluation& evaluate, const node& call) {
  SLUICE_ASSIGN_OR_RETURN(auto lists, evaluate(*call.args[0]));
  list_rows in{lists};
  const auto rows = elements_of(in, evaluate.rows());
  SLUICE_ASSIGN_OR_RETURN(auto truth, over_elements(evaluate, *call.args[1], rows, lists));
  arrow::BooleanBuilder out;
  std::int64_t next = 0;
  for (std::int64_t i = 0; i < evaluate.rows(); ++i) {
    bool decided = false, unknown = in.null(i);
    for (std::int64_t k = 0; !in.null(i) && k < in.size(i); ++k, ++next) {
      const bool null = truth->type_id() != arrow::Type::BOOL || truth->IsNull(next);
      unknown = unknown || null;
      decided = decided || (!null && holds(*truth, next) == deciding);
    }
    SLUICE_RETURN_IF_ERROR(data::from_arrow(decided ? out.Append(deciding) : unknown ? out.AppendNull() : out.Append(!deciding)));
  }
  SLUICE_ASSIGN_OR_RETURN(auto made, finish_builder(out));
  return operand{made, false};
}

/// values[i] replaced by others[k] where rows[k] == i.
result<data::array_ptr> replaced(const data::array_ptr& values, const data::array_ptr& others, const std::vector<std::int64_t>& rows) {
  SLUICE_ASSIGN_OR_RETURN(auto all, join_values({values, others}));
  std::vector<std::int64_t> at(values->length());
  for (std::size_t i = 0; i < at.size(); ++i)
    at[i] = static_cast<std::int64_t>(i);
  for (std::size_t k = 0; k < rows.size(); ++k)
    at[rows[k]] = all.begins[1] + static_cast<std::int64_t>(k);
  SLUICE_ASSIGN_OR_RETURN(auto places, numbers_array(at));
  return take(*all.values, *places);
}

/// args: array, start, merge[, finish]. All rows take their k-th element at once.
result<operand> evaluate_aggregate(evaluation& evaluate, const node& call) {
  SLUICE_ASSIGN_OR_RETURN(auto lists, evaluate(*call.args[0]));
  SLUICE_ASSIGN_OR_RETURN(auto start, evaluate(*call.args[1]));
  SLUICE_ASSIGN_OR_RETURN(auto state, broadcast(start, evaluate.rows()));
  list_rows in{lists};
  std::vector<std::int64_t> active;
  for (std::int64_t i = 0; i < evaluate.rows(); ++i)
    if (!in.null(i))
      active.push_back(i);
  for (std::int64_t k = 0;; ++k) {
    std::erase_if(active, [&](auto i) { return in.size(i) <= k; });
    if (active.empty())
      break;
    std::vector<std::int64_t> places;
    for (auto i : active)
      places.push_back(in.begin(i) + k);
    SLUICE_ASSIGN_OR_RETURN(auto parents, numbers_array(active));
    SLUICE_ASSIGN_OR_RETURN(auto positions, numbers_array(places));
    SLUICE_ASSIGN_OR_RETURN(auto states, take(*state, *parents));
    SLUICE_ASSIGN_OR_RETURN(auto elements, take(in.values(), *positions));
    SLUICE_ASSIGN_OR_RETURN(auto merged, evaluate.apply(*call.args[2], {states, elements}, *parents));
    SLUICE_ASSIGN_OR_RETURN(state, replaced(state, merged, active));
  }
  std::vector<std::int64_t> valid;
  for (std::int64_t i = 0; i < evaluate.rows(); ++i)
    if (!in.null(i))
      valid.push_back(i);
  SLUICE_ASSIGN_OR_RETURN(auto parents, numbers_array(valid));
  SLUICE_ASSIGN_OR_RETURN(auto states, take(*state, *parents));
  if (call.args.size() > 3) {
    SLUICE_ASSIGN_OR_RETURN(states, evaluate.apply(*call.args[3], {states}, *parents));
  }
  SLUICE_ASSIGN_OR_RETURN(auto nothing, all_null(call.type, evaluate.rows()));
  SLUICE_ASSIGN_OR_RETURN(auto made, replaced(nothing, states, valid));
  return operand{made, false};
}

result<operand> evaluate_zip_with(evaluation& evaluate, const node& call) {
  SLUICE_ASSIGN_OR_RETURN(auto left, evaluate(*call.args[0]));
  SLUICE_ASSIGN_OR_RETURN(auto right, evaluate(*call.args[1]));
  list_rows a{left}, b{right};
  list_gather first, second;
  std::vector<std::int64_t> parents;
  for (std::int64_t i = 0; i < evaluate.rows(); ++i) {
    const bool valid = !a.null(i) && !b.null(i);
    for (std::int64_t k = 0; valid && k < std::max(a.size(i), b.size(i)); ++k) {
      first.add(k < a.size(i) ? a.begin(i) + k : list_gather::null_element);
      second.add(k < b.size(i) ? b.begin(i) + k : list_gather::null_element);
      parents.push_back(i);
    }
    first.end_row(valid);
    second.end_row(valid);
  }
  SLUICE_ASSIGN_OR_RETURN(auto rows, numbers_array(parents));
  SLUICE_ASSIGN_OR_RETURN(auto x, first.elements(a.values()));
  SLUICE_ASSIGN_OR_RETURN(auto y, second.elements(b.values()));
  SLUICE_ASSIGN_OR_RETURN(auto values, evaluate.apply(*call.args[2], {x, y}, *rows));
  SLUICE_ASSIGN_OR_RETURN(auto made, first.wrap(call.type, values));
  return operand{made, false};
}

enum class map_change { filter, keys, values };

template <map_change what>
result<operand> evaluate_map_change(evaluation& evaluate, const node& call) {
  SLUICE_ASSIGN_OR_RETURN(auto maps, evaluate(*call.args[0]));
  list_rows in{maps};
  const auto rows = elements_of(in, evaluate.rows());
  SLUICE_ASSIGN_OR_RETURN(auto changed, over_elements(evaluate, *call.args[1], rows, maps));
  const auto& map = static_cast<const arrow::MapArray&>(*maps.array);
  const auto& keys = what == map_change::keys ? changed : map.keys();
  const auto& items = what == map_change::values ? changed : map.items();
  frame shown{call, evaluate.context(), evaluate.rows()};
  map_builder out{shown, *keys, *items};
  std::int64_t next = 0;
  for (std::int64_t i = 0; i < evaluate.rows(); ++i) {
    for (std::int64_t k = 0; !in.null(i) && k < in.size(i); ++k, ++next) {
      const auto at = in.begin(i) + k;
      if (what != map_change::filter || holds(*changed, next))
        SLUICE_RETURN_IF_ERROR(out.add(what == map_change::keys ? next : at, what == map_change::values ? next : at));
    }
    out.end_row(!in.null(i));
  }
  SLUICE_ASSIGN_OR_RETURN(auto made, out.finish());
  return operand{made, false};
}

/// Every key of both maps with the values of both.
result<operand> evaluate_map_zip(evaluation& evaluate, const node& call) {
  SLUICE_ASSIGN_OR_RETURN(auto left, evaluate(*call.args[0]));
  SLUICE_ASSIGN_OR_RETURN(auto right, evaluate(*call.args[1]));
  list_rows a{left}, b{right};
  const auto &x = static_cast<const arrow::MapArray&>(*left.array), &y = static_cast<const arrow::MapArray&>(*right.array);
  SLUICE_ASSIGN_OR_RETURN(auto keys, join_values({x.keys(), y.keys()}));
  const auto shift = keys.begins[1];
  list_gather picked, first, second;
  std::vector<std::int64_t> parents;
  for (std::int64_t i = 0; i < evaluate.rows(); ++i) {
    const bool valid = !a.null(i) && !b.null(i);
    auto find = [&](std::int64_t key, const list_rows& in, std::int64_t begin) {
      value_set one{*keys.values};
      one.insert(key);
      for (auto k = in.begin(i); k < in.end(i); ++k)
        if (one.contains(begin + k))
          return k;
      return list_gather::null_element;
    };
    auto add = [&](std::int64_t key, std::int64_t u, std::int64_t v) {
      picked.add(key);
      first.add(u);
      second.add(v);
      parents.push_back(i);
    };
    for (auto k = valid ? a.begin(i) : 0; valid && k < a.end(i); ++k)
      add(k, k, find(k, b, shift));
    for (auto k = valid ? b.begin(i) : 0; valid && k < b.end(i); ++k)
      if (find(shift + k, a, 0) == list_gather::null_element)
        add(shift + k, list_gather::null_element, k);
    picked.end_row(valid);
  }
  SLUICE_ASSIGN_OR_RETURN(auto rows, numbers_array(parents));
  SLUICE_ASSIGN_OR_RETURN(auto key, picked.elements(*keys.values));
  SLUICE_ASSIGN_OR_RETURN(auto u, first.elements(*x.items()));
  SLUICE_ASSIGN_OR_RETURN(auto v, second.elements(*y.items()));
  SLUICE_ASSIGN_OR_RETURN(auto values, evaluate.apply(*call.args[2], {key, u, v}, *rows));
  const auto& type = static_cast<const arrow::MapType&>(*call.type);
  auto entries = arrow::MakeArray(arrow::ArrayData::Make(type.value_type(), key->length(), {nullptr}, {key->data(), values->data()}, 0));
  SLUICE_ASSIGN_OR_RETURN(auto made, picked.wrap(call.type, entries));
  return operand{made, false};
}

/// With a comparison: every pair of a row is compared once, in one go.
result<operand> evaluate_array_sort(evaluation& evaluate, const node& call) {
  SLUICE_ASSIGN_OR_RETURN(auto lists, evaluate(*call.args[0]));
  list_rows in{lists};
  if (call.args.size() == 1) {
    frame shown{call, evaluate.context(), lists.constant ? 1 : evaluate.rows()};
    SLUICE_ASSIGN_OR_RETURN(auto made, sorted_array(shown, {lists}));
    return operand{made, lists.constant};
  }
  constexpr std::int64_t most = 2000;
  list_gather out;
  for (std::int64_t i = 0; i < evaluate.rows(); ++i) {
    const auto size = in.null(i) ? 0 : in.size(i);
    if (size > most)
      return status{errc::limit_exceeded, "array_sort with a comparison takes at most " + std::to_string(most) + " elements", call.position};
    std::vector<std::int64_t> left, right, parents(size * size, i), order;
    for (std::int64_t x = 0; x < size; ++x) {
      order.push_back(x);
      for (std::int64_t y = 0; y < size; ++y) {
        left.push_back(in.begin(i) + x);
        right.push_back(in.begin(i) + y);
      }
    }
    if (size > 1) {
      SLUICE_ASSIGN_OR_RETURN(auto rows, numbers_array(parents));
      SLUICE_ASSIGN_OR_RETURN(auto a, numbers_array(left));
      SLUICE_ASSIGN_OR_RETURN(auto b, numbers_array(right));
      SLUICE_ASSIGN_OR_RETURN(auto x, take(in.values(), *a));
      SLUICE_ASSIGN_OR_RETURN(auto y, take(in.values(), *b));
      SLUICE_ASSIGN_OR_RETURN(auto signs, evaluate.apply(*call.args[1], {x, y}, *rows));
      const auto& sign = static_cast<const arrow::Int32Array&>(*signs);
      bool has_null = false;
      std::stable_sort(order.begin(), order.end(), [&](auto p, auto q) {
        has_null = has_null || sign.IsNull(p * size + q);
        return sign.IsValid(p * size + q) && sign.Value(p * size + q) < 0;
      });
      if (has_null)
        return status{errc::invalid_parameter_value, "The comparator has returned a NULL for a comparison. It should return a positive integer for \"greater than\", 0 for \"equal\" and a negative integer for \"less than\".", call.position}
          .with_spark_class("COMPARATOR_RETURNS_NULL");
    }
    for (auto x : order)
      out.add(in.begin(i) + x);
    out.end_row(!in.null(i));
  }
  SLUICE_ASSIGN_OR_RETURN(auto made, out.finish(call.type, in.values()));
  return operand{made, false};
}

result<operand> evaluate_variable(evaluation& evaluate, const node& call) { return evaluate.variable(call); }
result<operand> evaluate_lambda(evaluation&, const node& call) { return status{errc::internal, "a lambda function by itself", call.position}; }

// ---- resolution ----

status no_lambda(std::size_t index, const call_site& site) {
  return status{errc::datatype_mismatch, "`" + site.name + "` takes a lambda function as argument " + std::to_string(index + 1), site.position}.with_spark_class("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
}

status need_lambda(const std::vector<expr_ptr>& args, std::size_t index, const call_site& site) { return is_lambda(args[index]) ? ok() : no_lambda(index, site); }

/// The body of the lambda as another type.
expr_ptr with_body(const expr_ptr& lambda, const expr_ptr& body) {
  auto copy = std::make_shared<node>(*lambda);
  copy->args[0] = body;
  copy->type = body->type;
  copy->nullable = body->nullable;
  return copy;
}

status need_truth(std::vector<expr_ptr>& args, std::size_t index, const call_site& site) {
  SLUICE_RETURN_IF_ERROR(need_lambda(args, index, site));
  std::vector<expr_ptr> body{args[index]->args[0]};
  SLUICE_RETURN_IF_ERROR(require(body, 0, arrow::boolean(), site));
  args[index] = with_body(args[index], body[0]);
  return ok();
}

result<resolved> resolve_transform(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto element, require_array(args, 0, site));
  SLUICE_RETURN_IF_ERROR(need_lambda(args, 1, site));
  return resolved{array_of(args[1]->type, args[1]->nullable), args[0]->nullable};
}
result<resolved> resolve_filter(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto element, require_array(args, 0, site));
  SLUICE_RETURN_IF_ERROR(need_truth(args, 1, site));
  return resolved{args[0]->type, args[0]->nullable};
}
result<resolved> resolve_quantifier(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto element, require_array(args, 0, site));
  SLUICE_RETURN_IF_ERROR(need_truth(args, 1, site));
  return resolved{arrow::boolean(), args[0]->nullable || args[1]->nullable};
}
result<resolved> resolve_aggregate(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto element, require_array(args, 0, site));
  SLUICE_RETURN_IF_ERROR(need_lambda(args, 2, site));
  const auto& start = args[1]->type;
  if (!data::same_type(*args[2]->type, *start)) {
    const bool numbers = is_number_type(*start) && is_number_type(*args[2]->type);
    if (!is_null(*args[2]->type) && !(numbers && is_integral(*args[2]->type) && args[2]->type->id() < start->id()))
      return site.mismatch("The third parameter requires the \"" + sql_type(*start) + "\" type, however \"" + to_sql(*args[2]) + "\" has the type \"" + sql_type(*args[2]->type) + "\".");
    args[2] = with_body(args[2], implicit_cast(args[2]->args[0], start));
  }
  if (args.size() == 4) {
    SLUICE_RETURN_IF_ERROR(need_lambda(args, 3, site));
    return resolved{args[3]->type, args[0]->nullable || args[3]->nullable};
  }
  // Spark shows the function that ends it
  auto end = lambda_variable(0, {start, true}, "id");
  args.push_back(lambda({end}, end));
  return resolved{start, true};
}
result<resolved> resolve_zip_with(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto left, require_array(args, 0, site));
  SLUICE_ASSIGN_OR_RETURN(auto right, require_array(args, 1, site));
  SLUICE_RETURN_IF_ERROR(need_lambda(args, 2, site));
  return resolved{array_of(args[2]->type, args[2]->nullable), args[0]->nullable || args[1]->nullable};
}

template <map_change what>
result<resolved> resolve_map_change(std::vector<expr_ptr>& args, call_site& site) {
  if (args[0]->type->id() != arrow::Type::MAP)
    return unexpected_type(args, 0, "\"MAP\"", site);
  const auto& map = static_cast<const arrow::MapType&>(*args[0]->type);
  if constexpr (what == map_change::filter) {
    SLUICE_RETURN_IF_ERROR(need_truth(args, 1, site));
    return resolved{args[0]->type, args[0]->nullable};
  }
  SLUICE_RETURN_IF_ERROR(need_lambda(args, 1, site));
  return resolved{what == map_change::keys ? arrow::map(args[1]->type, map.item_type()) : arrow::map(map.key_type(), args[1]->type), args[0]->nullable};
}
result<resolved> resolve_map_zip(std::vector<expr_ptr>& args, call_site& site) {
  for (std::size_t i = 0; i < 2; ++i)
    if (args[i]->type->id() != arrow::Type::MAP)
      return unexpected_type(args, i, "\"MAP\"", site);
  SLUICE_RETURN_IF_ERROR(need_lambda(args, 2, site));
  return resolved{arrow::map(static_cast<const arrow::MapType&>(*args[0]->type).key_type(), args[2]->type), args[0]->nullable || args[1]->nullable};
}
result<resolved> resolve_array_sort(std::vector<expr_ptr>& args, call_site& site) {
  if (args.size() == 1)
    return resolve_sorted_array(args, site);
  SLUICE_ASSIGN_OR_RETURN(auto element, require_array(args, 0, site));
  SLUICE_RETURN_IF_ERROR(need_lambda(args, 1, site));
  if (args[1]->type->id() != arrow::Type::INT32)
    return site.mismatch("Return type of the given function has to be \"INT\".", "DATATYPE_MISMATCH.UNEXPECTED_RETURN_TYPE");
  return resolved{args[0]->type, args[0]->nullable};
}
result<resolved> resolve_alone(std::vector<expr_ptr>&, call_site& site) {
  return status{errc::unresolved_function, "Cannot resolve routine `" + site.name + "`.", site.position};
}

constexpr function higher_order_table[] = {
  {"transform", "", 2, 2, resolve_transform, nullptr, evaluate_transform, "transform(array, x -> ...)", "The function's value for every element (and its place, from 0)."},
  {"filter", "", 2, 2, resolve_filter, nullptr, evaluate_filter, "filter(array, x -> ...)", "The elements for which the condition is true."},
  {"exists", "", 2, 2, resolve_quantifier, nullptr, evaluate_quantifier<true>, "exists(array, x -> ...)", "Whether the condition is true for an element."},
  {"forall", "", 2, 2, resolve_quantifier, nullptr, evaluate_quantifier<false>, "forall(array, x -> ...)", "Whether the condition is true for all elements."},
  {"aggregate", "reduce", 3, 4, resolve_aggregate, nullptr, evaluate_aggregate, "aggregate(array, start, (state, x) -> ...[, state -> ...])", "The elements merged one by one into a state."},
  {"zip_with", "", 3, 3, resolve_zip_with, nullptr, evaluate_zip_with, "zip_with(a, b, (x, y) -> ...)", "The function's value for the elements at the same place."},
  {"map_filter", "", 2, 2, resolve_map_change<map_change::filter>, nullptr, evaluate_map_change<map_change::filter>, "map_filter(map, (k, v) -> ...)", "The entries for which the condition is true."},
  {"transform_keys", "", 2, 2, resolve_map_change<map_change::keys>, nullptr, evaluate_map_change<map_change::keys>, "transform_keys(map, (k, v) -> ...)", "Other keys for the entries."},
  {"transform_values", "", 2, 2, resolve_map_change<map_change::values>, nullptr, evaluate_map_change<map_change::values>, "transform_values(map, (k, v) -> ...)", "Other values for the entries."},
  {"map_zip_with", "", 3, 3, resolve_map_zip, nullptr, evaluate_map_zip, "map_zip_with(a, b, (k, v, w) -> ...)", "The function's value for the keys of both maps."},
  {"array_sort", "", 1, 2, resolve_array_sort, nullptr, evaluate_array_sort, "array_sort(array[, (a, b) -> ...])", "Sorted by value, nulls last, or by a function that compares."},
  {"lambda", "", 1, any_number, resolve_alone, nullptr, evaluate_lambda, "x -> ...", "A function of elements."},
  {"lambda_variable", "", 0, 0, resolve_alone, nullptr, evaluate_variable, "x", "A parameter of a lambda function."},
};

} // namespace

result<std::vector<lambda_parameter>> lambda_parameters(const std::string& function, const std::vector<expr_ptr>& args, std::size_t index,
                                                        std::size_t count, text_position position, const options& session) {
  call_site site{function, position, session, {}, nullptr};
  std::vector<lambda_parameter> out;
  const bool merge = function == "aggregate" || function == "reduce";
  if (merge && index >= 2 && args.size() > 1 && args[1])
    out.push_back({args[1]->type, true});
  auto add_element = [&](std::size_t of) -> status {
    SLUICE_ASSIGN_OR_RETURN(auto element, require_array(args, of, site));
    out.push_back({element, elements_nullable(*args[of]->type)});
    return ok();
  };
  auto add_map = [&](std::size_t of, bool key, bool value) -> status {
    if (args[of]->type->id() != arrow::Type::MAP)
      return unexpected_type(args, of, "\"MAP\"", site);
    const auto& map = static_cast<const arrow::MapType&>(*args[of]->type);
    if (key)
      out.push_back({map.key_type(), false});
    if (value)
      out.push_back({map.item_type(), true});
    return ok();
  };
  if (index == 0 || args.empty() || !args[0])
    return no_lambda(index, site);
  if (function == "transform" || function == "filter" || function == "exists" || function == "forall") {
    SLUICE_RETURN_IF_ERROR(add_element(0));
    if (count == 2 && (function == "transform" || function == "filter"))
      out.push_back({arrow::int32(), false});
  } else if (merge) {
    if (index == 2)
      SLUICE_RETURN_IF_ERROR(add_element(0));
  } else if (function == "zip_with" && args[1]) {
    SLUICE_RETURN_IF_ERROR(add_element(0));
    SLUICE_RETURN_IF_ERROR(add_element(1));
    for (auto& one : out)
      one.nullable = true;
  } else if (function == "array_sort") {
    SLUICE_RETURN_IF_ERROR(add_element(0));
    out.push_back(out[0]);
  } else if (function == "map_filter" || function == "transform_keys" || function == "transform_values") {
    SLUICE_RETURN_IF_ERROR(add_map(0, true, true));
  } else if (function == "map_zip_with" && args[1]) {
    SLUICE_RETURN_IF_ERROR(add_map(0, true, true));
    SLUICE_RETURN_IF_ERROR(add_map(1, false, true));
  }
  if (out.size() != count || out.empty())
    return status{errc::wrong_num_args, "A higher order function expects " + std::to_string(out.size()) + " arguments, but got " + std::to_string(count) + ".", position}
      .with_spark_class("INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH");
  return out;
}

expr_ptr lambda_variable(int id, const lambda_parameter& of, const std::string& name, text_position position) {
  auto made = std::make_shared<node>();
  made->kind = node_kind::call;
  made->type = of.type;
  made->nullable = of.nullable;
  made->name = "lambda_variable";
  made->parameter = std::to_string(id) + " " + name;
  made->position = position;
  return made;
}

expr_ptr lambda(std::vector<expr_ptr> variables, expr_ptr body) {
  auto made = std::make_shared<node>();
  made->kind = node_kind::call;
  made->type = body->type;
  made->nullable = body->nullable;
  made->name = "lambda";
  made->position = body->position;
  made->args.push_back(std::move(body));
  for (auto& variable : variables)
    made->args.push_back(std::move(variable));
  return made;
}

std::span<const function> higher_order_functions() { return higher_order_table; }

} // namespace sluice::expr
