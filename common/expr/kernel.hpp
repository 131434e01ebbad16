#pragma once
/// What vectorised functions are written with. Room-internal.
/// An operand is one array; a constant operand is an array of one value that stands for every row.
#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/builder.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>

#include <span>

#include "common/data/arrow_status.hpp"
#include "common/expr/expr.hpp"

namespace sluice::expr {

struct operand {
  data::array_ptr array;
  bool constant = false;

  std::int64_t at(std::int64_t row) const noexcept { return constant ? 0 : row; }
  bool null(std::int64_t row) const { return array->IsNull(at(row)); }
  arrow::Type::type id() const { return array->type_id(); }
};

using operands = std::vector<operand>;

/// One call of a function over `rows` rows.
struct frame {
  const node& call;
  const eval_context& context;
  std::int64_t rows;

  bool ansi() const noexcept { return context.session.ansi; }
  status fail(errc code, std::string message, std::string spark_class = {}) const {
    status error{code, std::move(message), call.position};
    return spark_class.empty() ? error : std::move(error).with_spark_class(std::move(spark_class));
  }
};

/// Fixed-width values of an operand.
template <class T>
struct numbers {
  explicit numbers(const operand& from) : values(from.array->data()->GetValues<T>(1)), constant(from.constant) {}
  T operator[](std::int64_t row) const noexcept { return values[constant ? 0 : row]; }
  const T* values;
  bool constant;
};

/// Text or binary values of an operand.
struct texts {
  explicit texts(const operand& from) : values(static_cast<const arrow::BinaryArray&>(*from.array)), constant(from.constant) {}
  std::string_view operator[](std::int64_t row) const { return values.GetView(constant ? 0 : row); }
  const arrow::BinaryArray& values;
  bool constant;
};

/// Calls f(row, a, b) for every row, with the constant side kept in a register.
template <class A, class B, class F>
void for_each_pair(const operand& left, const operand& right, std::int64_t rows, F&& f) {
  numbers<A> a{left};
  numbers<B> b{right};
  if (b.constant && !a.constant) {
    const B value = b[0];
    for (std::int64_t i = 0; i < rows; ++i)
      f(i, a.values[i], value);
  } else if (a.constant && !b.constant) {
    const A value = a[0];
    for (std::int64_t i = 0; i < rows; ++i)
      f(i, value, b.values[i]);
  } else if (a.constant) {
    for (std::int64_t i = 0; i < rows; ++i)
      f(i, a[0], b[0]);
  } else {
    for (std::int64_t i = 0; i < rows; ++i)
      f(i, a.values[i], b.values[i]);
  }
}

/// Validity of a result: no bits means no nulls.
class null_mask {
public:
  null_mask() = default;
  /// Null where any operand is null.
  static result<null_mask> of(std::span<const operand> from, std::int64_t rows);

  bool any() const noexcept { return bits_ != nullptr; }
  bool null(std::int64_t row) const noexcept { return bits_ && !arrow::bit_util::GetBit(bits_->data(), row); }
  status set_null(std::int64_t row);
  const std::shared_ptr<arrow::Buffer>& bits() const noexcept { return bits_; }

private:
  std::shared_ptr<arrow::Buffer> bits_;
  std::int64_t rows_ = 0;
  bool owned_ = false;
};

/// Result of fixed-width values under construction.
template <class T>
class number_output {
public:
  static result<number_output> make(std::int64_t rows) {
    SLUICE_ASSIGN_OR_RETURN(auto buffer, data::from_arrow(arrow::AllocateBuffer(rows * static_cast<std::int64_t>(sizeof(T)))));
    number_output output;
    output.rows_ = rows;
    output.buffer_ = std::move(buffer);
    output.values_ = reinterpret_cast<T*>(output.buffer_->mutable_data());
    return output;
  }
  T* values() noexcept { return values_; }
  T& operator[](std::int64_t row) noexcept { return values_[row]; }
  data::array_ptr finish(const data::type_ptr& type, const null_mask& nulls) {
    return arrow::MakeArray(arrow::ArrayData::Make(type, rows_, {nulls.bits(), buffer_}));
  }

private:
  std::shared_ptr<arrow::Buffer> buffer_;
  T* values_ = nullptr;
  std::int64_t rows_ = 0;
};

/// Booleans from bytes (0 or 1).
result<data::array_ptr> finish_booleans(const std::vector<std::uint8_t>& bytes, const null_mask& nulls);
/// An array of nulls; one value repeated.
result<data::array_ptr> all_null(const data::type_ptr& type, std::int64_t rows);
result<data::array_ptr> broadcast(const operand& value, std::int64_t rows);

template <class Builder>
result<data::array_ptr> finish_builder(Builder& builder) {
  return data::from_arrow(builder.Finish());
}

/// A text result, row by row: f(row, builder) for rows that are not null; f returns a status.
template <class F>
result<data::array_ptr> build_texts(std::int64_t rows, const null_mask& nulls, F&& f) {
  arrow::StringBuilder builder;
  SLUICE_RETURN_IF_ERROR(data::from_arrow(builder.Reserve(rows)));
  for (std::int64_t i = 0; i < rows; ++i) {
    if (nulls.null(i)) {
      builder.UnsafeAppendNull();
      continue;
    }
    SLUICE_RETURN_IF_ERROR(f(i, builder));
  }
  return finish_builder(builder);
}

/// Calls f.template operator()<T>() with the C type of a fixed-width numeric Arrow type; `otherwise` for any other.
template <class F>
auto with_number_type(arrow::Type::type id, F&& f) {
  switch (id) {
    case arrow::Type::INT8: return f.template operator()<std::int8_t>();
    case arrow::Type::INT16: return f.template operator()<std::int16_t>();
    case arrow::Type::INT32: case arrow::Type::DATE32: return f.template operator()<std::int32_t>();
    case arrow::Type::FLOAT: return f.template operator()<float>();
    case arrow::Type::DOUBLE: return f.template operator()<double>();
    case arrow::Type::DECIMAL128: return f.template operator()<__int128>();
    default: return f.template operator()<std::int64_t>();
  }
}

/// Values of lambda variables, by id; as long as the batch.
using bindings = std::vector<std::pair<std::string, operand>>;

/// Evaluates sub-expressions of one batch; handed to functions that must not evaluate all their arguments for all rows.
class evaluation {
public:
  evaluation(const arrow::RecordBatch& batch, const eval_context& context, const bindings* variables = nullptr);
  result<operand> operator()(const node& expression);
  /// The value for the rows whose byte is set, null elsewhere; the other rows can raise no error.
  result<operand> where(const node& expression, const std::vector<std::uint8_t>& selected);
  const eval_context& context() const noexcept { return context_; }
  std::int64_t rows() const noexcept;
  /// The value of a lambda variable.
  result<operand> variable(const node& expression) const;
  /// A lambda's body for `count` elements: element i belongs to row parents[i], `parameters` hold its variables.
  result<data::array_ptr> apply(const node& lambda, const std::vector<data::array_ptr>& parameters, const arrow::Array& parents) const;

private:
  const arrow::RecordBatch& batch_;
  const eval_context& context_;
  const bindings* variables_;
};

} // namespace sluice::expr
