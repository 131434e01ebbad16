// approx_count_distinct: HyperLogLog with linear counting, hashed as Spark hashes (XXH64 with seed 42).
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <cmath>

#include "common/data/keys.hpp"
#include "common/exec/internal/policy_accumulator.hpp"

namespace sluice::exec {
namespace {

constexpr std::uint64_t spark_seed = 42;

template <class T>
std::uint64_t hash_value(T value) {
  return XXH64(&value, sizeof value, spark_seed);
}

/// Spark's hash of one value; nested values by their key encoding.
class value_hash {
public:
  static result<value_hash> make(const data::array_ptr& array) {
    value_hash out;
    out.array_ = array;
    auto id = array->type_id();
    out.nested_ = id == arrow::Type::STRUCT || id == arrow::Type::LIST || id == arrow::Type::DECIMAL128 || id == arrow::Type::MAP;
    if (out.nested_) SLUICE_RETURN_IF_ERROR(data::key_encoder({array->type()}).encode({array}, out.bytes_, out.offsets_));
    return out;
  }
  std::uint64_t operator()(std::int64_t i) const {
    if (nested_) return XXH64(bytes_.data() + offsets_[i], offsets_[i + 1] - offsets_[i], spark_seed);
    const auto& array = *array_;
    switch (array.type_id()) {
      case arrow::Type::BOOL: return hash_value<std::int32_t>(static_cast<const arrow::BooleanArray&>(array).Value(i));
      case arrow::Type::INT8: return hash_value<std::int32_t>(fixed_values<std::int8_t>(array)[i]);
      case arrow::Type::INT16: return hash_value<std::int32_t>(fixed_values<std::int16_t>(array)[i]);
      case arrow::Type::INT32:
      case arrow::Type::DATE32: return hash_value(fixed_values<std::int32_t>(array)[i]);
      case arrow::Type::FLOAT: {
        auto value = fixed_values<float>(array)[i];
        return hash_value(std::isnan(value) ? std::nanf("") : value + 0.0f);
      }
      case arrow::Type::DOUBLE: {
        auto value = fixed_values<double>(array)[i];
        return hash_value(std::isnan(value) ? std::nan("") : value + 0.0);
      }
      case arrow::Type::STRING:
      case arrow::Type::BINARY: {
        auto text = static_cast<const arrow::BinaryArray&>(array).GetView(i);
        return XXH64(text.data(), text.size(), spark_seed);
      }
      default: return hash_value(fixed_values<std::int64_t>(array)[i]);
    }
  }

private:
  data::array_ptr array_;
  bool nested_ = false;
  std::string bytes_;
  std::vector<std::uint32_t> offsets_;
};

/// Where linear counting ends, by precision from 4 on.
constexpr std::array<double, 15> thresholds{10, 20, 40, 80, 220, 400, 900, 1800, 3100, 6500, 11500, 20000, 50000, 120000, 350000};

struct approx_count_policy {
  struct state {
    std::string registers;  ///< one byte each; empty: no value yet
  };
  int precision = 9;

  static std::size_t heap_bytes(const state& group) { return group.registers.capacity(); }
  std::size_t size() const { return std::size_t{1} << precision; }
  status update(state* states, const update_rows& rows) {
    if (rows.args[0]->type_id() == arrow::Type::NA) return ok();
    SLUICE_ASSIGN_OR_RETURN(auto hash, value_hash::make(rows.args[0]));
    for_rows(rows, rows.args[0].get(), [&](auto i, auto group) {
      auto& registers = states[group].registers;
      if (registers.empty()) registers.assign(size(), '\0');
      auto value = hash(i);
      auto place = value >> (64 - precision);
      auto rest = (value << precision) | (std::uint64_t{1} << (precision - 1));
      auto rank = static_cast<char>(__builtin_clzll(rest) + 1);
      registers[place] = std::max(registers[place], rank);
    });
    return ok();
  }
  status combine(state& into, const state& other) const {
    if (other.registers.size() != size()) return ok();
    if (into.registers.empty()) into.registers.assign(size(), '\0');
    for (std::size_t k = 0; k < size(); ++k) into.registers[k] = std::max(into.registers[k], other.registers[k]);
    return ok();
  }
  auto reader(state_columns columns) const {
    return [array = std::static_pointer_cast<arrow::BinaryArray>(columns[0])](std::int64_t i) {
      return array->IsNull(i) ? state{} : state{array->GetString(i)};
    };
  }
  result<column_vector> store(const picked<state>& groups) const {
    arrow::BinaryBuilder builder;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      auto done = groups[i].registers.empty() ? builder.AppendNull() : builder.Append(groups[i].registers);
      if (!done.ok()) return status(errc::memory_limit, done.ToString());
    }
    data::array_ptr out;
    if (auto done = builder.Finish(&out); !done.ok()) return status(errc::memory_limit, done.ToString());
    return column_vector{std::move(out)};
  }
  std::int64_t estimate(const state& group) const {
    if (group.registers.empty()) return 0;
    auto m = static_cast<double>(size());
    double sum = 0, zeros = 0;
    for (char rank : group.registers) {
      sum += std::ldexp(1.0, -static_cast<int>(rank));
      zeros += rank == 0;
    }
    auto alpha = precision == 4 ? 0.673 : precision == 5 ? 0.697 : precision == 6 ? 0.709 : 0.7213 / (1 + 1.079 / m);
    auto raw = alpha * m * m / sum;
    if (zeros > 0) {
      auto linear = m * std::log(m / zeros);
      auto limit = precision >= 4 && precision < 19 ? thresholds[static_cast<std::size_t>(precision - 4)] : 2.5 * m;
      if (linear <= limit) return std::llround(linear);
    }
    return std::llround(raw);
  }
  result<data::array_ptr> finish(const picked<state>& groups) const {
    return make_fixed_array<std::int64_t>(arrow::int64(), groups.size(), [&](std::size_t i) { return estimate(groups[i]); });
  }
  field_vector fields() const { return {arrow::field("registers", arrow::binary())}; }
};

} // namespace

result<made_function> make_approx_count(const plan::aggregate_call& call, const expr::options& session) {
  if (call.args.empty()) return status(errc::wrong_num_args, call.function + " takes an argument");
  double error = 0.05;
  if (call.args.size() > 1) {
    auto row = arrow::RecordBatch::Make(arrow::schema({}), 1, std::vector<data::array_ptr>{});
    SLUICE_ASSIGN_OR_RETURN(auto value, expr::evaluate(*call.args[1], *row, {session, 0}));
    if (value->type_id() == arrow::Type::DOUBLE && value->IsValid(0)) error = static_cast<const arrow::DoubleArray&>(*value).Value(0);
  }
  auto precision = static_cast<int>(std::ceil(2 * std::log(1.106 / error) / std::log(2.0)));
  if (!(error > 0) || precision < 4 || precision > 18)
    return status(errc::datatype_mismatch, "the error of approx_count_distinct must be between 0.0022 and 0.27");
  return function_of(approx_count_policy{precision});
}

} // namespace sluice::exec
