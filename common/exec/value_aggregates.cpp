// Aggregates that keep the values: max_by and min_by one, percentiles, mode and listagg all of them.
#include <arrow/util/decimal.h>

#include <cmath>

#include "common/data/keys.hpp"
#include "common/exec/internal/policy_accumulator.hpp"
#include "common/exec/internal/value_codec.hpp"

namespace sluice::exec {
namespace {

row_position value_position(const update_rows& rows, std::int64_t i) {
  auto position = rows.first;
  position.row += i;
  return position;
}

/// max_by(value, order) and min_by: of equal orders the later row.
struct extreme_by_policy {
  struct state {
    std::string value;
    std::string order;  ///< in the key encoding, which keeps the order
    row_position position;
    bool any = false;
    bool null = false;  ///< the value is null
  };
  value_codec codec;
  data::type_ptr order_type;
  bool greatest = false;

  static std::size_t heap_bytes(const state& group) { return group.value.capacity() + group.order.capacity(); }
  bool wins(const state& into, std::string_view order, const row_position& position) const {
    if (!into.any) return true;
    auto relation = order.compare(into.order);
    if (relation == 0) return position > into.position;
    return greatest ? relation > 0 : relation < 0;
  }
  status update(state* states, const update_rows& rows) {
    SLUICE_ASSIGN_OR_RETURN(auto values, codec.read(rows.args[0]));
    std::string bytes;
    std::vector<std::uint32_t> offsets;
    SLUICE_RETURN_IF_ERROR(data::key_encoder({order_type}).encode({rows.args[1]}, bytes, offsets));
    for_rows(rows, rows.args[1].get(), [&](auto i, auto group) {
      auto order = std::string_view(bytes).substr(offsets[i], offsets[i + 1] - offsets[i]);
      auto& state = states[group];
      auto position = value_position(rows, i);
      if (!wins(state, order, position)) return;
      state.any = true;
      state.order.assign(order);
      state.position = position;
      state.null = rows.args[0]->IsNull(i);
      if (!state.null) state.value.assign(values[i]);
    });
    return ok();
  }
  status combine(state& into, const state& other) const {
    if (other.any && wins(into, other.order, other.position)) into = other;
    return ok();
  }
  auto reader(state_columns columns) const {
    auto values = codec.read(columns[0]);
    return [value = columns[0], values = std::move(values), orders = std::static_pointer_cast<arrow::BinaryArray>(columns[1]),
            batches = fixed_values<std::int64_t>(*columns[2]), splits = fixed_values<std::int32_t>(*columns[3]),
            rows = fixed_values<std::int64_t>(*columns[4])](std::int64_t i) {
      state read;
      read.any = orders->IsValid(i);
      if (!read.any) return read;
      read.order = orders->GetString(i);
      read.position = {batches[i], splits[i], rows[i]};
      read.null = value->IsNull(i) || !values.ok();
      if (!read.null) read.value.assign((*values)[i]);
      return read;
    };
  }
  result<column_vector> store(const picked<state>& groups) const {
    SLUICE_ASSIGN_OR_RETURN(auto values, finish(groups));
    arrow::BinaryBuilder orders;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      auto done = groups[i].any ? orders.Append(groups[i].order) : orders.AppendNull();
      if (!done.ok()) return status(errc::memory_limit, done.ToString());
    }
    data::array_ptr order;
    if (auto done = orders.Finish(&order); !done.ok()) return status(errc::memory_limit, done.ToString());
    auto size = groups.size();
    SLUICE_ASSIGN_OR_RETURN(auto batches, make_fixed_array<std::int64_t>(arrow::int64(), size, [&](auto i) { return groups[i].position.batch; }));
    SLUICE_ASSIGN_OR_RETURN(auto splits, make_fixed_array<std::int32_t>(arrow::int32(), size, [&](auto i) { return groups[i].position.split; }));
    SLUICE_ASSIGN_OR_RETURN(auto rows, make_fixed_array<std::int64_t>(arrow::int64(), size, [&](auto i) { return groups[i].position.row; }));
    return column_vector{std::move(values), std::move(order), std::move(batches), std::move(splits), std::move(rows)};
  }
  result<data::array_ptr> finish(const picked<state>& groups) const {
    std::vector<std::optional<std::string_view>> values(groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i)
      if (groups[i].any && !groups[i].null) values[i] = groups[i].value;
    return codec.write(values);
  }
  field_vector fields() const {
    return {arrow::field("value", codec.type()), arrow::field("order", arrow::binary()), arrow::field("batch", arrow::int64()),
            arrow::field("split", arrow::int32()), arrow::field("row", arrow::int64())};
  }
};

enum class value_result { percentile, nearest, mode, list };

/// All values of a group, as the bytes of the codec.
struct values_policy {
  struct entry {
    row_position position;
    std::string value;
  };
  struct state {
    std::vector<entry> entries;
  };
  value_codec codec;
  value_result wanted = value_result::mode;
  std::vector<double> shares;  ///< percentile, nearest: the wanted ones
  std::string delimiter;       ///< list
  data::type_ptr type;

  static std::size_t heap_bytes(const state& group) {
    auto total = group.entries.capacity() * sizeof(entry);
    for (const auto& item : group.entries) total += item.value.capacity() > 15 ? item.value.capacity() : 0;
    return total;
  }
  status update(state* states, const update_rows& rows) {
    SLUICE_ASSIGN_OR_RETURN(auto values, codec.read(rows.args[0]));
    for_rows(rows, rows.args[0].get(), [&](auto i, auto group) {
      states[group].entries.push_back({value_position(rows, i), std::string(values[i])});
    });
    return ok();
  }
  status combine(state& into, const state& other) const {
    into.entries.insert(into.entries.end(), other.entries.begin(), other.entries.end());
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
      const auto *batches = fixed_values<std::int64_t>(*parts[0]), *rows = fixed_values<std::int64_t>(*parts[2]);
      const auto* splits = fixed_values<std::int32_t>(*parts[1]);
      for (auto i = lists.value_offset(row); i < lists.value_offset(row + 1); ++i)
        if (parts[3]->IsValid(i)) read.entries.push_back({{batches[i], splits[i], rows[i]}, std::string((*values)[i])});
      return read;
    };
  }
  result<column_vector> store(const picked<state>& groups) const {
    std::vector<std::int32_t> offsets{0};
    std::vector<const entry*> all;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      for (const auto& item : groups[i].entries) all.push_back(&item);
      offsets.push_back(static_cast<std::int32_t>(all.size()));
    }
    auto size = all.size();
    SLUICE_ASSIGN_OR_RETURN(auto batches, make_fixed_array<std::int64_t>(arrow::int64(), size, [&](auto i) { return all[i]->position.batch; }));
    SLUICE_ASSIGN_OR_RETURN(auto splits, make_fixed_array<std::int32_t>(arrow::int32(), size, [&](auto i) { return all[i]->position.split; }));
    SLUICE_ASSIGN_OR_RETURN(auto rows, make_fixed_array<std::int64_t>(arrow::int64(), size, [&](auto i) { return all[i]->position.row; }));
    std::vector<std::optional<std::string_view>> bytes;
    for (const auto* item : all) bytes.emplace_back(item->value);
    SLUICE_ASSIGN_OR_RETURN(auto values, codec.write(bytes));
    auto items = std::make_shared<arrow::StructArray>(item_type(), static_cast<std::int64_t>(size), column_vector{batches, splits, rows, values});
    SLUICE_ASSIGN_OR_RETURN(auto places, make_fixed_array<std::int32_t>(arrow::int32(), offsets.size(), [&](auto i) { return offsets[i]; }));
    auto lists = arrow::MakeArray(arrow::ArrayData::Make(fields()[0]->type(), static_cast<std::int64_t>(groups.size()),
                                                         {nullptr, places->data()->buffers[1]}, {items->data()}, 0));
    return column_vector{std::move(lists)};
  }
  data::type_ptr item_type() const {
    return arrow::struct_({arrow::field("batch", arrow::int64()), arrow::field("split", arrow::int32()), arrow::field("row", arrow::int64()),
                           arrow::field("value", codec.type())});
  }
  field_vector fields() const { return {arrow::field("entries", arrow::list(arrow::field("element", item_type())))}; }

  result<data::array_ptr> finish(const picked<state>& groups) const {
    switch (wanted) {
      case value_result::percentile: return percentiles(groups);
      case value_result::nearest: return nearest(groups);
      case value_result::mode: return modes(groups);
      case value_result::list: break;
    }
    return lists(groups);
  }

  /// Places of a group's values in their order.
  result<std::vector<std::string>> sorted(const state& group) const {
    std::vector<std::string> out;
    for (const auto& item : group.entries) out.push_back(item.value);
    if (codec.ordered()) {
      std::sort(out.begin(), out.end());
      return out;
    }
    // by the key encoding, which keeps the order of numbers
    std::vector<std::optional<std::string_view>> bytes(out.begin(), out.end());
    SLUICE_ASSIGN_OR_RETURN(auto values, codec.write(bytes));
    std::string keys;
    std::vector<std::uint32_t> offsets;
    SLUICE_RETURN_IF_ERROR(data::key_encoder({codec.type()}).encode({values}, keys, offsets));
    std::vector<std::size_t> order(out.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    auto key = [&](std::size_t i) { return std::string_view(keys).substr(offsets[i], offsets[i + 1] - offsets[i]); };
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return key(a) < key(b); });
    std::vector<std::string> ordered;
    for (auto i : order) ordered.push_back(std::move(out[i]));
    return ordered;
  }

  /// The results of all groups as one array, in a list per group if the call asked for several.
  result<data::array_ptr> shaped(const data::array_ptr& flat, const std::vector<bool>& filled) const {
    if (type->id() != arrow::Type::LIST) return flat;
    std::vector<std::int32_t> offsets{0};
    for (bool has : filled) offsets.push_back(offsets.back() + (has ? static_cast<std::int32_t>(shares.size()) : 0));
    SLUICE_ASSIGN_OR_RETURN(auto places, make_fixed_array<std::int32_t>(arrow::int32(), offsets.size(), [&](auto i) { return offsets[i]; }));
    SLUICE_ASSIGN_OR_RETURN(auto valid, make_fixed_array<std::int8_t>(arrow::int8(), filled.size(), [](auto) { return 0; }, [&](auto i) { return filled[i]; }));
    return arrow::MakeArray(arrow::ArrayData::Make(type, static_cast<std::int64_t>(filled.size()),
                                                   {valid->data()->buffers[0], places->data()->buffers[1]}, {flat->data()}, valid->null_count()));
  }

  /// Linear interpolation between the two nearest values, as Spark's percentile.
  result<data::array_ptr> percentiles(const picked<state>& groups) const {
    std::vector<double> flat;
    std::vector<bool> filled, valid;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const auto& entries = groups[i].entries;
      filled.push_back(!entries.empty());
      std::vector<double> values(entries.size());
      for (std::size_t k = 0; k < entries.size(); ++k) std::memcpy(&values[k], entries[k].value.data(), sizeof(double));
      std::sort(values.begin(), values.end(), [](double a, double b) { return std::isnan(b) ? !std::isnan(a) : a < b; });
      if (values.empty() && type->id() != arrow::Type::LIST) flat.push_back(0), valid.push_back(false);
      if (values.empty()) continue;
      for (double share : shares) {
        auto place = static_cast<double>(values.size() - 1) * share;
        auto low = static_cast<std::size_t>(std::floor(place)), high = static_cast<std::size_t>(std::ceil(place));
        bool exact = low == high || values[low] == values[high];
        flat.push_back(exact ? values[low] : (static_cast<double>(high) - place) * values[low] + (place - static_cast<double>(low)) * values[high]);
        valid.push_back(true);
      }
    }
    SLUICE_ASSIGN_OR_RETURN(auto values, make_fixed_array<double>(arrow::float64(), flat.size(), [&](auto i) { return flat[i]; }, [&](auto i) { return valid[i]; }));
    return shaped(values, filled);
  }

  /// The value of the nearest rank: percentile_approx without error.
  result<data::array_ptr> nearest(const picked<state>& groups) const {
    std::vector<std::vector<std::string>> kept;
    std::vector<std::optional<std::string_view>> flat;
    std::vector<bool> filled;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      SLUICE_ASSIGN_OR_RETURN(auto values, sorted(groups[i]));
      filled.push_back(!values.empty());
      kept.push_back(std::move(values));
      const auto& ordered = kept.back();
      if (ordered.empty() && type->id() != arrow::Type::LIST) flat.emplace_back();
      if (ordered.empty()) continue;
      for (double share : shares) {
        auto rank = std::ceil(share * static_cast<double>(ordered.size()));
        flat.emplace_back(ordered[static_cast<std::size_t>(std::max(rank, 1.0)) - 1]);
      }
    }
    SLUICE_ASSIGN_OR_RETURN(auto values, codec.write(flat));
    return shaped(values, filled);
  }

  /// The most frequent value; of several the least.
  result<data::array_ptr> modes(const picked<state>& groups) const {
    std::vector<std::string> kept(groups.size());
    std::vector<std::optional<std::string_view>> out(groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      SLUICE_ASSIGN_OR_RETURN(auto values, sorted(groups[i]));
      std::size_t best = 0;
      for (std::size_t begin = 0; begin < values.size();) {
        auto end = begin;
        while (end < values.size() && values[end] == values[begin]) ++end;
        if (end - begin > best) {
          best = end - begin;
          kept[i] = values[begin];
        }
        begin = end;
      }
      if (best > 0) out[i] = kept[i];
    }
    return codec.write(out);
  }

  result<data::array_ptr> lists(const picked<state>& groups) const {
    std::vector<std::string> kept(groups.size());
    std::vector<std::optional<std::string_view>> out(groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      auto entries = groups[i].entries;
      if (entries.empty()) continue;
      std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.position < b.position; });
      for (std::size_t k = 0; k < entries.size(); ++k) kept[i] += (k ? delimiter : "") + entries[k].value;
      out[i] = kept[i];
    }
    return codec.write(out);
  }
};

/// The value of a constant argument as one-element array.
result<data::array_ptr> constant_of(const expr::node& value, const expr::options& session) {
  auto row = arrow::RecordBatch::Make(arrow::schema({}), 1, std::vector<data::array_ptr>{});
  return expr::evaluate(value, *row, {session, 0});
}

result<std::vector<double>> shares_of(const expr::node& value, const expr::options& session) {
  SLUICE_ASSIGN_OR_RETURN(auto array, constant_of(value, session));
  if (array->type_id() == arrow::Type::LIST) array = static_cast<const arrow::ListArray&>(*array).value_slice(0);
  std::vector<double> out(static_cast<std::size_t>(array->length()));
  bool numbers = visit_numbers(*array, [&](auto* values) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<double>(values[i]);
  });
  if (array->type_id() == arrow::Type::DECIMAL128) {
    const auto& decimals = static_cast<const arrow::Decimal128Array&>(*array);
    auto scale = static_cast<const arrow::Decimal128Type&>(*array->type()).scale();
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = arrow::Decimal128(decimals.GetValue(static_cast<std::int64_t>(i))).ToDouble(scale);
  } else if (!numbers) {
    return status(errc::invalid_plan, "percentages are numbers");
  }
  for (double share : out)
    if (!(share >= 0 && share <= 1)) return status(errc::datatype_mismatch, "a percentage must be between 0.0 and 1.0");
  return out;
}

} // namespace

result<made_function> make_extreme_by(const plan::aggregate_call& call, const expr::options&) {
  if (call.args.size() != 2) return status(errc::wrong_num_args, call.function + " takes two arguments");
  SLUICE_ASSIGN_OR_RETURN(auto codec, value_codec::make(call.args[0]->type));
  return function_of(extreme_by_policy{std::move(codec), call.args[1]->type, call.function == "max_by"});
}

result<made_function> make_values(const plan::aggregate_call& call, const expr::options& session) {
  if (call.args.empty()) return status(errc::wrong_num_args, call.function + " takes an argument");
  SLUICE_ASSIGN_OR_RETURN(auto codec, value_codec::make(call.args[0]->type));
  values_policy policy{std::move(codec), value_result::mode, {}, {}, call.type ? call.type : call.args[0]->type};
  if (call.function == "percentile" || call.function == "percentile_approx") {
    if (call.args.size() < 2) return status(errc::wrong_num_args, call.function + " takes two arguments");
    policy.wanted = call.function == "percentile" ? value_result::percentile : value_result::nearest;
    if (policy.wanted == value_result::percentile && call.args[0]->type->id() != arrow::Type::DOUBLE) return unsupported_argument(call);
    SLUICE_ASSIGN_OR_RETURN(policy.shares, shares_of(*call.args[1], session));
    if (policy.type->id() != arrow::Type::LIST && policy.shares.size() != 1) return status(errc::invalid_plan, "a percentile has one percentage");
  } else if (call.function == "listagg") {
    policy.wanted = value_result::list;
    if (call.args[0]->type->id() != arrow::Type::STRING && call.args[0]->type->id() != arrow::Type::BINARY) return unsupported_argument(call);
    if (call.args.size() > 1) {
      SLUICE_ASSIGN_OR_RETURN(auto delimiter, constant_of(*call.args[1], session));
      bool text = delimiter->type_id() == arrow::Type::STRING || delimiter->type_id() == arrow::Type::BINARY;
      if (text && delimiter->IsValid(0)) policy.delimiter = static_cast<const arrow::BinaryArray&>(*delimiter).GetString(0);
    }
  }
  return function_of(std::move(policy));
}

} // namespace sluice::exec
