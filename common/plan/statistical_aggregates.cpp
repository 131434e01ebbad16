// What the statistical aggregates take and return: pairs, moments, bits, percentiles, extremes by another column, texts.
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>
#include <array>

#include "common/plan/internal/statistical_aggregates.hpp"
#include "common/sql/nearest.hpp"

namespace sluice::plan::internal {
namespace {

enum class shape { pair, moment, bits, extreme_by, percentile, nearest, median, mode, list, distinct };

struct entry {
  std::string_view name;
  std::string_view canonical;
  shape what;
};
constexpr std::array<entry, 28> entries{{
    {"corr", "corr", shape::pair},
    {"covar_pop", "covar_pop", shape::pair},
    {"covar_samp", "covar_samp", shape::pair},
    {"regr_count", "regr_count", shape::pair},
    {"regr_avgx", "regr_avgx", shape::pair},
    {"regr_avgy", "regr_avgy", shape::pair},
    {"regr_sxx", "regr_sxx", shape::pair},
    {"regr_syy", "regr_syy", shape::pair},
    {"regr_sxy", "regr_sxy", shape::pair},
    {"regr_slope", "regr_slope", shape::pair},
    {"regr_intercept", "regr_intercept", shape::pair},
    {"regr_r2", "regr_r2", shape::pair},
    {"skewness", "skewness", shape::moment},
    {"kurtosis", "kurtosis", shape::moment},
    {"bit_and", "bit_and", shape::bits},
    {"bit_or", "bit_or", shape::bits},
    {"bit_xor", "bit_xor", shape::bits},
    {"max_by", "max_by", shape::extreme_by},
    {"min_by", "min_by", shape::extreme_by},
    {"percentile", "percentile", shape::percentile},
    {"percentile_cont", "percentile", shape::percentile},
    {"percentile_approx", "percentile_approx", shape::nearest},
    {"approx_percentile", "percentile_approx", shape::nearest},
    {"median", "percentile", shape::median},
    {"mode", "mode", shape::mode},
    {"listagg", "listagg", shape::list},
    {"string_agg", "listagg", shape::list},
    {"approx_count_distinct", "approx_count_distinct", shape::distinct},
}};

const entry* find_entry(const std::string& lower) {
  for (const auto& one : entries)
    if (one.name == lower) return &one;
  return nullptr;
}

bool is_number_or_text(const arrow::DataType& type) {
  auto id = type.id();
  return (id >= arrow::Type::INT8 && id <= arrow::Type::INT64 && id != arrow::Type::UINT8 && id != arrow::Type::UINT16 && id != arrow::Type::UINT32) ||
         id == arrow::Type::FLOAT || id == arrow::Type::DOUBLE || id == arrow::Type::DECIMAL128 || id == arrow::Type::STRING || id == arrow::Type::NA;
}

class call_resolver {
public:
  call_resolver(std::string written, aggregate_call& call, text_position position, const expr::options& session)
      : written_(std::move(written)), call_(call), position_(position), session_(session) {}

  status resolve(shape what) {
    switch (what) {
      case shape::pair: return pair();
      case shape::moment: return moment();
      case shape::bits: return bits();
      case shape::extreme_by: return extreme_by();
      case shape::percentile: return percentile();
      case shape::nearest: return nearest();
      case shape::median: return median();
      case shape::mode: return mode();
      case shape::list: return list();
      case shape::distinct: return distinct();
    }
    return ok();
  }

private:
  const data::type_ptr& type_of(std::size_t i) const { return call_.args[i]->type; }

  status count(std::size_t least, std::size_t most) const {
    if (call_.args.size() >= least && call_.args.size() <= most) return ok();
    std::string wanted = std::to_string(least);
    if (most > least) {
      wanted = "[" + wanted;
      for (auto i = least + 1; i <= most; ++i) wanted += ", " + std::to_string(i);
      wanted += "]";
    }
    return {errc::wrong_num_args, "The `" + written_ + "` requires " + wanted + " parameters but the actual number is " +
                                      std::to_string(call_.args.size()) + ".", position_};
  }
  status mismatch(std::size_t i, const std::string& wanted) const {
    return {errc::datatype_mismatch, "Cannot resolve \"" + written_ + "(" + expr::to_sql(*call_.args[i]) + ")\" due to data type mismatch: the argument has the type \"" +
                                         sql::to_upper(data::type_name(*type_of(i))) + "\" but needs " + wanted + ".", position_};
  }
  status coerce(std::size_t i, const data::type_ptr& type) {
    auto value = coerced(call_.args[i], type, position_, session_);
    if (!value.ok()) return value.error();
    call_.args[i] = *std::move(value);
    return ok();
  }
  status to_double(std::size_t i) {
    if (!is_number_or_text(*type_of(i))) return mismatch(i, "\"DOUBLE\"");
    return coerce(i, arrow::float64());
  }
  status constant(std::size_t i) const {
    if (expr::is_constant(*call_.args[i])) return ok();
    return status(errc::datatype_mismatch, "Cannot resolve \"" + written_ + "\" due to data type mismatch: the argument " + expr::to_sql(*call_.args[i]) +
                  " must be a constant.", position_).with_spark_class("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT");
  }

  status pair() {
    SLUICE_RETURN_IF_ERROR(count(2, 2));
    SLUICE_RETURN_IF_ERROR(to_double(0));
    SLUICE_RETURN_IF_ERROR(to_double(1));
    call_.type = call_.function == "regr_count" ? arrow::int64() : arrow::float64();
    return ok();
  }
  status moment() {
    SLUICE_RETURN_IF_ERROR(count(1, 1));
    call_.type = arrow::float64();
    return to_double(0);
  }
  status bits() {
    SLUICE_RETURN_IF_ERROR(count(1, 1));
    auto id = type_of(0)->id();
    bool whole = id == arrow::Type::INT8 || id == arrow::Type::INT16 || id == arrow::Type::INT32 || id == arrow::Type::INT64;
    if (id == arrow::Type::NA) SLUICE_RETURN_IF_ERROR(coerce(0, arrow::int32()));
    else if (!whole) return mismatch(0, "an integral type");
    call_.type = type_of(0);
    return ok();
  }
  status extreme_by() {
    SLUICE_RETURN_IF_ERROR(count(2, 2));
    if (type_of(1)->id() == arrow::Type::MAP) return mismatch(1, "an orderable type");
    call_.type = type_of(0);
    return ok();
  }
  /// A percentage, or an array of them.
  status percentages(std::size_t i, const data::type_ptr& each) {
    SLUICE_RETURN_IF_ERROR(constant(i));
    bool several = type_of(i)->id() == arrow::Type::LIST;
    if (!several) SLUICE_RETURN_IF_ERROR(coerce(i, arrow::float64()));
    else if (!is_number_or_text(*type_of(i)->field(0)->type())) return mismatch(i, "an array of numbers");
    call_.type = several ? data::type_ptr(arrow::list(arrow::field("element", each, false))) : each;
    return ok();
  }
  status percentile() {
    SLUICE_RETURN_IF_ERROR(count(2, 2));
    SLUICE_RETURN_IF_ERROR(to_double(0));
    return percentages(1, arrow::float64());
  }
  status nearest() {
    SLUICE_RETURN_IF_ERROR(count(2, 3));
    auto id = type_of(0)->id();
    if (id == arrow::Type::STRING || id == arrow::Type::NA) SLUICE_RETURN_IF_ERROR(coerce(0, arrow::float64()));
    else if (!is_number_or_text(*type_of(0)) && id != arrow::Type::DATE32 && id != arrow::Type::TIMESTAMP) return mismatch(0, "a numeric type");
    if (call_.args.size() > 2) {
      SLUICE_RETURN_IF_ERROR(constant(2));
      call_.args.pop_back();  // the result is exact whatever error is allowed
    }
    return percentages(1, type_of(0));
  }
  status median() {
    SLUICE_RETURN_IF_ERROR(count(1, 1));
    call_.args.push_back(expr::literal(std::make_shared<arrow::DoubleScalar>(0.5)));
    return percentile();
  }
  status mode() {
    SLUICE_RETURN_IF_ERROR(count(1, 2));
    if (call_.args.size() > 1) {
      SLUICE_RETURN_IF_ERROR(constant(1));
      call_.args.pop_back();  // the result never depends on the order of rows
    }
    if (type_of(0)->id() == arrow::Type::MAP) return mismatch(0, "an orderable type");
    call_.type = type_of(0);
    return ok();
  }
  status list() {
    SLUICE_RETURN_IF_ERROR(count(1, 2));
    bool binary = type_of(0)->id() == arrow::Type::BINARY;
    if (!binary) SLUICE_RETURN_IF_ERROR(coerce(0, arrow::utf8()));
    if (call_.args.size() > 1) {
      SLUICE_RETURN_IF_ERROR(constant(1));
      SLUICE_RETURN_IF_ERROR(coerce(1, binary ? arrow::binary() : arrow::utf8()));
    }
    call_.type = type_of(0);
    return ok();
  }
  status distinct() {
    SLUICE_RETURN_IF_ERROR(count(1, 2));
    if (call_.args.size() > 1) {
      SLUICE_RETURN_IF_ERROR(constant(1));
      SLUICE_RETURN_IF_ERROR(coerce(1, arrow::float64()));
    }
    call_.type = arrow::int64();
    return ok();
  }

  std::string written_;
  aggregate_call& call_;
  text_position position_;
  const expr::options& session_;
};

} // namespace

std::string_view statistical_name(const std::string& lower) {
  const auto* found = find_entry(lower);
  return found ? found->canonical : std::string_view();
}

void add_statistical_names(std::vector<std::string>& out) {
  for (const auto& one : entries)
    out.emplace_back(one.name);
}

void show_arguments(const std::string& name, std::vector<expr::expr_ptr> written, aggregate_call& shown) {
  const auto* found = find_entry(name);
  if (!found) return;
  auto add_number = [&](int value) {
    if (written.size() == 2) written.push_back(expr::literal(std::make_shared<arrow::Int32Scalar>(value)));
  };
  switch (found->what) {
    case shape::percentile: add_number(1); break;
    case shape::nearest: add_number(10'000); break;
    case shape::list:
      if (written.size() == 1) written.push_back(expr::null_literal(arrow::null()));
      break;
    case shape::mode:
    case shape::distinct: written.resize(std::min<std::size_t>(1, written.size())); break;
    default: break;
  }
  shown.args = std::move(written);
}

status resolve_statistical(const std::string& written, aggregate_call& call, text_position position, const expr::options& session) {
  const auto* found = find_entry(written);
  if (!found) return {errc::internal, "no statistical aggregate is called " + written};
  return call_resolver(written, call, position, session).resolve(found->what);
}

} // namespace sluice::plan::internal
