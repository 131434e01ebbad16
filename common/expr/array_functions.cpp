#include <arrow/scalar.h>

#include <numeric>

#include "common/expr/compare.hpp"
#include "common/expr/lists.hpp"
#include "common/expr/messages.hpp"
#include "common/expr/rows.hpp"
#include "common/expr/tables.hpp"

namespace sluice::expr {

namespace {

bool any_null(const operands& args, std::int64_t row) {
  return std::any_of(args.begin(), args.end(), [&](const operand& arg) { return arg.null(row); });
}

bool same(const arrow::Array& values, std::int64_t i, const arrow::Array& others, std::int64_t j) { return compare_values(values, i, others, j) == 0; }

// ---- one array in, one array out: F(rows, row, gather) adds the positions ----

template <void (*F)(const list_rows&, std::int64_t, list_gather&)>
result<data::array_ptr> evaluate_pick(const frame& call, const operands& args) {
  list_rows in{args[0]};
  list_gather out;
  for (std::int64_t i = 0; i < call.rows; ++i) {
    const bool valid = !any_null(args, i);
    if (valid)
      F(in, i, out);
    out.end_row(valid);
  }
  return out.finish(call.call.type, in.values());
}

void pick_compact(const list_rows& in, std::int64_t row, list_gather& out) {
  for (auto k = in.begin(row); k < in.end(row); ++k)
    if (in.values().IsValid(k))
      out.add(k);
}
void pick_distinct(const list_rows& in, std::int64_t row, list_gather& out) {
  value_set seen{in.values()};
  for (auto k = in.begin(row); k < in.end(row); ++k)
    if (seen.insert(k))
      out.add(k);
}

/// Nulls last; array_sort's order.
void pick_sorted(const list_rows& in, std::int64_t row, list_gather& out) {
  const auto from = out.row_begin();
  out.add_range(in.begin(row), in.end(row));
  auto& all = out.positions();
  std::stable_sort(all.begin() + from, all.end(), [&](auto a, auto b) {
    const bool a_null = in.values().IsNull(a), b_null = in.values().IsNull(b);
    return a_null || b_null ? b_null && !a_null : compare_values(in.values(), a, in.values(), b) < 0;
  });
}

result<data::array_ptr> evaluate_sort_array(const frame& call, const operands& args) {
  list_rows in{args[0]};
  list_gather out;
  for (std::int64_t i = 0; i < call.rows; ++i) {
    const bool valid = !any_null(args, i);
    if (valid) {
      const bool rising = static_cast<const arrow::BooleanArray&>(*args[1].array).Value(args[1].at(i));
      const auto from = out.row_begin();
      out.add_range(in.begin(i), in.end(i));
      std::stable_sort(out.positions().begin() + from, out.positions().end(), [&](auto a, auto b) {
        const bool a_null = in.values().IsNull(a), b_null = in.values().IsNull(b);
        if (a_null || b_null)
          return rising ? a_null && !b_null : b_null && !a_null;
        const int order = compare_values(in.values(), a, in.values(), b);
        return rising ? order < 0 : order > 0;
      });
    }
    out.end_row(valid);
  }
  return out.finish(call.call.type, in.values());
}

result<resolved> resolve_same_array(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto element, require_array(args, 0, site));
  return resolved{args[0]->type, args[0]->nullable};
}
result<resolved> resolve_compact(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto element, require_array(args, 0, site));
  return resolved{array_of(element, false), args[0]->nullable};
}
result<resolved> resolve_orderable_array(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto element, require_array(args, 0, site));
  if (!is_orderable(*element))
    return site.mismatch("The `" + site.name + "` does not support ordering on type \"" + sql_type(*element) + "\".", "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE");
  return resolved{args[0]->type, args[0]->nullable};
}
result<resolved> resolve_sort_array(std::vector<expr_ptr>& args, call_site& site) {
  if (args.size() == 1)
    args.push_back(literal(std::make_shared<arrow::BooleanScalar>(true)));
  SLUICE_RETURN_IF_ERROR(require(args, 1, arrow::boolean(), site));
  return resolve_orderable_array(args, site);
}

// ---- two arrays ----

enum class set_operation { united, common, except };

template <set_operation what>
result<data::array_ptr> evaluate_sets(const frame& call, const operands& args) {
  list_rows left{args[0]}, right{args[1]};
  SLUICE_ASSIGN_OR_RETURN(auto all, join_values({left.lists.values(), right.lists.values()}));
  const auto shift = all.begins[1];
  list_gather out;
  value_set seen{*all.values}, others{*all.values};
  for (std::int64_t i = 0; i < call.rows; ++i) {
    const bool valid = !any_null(args, i);
    if (valid) {
      seen.clear();
      others.clear();
      if constexpr (what != set_operation::united)
        for (auto k = right.begin(i); k < right.end(i); ++k)
          others.insert(k + shift);
      for (auto k = left.begin(i); k < left.end(i); ++k)
        if ((what == set_operation::united || others.contains(k) == (what == set_operation::common)) && seen.insert(k))
          out.add(k);
      if constexpr (what == set_operation::united)
        for (auto k = right.begin(i); k < right.end(i); ++k)
          if (seen.insert(k + shift))
            out.add(k + shift);
    }
    out.end_row(valid);
  }
  return out.finish(call.call.type, *all.values);
}

/// Both arrays to their common type.
result<resolved> resolve_two_arrays(std::vector<expr_ptr>& args, call_site& site) {
  const bool arrays = args[0]->type->id() == arrow::Type::LIST && args[1]->type->id() == arrow::Type::LIST;
  auto common = arrays ? common_type(args[0]->type, args[1]->type) : result<data::type_ptr>{errc::datatype_mismatch, ""};
  if (!common.ok())
    return site.mismatch("Input to `" + site.name + "` should have been two \"ARRAY\" with same element type, but it's [\"" + sql_type(*args[0]->type) + "\", \"" + sql_type(*args[1]->type) + "\"].",
                         "DATATYPE_MISMATCH.BINARY_ARRAY_DIFF_TYPES");
  args[0] = implicit_cast(args[0], *common);
  args[1] = implicit_cast(args[1], *common);
  return resolved{*common, any_nullable(args)};
}

result<data::array_ptr> evaluate_overlap(const frame& call, const operands& args) {
  list_rows left{args[0]}, right{args[1]};
  SLUICE_ASSIGN_OR_RETURN(auto all, join_values({left.lists.values(), right.lists.values()}));
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  std::vector<std::uint8_t> bytes(call.rows, 0);
  for (std::int64_t i = 0; i < call.rows; ++i) {
    if (nulls.null(i))
      continue;
    value_set others{*all.values};
    bool has_null = false;
    for (auto k = right.begin(i); k < right.end(i); ++k) {
      has_null = has_null || right.values().IsNull(k);
      others.insert(k + all.begins[1]);
    }
    for (auto k = left.begin(i); k < left.end(i); ++k) {
      has_null = has_null || left.values().IsNull(k);
      bytes[i] = bytes[i] || (left.values().IsValid(k) && others.contains(k));
    }
    if (!bytes[i] && has_null && left.size(i) > 0 && right.size(i) > 0)
      SLUICE_RETURN_IF_ERROR(nulls.set_null(i));
  }
  return finish_booleans(bytes, nulls);
}
result<resolved> resolve_overlap(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto both, resolve_two_arrays(args, site));
  return resolved{arrow::boolean(), any_nullable(args) || elements_nullable(*args[0]->type) || elements_nullable(*args[1]->type)};
}

// ---- an array and an element ----

/// args[0] ARRAY, args[1] element: both to the common element type.
result<data::type_ptr> with_element(std::vector<expr_ptr>& args, std::size_t at, call_site& site) {
  const auto refused = [&] {
    return site.mismatch("Input to `" + site.name + "` should have been \"ARRAY\" followed by a value with same element type, but it's [\"" + sql_type(*args[0]->type) + "\", \"" + sql_type(*args[at]->type) + "\"].",
                         "DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES");
  };
  if (args[0]->type->id() != arrow::Type::LIST)
    return is_null(*args[0]->type) ? site.mismatch("Null typed values cannot be used as arguments of `" + site.name + "`.", "DATATYPE_MISMATCH.NULL_TYPE")
                                   : unexpected_type(args, 0, "\"ARRAY\"", site);
  const auto element = args[0]->type->field(0)->type();
  auto common = common_type(element, args[at]->type);
  if (!common.ok() || (is_text(*element) != is_text(*args[at]->type) && !is_null(*element) && !is_null(*args[at]->type)))
    return refused();
  args[0] = implicit_cast(args[0], array_of(*common, elements_nullable(*args[0]->type)));
  args[at] = implicit_cast(args[at], *common);
  return *common;
}

template <bool front>
result<data::array_ptr> evaluate_add(const frame& call, const operands& args) {
  list_rows in{args[0]};
  SLUICE_ASSIGN_OR_RETURN(auto all, join_values({in.lists.values(), args[1].array}));
  list_gather out;
  for (std::int64_t i = 0; i < call.rows; ++i) {
    const bool valid = !in.null(i);
    const auto added = args[1].at(i) + all.begins[1];
    if (valid) {
      if (front)
        out.add(added);
      out.add_range(in.begin(i), in.end(i));
      if (!front)
        out.add(added);
    }
    out.end_row(valid);
  }
  return out.finish(call.call.type, *all.values);
}
result<resolved> resolve_add(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto element, with_element(args, 1, site));
  return resolved{array_of(element, elements_nullable(*args[0]->type) || args[1]->nullable), args[0]->nullable};
}

/// args: array, position (from 1, from the end when negative), element.
result<data::array_ptr> evaluate_insert(const frame& call, const operands& args) {
  list_rows in{args[0]};
  SLUICE_ASSIGN_OR_RETURN(auto all, join_values({in.lists.values(), args[2].array}));
  list_gather out;
  numbers<std::int32_t> positions{args[1]};
  for (std::int64_t i = 0; i < call.rows; ++i) {
    const bool valid = !in.null(i) && !args[1].null(i);
    if (!valid) {
      out.end_row(false);
      continue;
    }
    const std::int64_t size = in.size(i), position = positions[i], added = args[2].at(i) + all.begins[1];
    if (position == 0)
      return call.fail(errc::invalid_array_index, "The index 0 is invalid. An index shall be either < 0 or > 0 (the first element has index 1).", "INVALID_INDEX_OF_ZERO");
    if (std::max(size, std::abs(position)) > 1 << 28)
      return call.fail(errc::limit_exceeded, "array_insert: the array would have too many elements");
    const std::int64_t place = position > 0 ? position - 1 : size + position + 1;
    if (place < 0) {
      out.add(added);
      while (out.size() < 1 - place)
        out.add(list_gather::null_element);
      out.add_range(in.begin(i), in.end(i));
    } else {
      out.add_range(in.begin(i), in.begin(i) + std::min(place, size));
      while (out.size() < place)
        out.add(list_gather::null_element);
      out.add(added);
      if (place < size)
        out.add_range(in.begin(i) + place, in.end(i));
    }
    out.end_row();
  }
  return out.finish(call.call.type, *all.values);
}
result<resolved> resolve_insert(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto element, with_element(args, 2, site));
  SLUICE_RETURN_IF_ERROR(require(args, 1, arrow::int32(), site));
  return resolved{array_of(element), args[0]->nullable || args[1]->nullable};
}

result<data::array_ptr> evaluate_remove(const frame& call, const operands& args) {
  list_rows in{args[0]};
  list_gather out;
  for (std::int64_t i = 0; i < call.rows; ++i) {
    const bool valid = !any_null(args, i);
    for (auto k = valid ? in.begin(i) : 0; valid && k < in.end(i); ++k)
      if (in.values().IsNull(k) || !same(in.values(), k, *args[1].array, args[1].at(i)))
        out.add(k);
    out.end_row(valid);
  }
  return out.finish(call.call.type, in.values());
}
result<resolved> resolve_remove(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto element, with_element(args, 1, site));
  return resolved{args[0]->type, any_nullable(args)};
}

result<data::array_ptr> evaluate_position(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<std::int64_t>::make(call.rows));
  list_rows in{args[0]};
  for (std::int64_t i = 0; i < call.rows; ++i) {
    out[i] = 0;
    for (auto k = nulls.null(i) ? 0 : in.begin(i); !nulls.null(i) && k < in.end(i) && out[i] == 0; ++k)
      if (in.values().IsValid(k) && same(in.values(), k, *args[1].array, args[1].at(i)))
        out[i] = k - in.begin(i) + 1;
  }
  return out.finish(call.call.type, nulls);
}
result<resolved> resolve_position(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto element, with_element(args, 1, site));
  return resolved{arrow::int64(), any_nullable(args)};
}

// ---- extremes, joins, parts ----

template <int wanted>
result<data::array_ptr> evaluate_extreme(const frame& call, const operands& args) {
  list_rows in{args[0]};
  arrow::Int64Builder places;
  for (std::int64_t i = 0; i < call.rows; ++i) {
    std::int64_t best = -1;
    for (auto k = in.null(i) ? 0 : in.begin(i); !in.null(i) && k < in.end(i); ++k)
      if (in.values().IsValid(k) && (best < 0 || compare_values(in.values(), k, in.values(), best) == wanted))
        best = k;
    SLUICE_RETURN_IF_ERROR(data::from_arrow(best < 0 ? places.AppendNull() : places.Append(best)));
  }
  SLUICE_ASSIGN_OR_RETURN(auto at, finish_builder(places));
  return take(in.values(), *at);
}
result<resolved> resolve_extreme(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto array, resolve_orderable_array(args, site));
  return resolved{array.type->field(0)->type(), true};
}

/// args: array of texts, separator[, text for nulls]
result<data::array_ptr> evaluate_join(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  list_rows in{args[0]};
  const auto& values = static_cast<const arrow::StringArray&>(in.values());
  texts separators{args[1]};
  std::string joined;
  return build_texts(call.rows, nulls, [&](std::int64_t i, arrow::StringBuilder& out) {
    joined.clear();
    bool first = true;
    for (auto k = in.begin(i); k < in.end(i); ++k) {
      if (values.IsNull(k) && args.size() < 3)
        continue;
      if (!first)
        joined += separators[i];
      first = false;
      joined += values.IsNull(k) ? texts{args[2]}[i] : values.GetView(k);
    }
    return data::from_arrow(out.Append(joined));
  });
}
result<resolved> resolve_join(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto element, require_array(args, 0, site));
  if (!is_text(*element) && !is_null(*element) && !is_atomic(*element))
    return unexpected_type(args, 0, "\"ARRAY<STRING>\"", site);
  args[0] = implicit_cast(args[0], array_of(arrow::utf8()));
  for (std::size_t k = 1; k < args.size(); ++k)
    SLUICE_RETURN_IF_ERROR(require(args, k, arrow::utf8(), site));
  return resolved{arrow::utf8(), any_nullable(args)};
}

/// args: array, start (from 1, from the end when negative), length
result<data::array_ptr> evaluate_slice(const frame& call, const operands& args) {
  list_rows in{args[0]};
  list_gather out;
  numbers<std::int32_t> starts{args[1]}, lengths{args[2]};
  for (std::int64_t i = 0; i < call.rows; ++i) {
    const bool valid = !any_null(args, i);
    if (valid) {
      if (starts[i] == 0)
        return call.fail(errc::invalid_parameter_value, "The value of parameter(s) `start` in `slice` is invalid: Expects a positive or a negative value for `start`, but got 0.", "INVALID_PARAMETER_VALUE.START");
      if (lengths[i] < 0)
        return call.fail(errc::invalid_parameter_value, "The value of parameter(s) `length` in `slice` is invalid: Expects `length` greater than or equal to 0, but got " + std::to_string(lengths[i]) + ".", "INVALID_PARAMETER_VALUE.LENGTH");
      const std::int64_t size = in.size(i), from = starts[i] > 0 ? starts[i] - 1 : size + starts[i];
      if (from >= 0 && from < size)
        out.add_range(in.begin(i) + from, in.begin(i) + std::min(size, from + lengths[i]));
    }
    out.end_row(valid);
  }
  return out.finish(call.call.type, in.values());
}
result<resolved> resolve_slice(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto element, require_array(args, 0, site));
  SLUICE_RETURN_IF_ERROR(require(args, 1, arrow::int32(), site));
  SLUICE_RETURN_IF_ERROR(require(args, 2, arrow::int32(), site));
  return resolved{args[0]->type, any_nullable(args)};
}

result<data::array_ptr> evaluate_flatten(const frame& call, const operands& args) {
  list_rows outer{args[0]};
  const auto& inner = static_cast<const arrow::ListArray&>(outer.values());
  list_gather out;
  for (std::int64_t i = 0; i < call.rows; ++i) {
    bool valid = !outer.null(i);
    for (auto k = valid ? outer.begin(i) : 0; valid && k < outer.end(i); ++k) {
      if (inner.IsNull(k))
        valid = false;
      else
        out.add_range(inner.value_offset(k), inner.value_offset(k) + inner.value_length(k));
    }
    out.end_row(valid);
  }
  return out.finish(call.call.type, *inner.values());
}
result<resolved> resolve_flatten(std::vector<expr_ptr>& args, call_site& site) {
  const auto& type = *args[0]->type;
  if (type.id() != arrow::Type::LIST || type.field(0)->type()->id() != arrow::Type::LIST)
    return unexpected_type(args, 0, "\"ARRAY\" of \"ARRAY\"", site);
  return resolved{type.field(0)->type(), args[0]->nullable || elements_nullable(type)};
}

result<data::array_ptr> evaluate_repeat(const frame& call, const operands& args) {
  list_gather out;
  numbers<std::int32_t> counts{args[1]};
  std::int64_t total = 0;
  for (std::int64_t i = 0; i < call.rows; ++i) {
    const bool valid = !args[1].null(i);
    const std::int64_t count = valid ? std::max(counts[i], 0) : 0;
    if ((total += count) > 1 << 28)
      return call.fail(errc::limit_exceeded, "array_repeat: " + std::to_string(count) + " elements are too many");
    for (std::int64_t k = 0; k < count; ++k)
      out.add(args[0].at(i));
    out.end_row(valid);
  }
  return out.finish(call.call.type, *args[0].array);
}
result<resolved> resolve_repeat(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_RETURN_IF_ERROR(require(args, 1, arrow::int32(), site));
  return resolved{array_of(args[0]->type, args[0]->nullable), args[1]->nullable};
}

result<resolved> resolve_array_size(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto element, require_array(args, 0, site));
  return resolved{arrow::int32(), args[0]->nullable};
}
result<data::array_ptr> evaluate_array_size(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<std::int32_t>::make(call.rows));
  list_rows in{args[0]};
  for (std::int64_t i = 0; i < call.rows; ++i)
    out[i] = nulls.null(i) ? 0 : static_cast<std::int32_t>(in.size(i));
  return out.finish(arrow::int32(), nulls);
}

/// Structs of the k-th elements, as long as the longest array.
result<data::array_ptr> evaluate_zip(const frame& call, const operands& args) {
  std::vector<list_rows> in(args.begin(), args.end());
  std::vector<list_gather> columns(args.size());
  list_gather shape;
  for (std::int64_t i = 0; i < call.rows; ++i) {
    const bool valid = !any_null(args, i);
    std::int64_t longest = 0;
    for (std::size_t c = 0; valid && c < in.size(); ++c)
      longest = std::max(longest, in[c].size(i));
    for (std::int64_t k = 0; k < longest; ++k) {
      shape.add(0);
      for (std::size_t c = 0; c < in.size(); ++c)
        columns[c].add(k < in[c].size(i) ? in[c].begin(i) + k : list_gather::null_element);
    }
    shape.end_row(valid);
  }
  arrow::ArrayVector fields;
  for (std::size_t c = 0; c < in.size(); ++c) {
    SLUICE_ASSIGN_OR_RETURN(auto field, columns[c].elements(in[c].values()));
    fields.push_back(std::move(field));
  }
  const auto& type = call.call.type->field(0)->type();
  auto elements = std::make_shared<arrow::StructArray>(type, static_cast<std::int64_t>(shape.positions().size()), fields);
  return shape.wrap(call.call.type, elements);
}
result<resolved> resolve_zip(std::vector<expr_ptr>& args, call_site& site) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (std::size_t i = 0; i < args.size(); ++i) {
    SLUICE_ASSIGN_OR_RETURN(auto element, require_array(args, i, site));
    const auto& arg = *args[i];
    const auto name = arg.kind == node_kind::column ? arg.name : arg.name == "get_field" ? arg.parameter : std::to_string(i);
    fields.push_back(arrow::field(name, element));
  }
  return resolved{array_of(arrow::struct_(fields), false), any_nullable(args)};
}

constexpr function array_table[] = {
  {"array_compact", "", 1, 1, resolve_compact, evaluate_pick<pick_compact>, nullptr, "array_compact(array)", "The elements that are not null."},
  {"array_distinct", "", 1, 1, resolve_same_array, evaluate_pick<pick_distinct>, nullptr, "array_distinct(array)", "Every element once."},
  {"sort_array", "", 1, 2, resolve_sort_array, evaluate_sort_array, nullptr, "sort_array(array[, ascending])", "Sorted; nulls first, or last when descending."},
  {"array_union", "", 2, 2, resolve_two_arrays, evaluate_sets<set_operation::united>, nullptr, "array_union(a, b)", "Every element of both once."},
  {"array_intersect", "", 2, 2, resolve_two_arrays, evaluate_sets<set_operation::common>, nullptr, "array_intersect(a, b)", "The elements that are in both, once."},
  {"array_except", "", 2, 2, resolve_two_arrays, evaluate_sets<set_operation::except>, nullptr, "array_except(a, b)", "The elements of a that are not in b, once."},
  {"arrays_overlap", "", 2, 2, resolve_overlap, evaluate_overlap, nullptr, "arrays_overlap(a, b)", "Whether an element is in both; null when only a null might be."},
  {"arrays_zip", "", 0, any_number, resolve_zip, evaluate_zip, nullptr, "arrays_zip(a, ...)", "Structs of the elements at the same place."},
  {"array_append", "", 2, 2, resolve_add, evaluate_add<false>, nullptr, "array_append(array, element)", "The array and the element behind it."},
  {"array_prepend", "", 2, 2, resolve_add, evaluate_add<true>, nullptr, "array_prepend(array, element)", "The element and the array behind it."},
  {"array_insert", "", 3, 3, resolve_insert, evaluate_insert, nullptr, "array_insert(array, position, element)", "The element at a position (from 1, from the end when negative), with nulls in between."},
  {"array_remove", "", 2, 2, resolve_remove, evaluate_remove, nullptr, "array_remove(array, element)", "Without the elements that equal it."},
  {"array_position", "", 2, 2, resolve_position, evaluate_position, nullptr, "array_position(array, element)", "The place (from 1) of the element; 0 when it is not there."},
  {"array_max", "", 1, 1, resolve_extreme, evaluate_extreme<1>, nullptr, "array_max(array)", "The greatest element; nulls do not count."},
  {"array_min", "", 1, 1, resolve_extreme, evaluate_extreme<-1>, nullptr, "array_min(array)", "The least element; nulls do not count."},
  {"array_join", "", 2, 3, resolve_join, evaluate_join, nullptr, "array_join(array, separator[, null])", "The elements as one text; nulls are left out or replaced."},
  {"array_size", "", 1, 1, resolve_array_size, evaluate_array_size, nullptr, "array_size(array)", "Number of elements."},
  {"array_repeat", "", 2, 2, resolve_repeat, evaluate_repeat, nullptr, "array_repeat(element, n)", "The element n times."},
  {"slice", "", 3, 3, resolve_slice, evaluate_slice, nullptr, "slice(array, start, length)", "length elements from start (from 1, from the end when negative)."},
  {"flatten", "", 1, 1, resolve_flatten, evaluate_flatten, nullptr, "flatten(array)", "The elements of an array of arrays; null when one of them is null."},
};

} // namespace

/// array_sort without a comparison.
result<data::array_ptr> sorted_array(const frame& call, const operands& args) { return evaluate_pick<pick_sorted>(call, args); }
result<resolved> resolve_sorted_array(std::vector<expr_ptr>& args, call_site& site) { return resolve_orderable_array(args, site); }

std::span<const function> array_functions() { return array_table; }

} // namespace sluice::expr
