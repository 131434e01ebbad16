#include <arrow/scalar.h>

#include "common/expr/lists.hpp"
#include "common/expr/points.hpp"
#include "common/expr/tables.hpp"

namespace sluice::expr {

namespace {

constexpr std::int64_t longest_sequence = 1 << 24;

/// args: start, stop[, step]; whole numbers, or dates by the day.
template <class T>
result<data::array_ptr> sequence_of(const frame& call, const operands& args) {
  list_gather shape;
  const auto element = call.call.type->field(0)->type();
  std::vector<T> values;
  numbers<T> starts{args[0]}, stops{args[1]};
  for (std::int64_t i = 0; i < call.rows; ++i) {
    const bool valid = std::none_of(args.begin(), args.end(), [&](const operand& arg) { return arg.null(i); });
    if (valid) {
      const __int128 start = starts[i], stop = stops[i];
      const __int128 step = args.size() > 2 ? static_cast<__int128>(numbers<T>{args[2]}[i]) : start <= stop ? 1 : -1;
      const bool fits = (step > 0 && start <= stop) || (step < 0 && start >= stop) || (step == 0 && start == stop);
      if (!fits)
        return call.fail(errc::invalid_parameter_value, "Illegal sequence boundaries: " + std::to_string(static_cast<std::int64_t>(start)) + " to " + std::to_string(static_cast<std::int64_t>(stop)) + " by " + std::to_string(static_cast<std::int64_t>(step)) + ".", "ILLEGAL_SEQUENCE_BOUNDARIES");
      const __int128 count = step == 0 ? 1 : (stop - start) / step + 1;
      if (count + static_cast<__int128>(values.size()) > longest_sequence)
        return call.fail(errc::limit_exceeded, "sequence: more than " + std::to_string(longest_sequence) + " elements", "COLLECTION_SIZE_LIMIT_EXCEEDED.PARAMETER");
      for (__int128 k = 0; k < count; ++k) {
        shape.add(0);
        values.push_back(static_cast<T>(start + k * step));
      }
    }
    shape.end_row(valid);
  }
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<T>::make(static_cast<std::int64_t>(values.size())));
  std::copy(values.begin(), values.end(), out.values());
  return shape.wrap(call.call.type, out.finish(element, {}));
}

result<data::array_ptr> evaluate_sequence(const frame& call, const operands& args) {
  switch (args[0].id()) {
    case arrow::Type::INT8: return sequence_of<std::int8_t>(call, args);
    case arrow::Type::INT16: return sequence_of<std::int16_t>(call, args);
    case arrow::Type::INT64: return sequence_of<std::int64_t>(call, args);
    default: return sequence_of<std::int32_t>(call, args);
  }
}
result<resolved> resolve_sequence(std::vector<expr_ptr>& args, call_site& site) {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < args.size(); ++i)
    all.push_back(i);
  const bool dates = is_date(*args[0]->type) && is_date(*args[1]->type);
  if (dates && args.size() == 2)
    return resolved{array_of(arrow::date32(), false), any_nullable(args)};
  if (is_date(*args[0]->type) || is_any_timestamp(*args[0]->type))
    return status{errc::unsupported_feature, "sequence of dates with a step, or of timestamps, is not supported", site.position};
  SLUICE_ASSIGN_OR_RETURN(auto type, unify(args, all, site));
  if (!is_integral(*type))
    return site.mismatch("`sequence` uses the wrong parameter type. The parameter type must conform to: The start and stop expressions must resolve to the same type; otherwise the step expression must resolve to the same type.", "DATATYPE_MISMATCH.SEQUENCE_WRONG_INPUT_TYPES");
  return resolved{array_of(type, false), any_nullable(args)};
}

result<data::array_ptr> evaluate_reverse(const frame& call, const operands& args) {
  if (args[0].id() == arrow::Type::LIST) {
    list_rows in{args[0]};
    list_gather out;
    for (std::int64_t i = 0; i < call.rows; ++i) {
      for (auto k = in.null(i) ? 0 : in.end(i); !in.null(i) && k > in.begin(i); --k)
        out.add(k - 1);
      out.end_row(!in.null(i));
    }
    return out.finish(call.call.type, in.values());
  }
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  texts values{args[0]};
  std::string reversed;
  return build_texts(call.rows, nulls, [&](std::int64_t i, arrow::StringBuilder& out) {
    reversed.clear();
    const auto points = points_of(values[i]);
    for (auto k = points.size(); k-- > 0;)
      append_point(reversed, points[k]);
    return data::from_arrow(out.Append(reversed));
  });
}
result<resolved> resolve_reverse(std::vector<expr_ptr>& args, call_site& site) {
  if (args[0]->type->id() == arrow::Type::LIST)
    return resolved{args[0]->type, args[0]->nullable};
  SLUICE_RETURN_IF_ERROR(require(args, 0, arrow::utf8(), site));
  return resolved{arrow::utf8(), args[0]->nullable};
}

constexpr function sequence_table[] = {
  {"sequence", "", 2, 3, resolve_sequence, evaluate_sequence, nullptr, "sequence(start, stop[, step])", "Whole numbers, or days, from start to stop."},
  {"reverse", "", 1, 1, resolve_reverse, evaluate_reverse, nullptr, "reverse(str or array)", "The characters or elements from the last to the first."},
};

} // namespace

std::span<const function> sequence_functions() { return sequence_table; }

} // namespace sluice::expr
