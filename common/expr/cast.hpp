#pragma once
/// Casts between types. Room-internal.
#include "common/expr/kernel.hpp"

namespace sluice::expr {

/// A cast node; `implicit` ones do not show in names.
expr_ptr make_cast(const expr_ptr& input, const data::type_ptr& type, text_position position, bool implicit);
/// Whether Spark accepts the cast at analysis.
bool can_cast(const arrow::DataType& from, const arrow::DataType& to, bool ansi);

/// Casts every value. The frame gives rows, ANSI mode, zone and position.
result<data::array_ptr> cast_array(const frame& call, const operand& input, const data::type_ptr& to);
/// The families of casts that cast_array chooses from.
result<data::array_ptr> cast_to_number(const frame& call, const operand& input, const data::type_ptr& to);
result<data::array_ptr> cast_to_decimal(const frame& call, const operand& input, const data::type_ptr& to);
result<data::array_ptr> cast_to_boolean(const frame& call, const operand& input);
result<data::array_ptr> cast_to_datetime(const frame& call, const operand& input, const data::type_ptr& to);

/// Spark's messages.
status malformed_input(const frame& call, std::string_view text, const arrow::DataType& to);
status cast_overflows(const frame& call, const std::string& value, const arrow::DataType& from, const arrow::DataType& to);

} // namespace sluice::expr
