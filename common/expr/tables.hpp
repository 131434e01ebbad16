#pragma once
/// The tables that make up the registry: a new table is one line here. Room-internal.
#include "common/expr/function.hpp"

namespace sluice::expr {

std::span<const function> arithmetic_functions();
std::span<const function> math_functions();
std::span<const function> double_functions();
std::span<const function> bit_functions();
std::span<const function> comparison_functions();
std::span<const function> logic_functions();
std::span<const function> conditional_functions();
std::span<const function> choice_functions();
std::span<const function> string_functions();
std::span<const function> text_functions();
std::span<const function> encoding_functions();
std::span<const function> decode_functions();
std::span<const function> regex_functions();
std::span<const function> format_functions();
std::span<const function> hash_functions();
std::span<const function> datetime_functions();
std::span<const function> date_part_functions();
std::span<const function> timestamp_functions();
std::span<const function> nested_functions();
std::span<const function> array_functions();
std::span<const function> sequence_functions();
std::span<const function> map_functions();
std::span<const function> higher_order_functions();
std::span<const function> json_functions();
std::span<const function> cast_functions();
std::span<const function> try_functions();

inline std::vector<std::span<const function>> all_tables() {
  return {arithmetic_functions(), math_functions(), double_functions(), bit_functions(), comparison_functions(),
          logic_functions(), conditional_functions(), choice_functions(), string_functions(), text_functions(),
          encoding_functions(), decode_functions(), regex_functions(), format_functions(), hash_functions(),
          datetime_functions(), date_part_functions(), timestamp_functions(), nested_functions(), array_functions(),
          sequence_functions(), map_functions(), higher_order_functions(), json_functions(),
          cast_functions(), try_functions()};
}

} // namespace sluice::expr
