#include "common/expr/lists.hpp"

#include <arrow/array/concatenate.h>

#include "common/expr/compare.hpp"
#include "common/expr/hash.hpp"

namespace sluice::expr {

void list_gather::end_row(bool valid) {
  if (!valid)
    positions_.resize(begin_);
  begin_ = static_cast<std::int64_t>(positions_.size());
  offsets_.push_back(static_cast<std::int32_t>(begin_));
  valid_.push_back(valid);
  any_null_ = any_null_ || !valid;
}

result<data::array_ptr> list_gather::elements(const arrow::Array& values) const {
  arrow::Int64Builder places;
  SLUICE_RETURN_IF_ERROR(data::from_arrow(places.Reserve(static_cast<std::int64_t>(positions_.size()))));
  for (auto position : positions_)
    position < 0 ? places.UnsafeAppendNull() : places.UnsafeAppend(position);
  SLUICE_ASSIGN_OR_RETURN(auto at, finish_builder(places));
  return take(values, *at);
}

result<data::array_ptr> list_gather::finish(const data::type_ptr& type, const arrow::Array& values) const {
  SLUICE_ASSIGN_OR_RETURN(auto picked, elements(values));
  return wrap(type, picked);
}

result<data::array_ptr> list_gather::wrap(const data::type_ptr& type, const data::array_ptr& elements) const {
  const auto rows = static_cast<std::int64_t>(valid_.size());
  SLUICE_ASSIGN_OR_RETURN(auto offsets, number_output<std::int32_t>::make(rows + 1));
  std::copy(offsets_.begin(), offsets_.end(), offsets.values());
  std::shared_ptr<arrow::Buffer> bits;
  if (any_null_) {
    SLUICE_ASSIGN_OR_RETURN(auto truth, finish_booleans(valid_, {}));
    bits = truth->data()->buffers[1];
  }
  auto child = elements->data();
  if (const auto& wanted = type->field(0)->type(); !child->type->Equals(wanted)) {
    child = child->Copy();
    child->type = wanted;
  }
  auto buffer = offsets.finish(arrow::int32(), {})->data()->buffers[1];
  return arrow::MakeArray(arrow::ArrayData::Make(type, rows, {bits, buffer}, {child}, any_null_ ? arrow::kUnknownNullCount : 0));
}

result<joined_values> join_values(const std::vector<data::array_ptr>& parts) {
  joined_values out;
  std::int64_t begin = 0;
  for (const auto& part : parts) {
    out.begins.push_back(begin);
    begin += part->length();
  }
  if (parts.size() == 1) {
    out.values = parts[0];
    return out;
  }
  // nested fields may differ in what may be null, which Concatenate does not take
  arrow::ArrayVector alike;
  for (const auto& part : parts) {
    auto data = part->data();
    if (!data->type->Equals(parts[0]->type())) {
      data = data->Copy();
      data->type = parts[0]->type();
    }
    alike.push_back(arrow::MakeArray(data));
  }
  SLUICE_ASSIGN_OR_RETURN(out.values, data::from_arrow(arrow::Concatenate(alike)));
  return out;
}

bool value_set::equal(std::int64_t a, std::int64_t b) const {
  const bool null = values_.IsNull(a);
  if (null || values_.IsNull(b))
    return null == values_.IsNull(b);
  return compare_values(values_, a, values_, b) == 0;
}

namespace {
constexpr std::size_t few = 16;
}

bool value_set::contains(std::int64_t position) const {
  if (members_.size() <= few)
    return std::any_of(members_.begin(), members_.end(), [&](auto member) { return equal(member, position); });
  auto [begin, end] = by_hash_.equal_range(murmur_hash(values_, position, 42));
  return std::any_of(begin, end, [&](const auto& member) { return equal(member.second, position); });
}

bool value_set::insert(std::int64_t position) {
  if (contains(position))
    return false;
  members_.push_back(position);
  if (members_.size() == few + 1)
    for (auto member : members_)
      by_hash_.emplace(murmur_hash(values_, member, 42), member);
  else if (members_.size() > few)
    by_hash_.emplace(murmur_hash(values_, position, 42), position);
  return true;
}

result<data::array_ptr> concat_arrays(const frame& call, const operands& args) {
  std::vector<data::array_ptr> parts;
  for (const auto& arg : args)
    parts.push_back(list_rows{arg}.lists.values());
  SLUICE_ASSIGN_OR_RETURN(auto all, join_values(parts));
  list_gather out;
  for (std::int64_t i = 0; i < call.rows; ++i) {
    const bool valid = std::none_of(args.begin(), args.end(), [&](const operand& arg) { return arg.null(i); });
    for (std::size_t k = 0; valid && k < args.size(); ++k) {
      list_rows in{args[k]};
      out.add_range(all.begins[k] + in.begin(i), all.begins[k] + in.end(i));
    }
    out.end_row(valid);
  }
  return out.finish(call.call.type, *all.values);
}

result<data::type_ptr> require_array(const std::vector<expr_ptr>& args, std::size_t index, const call_site& site) {
  if (args[index]->type->id() != arrow::Type::LIST)
    return unexpected_type(args, index, "\"ARRAY\"", site);
  return args[index]->type->field(0)->type();
}

data::type_ptr array_of(const data::type_ptr& element, bool contains_null) { return arrow::list(arrow::field("element", element, contains_null)); }
bool elements_nullable(const arrow::DataType& array) { return array.field(0)->nullable(); }

} // namespace sluice::expr
