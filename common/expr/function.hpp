#pragma once
/// One entry of the function registry. Room-internal; `registry.hpp` is the public list.
#include "common/expr/kernel.hpp"

namespace sluice::expr {

/// Where a function is called in the text, while it is resolved.
struct call_site {
  std::string name;
  text_position position;
  const options& session;
  std::string parameter;
  const std::vector<expr_ptr>* original = nullptr;  ///< arguments as written, for messages

  /// Cannot resolve "f(x)" due to data type mismatch: `why`.
  status mismatch(const std::string& why, std::string spark_class = {}) const;
};

struct resolved {
  data::type_ptr type;
  bool nullable = true;
};

/// Checks and coerces the arguments in place and gives the result's type.
using resolver = result<resolved> (*)(std::vector<expr_ptr>& args, call_site& site);
/// All arguments for all rows.
using evaluator = result<data::array_ptr> (*)(const frame& call, const operands& args);
/// Arguments as needed.
using lazy_evaluator = result<operand> (*)(evaluation& evaluate, const node& call);

inline constexpr int any_number = 1 << 20;

struct function {
  std::string_view name;      ///< lower case
  std::string_view aliases;   ///< blank-separated
  int min_args;
  int max_args;
  resolver resolve;
  evaluator evaluate;
  lazy_evaluator evaluate_lazily;  ///< instead of evaluate
  std::string_view signature;
  std::string_view doc;
  /// Trailing arguments that may be left out, separated by '|': numbers as they are, texts behind a quote ("1", "'hello", "',|-1").
  std::string_view defaults = {};
};

/// The registry's entry or null; `name` in lower case.
const function* find_function(const std::string& name);

bool any_nullable(const std::vector<expr_ptr>& args);

} // namespace sluice::expr
