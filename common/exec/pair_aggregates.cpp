// Statistics of pairs: covariance, correlation and linear regression of y over x. Rows where either is null do not count.
#include <array>
#include <cmath>

#include "common/exec/internal/policy_accumulator.hpp"

namespace sluice::exec {
namespace {

enum class pair_result { corr, covar_pop, covar_samp, count, avgx, avgy, sxx, syy, sxy, slope, intercept, r2 };

/// Welford's update for two variables, Chan's merge.
struct pair_policy {
  struct state {
    std::int64_t count = 0;
    double mean_x = 0, mean_y = 0;
    double squares_x = 0, squares_y = 0;  ///< sums of squared distances from the means
    double products = 0;                  ///< sum of the distances' products
  };
  pair_result wanted = pair_result::corr;
  bool y_first = false;  ///< regr_f(y, x): the arguments in that order

  status update(state* states, const update_rows& rows) {
    const auto& x = *rows.args[y_first ? 1 : 0];
    const auto& y = *rows.args[y_first ? 0 : 1];
    if (x.type_id() != arrow::Type::DOUBLE || y.type_id() != arrow::Type::DOUBLE) return ok();
    const auto *xs = fixed_values<double>(x), *ys = fixed_values<double>(y);
    for_rows(rows, &x, [&](auto i, auto group) {
      if (y.IsNull(i)) return;
      auto& s = states[group];
      ++s.count;
      auto n = static_cast<double>(s.count);
      auto dx = xs[i] - s.mean_x, dy = ys[i] - s.mean_y;
      s.mean_x += dx / n;
      s.mean_y += dy / n;
      s.products += dx * (ys[i] - s.mean_y);
      s.squares_x += dx * (xs[i] - s.mean_x);
      s.squares_y += dy * (ys[i] - s.mean_y);
    });
    return ok();
  }
  status combine(state& into, const state& other) const {
    if (other.count == 0) return ok();
    if (into.count == 0) {
      into = other;
      return ok();
    }
    auto a = static_cast<double>(into.count), b = static_cast<double>(other.count), both = a + b;
    auto dx = other.mean_x - into.mean_x, dy = other.mean_y - into.mean_y;
    into.count += other.count;
    into.mean_x += dx * (b / both);
    into.mean_y += dy * (b / both);
    into.products += other.products + dx * dy * (a * b / both);
    into.squares_x += other.squares_x + dx * dx * (a * b / both);
    into.squares_y += other.squares_y + dy * dy * (a * b / both);
    return ok();
  }
  auto reader(state_columns columns) const {
    std::array<const double*, 5> values{};
    for (std::size_t k = 0; k < values.size(); ++k) values[k] = fixed_values<double>(*columns[k + 1]);
    return [counts = fixed_values<std::int64_t>(*columns[0]), values](std::int64_t i) {
      return state{counts[i], values[0][i], values[1][i], values[2][i], values[3][i], values[4][i]};
    };
  }
  result<column_vector> store(const picked<state>& groups) const {
    column_vector out;
    SLUICE_ASSIGN_OR_RETURN(auto counts, make_fixed_array<std::int64_t>(arrow::int64(), groups.size(), [&](std::size_t i) { return groups[i].count; }));
    out.push_back(std::move(counts));
    for (auto member : {&state::mean_x, &state::mean_y, &state::squares_x, &state::squares_y, &state::products}) {
      SLUICE_ASSIGN_OR_RETURN(auto column, make_fixed_array<double>(arrow::float64(), groups.size(), [&](std::size_t i) { return groups[i].*member; }));
      out.push_back(std::move(column));
    }
    return out;
  }
  static double value(pair_result wanted, const state& s) {
    auto n = static_cast<double>(s.count);
    switch (wanted) {
      case pair_result::corr: return s.products / std::sqrt(s.squares_x * s.squares_y);
      case pair_result::covar_pop: return s.products / n;
      case pair_result::covar_samp: return s.products / (n - 1);
      case pair_result::avgx: return s.mean_x;
      case pair_result::avgy: return s.mean_y;
      case pair_result::sxx: return s.squares_x;
      case pair_result::syy: return s.squares_y;
      case pair_result::sxy: return s.products;
      case pair_result::slope: return s.products / s.squares_x;
      case pair_result::intercept: return s.mean_y - s.products / s.squares_x * s.mean_x;
      case pair_result::r2: return s.squares_y == 0 ? 1.0 : s.products * s.products / s.squares_x / s.squares_y;
      case pair_result::count: break;
    }
    return n;
  }
  static bool is_known(pair_result wanted, const state& s) {
    switch (wanted) {
      case pair_result::corr: return s.count > 1 && s.squares_x * s.squares_y != 0;
      case pair_result::covar_samp: return s.count > 1;
      case pair_result::slope:
      case pair_result::intercept:
      case pair_result::r2: return s.count > 1 && s.squares_x != 0;
      default: return s.count > 0;
    }
  }
  result<data::array_ptr> finish(const picked<state>& groups) const {
    if (wanted == pair_result::count)
      return make_fixed_array<std::int64_t>(arrow::int64(), groups.size(), [&](std::size_t i) { return groups[i].count; });
    return make_fixed_array<double>(
        arrow::float64(), groups.size(), [&](std::size_t i) { return value(wanted, groups[i]); },
        [&](std::size_t i) { return is_known(wanted, groups[i]); });
  }
  field_vector fields() const {
    field_vector out{arrow::field("count", arrow::int64())};
    for (const char* name : {"mean_x", "mean_y", "squares_x", "squares_y", "products"}) out.push_back(arrow::field(name, arrow::float64()));
    return out;
  }
};

struct named_result {
  std::string_view name;
  pair_result wanted;
};
constexpr named_result pair_results[] = {
    {"corr", pair_result::corr},          {"covar_pop", pair_result::covar_pop},        {"covar_samp", pair_result::covar_samp},
    {"regr_count", pair_result::count},   {"regr_avgx", pair_result::avgx},             {"regr_avgy", pair_result::avgy},
    {"regr_sxx", pair_result::sxx},       {"regr_syy", pair_result::syy},               {"regr_sxy", pair_result::sxy},
    {"regr_slope", pair_result::slope},   {"regr_intercept", pair_result::intercept},   {"regr_r2", pair_result::r2},
};

/// Skewness and kurtosis: sums of powers of the distance from the mean.
struct moment_policy {
  struct state {
    std::int64_t count = 0;
    double mean = 0, m2 = 0, m3 = 0, m4 = 0;
  };
  bool kurtosis = false;

  status update(state* states, const update_rows& rows) {
    const auto& array = *rows.args[0];
    if (array.type_id() != arrow::Type::DOUBLE) return ok();
    const auto* values = fixed_values<double>(array);
    for_rows(rows, &array, [&](auto i, auto group) { states[group] = merged(states[group], {1, values[i], 0, 0, 0}); });
    return ok();
  }
  static state merged(const state& a, const state& b) {
    if (a.count == 0) return b;
    if (b.count == 0) return a;
    auto na = static_cast<double>(a.count), nb = static_cast<double>(b.count), n = na + nb;
    auto d = b.mean - a.mean, dn = d / n;
    state out;
    out.count = a.count + b.count;
    out.mean = a.mean + dn * nb;
    out.m2 = a.m2 + b.m2 + d * dn * na * nb;
    out.m3 = a.m3 + b.m3 + dn * dn * d * na * nb * (na - nb) + 3 * dn * (na * b.m2 - nb * a.m2);
    out.m4 = a.m4 + b.m4 + dn * dn * dn * d * na * nb * (na * na - na * nb + nb * nb) + 6 * dn * dn * (na * na * b.m2 + nb * nb * a.m2) +
             4 * dn * (na * b.m3 - nb * a.m3);
    return out;
  }
  status combine(state& into, const state& other) const {
    into = merged(into, other);
    return ok();
  }
  auto reader(state_columns columns) const {
    std::array<const double*, 4> values{};
    for (std::size_t k = 0; k < values.size(); ++k) values[k] = fixed_values<double>(*columns[k + 1]);
    return [counts = fixed_values<std::int64_t>(*columns[0]), values](std::int64_t i) {
      return state{counts[i], values[0][i], values[1][i], values[2][i], values[3][i]};
    };
  }
  result<column_vector> store(const picked<state>& groups) const {
    column_vector out;
    SLUICE_ASSIGN_OR_RETURN(auto counts, make_fixed_array<std::int64_t>(arrow::int64(), groups.size(), [&](std::size_t i) { return groups[i].count; }));
    out.push_back(std::move(counts));
    for (auto member : {&state::mean, &state::m2, &state::m3, &state::m4}) {
      SLUICE_ASSIGN_OR_RETURN(auto column, make_fixed_array<double>(arrow::float64(), groups.size(), [&](std::size_t i) { return groups[i].*member; }));
      out.push_back(std::move(column));
    }
    return out;
  }
  result<data::array_ptr> finish(const picked<state>& groups) const {
    return make_fixed_array<double>(
        arrow::float64(), groups.size(),
        [&](std::size_t i) {
          const auto& s = groups[i];
          auto n = static_cast<double>(s.count);
          return kurtosis ? n * s.m4 / (s.m2 * s.m2) - 3 : std::sqrt(n) * s.m3 / std::sqrt(s.m2 * s.m2 * s.m2);
        },
        [&](std::size_t i) { return groups[i].count > 0 && groups[i].m2 != 0; });
  }
  field_vector fields() const {
    field_vector out{arrow::field("count", arrow::int64())};
    for (const char* name : {"mean", "m2", "m3", "m4"}) out.push_back(arrow::field(name, arrow::float64()));
    return out;
  }
};

enum class bit_operator { and_, or_, xor_ };

struct bit_policy {
  struct state {
    std::int64_t bits = 0;
    bool any = false;
  };
  bit_operator what = bit_operator::and_;
  data::type_ptr type;

  void offer(state& into, std::int64_t bits) const {
    if (!into.any) into = {bits, true};
    else if (what == bit_operator::and_) into.bits &= bits;
    else if (what == bit_operator::or_) into.bits |= bits;
    else into.bits ^= bits;
  }
  status update(state* states, const update_rows& rows) {
    visit_numbers(*rows.args[0], [&](auto* values) {
      for_rows(rows, rows.args[0].get(), [&](auto i, auto group) { offer(states[group], static_cast<std::int64_t>(values[i])); });
    });
    return ok();
  }
  status combine(state& into, const state& other) const {
    if (other.any) offer(into, other.bits);
    return ok();
  }
  auto reader(state_columns columns) const {
    return [array = columns[0].get(), values = fixed_values<std::int64_t>(*columns[0])](std::int64_t i) {
      return array->IsNull(i) ? state{} : state{values[i], true};
    };
  }
  result<column_vector> store(const picked<state>& groups) const {
    SLUICE_ASSIGN_OR_RETURN(auto column, make_fixed_array<std::int64_t>(
                                             arrow::int64(), groups.size(), [&](std::size_t i) { return groups[i].bits; },
                                             [&](std::size_t i) { return groups[i].any; }));
    return column_vector{std::move(column)};
  }
  template <class T>
  result<data::array_ptr> finish_as(const picked<state>& groups) const {
    return make_fixed_array<T>(
        type, groups.size(), [&](std::size_t i) { return groups[i].bits; }, [&](std::size_t i) { return groups[i].any; });
  }
  result<data::array_ptr> finish(const picked<state>& groups) const {
    switch (type->id()) {
      case arrow::Type::INT8: return finish_as<std::int8_t>(groups);
      case arrow::Type::INT16: return finish_as<std::int16_t>(groups);
      case arrow::Type::INT32: return finish_as<std::int32_t>(groups);
      default: return finish_as<std::int64_t>(groups);
    }
  }
  field_vector fields() const { return {arrow::field("bits", arrow::int64())}; }
};

} // namespace

result<made_function> make_pair_statistic(const plan::aggregate_call& call, const expr::options&) {
  if (call.args.size() != 2) return status(errc::wrong_num_args, call.function + " takes two arguments");
  for (const auto& arg : call.args)
    if (arg->type->id() != arrow::Type::DOUBLE) return unsupported_argument(call);
  for (const auto& entry : pair_results)
    if (entry.name == call.function) return function_of(pair_policy{entry.wanted, call.function.starts_with("regr")});
  return unsupported_argument(call);
}

result<made_function> make_moment(const plan::aggregate_call& call, const expr::options&) {
  if (call.args.size() != 1) return status(errc::wrong_num_args, call.function + " takes one argument");
  if (call.args[0]->type->id() != arrow::Type::DOUBLE) return unsupported_argument(call);
  return function_of(moment_policy{call.function == "kurtosis"});
}

result<made_function> make_bits(const plan::aggregate_call& call, const expr::options&) {
  if (call.args.size() != 1) return status(errc::wrong_num_args, call.function + " takes one argument");
  if (!holds_integers(*call.args[0]->type)) return unsupported_argument(call);
  auto what = call.function == "bit_and" ? bit_operator::and_ : call.function == "bit_or" ? bit_operator::or_ : bit_operator::xor_;
  return function_of(bit_policy{what, call.args[0]->type});
}

} // namespace sluice::exec
