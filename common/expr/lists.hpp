#pragma once
/// Arrays and maps row by row, and their construction out of positions. Room-internal.
#include <arrow/array.h>

#include <unordered_map>

#include "common/expr/coercion.hpp"
#include "common/expr/compute.hpp"

namespace sluice::expr {

/// The rows of an ARRAY or MAP operand as ranges of one array of values.
struct list_rows {
  explicit list_rows(const operand& from) : of(from), lists(static_cast<const arrow::ListArray&>(*from.array)) {}
  bool null(std::int64_t row) const { return of.null(row); }
  std::int64_t begin(std::int64_t row) const { return lists.value_offset(of.at(row)); }
  std::int64_t end(std::int64_t row) const { return begin(row) + size(row); }
  std::int64_t size(std::int64_t row) const { return lists.value_length(of.at(row)); }
  const arrow::Array& values() const { return *lists.values(); }

  const operand& of;
  const arrow::ListArray& lists;
};

/// Builds an array column whose elements are picked from one array of values by position.
class list_gather {
public:
  static constexpr std::int64_t null_element = -1;

  void add(std::int64_t position) { positions_.push_back(position); }
  void add_range(std::int64_t begin, std::int64_t end) {
    for (; begin < end; ++begin)
      positions_.push_back(begin);
  }
  /// Elements of the row under construction.
  std::int64_t size() const noexcept { return static_cast<std::int64_t>(positions_.size()) - begin_; }
  std::vector<std::int64_t>& positions() noexcept { return positions_; }
  std::int64_t row_begin() const noexcept { return begin_; }
  void end_row(bool valid = true);
  result<data::array_ptr> finish(const data::type_ptr& type, const arrow::Array& values) const;
  /// The picked elements alone, all rows one after the other.
  result<data::array_ptr> elements(const arrow::Array& values) const;
  /// Offsets and validity around elements made elsewhere; `type` an ARRAY or MAP.
  result<data::array_ptr> wrap(const data::type_ptr& type, const data::array_ptr& elements) const;

private:
  std::vector<std::int64_t> positions_;
  std::vector<std::int32_t> offsets_{0};
  std::vector<std::uint8_t> valid_;
  std::int64_t begin_ = 0;
  bool any_null_ = false;
};

/// Several arrays of one type as one; [k] where the k-th begins.
struct joined_values {
  data::array_ptr values;
  std::vector<std::int64_t> begins;
};
result<joined_values> join_values(const std::vector<data::array_ptr>& parts);

/// A set of positions by the values there (null equals null).
class value_set {
public:
  explicit value_set(const arrow::Array& values) : values_(values) {}
  void clear() { members_.clear(), by_hash_.clear(); }
  bool contains(std::int64_t position) const;
  /// Whether it was new.
  bool insert(std::int64_t position);

private:
  bool equal(std::int64_t a, std::int64_t b) const;
  const arrow::Array& values_;
  std::vector<std::int64_t> members_;
  std::unordered_multimap<std::int32_t, std::int64_t> by_hash_;  ///< used from some size on
};

/// The elements of several ARRAY operands of one type in one array; null where one is null.
result<data::array_ptr> concat_arrays(const frame& call, const operands& args);

/// An ARRAY argument's element type, or Spark's error.
result<data::type_ptr> require_array(const std::vector<expr_ptr>& args, std::size_t index, const call_site& site);
data::type_ptr array_of(const data::type_ptr& element, bool contains_null = true);
bool elements_nullable(const arrow::DataType& array);

} // namespace sluice::expr
