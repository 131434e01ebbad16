#include <arrow/scalar.h>

#include "common/expr/coercion.hpp"
#include "common/expr/compare.hpp"
#include "common/expr/compute.hpp"
#include "common/expr/maps.hpp"
#include "common/expr/tables.hpp"

namespace sluice::expr {

namespace {

int field_index(const arrow::DataType& type, const std::string& name) {
  auto equal = [](std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
  };
  for (int i = 0; i < type.num_fields(); ++i)
    if (type.field(i)->name() == name)
      return i;
  for (int i = 0; i < type.num_fields(); ++i)
    if (equal(type.field(i)->name(), name))
      return i;
  return -1;
}

result<data::array_ptr> field_of(const arrow::Array& parent, const std::string& name) {
  const auto& fields = static_cast<const arrow::StructArray&>(parent);
  const int index = field_index(*parent.type(), name);
  if (index < 0)
    return status{errc::internal, "no field " + name};
  return data::from_arrow(fields.GetFlattenedField(index));
}

result<data::array_ptr> evaluate_get_field(const frame& call, const operands& args) {
  if (args[0].id() == arrow::Type::STRUCT)
    return field_of(*args[0].array, call.call.parameter);
  const auto& list = static_cast<const arrow::ListArray&>(*args[0].array);
  SLUICE_ASSIGN_OR_RETURN(auto values, field_of(*list.values(), call.call.parameter));
  auto copy = list.data()->Copy();
  copy->type = call.call.type;
  copy->child_data[0] = values->data();
  return arrow::MakeArray(copy);
}

status outside_array(const frame& call, std::int64_t index, std::int64_t size, bool element_at) {
  const auto text = "The index " + std::to_string(index) + " is out of bounds. The array has " + std::to_string(size) + " elements. ";
  if (element_at)
    return call.fail(errc::invalid_array_index, text + "Use `try_element_at` to tolerate accessing element at invalid index and return NULL instead.",
                     "INVALID_ARRAY_INDEX_IN_ELEMENT_AT");
  return call.fail(errc::invalid_array_index, text + "Use the SQL function `get()` to tolerate accessing element at invalid index and return NULL instead.");
}

/// Position of the value in the list's values, or -1 for null.
result<std::int64_t> list_position(const frame& call, const arrow::ListArray& list, std::int64_t row, std::int32_t index, bool element_at) {
  const std::int64_t size = list.value_length(row);
  if (element_at && index == 0)
    return call.fail(errc::invalid_array_index, "The index 0 is invalid. An index shall be either < 0 or > 0 (the first element has index 1).",
                     "INVALID_INDEX_OF_ZERO");
  const std::int64_t from_start = !element_at ? index : index > 0 ? index - 1 : size + index;
  if (from_start >= 0 && from_start < size)
    return list.value_offset(row) + from_start;
  if (call.ansi() && call.call.name != "get")
    return outside_array(call, index, size, element_at);
  return std::int64_t{-1};
}

std::int64_t map_position(const arrow::MapArray& map, std::int64_t row, const operand& key, std::int64_t key_row) {
  for (auto i = map.value_offset(row); i < map.value_offset(row + 1); ++i)
    if (compare_values(*map.keys(), i, *key.array, key_row) == 0)
      return i;
  return -1;
}

template <bool element_at>
result<data::array_ptr> evaluate_item(const frame& call, const operands& args) {
  arrow::Int64Builder places;
  const bool is_map = args[0].id() == arrow::Type::MAP;
  for (std::int64_t i = 0; i < call.rows; ++i) {
    std::int64_t place = -1;
    if (!args[0].null(i) && !args[1].null(i)) {
      if (is_map) {
        place = map_position(static_cast<const arrow::MapArray&>(*args[0].array), args[0].at(i), args[1], args[1].at(i));
      } else {
        const auto index = numbers<std::int32_t>{args[1]}[i];
        SLUICE_ASSIGN_OR_RETURN(place, list_position(call, static_cast<const arrow::ListArray&>(*args[0].array), args[0].at(i), index, element_at));
      }
    }
    SLUICE_RETURN_IF_ERROR(data::from_arrow(place < 0 ? places.AppendNull() : places.Append(place)));
  }
  SLUICE_ASSIGN_OR_RETURN(auto at, finish_builder(places));
  return take(is_map ? *static_cast<const arrow::MapArray&>(*args[0].array).items() : *static_cast<const arrow::ListArray&>(*args[0].array).values(), *at);
}

result<data::array_ptr> make_struct_array(const frame& call, const operands& args, std::size_t first, std::size_t step) {
  arrow::ArrayVector fields;
  for (auto i = first; i < args.size(); i += step) {
    SLUICE_ASSIGN_OR_RETURN(auto field, broadcast(args[i], call.rows));
    fields.push_back(std::move(field));
  }
  return data::array_ptr{std::make_shared<arrow::StructArray>(call.call.type, call.rows, fields)};
}

result<data::array_ptr> evaluate_struct(const frame& call, const operands& args) { return make_struct_array(call, args, 0, 1); }
result<data::array_ptr> evaluate_named_struct(const frame& call, const operands& args) { return make_struct_array(call, args, 1, 2); }

/// Row by row out of the arguments laid end to end.
result<data::array_ptr> interleave(const operands& args, std::int64_t rows, std::size_t first, std::size_t step) {
  std::unique_ptr<arrow::ArrayBuilder> builder;
  SLUICE_ASSIGN_OR_RETURN(builder, data::from_arrow(arrow::MakeBuilder(args[first].array->type())));
  for (std::int64_t i = 0; i < rows; ++i)
    for (auto k = first; k < args.size(); k += step)
      SLUICE_RETURN_IF_ERROR(data::from_arrow(builder->AppendArraySlice(*args[k].array->data(), args[k].at(i), 1)));
  return data::from_arrow(builder->Finish());
}

result<std::shared_ptr<arrow::Buffer>> even_offsets(std::int64_t rows, std::int64_t each) {
  SLUICE_ASSIGN_OR_RETURN(auto offsets, number_output<std::int32_t>::make(rows + 1));
  for (std::int64_t i = 0; i <= rows; ++i)
    offsets[i] = static_cast<std::int32_t>(i * each);
  return offsets.finish(arrow::int32(), {})->data()->buffers[1];
}

result<data::array_ptr> evaluate_array(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto offsets, even_offsets(call.rows, static_cast<std::int64_t>(args.size())));
  data::array_ptr values;
  if (args.empty()) {
    SLUICE_ASSIGN_OR_RETURN(values, all_null(call.call.type->field(0)->type(), 0));
  } else {
    SLUICE_ASSIGN_OR_RETURN(values, interleave(args, call.rows, 0, 1));
  }
  return data::array_ptr{std::make_shared<arrow::ListArray>(call.call.type, call.rows, offsets, values)};
}

result<data::array_ptr> evaluate_map(const frame& call, const operands& args) {
  const auto& type = static_cast<const arrow::MapType&>(*call.call.type);
  const auto pairs = static_cast<std::int64_t>(args.size() / 2);
  SLUICE_ASSIGN_OR_RETURN(auto keys, pairs ? interleave(args, call.rows, 0, 2) : all_null(type.key_type(), 0));
  SLUICE_ASSIGN_OR_RETURN(auto items, pairs ? interleave(args, call.rows, 1, 2) : all_null(type.item_type(), 0));
  map_builder out{call, *keys, *items};
  for (std::int64_t i = 0; i < call.rows; ++i) {
    for (auto k = i * pairs; k < (i + 1) * pairs; ++k)
      SLUICE_RETURN_IF_ERROR(out.add(k, k));
    out.end_row();
  }
  return out.finish();
}

result<data::array_ptr> evaluate_size(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<std::int32_t>::make(call.rows));
  const auto& list = static_cast<const arrow::ListArray&>(*args[0].array);
  for (std::int64_t i = 0; i < call.rows; ++i)
    out[i] = nulls.null(i) ? -1 : list.value_length(args[0].at(i));
  return out.finish(arrow::int32(), call.ansi() ? nulls : null_mask{});
}

result<data::array_ptr> evaluate_array_contains(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  const auto& list = static_cast<const arrow::ListArray&>(*args[0].array);
  std::vector<std::uint8_t> bytes(call.rows, 0);
  for (std::int64_t i = 0; i < call.rows; ++i) {
    if (nulls.null(i))
      continue;
    bool has_null = false;
    const auto row = args[0].at(i);
    for (auto k = list.value_offset(row); k < list.value_offset(row + 1) && !bytes[i]; ++k) {
      has_null = has_null || list.values()->IsNull(k);
      bytes[i] = list.values()->IsValid(k) && compare_values(*list.values(), k, *args[1].array, args[1].at(i)) == 0;
    }
    if (!bytes[i] && has_null) {
      if (!nulls.any()) {
        SLUICE_ASSIGN_OR_RETURN(nulls, null_mask::of({}, call.rows));
      }
      SLUICE_RETURN_IF_ERROR(nulls.set_null(i));
    }
  }
  return finish_booleans(bytes, nulls);
}

status no_such_field(const arrow::DataType& type, const call_site& site) {
  std::string names;
  for (const auto& field : type.fields())
    names += (names.empty() ? "`" : ", `") + field->name() + "`";
  return {errc::field_not_found, "No such struct field `" + site.parameter + "` in " + names + ".", site.position};
}

result<resolved> resolve_get_field(std::vector<expr_ptr>& args, call_site& site) {
  const auto& type = *args[0]->type;
  const bool list = type.id() == arrow::Type::LIST && type.field(0)->type()->id() == arrow::Type::STRUCT;
  if (type.id() != arrow::Type::STRUCT && !list)
    return status{errc::datatype_mismatch, "Can't extract a value from \"" + to_sql(*args[0]) + "\". Need a complex type [STRUCT, ARRAY, MAP] but got \"" + sql_type(type) + "\".", site.position}
      .with_spark_class("INVALID_EXTRACT_BASE_FIELD_TYPE");
  const auto& parent = list ? *type.field(0)->type() : type;
  const int index = field_index(parent, site.parameter);
  if (index < 0)
    return no_such_field(parent, site);
  site.parameter = parent.field(index)->name();
  const auto& field = parent.field(index);
  if (list)
    return resolved{arrow::list(arrow::field("element", field->type())), args[0]->nullable};
  return resolved{field->type(), args[0]->nullable || field->nullable()};
}

result<resolved> resolve_item(std::vector<expr_ptr>& args, call_site& site) {
  const auto type = args[0]->type;
  if (type->id() == arrow::Type::LIST) {
    SLUICE_RETURN_IF_ERROR(require(args, 1, arrow::int32(), site));
    return resolved{type->field(0)->type(), true};
  }
  if (type->id() == arrow::Type::MAP) {
    SLUICE_RETURN_IF_ERROR(require(args, 1, static_cast<const arrow::MapType&>(*type).key_type(), site));
    return resolved{static_cast<const arrow::MapType&>(*type).item_type(), true};
  }
  return unexpected_type(args, 0, "(\"ARRAY\" or \"MAP\")", site);
}

/// s['f'] is s.f for a struct.
result<resolved> resolve_get_item(std::vector<expr_ptr>& args, call_site& site) {
  const bool name = args[1]->kind == node_kind::literal && is_text(*args[1]->type) && args[1]->value->is_valid;
  const bool fields = args[0]->type->id() == arrow::Type::STRUCT ||
                      (args[0]->type->id() == arrow::Type::LIST && args[0]->type->field(0)->type()->id() == arrow::Type::STRUCT);
  if (!fields || !name)
    return resolve_item(args, site);
  site.parameter = std::string{static_cast<const arrow::StringScalar&>(*args[1]->value).view()};
  args.pop_back();
  site.name = "get_field";
  return resolve_get_field(args, site);
}

std::string field_name_for(const node& value, std::size_t index) {
  if (value.kind == node_kind::column)
    return value.name;
  if (value.kind == node_kind::call && value.name == "get_field")
    return value.parameter;
  return "col" + std::to_string(index + 1);
}

result<resolved> resolve_struct(std::vector<expr_ptr>& args, call_site&) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (std::size_t i = 0; i < args.size(); ++i)
    fields.push_back(arrow::field(field_name_for(*args[i], i), args[i]->type, args[i]->nullable));
  return resolved{arrow::struct_(fields), false};
}

result<resolved> resolve_named_struct(std::vector<expr_ptr>& args, call_site& site) {
  if (args.size() % 2)
    return status{errc::wrong_num_args, "The `named_struct` requires 2n (n > 0) parameters but the actual number is " + std::to_string(args.size()) + ".", site.position};
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (std::size_t i = 0; i < args.size(); i += 2) {
    if (args[i]->kind != node_kind::literal || !is_text(*args[i]->type) || !args[i]->value->is_valid)
      return unexpected_type(args, i, "foldable \"STRING\"", site);
    fields.push_back(arrow::field(std::string{static_cast<const arrow::StringScalar&>(*args[i]->value).view()}, args[i + 1]->type, args[i + 1]->nullable));
  }
  return resolved{arrow::struct_(fields), false};
}

result<resolved> resolve_array(std::vector<expr_ptr>& args, call_site& site) {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < args.size(); ++i)
    all.push_back(i);
  SLUICE_ASSIGN_OR_RETURN(auto type, unify(args, all, site));
  return resolved{arrow::list(arrow::field("element", type)), false};
}

result<resolved> resolve_map(std::vector<expr_ptr>& args, call_site& site) {
  if (args.size() % 2)
    return status{errc::wrong_num_args, "The `map` requires 2n (n > 0) parameters but the actual number is " + std::to_string(args.size()) + ".", site.position};
  std::vector<std::size_t> keys, items;
  for (std::size_t i = 0; i < args.size(); ++i)
    (i % 2 ? items : keys).push_back(i);
  SLUICE_ASSIGN_OR_RETURN(auto key, unify(args, keys, site));
  SLUICE_ASSIGN_OR_RETURN(auto item, unify(args, items, site));
  return resolved{arrow::map(key, item), false};
}

result<resolved> resolve_size(std::vector<expr_ptr>& args, call_site& site) {
  if (args[0]->type->id() != arrow::Type::LIST && args[0]->type->id() != arrow::Type::MAP)
    return unexpected_type(args, 0, "(\"ARRAY\" or \"MAP\")", site);
  return resolved{arrow::int32(), site.session.ansi && args[0]->nullable};
}

result<resolved> resolve_array_contains(std::vector<expr_ptr>& args, call_site& site) {
  if (args[0]->type->id() != arrow::Type::LIST)
    return unexpected_type(args, 0, "\"ARRAY\"", site);
  const auto element = args[0]->type->field(0)->type();
  auto common = common_type(element, args[1]->type);
  if (!common.ok() || !is_orderable(**common))
    return unexpected_type(args, 1, "\"" + sql_type(*element) + "\"", site);
  args[0] = implicit_cast(args[0], arrow::list(arrow::field("element", *common)));
  args[1] = implicit_cast(args[1], *common);
  return resolved{arrow::boolean(), any_nullable(args) || args[0]->type->field(0)->nullable()};
}

constexpr function nested_table[] = {
  {"get_field", "", 1, 1, resolve_get_field, evaluate_get_field, nullptr, "struct.field", "A field of a struct, or of every struct of an array."},
  {"get_item", "", 2, 2, resolve_get_item, evaluate_item<false>, nullptr, "array[index], map[key]", "The element (counted from 0), or the value of a key."},
  {"get", "", 2, 2, resolve_item, evaluate_item<false>, nullptr, "get(array, index)", "The element (counted from 0); null outside the array."},
  {"element_at", "", 2, 2, resolve_item, evaluate_item<true>, nullptr, "element_at(array, index)", "The element counted from 1, from the end when negative; or the value of a key."},
  {"struct", "", 1, any_number, resolve_struct, evaluate_struct, nullptr, "struct(a, ...)", "A struct of the values."},
  {"named_struct", "", 2, any_number, resolve_named_struct, evaluate_named_struct, nullptr, "named_struct(name, value, ...)", "A struct of the named values."},
  {"array", "", 0, any_number, resolve_array, evaluate_array, nullptr, "array(a, ...)", "An array of the values."},
  {"map", "", 0, any_number, resolve_map, evaluate_map, nullptr, "map(key, value, ...)", "A map of the pairs."},
  {"size", "cardinality", 1, 1, resolve_size, evaluate_size, nullptr, "size(array or map)", "Number of elements; null for null."},
  {"array_contains", "", 2, 2, resolve_array_contains, evaluate_array_contains, nullptr, "array_contains(array, value)", "Whether the value is in the array."},
};

} // namespace

std::span<const function> nested_functions() { return nested_table; }

} // namespace sluice::expr
