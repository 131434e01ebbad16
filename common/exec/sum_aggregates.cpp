#include <arrow/util/decimal.h>

#include "common/exec/internal/policy_accumulator.hpp"

namespace sluice::exec {
namespace {

constexpr __int128 power_of_ten(int exponent) {
  __int128 value = 1;
  while (exponent-- > 0) value *= 10;
  return value;
}
constexpr __int128 widest_decimal = power_of_ten(38) - 1;

bool decimal_fits(__int128 value, std::int32_t precision) {
  auto limit = power_of_ten(precision);
  return value < limit && value > -limit;
}

status sum_overflow() {
  return {errc::arithmetic_overflow, "[ARITHMETIC_OVERFLOW] the sum does not fit its type. Set spark.sql.ansi.enabled "
                                     "to false to bypass this error."};
}

/// sum over integers: exact in 128 bits, so that the answer does not depend on the order of the rows.
struct integer_sum_policy {
  struct state {
    __int128 sum = 0;
    bool any = false;
  };
  bool ansi = true;

  status update(state* states, const update_rows& rows) {
    visit_numbers(*rows.args[0], [&](auto* values) {
      if constexpr (std::is_integral_v<std::remove_cvref_t<decltype(*values)>>)
        for_rows(rows, rows.args[0].get(), [&](auto i, auto group) {
          states[group].sum += values[i];
          states[group].any = true;
        });
    });
    return ok();
  }
  status combine(state& into, const state& other) const {
    if (!other.any) return ok();
    __int128 sum = 0;
    if (__builtin_add_overflow(into.sum, other.sum, &sum) || sum > widest_decimal || sum < -widest_decimal)
      return sum_overflow();
    into = {sum, true};
    return ok();
  }
  auto reader(state_columns columns) const {
    const auto* array = columns[0].get();
    const auto* values = fixed_values<char>(*array) + 15 * array->offset();
    return [array, values](std::int64_t i) {
      return array->IsNull(i) ? state{} : state{load_int128(values + 16 * i), true};
    };
  }
  result<column_vector> store(const picked<state>& groups) const {
    SLUICE_ASSIGN_OR_RETURN(auto column, make_fixed_array<__int128>(
                                             arrow::decimal128(38, 0), groups.size(),
                                             [&](std::size_t i) { return groups[i].sum; },
                                             [&](std::size_t i) { return groups[i].any; }));
    return column_vector{std::move(column)};
  }
  status check(const picked<state>& groups) const {
    for (std::size_t i = 0; ansi && i < groups.size(); ++i)
      if (static_cast<std::int64_t>(groups[i].sum) != groups[i].sum) return sum_overflow();
    return ok();
  }
  result<data::array_ptr> finish(const picked<state>& groups) const {
    SLUICE_RETURN_IF_ERROR(check(groups));
    return make_fixed_array<std::int64_t>(
        arrow::int64(), groups.size(), [&](std::size_t i) { return static_cast<std::int64_t>(groups[i].sum); },
        [&](std::size_t i) { return groups[i].any; });
  }
  field_vector fields() const { return {arrow::field("sum", arrow::decimal128(38, 0))}; }
};

struct double_sum_policy {
  struct state {
    double sum = 0;
    bool any = false;
  };

  status update(state* states, const update_rows& rows) {
    visit_numbers(*rows.args[0], [&](auto* values) {
      for_rows(rows, rows.args[0].get(), [&](auto i, auto group) {
        states[group].sum += static_cast<double>(values[i]);
        states[group].any = true;
      });
    });
    return ok();
  }
  status combine(state& into, const state& other) const {
    if (other.any) into = {into.sum + other.sum, true};
    return ok();
  }
  auto reader(state_columns columns) const {
    const auto* array = columns[0].get();
    return [array, values = fixed_values<double>(*array)](std::int64_t i) {
      return array->IsNull(i) ? state{} : state{values[i], true};
    };
  }
  result<column_vector> store(const picked<state>& groups) const {
    SLUICE_ASSIGN_OR_RETURN(auto column, finish(groups));
    return column_vector{std::move(column)};
  }
  result<data::array_ptr> finish(const picked<state>& groups) const {
    return make_fixed_array<double>(
        arrow::float64(), groups.size(), [&](std::size_t i) { return groups[i].sum; },
        [&](std::size_t i) { return groups[i].any; });
  }
  field_vector fields() const { return {arrow::field("sum", arrow::float64())}; }
};

struct double_avg_policy {
  struct state {
    double sum = 0;
    std::int64_t count = 0;
  };

  status update(state* states, const update_rows& rows) {
    visit_numbers(*rows.args[0], [&](auto* values) {
      for_rows(rows, rows.args[0].get(), [&](auto i, auto group) {
        states[group].sum += static_cast<double>(values[i]);
        ++states[group].count;
      });
    });
    return ok();
  }
  status combine(state& into, const state& other) const {
    if (other.count) into = {into.sum + other.sum, into.count + other.count};
    return ok();
  }
  auto reader(state_columns columns) const {
    return [sums = fixed_values<double>(*columns[0]), counts = fixed_values<std::int64_t>(*columns[1])](std::int64_t i) {
      return state{sums[i], counts[i]};
    };
  }
  result<column_vector> store(const picked<state>& groups) const {
    SLUICE_ASSIGN_OR_RETURN(auto sums, make_fixed_array<double>(arrow::float64(), groups.size(),
                                                                [&](std::size_t i) { return groups[i].sum; }));
    SLUICE_ASSIGN_OR_RETURN(auto counts, make_fixed_array<std::int64_t>(arrow::int64(), groups.size(),
                                                                        [&](std::size_t i) { return groups[i].count; }));
    return column_vector{std::move(sums), std::move(counts)};
  }
  result<data::array_ptr> finish(const picked<state>& groups) const {
    return make_fixed_array<double>(
        arrow::float64(), groups.size(),
        [&](std::size_t i) { return groups[i].sum / static_cast<double>(groups[i].count); },
        [&](std::size_t i) { return groups[i].count > 0; });
  }
  field_vector fields() const { return {arrow::field("sum", arrow::float64()), arrow::field("count", arrow::int64())}; }
};

/// sum and avg over decimals. An overflow of 38 digits is an error (ANSI), else the group's result is null for good.
struct decimal_policy {
  struct state {
    __int128 sum = 0;
    std::int64_t count = 0;
    bool overflow = false;
  };
  std::int32_t scale = 0;      ///< of the argument
  data::type_ptr type;         ///< of the result
  bool average = false;
  bool ansi = true;

  static bool add(state& into, __int128 value, std::int64_t count) {
    __int128 sum = 0;
    auto fits = !__builtin_add_overflow(into.sum, value, &sum) && sum <= widest_decimal && sum >= -widest_decimal;
    into.sum = fits ? sum : 0;
    into.overflow = into.overflow || !fits;
    into.count += count;
    return fits;
  }
  status update(state* states, const update_rows& rows) {
    const auto& array = *rows.args[0];
    if (array.type_id() != arrow::Type::DECIMAL128) return ok();
    const auto* values = fixed_values<char>(array) + 15 * array.offset();
    bool fits = true;
    for_rows(rows, &array, [&](auto i, auto group) { fits = add(states[group], load_int128(values + 16 * i), 1) && fits; });
    return fits || !ansi ? ok() : sum_overflow();
  }
  status combine(state& into, const state& other) const {
    auto fits = add(into, other.sum, other.count);
    into.overflow = into.overflow || other.overflow;
    return fits || !ansi ? ok() : sum_overflow();
  }
  auto reader(state_columns columns) const {
    const auto* sums = columns[0].get();
    const auto* values = fixed_values<char>(*sums) + 15 * sums->offset();
    return [sums, values, counts = fixed_values<std::int64_t>(*columns[1])](std::int64_t i) {
      auto overflow = sums->IsNull(i);
      return state{overflow ? 0 : load_int128(values + 16 * i), counts[i], overflow};
    };
  }
  result<column_vector> store(const picked<state>& groups) const {
    SLUICE_ASSIGN_OR_RETURN(auto sums, make_fixed_array<__int128>(
                                           arrow::decimal128(38, scale), groups.size(),
                                           [&](std::size_t i) { return groups[i].sum; },
                                           [&](std::size_t i) { return !groups[i].overflow; }));
    SLUICE_ASSIGN_OR_RETURN(auto counts, make_fixed_array<std::int64_t>(arrow::int64(), groups.size(),
                                                                        [&](std::size_t i) { return groups[i].count; }));
    return column_vector{std::move(sums), std::move(counts)};
  }
  /// sum / count at the result's scale, half up. False: more digits than the type has.
  bool quotient(const state& group, __int128& out) const {
    const auto& to = static_cast<const arrow::Decimal128Type&>(*type);
    auto shift = to.scale() - scale;
    arrow::Decimal256 dividend(arrow::Decimal128(static_cast<std::int64_t>(group.sum >> 64),
                                                 static_cast<std::uint64_t>(group.sum)));
    arrow::Decimal256 divisor(group.count);
    if (shift > 0) dividend = dividend * arrow::Decimal256(arrow::Decimal128::GetScaleMultiplier(shift));
    if (shift < 0) divisor = divisor * arrow::Decimal256(arrow::Decimal128::GetScaleMultiplier(-shift));
    auto negative = dividend.Sign() < 0;
    if (negative) dividend.Negate();
    auto rounded = (dividend * arrow::Decimal256(2) + divisor) / (divisor * arrow::Decimal256(2));
    if (!rounded.FitsInPrecision(to.precision())) return false;
    auto words = rounded.little_endian_array();
    out = static_cast<__int128>((static_cast<unsigned __int128>(words[1]) << 64) | words[0]);
    if (negative) out = -out;
    return true;
  }
  bool result_of(const state& group, __int128& out) const {
    if (group.overflow) return false;
    if (average) return quotient(group, out);
    out = group.sum;
    return decimal_fits(out, static_cast<const arrow::Decimal128Type&>(*type).precision());
  }
  result<data::array_ptr> finish(const picked<state>& groups) const {
    std::vector<__int128> values(groups.size());
    std::vector<char> valid(groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (groups[i].count == 0) continue;
      valid[i] = result_of(groups[i], values[i]);
      if (!valid[i] && ansi) return sum_overflow();
    }
    return make_fixed_array<__int128>(
        type, groups.size(), [&](std::size_t i) { return values[i]; }, [&](std::size_t i) { return valid[i]; });
  }
  status check(const picked<state>& groups) const { return ansi ? finish(groups).error() : ok(); }
  field_vector fields() const {
    return {arrow::field("sum", arrow::decimal128(38, scale)), arrow::field("count", arrow::int64())};
  }
};

result<made_function> make_decimal(const plan::aggregate_call& call, const expr::options& session, bool average) {
  const auto& argument = static_cast<const arrow::Decimal128Type&>(*call.args[0]->type);
  auto type = call.type;
  if (!type || type->id() != arrow::Type::DECIMAL128) {
    auto precision = std::min(argument.precision() + (average ? 4 : 10), 38);
    type = arrow::decimal128(precision, std::min(argument.scale() + (average ? 4 : 0), precision));
  }
  return function_of(decimal_policy{argument.scale(), type, average, session.ansi});
}

} // namespace

result<made_function> make_sum(const plan::aggregate_call& call, const expr::options& session) {
  if (call.args.size() != 1) return status(errc::wrong_num_args, "sum takes one argument");
  const auto& type = *call.args[0]->type;
  if (type.id() == arrow::Type::DECIMAL128) return make_decimal(call, session, false);
  if (holds_integers(type)) return function_of(integer_sum_policy{session.ansi});
  if (holds_floats(type) || type.id() == arrow::Type::NA) return function_of(double_sum_policy{});
  return unsupported_argument(call);
}

result<made_function> make_avg(const plan::aggregate_call& call, const expr::options& session) {
  if (call.args.size() != 1) return status(errc::wrong_num_args, "avg takes one argument");
  const auto& type = *call.args[0]->type;
  if (type.id() == arrow::Type::DECIMAL128) return make_decimal(call, session, true);
  if (holds_integers(type) || holds_floats(type) || type.id() == arrow::Type::NA) return function_of(double_avg_policy{});
  return unsupported_argument(call);
}

} // namespace sluice::exec
