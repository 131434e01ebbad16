#include "common/expr/kernel.hpp"

#include <arrow/array/util.h>
#include <arrow/scalar.h>
#include <arrow/util/bitmap_ops.h>

#include <cstring>

namespace sluice::expr {

namespace {

result<std::shared_ptr<arrow::Buffer>> new_bits(std::int64_t rows, std::uint8_t fill) {
  SLUICE_ASSIGN_OR_RETURN(auto buffer, data::from_arrow(arrow::AllocateBuffer(arrow::bit_util::BytesForBits(rows))));
  std::memset(buffer->mutable_data(), fill, buffer->size());
  return std::shared_ptr<arrow::Buffer>{std::move(buffer)};
}

} // namespace

result<null_mask> null_mask::of(std::span<const operand> from, std::int64_t rows) {
  null_mask mask;
  mask.rows_ = rows;
  for (const auto& one : from) {
    if (one.array->null_count() == 0)
      continue;
    if (one.constant || one.array->type_id() == arrow::Type::NA) {
      SLUICE_ASSIGN_OR_RETURN(mask.bits_, new_bits(rows, 0));
      mask.owned_ = true;
      return mask;
    }
    const auto& own = one.array->data();
    if (mask.bits_ == nullptr && own->offset == 0) {
      mask.bits_ = own->buffers[0];
    } else if (mask.bits_ == nullptr) {
      SLUICE_ASSIGN_OR_RETURN(mask.bits_, data::from_arrow(arrow::internal::CopyBitmap(
                                            arrow::default_memory_pool(), own->buffers[0]->data(), own->offset, rows)));
    } else {
      SLUICE_ASSIGN_OR_RETURN(mask.bits_, data::from_arrow(arrow::internal::BitmapAnd(
                                            arrow::default_memory_pool(), mask.bits_->data(), 0, own->buffers[0]->data(),
                                            own->offset, rows, 0)));
    }
  }
  return mask;
}

status null_mask::set_null(std::int64_t row) {
  if (!owned_) {
    auto rows = std::max(rows_, row + 1);
    SLUICE_ASSIGN_OR_RETURN(auto fresh, new_bits(rows, 0xff));
    if (bits_)
      std::memcpy(fresh->mutable_data(), bits_->data(), arrow::bit_util::BytesForBits(rows_));
    bits_ = fresh;
    owned_ = true;
  }
  arrow::bit_util::ClearBit(bits_->mutable_data(), row);
  return ok();
}

result<data::array_ptr> finish_booleans(const std::vector<std::uint8_t>& bytes, const null_mask& nulls) {
  const auto rows = static_cast<std::int64_t>(bytes.size());
  SLUICE_ASSIGN_OR_RETURN(auto bits, new_bits(rows, 0));
  auto* out = bits->mutable_data();
  std::int64_t i = 0;
  for (; i + 8 <= rows; i += 8) {
    std::uint64_t eight;
    std::memcpy(&eight, bytes.data() + i, 8);
    out[i / 8] = static_cast<std::uint8_t>((eight * 0x0102040810204080ULL) >> 56);
  }
  for (; i < rows; ++i)
    if (bytes[i])
      arrow::bit_util::SetBit(out, i);
  return arrow::MakeArray(arrow::ArrayData::Make(arrow::boolean(), rows, {nulls.bits(), bits}));
}

result<data::array_ptr> all_null(const data::type_ptr& type, std::int64_t rows) {
  return data::from_arrow(arrow::MakeArrayOfNull(type, rows));
}

result<data::array_ptr> broadcast(const operand& value, std::int64_t rows) {
  if (!value.constant || (rows == 1 && value.array->length() == 1))
    return value.array;
  if (value.array->IsNull(0))
    return all_null(value.array->type(), rows);
  SLUICE_ASSIGN_OR_RETURN(auto scalar, data::from_arrow(value.array->GetScalar(0)));
  return data::from_arrow(arrow::MakeArrayFromScalar(*scalar, rows));
}

} // namespace sluice::expr
