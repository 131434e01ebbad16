#include "common/exec/internal/policy_accumulator.hpp"
#include "common/exec/internal/value_codec.hpp"

namespace sluice::exec {
namespace {

row_position position_at(const update_rows& rows, std::int64_t i) {
  auto position = rows.first;
  position.row += i;
  return position;
}

/// first and last: the value with the least or greatest position.
struct first_last_policy {
  struct state {
    row_position position;
    std::string value;
    bool any = false;
    bool null = false;
  };
  value_codec codec;
  bool last = false;
  bool ignore_nulls = false;

  static std::size_t heap_bytes(const state& group) { return group.value.capacity() > 15 ? group.value.capacity() : 0; }
  bool wins(const state& into, const row_position& position) const {
    return !into.any || (last ? position > into.position : position < into.position);
  }
  status update(state* states, const update_rows& rows) {
    const auto& array = *rows.args[0];
    SLUICE_ASSIGN_OR_RETURN(auto values, codec.read(rows.args[0]));
    for_rows(rows, ignore_nulls ? &array : nullptr, [&](auto i, auto group) {
      auto& state = states[group];
      auto position = position_at(rows, i);
      if (!wins(state, position)) return;
      state.position = position;
      state.any = true;
      state.null = array.IsNull(i);
      if (!state.null) state.value.assign(values[i]);
    });
    return ok();
  }
  status combine(state& into, const state& other) const {
    if (other.any && wins(into, other.position)) into = other;
    return ok();
  }
  auto reader(state_columns columns) const {
    auto values = codec.read(columns[0]);
    return [value = columns[0].get(), values = std::move(values), batch = columns[1].get(),
            batches = fixed_values<std::int64_t>(*columns[1]), splits = fixed_values<std::int32_t>(*columns[2]),
            rows = fixed_values<std::int64_t>(*columns[3])](std::int64_t i) {
      state read;
      read.any = batch->IsValid(i);
      if (!read.any) return read;
      read.position = {batches[i], splits[i], rows[i]};
      read.null = value->IsNull(i) || !values.ok();
      if (!read.null) read.value.assign((*values)[i]);
      return read;
    };
  }
  result<column_vector> store(const picked<state>& groups) const {
    auto size = groups.size();
    auto any = [&](std::size_t i) { return groups[i].any; };
    SLUICE_ASSIGN_OR_RETURN(auto values, finish(groups));
    SLUICE_ASSIGN_OR_RETURN(auto batches, make_fixed_array<std::int64_t>(
                                              arrow::int64(), size, [&](auto i) { return groups[i].position.batch; }, any));
    SLUICE_ASSIGN_OR_RETURN(auto splits, make_fixed_array<std::int32_t>(arrow::int32(), size,
                                                                        [&](auto i) { return groups[i].position.split; }));
    SLUICE_ASSIGN_OR_RETURN(auto rows, make_fixed_array<std::int64_t>(arrow::int64(), size,
                                                                      [&](auto i) { return groups[i].position.row; }));
    return column_vector{std::move(values), std::move(batches), std::move(splits), std::move(rows)};
  }
  result<data::array_ptr> finish(const picked<state>& groups) const {
    std::vector<std::optional<std::string_view>> values(groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i)
      if (groups[i].any && !groups[i].null) values[i] = groups[i].value;
    return codec.write(values);
  }
  field_vector fields() const {
    return {arrow::field("value", codec.type()), arrow::field("batch", arrow::int64()),
            arrow::field("split", arrow::int32()), arrow::field("row", arrow::int64())};
  }
};

/// collect_list and collect_set: values with their positions; in order of position when read.
struct collect_policy {
  struct entry {
    row_position position;
    std::string value;
  };
  struct state {
    std::vector<entry> entries;
    std::size_t compact_at = 32;
  };
  value_codec codec;
  data::type_ptr list;  ///< of the result
  bool set = false;

  static std::size_t heap_bytes(const state& group) {
    auto total = group.entries.capacity() * sizeof(entry);
    for (const auto& item : group.entries) total += item.value.capacity() > 15 ? item.value.capacity() : 0;
    return total;
  }
  static bool earlier(const entry& a, const entry& b) { return a.position < b.position; }
  /// Keeps the first of equal values.
  static void deduplicate(std::vector<entry>& entries) {
    std::sort(entries.begin(), entries.end(), [](const entry& a, const entry& b) {
      return std::tie(a.value, a.position) < std::tie(b.value, b.position);
    });
    entries.erase(std::unique(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.value == b.value; }),
                  entries.end());
  }
  void compact(state& group) const {
    if (!set || group.entries.size() < group.compact_at) return;
    deduplicate(group.entries);
    group.compact_at = std::max<std::size_t>(32, 2 * group.entries.size());
  }
  status update(state* states, const update_rows& rows) {
    SLUICE_ASSIGN_OR_RETURN(auto values, codec.read(rows.args[0]));
    for_rows(rows, rows.args[0].get(), [&](auto i, auto group) {
      states[group].entries.push_back({position_at(rows, i), std::string(values[i])});
      compact(states[group]);
    });
    return ok();
  }
  status combine(state& into, const state& other) const {
    into.entries.insert(into.entries.end(), other.entries.begin(), other.entries.end());
    compact(into);
    return ok();
  }
  auto reader(state_columns columns) const {
    const auto& lists = static_cast<const arrow::ListArray&>(*columns[0]);
    const auto& items = static_cast<const arrow::StructArray&>(*lists.values());
    std::vector<data::array_ptr> parts{items.field(0), items.field(1), items.field(2), items.field(3)};
    auto values = codec.read(parts[3]);
    return [&lists, parts, values = std::move(values)](std::int64_t row) {
      state read;
      if (!values.ok() || lists.IsNull(row)) return read;
      const auto* batches = fixed_values<std::int64_t>(*parts[0]);
      const auto* splits = fixed_values<std::int32_t>(*parts[1]);
      const auto* rows = fixed_values<std::int64_t>(*parts[2]);
      for (auto i = lists.value_offset(row); i < lists.value_offset(row + 1); ++i)
        if (parts[3]->IsValid(i)) read.entries.push_back({{batches[i], splits[i], rows[i]}, std::string((*values)[i])});
      return read;
    };
  }
  /// All entries of the groups one after the other, and where each group's begin.
  struct flat {
    std::vector<entry> entries;
    std::vector<std::int32_t> offsets{0};
  };
  flat flatten(const picked<state>& groups) const {
    flat all;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      auto entries = groups[i].entries;
      if (set) deduplicate(entries);
      std::sort(entries.begin(), entries.end(), earlier);
      std::move(entries.begin(), entries.end(), std::back_inserter(all.entries));
      all.offsets.push_back(static_cast<std::int32_t>(all.entries.size()));
    }
    return all;
  }
  result<data::array_ptr> values_of(const flat& all) const {
    std::vector<std::optional<std::string_view>> values;
    values.reserve(all.entries.size());
    for (const auto& item : all.entries) values.emplace_back(item.value);
    return codec.write(values);
  }
  static result<data::array_ptr> make_list(const data::type_ptr& type, const flat& all, const data::array_ptr& items) {
    SLUICE_ASSIGN_OR_RETURN(auto offsets, make_fixed_array<std::int32_t>(arrow::int32(), all.offsets.size(),
                                                                         [&](auto i) { return all.offsets[i]; }));
    auto count = static_cast<std::int64_t>(all.offsets.size() - 1);
    return arrow::MakeArray(
        arrow::ArrayData::Make(type, count, {nullptr, offsets->data()->buffers[1]}, {items->data()}, 0));
  }
  result<column_vector> store(const picked<state>& groups) const {
    auto all = flatten(groups);
    auto size = all.entries.size();
    const auto& entries = all.entries;
    SLUICE_ASSIGN_OR_RETURN(auto batches, make_fixed_array<std::int64_t>(arrow::int64(), size,
                                                                         [&](auto i) { return entries[i].position.batch; }));
    SLUICE_ASSIGN_OR_RETURN(auto splits, make_fixed_array<std::int32_t>(arrow::int32(), size,
                                                                        [&](auto i) { return entries[i].position.split; }));
    SLUICE_ASSIGN_OR_RETURN(auto rows, make_fixed_array<std::int64_t>(arrow::int64(), size,
                                                                      [&](auto i) { return entries[i].position.row; }));
    SLUICE_ASSIGN_OR_RETURN(auto values, values_of(all));
    auto items = std::make_shared<arrow::StructArray>(item_type(), static_cast<std::int64_t>(size),
                                                      column_vector{batches, splits, rows, values});
    SLUICE_ASSIGN_OR_RETURN(auto column, make_list(fields()[0]->type(), all, items));
    return column_vector{std::move(column)};
  }
  result<data::array_ptr> finish(const picked<state>& groups) const {
    auto all = flatten(groups);
    SLUICE_ASSIGN_OR_RETURN(auto values, values_of(all));
    return make_list(list, all, values);
  }
  data::type_ptr item_type() const {
    return arrow::struct_({arrow::field("batch", arrow::int64()), arrow::field("split", arrow::int32()),
                           arrow::field("row", arrow::int64()), arrow::field("value", codec.type())});
  }
  field_vector fields() const { return {arrow::field("entries", arrow::list(arrow::field("element", item_type())))}; }
};

} // namespace

result<made_function> make_first_last(const plan::aggregate_call& call, const expr::options&) {
  if (call.args.size() != 1) return status(errc::wrong_num_args, call.function + " takes one argument");
  SLUICE_ASSIGN_OR_RETURN(auto codec, value_codec::make(call.args[0]->type));
  return function_of(first_last_policy{std::move(codec), call.function.starts_with("last"), call.ignore_nulls});
}

result<made_function> make_collect(const plan::aggregate_call& call, const expr::options&) {
  if (call.args.size() != 1) return status(errc::wrong_num_args, call.function + " takes one argument");
  SLUICE_ASSIGN_OR_RETURN(auto codec, value_codec::make(call.args[0]->type));
  auto type = call.type ? call.type : arrow::list(arrow::field("element", call.args[0]->type));
  return function_of(collect_policy{std::move(codec), std::move(type), call.function == "collect_set"});
}

} // namespace sluice::exec
