#include <arrow/scalar.h>

#include "common/expr/compare.hpp"
#include "common/expr/lists.hpp"
#include "common/expr/maps.hpp"
#include "common/expr/regex.hpp"
#include "common/expr/text.hpp"
#include "common/expr/tables.hpp"

namespace sluice::expr {

namespace {

result<const arrow::MapType*> require_map(const std::vector<expr_ptr>& args, std::size_t index, const call_site& site) {
  if (args[index]->type->id() != arrow::Type::MAP)
    return unexpected_type(args, index, "\"MAP\"", site);
  return static_cast<const arrow::MapType*>(args[index]->type.get());
}

const arrow::MapArray& map_of(const operand& from) { return static_cast<const arrow::MapArray&>(*from.array); }

template <bool keys>
result<data::array_ptr> evaluate_side(const frame& call, const operands& args) {
  const auto& map = map_of(args[0]);
  auto data = map.data()->Copy();
  data->type = call.call.type;
  data->child_data = {(keys ? map.keys() : map.items())->data()};
  return arrow::MakeArray(data);
}
template <bool keys>
result<resolved> resolve_side(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(const auto* map, require_map(args, 0, site));
  return resolved{keys ? array_of(map->key_type(), false) : array_of(map->item_type()), args[0]->nullable};
}

result<data::array_ptr> evaluate_entries(const frame& call, const operands& args) {
  const auto& map = map_of(args[0]);
  const auto& entry = call.call.type->field(0)->type();
  auto entries = std::make_shared<arrow::StructArray>(entry, map.keys()->length(), arrow::ArrayVector{map.keys(), map.items()});
  auto data = map.data()->Copy();
  data->type = call.call.type;
  data->child_data = {entries->data()};
  return arrow::MakeArray(data);
}
result<resolved> resolve_entries(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(const auto* map, require_map(args, 0, site));
  auto entry = arrow::struct_({arrow::field("key", map->key_type(), false), arrow::field("value", map->item_type())});
  return resolved{array_of(entry, false), args[0]->nullable};
}

status check_key_type(const arrow::DataType& key, const call_site& site) {
  if (key.id() != arrow::Type::MAP)
    return ok();
  return site.mismatch("The key of map cannot be/contain \"MAP\".", "DATATYPE_MISMATCH.INVALID_MAP_KEY_TYPE");
}

result<data::array_ptr> evaluate_from_arrays(const frame& call, const operands& args) {
  list_rows keys{args[0]}, items{args[1]};
  map_builder out{call, keys.values(), items.values()};
  for (std::int64_t i = 0; i < call.rows; ++i) {
    const bool valid = !keys.null(i) && !items.null(i);
    if (valid && keys.size(i) != items.size(i))
      return call.fail(errc::invalid_parameter_value, "The key array and value array of MapData must have the same length.", "_LEGACY_ERROR_TEMP_2128");
    for (std::int64_t k = 0; valid && k < keys.size(i); ++k)
      SLUICE_RETURN_IF_ERROR(out.add(keys.begin(i) + k, items.begin(i) + k));
    out.end_row(valid);
  }
  return out.finish();
}
result<resolved> resolve_from_arrays(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto key, require_array(args, 0, site));
  SLUICE_ASSIGN_OR_RETURN(auto item, require_array(args, 1, site));
  SLUICE_RETURN_IF_ERROR(check_key_type(*key, site));
  return resolved{arrow::map(key, item), any_nullable(args)};
}

result<data::array_ptr> evaluate_from_entries(const frame& call, const operands& args) {
  list_rows in{args[0]};
  const auto& entries = static_cast<const arrow::StructArray&>(in.values());
  map_builder out{call, *entries.field(0), *entries.field(1)};
  for (std::int64_t i = 0; i < call.rows; ++i) {
    bool valid = !in.null(i);
    for (auto k = valid ? in.begin(i) : 0; valid && k < in.end(i); ++k)
      valid = !entries.IsNull(k);
    for (auto k = valid ? in.begin(i) : 0; valid && k < in.end(i); ++k)
      SLUICE_RETURN_IF_ERROR(out.add(k, k));
    out.end_row(valid);
  }
  return out.finish();
}
result<resolved> resolve_from_entries(std::vector<expr_ptr>& args, call_site& site) {
  const auto& type = *args[0]->type;
  if (type.id() != arrow::Type::LIST || type.field(0)->type()->id() != arrow::Type::STRUCT || type.field(0)->type()->num_fields() != 2)
    return unexpected_type(args, 0, "\"ARRAY\" of pair \"STRUCT\"", site);
  const auto& entry = *type.field(0)->type();
  SLUICE_RETURN_IF_ERROR(check_key_type(*entry.field(0)->type(), site));
  return resolved{arrow::map(entry.field(0)->type(), entry.field(1)->type()), args[0]->nullable || elements_nullable(type)};
}

result<data::array_ptr> evaluate_concat(const frame& call, const operands& args) {
  std::vector<data::array_ptr> keys, items;
  for (const auto& arg : args) {
    keys.push_back(map_of(arg).keys());
    items.push_back(map_of(arg).items());
  }
  SLUICE_ASSIGN_OR_RETURN(auto all_keys, join_values(keys));
  SLUICE_ASSIGN_OR_RETURN(auto all_items, join_values(items));
  map_builder out{call, *all_keys.values, *all_items.values};
  for (std::int64_t i = 0; i < call.rows; ++i) {
    bool valid = true;
    for (const auto& arg : args)
      valid = valid && !arg.null(i);
    for (std::size_t m = 0; valid && m < args.size(); ++m) {
      list_rows in{args[m]};
      for (auto k = in.begin(i); k < in.end(i); ++k)
        SLUICE_RETURN_IF_ERROR(out.add(all_keys.begins[m] + k, all_items.begins[m] + k));
    }
    out.end_row(valid);
  }
  return out.finish();
}
result<resolved> resolve_concat(std::vector<expr_ptr>& args, call_site& site) {
  if (args.empty()) {
    SLUICE_ASSIGN_OR_RETURN(auto nothing, call("map", {}, site.position, site.session));
    args.push_back(nothing);
  }
  data::type_ptr common = args[0]->type;
  for (std::size_t i = 0; i < args.size(); ++i) {
    auto next = args[i]->type->id() == arrow::Type::MAP ? common_type(common, args[i]->type) : result<data::type_ptr>{errc::datatype_mismatch, ""};
    if (!next.ok())
      return site.mismatch("The given values of function `map_concat` should all be the same type of maps.", args[i]->type->id() == arrow::Type::MAP ? "DATATYPE_MISMATCH.DATA_DIFF_TYPES" : "DATATYPE_MISMATCH.MAP_CONCAT_DIFF_TYPES");
    common = *next;
  }
  for (auto& arg : args)
    arg = implicit_cast(arg, common);
  return resolved{common, any_nullable(args)};
}

result<data::array_ptr> evaluate_contains_key(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  const auto& keys = *map_of(args[0]).keys();
  list_rows in{args[0]};
  std::vector<std::uint8_t> bytes(call.rows, 0);
  for (std::int64_t i = 0; i < call.rows; ++i)
    for (auto k = nulls.null(i) ? 0 : in.begin(i); !nulls.null(i) && k < in.end(i) && !bytes[i]; ++k)
      bytes[i] = compare_values(keys, k, *args[1].array, args[1].at(i)) == 0;
  return finish_booleans(bytes, nulls);
}
result<resolved> resolve_contains_key(std::vector<expr_ptr>& args, call_site& site) {
  if (is_null(*args[0]->type) || is_null(*args[1]->type))
    return site.mismatch("Null typed values cannot be used as arguments of `map_contains_key`.", "DATATYPE_MISMATCH.NULL_TYPE");
  SLUICE_ASSIGN_OR_RETURN(const auto* map, require_map(args, 0, site));
  const auto refused = site.mismatch("Input to `map_contains_key` should have been \"MAP\" followed by a value with same key type, but it's [\"" + sql_type(*args[0]->type) + "\", \"" + sql_type(*args[1]->type) + "\"].", "DATATYPE_MISMATCH.MAP_FUNCTION_DIFF_TYPES");
  auto key = common_type(map->key_type(), args[1]->type);
  if (!key.ok() || is_text(*map->key_type()) != is_text(*args[1]->type))
    return refused;
  args[0] = implicit_cast(args[0], arrow::map(*key, map->item_type()));
  args[1] = implicit_cast(args[1], *key);
  return resolved{arrow::boolean(), any_nullable(args)};
}

/// args: text, pattern between pairs, pattern between key and value
result<data::array_ptr> evaluate_from_text(const frame& call, const operands& args) {
  arrow::StringBuilder keys, items;
  list_gather shape;
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  texts values{args[0]}, pair_patterns{args[1]}, item_patterns{args[2]};
  std::vector<std::pair<std::int64_t, bool>> rows;
  for (std::int64_t i = 0; i < call.rows; ++i) {
    rows.emplace_back(0, !nulls.null(i));
    if (nulls.null(i))
      continue;
    auto pair_end = regex::compile(pair_patterns[i]), key_end = regex::compile(item_patterns[i]);
    if (!pair_end.ok() || !key_end.ok())
      return call.fail(errc::invalid_parameter_value, "str_to_map: the delimiters must be regular expressions", "INVALID_PARAMETER_VALUE.PATTERN");
    std::vector<match_span> spans;
    const auto value = values[i];
    std::size_t copied = 0;
    auto add = [&](std::string_view pair) -> status {
      SLUICE_ASSIGN_OR_RETURN(bool found, key_end->find(pair, 0, spans));
      while (found && spans[0].end == 0) {
        SLUICE_ASSIGN_OR_RETURN(found, key_end->find(pair, after_match(pair, spans[0]), spans));
      }
      ++rows.back().first;
      SLUICE_RETURN_IF_ERROR(data::from_arrow(keys.Append(found ? pair.substr(0, spans[0].begin) : pair)));
      return data::from_arrow(found ? items.Append(pair.substr(spans[0].end)) : items.AppendNull());
    };
    for (std::size_t at = 0; at <= value.size() && !value.empty();) {
      SLUICE_ASSIGN_OR_RETURN(bool found, pair_end->find(value, at, spans));
      if (!found)
        break;
      const auto match = spans[0];
      at = after_match(value, match);
      if (match.end == match.begin && (match.begin == 0 || match.end == static_cast<std::int64_t>(value.size())))
        continue;
      SLUICE_RETURN_IF_ERROR(add(value.substr(copied, match.begin - copied)));
      copied = match.end;
    }
    SLUICE_RETURN_IF_ERROR(add(value.substr(copied)));
  }
  SLUICE_ASSIGN_OR_RETURN(auto all_keys, finish_builder(keys));
  SLUICE_ASSIGN_OR_RETURN(auto all_items, finish_builder(items));
  map_builder out{call, *all_keys, *all_items};
  std::int64_t next = 0;
  for (const auto& [count, valid] : rows) {
    for (std::int64_t k = 0; k < count; ++k, ++next)
      SLUICE_RETURN_IF_ERROR(out.add(next, next));
    out.end_row(valid);
  }
  return out.finish();
}
result<resolved> resolve_from_text(std::vector<expr_ptr>& args, call_site& site) {
  for (std::size_t i = 0; i < args.size(); ++i)
    SLUICE_RETURN_IF_ERROR(require(args, i, arrow::utf8(), site));
  return resolved{arrow::map(arrow::utf8(), arrow::utf8()), any_nullable(args)};
}

constexpr function map_table[] = {
  {"map_keys", "", 1, 1, resolve_side<true>, evaluate_side<true>, nullptr, "map_keys(map)", "The keys."},
  {"map_values", "", 1, 1, resolve_side<false>, evaluate_side<false>, nullptr, "map_values(map)", "The values."},
  {"map_entries", "", 1, 1, resolve_entries, evaluate_entries, nullptr, "map_entries(map)", "Structs of key and value."},
  {"map_from_arrays", "", 2, 2, resolve_from_arrays, evaluate_from_arrays, nullptr, "map_from_arrays(keys, values)", "A map of two arrays of the same length."},
  {"map_from_entries", "", 1, 1, resolve_from_entries, evaluate_from_entries, nullptr, "map_from_entries(array)", "A map of structs of key and value."},
  {"map_concat", "", 0, any_number, resolve_concat, evaluate_concat, nullptr, "map_concat(map, ...)", "The entries of all maps; an error when a key is there twice."},
  {"map_contains_key", "", 2, 2, resolve_contains_key, evaluate_contains_key, nullptr, "map_contains_key(map, key)", "Whether the map has the key."},
  {"str_to_map", "", 1, 3, resolve_from_text, evaluate_from_text, nullptr, "str_to_map(str[, pairs[, key]])", "A map of a text like 'a:1,b:2'; the delimiters are regular expressions.", "',|':"},
};

} // namespace

map_builder::map_builder(const frame& call, const arrow::Array& keys, const arrow::Array& items)
  : call_(call), keys_(keys), items_(items), seen_(keys) {}

status map_builder::add(std::int64_t key, std::int64_t item) {
  if (keys_.IsNull(key))
    return call_.fail(errc::invalid_parameter_value, "Cannot use null as map key.", "NULL_MAP_KEY");
  if (!seen_.insert(key))
    return call_.fail(errc::invalid_parameter_value,
                      "Duplicate map key " + to_text(keys_, key, call_.context.session.time_zone) + " was found, please check the input data. If you want to remove the duplicated keys, you can set \"spark.sql.mapKeyDedupPolicy\" to \"LAST_WIN\" so that the key inserted at last takes precedence.",
                      "DUPLICATED_MAP_KEY");
  key_positions_.add(key);
  item_positions_.add(item);
  return ok();
}

void map_builder::end_row(bool valid) {
  key_positions_.end_row(valid);
  seen_.clear();
}

result<data::array_ptr> map_builder::finish() const {
  SLUICE_ASSIGN_OR_RETURN(auto keys, key_positions_.elements(keys_));
  SLUICE_ASSIGN_OR_RETURN(auto items, item_positions_.elements(items_));
  const auto& type = static_cast<const arrow::MapType&>(*call_.call.type);
  auto entries = arrow::MakeArray(arrow::ArrayData::Make(type.value_type(), keys->length(), {nullptr}, {keys->data(), items->data()}, 0));
  return key_positions_.wrap(call_.call.type, entries);
}

std::span<const function> map_functions() { return map_table; }

} // namespace sluice::expr
