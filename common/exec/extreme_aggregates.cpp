#include <cmath>

#include "common/exec/internal/policy_accumulator.hpp"
#include "common/exec/internal/value_codec.hpp"

namespace sluice::exec {
namespace {

/// Spark's order: NaN is equal to itself and greater than all other numbers.
template <class T>
bool less_value(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return std::isnan(b) ? !std::isnan(a) : a < b;
  else
    return a < b;
}

/// min and max over values of fixed width.
template <class T>
struct fixed_extreme_policy {
  struct state {
    T value{};
    bool any = false;
  };
  data::type_ptr type;
  bool greatest = false;

  void offer(state& into, T value) const {
    if (!into.any || (greatest ? less_value(into.value, value) : less_value(value, into.value))) into = {value, true};
  }
  static T value_at(const arrow::Array& array, const T* values, std::int64_t i) {
    if constexpr (std::is_same_v<T, bool>)
      return static_cast<const arrow::BooleanArray&>(array).Value(i);
    else if constexpr (std::is_same_v<T, __int128>)
      return load_int128(reinterpret_cast<const char*>(values) + 16 * i);
    else
      return values[i];
  }
  static const T* values_of(const arrow::Array& array) {
    if constexpr (std::is_same_v<T, bool>) return nullptr;
    return fixed_values<T>(array);
  }
  status update(state* states, const update_rows& rows) {
    const auto& array = *rows.args[0];
    const auto* values = values_of(array);
    for_rows(rows, &array, [&](auto i, auto group) { offer(states[group], value_at(array, values, i)); });
    return ok();
  }
  status combine(state& into, const state& other) const {
    if (other.any) offer(into, other.value);
    return ok();
  }
  auto reader(state_columns columns) const {
    return [array = columns[0].get(), values = values_of(*columns[0])](std::int64_t i) {
      return array->IsNull(i) ? state{} : state{value_at(*array, values, i), true};
    };
  }
  result<column_vector> store(const picked<state>& groups) const {
    SLUICE_ASSIGN_OR_RETURN(auto column, finish(groups));
    return column_vector{std::move(column)};
  }
  result<data::array_ptr> finish(const picked<state>& groups) const {
    if constexpr (std::is_same_v<T, bool>) {
      arrow::BooleanBuilder builder;
      for (std::size_t i = 0; i < groups.size(); ++i) {
        auto done = groups[i].any ? builder.Append(groups[i].value) : builder.AppendNull();
        if (!done.ok()) return status(errc::memory_limit, done.ToString());
      }
      data::array_ptr array;
      if (auto done = builder.Finish(&array); !done.ok()) return status(errc::memory_limit, done.ToString());
      return array;
    } else {
      return make_fixed_array<T>(
          type, groups.size(), [&](std::size_t i) { return groups[i].value; },
          [&](std::size_t i) { return groups[i].any; });
    }
  }
  field_vector fields() const { return {arrow::field("value", type)}; }
};

/// min and max over texts, binary and nested values.
struct bytes_extreme_policy {
  struct state {
    std::string value;
    bool any = false;
  };
  value_codec codec;
  bool greatest = false;

  static std::size_t heap_bytes(const state& group) { return group.value.capacity() > 15 ? group.value.capacity() : 0; }
  void offer(state& into, std::string_view value) const {
    if (into.any && (greatest ? value <= into.value : value >= into.value)) return;
    into.value.assign(value);
    into.any = true;
  }
  status update(state* states, const update_rows& rows) {
    SLUICE_ASSIGN_OR_RETURN(auto values, codec.read(rows.args[0]));
    for_rows(rows, rows.args[0].get(), [&](auto i, auto group) { offer(states[group], values[i]); });
    return ok();
  }
  status combine(state& into, const state& other) const {
    if (other.any) offer(into, other.value);
    return ok();
  }
  auto reader(state_columns columns) const {
    auto values = codec.read(columns[0]);
    return [array = columns[0].get(), values = std::move(values)](std::int64_t i) {
      return array->IsNull(i) || !values.ok() ? state{} : state{std::string((*values)[i]), true};
    };
  }
  result<column_vector> store(const picked<state>& groups) const {
    SLUICE_ASSIGN_OR_RETURN(auto column, finish(groups));
    return column_vector{std::move(column)};
  }
  result<data::array_ptr> finish(const picked<state>& groups) const {
    std::vector<std::optional<std::string_view>> values(groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i)
      if (groups[i].any) values[i] = groups[i].value;
    return codec.write(values);
  }
  field_vector fields() const { return {arrow::field("value", codec.type())}; }
};

template <class T>
made_function fixed_extreme(const data::type_ptr& type, bool greatest) {
  return function_of(fixed_extreme_policy<T>{type, greatest});
}

} // namespace

result<made_function> make_min_max(const plan::aggregate_call& call, const expr::options&) {
  if (call.args.size() != 1) return status(errc::wrong_num_args, call.function + " takes one argument");
  const auto& type = call.args[0]->type;
  auto greatest = call.function == "max";
  switch (type->id()) {
    case arrow::Type::BOOL: return fixed_extreme<bool>(type, greatest);
    case arrow::Type::INT8: return fixed_extreme<std::int8_t>(type, greatest);
    case arrow::Type::INT16: return fixed_extreme<std::int16_t>(type, greatest);
    case arrow::Type::INT32:
    case arrow::Type::DATE32: return fixed_extreme<std::int32_t>(type, greatest);
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP: return fixed_extreme<std::int64_t>(type, greatest);
    case arrow::Type::FLOAT: return fixed_extreme<float>(type, greatest);
    case arrow::Type::DOUBLE: return fixed_extreme<double>(type, greatest);
    case arrow::Type::DECIMAL128: return fixed_extreme<__int128>(type, greatest);
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::STRUCT:
    case arrow::Type::LIST:
    case arrow::Type::NA: {
      SLUICE_ASSIGN_OR_RETURN(auto codec, value_codec::make(type));
      return function_of(bytes_extreme_policy{std::move(codec), greatest});
    }
    default: return unsupported_argument(call);
  }
}

} // namespace sluice::exec
