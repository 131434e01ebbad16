#include "tests/fuzz/sample_rows.hpp"

#include <arrow/api.h>

#include <cmath>
#include <limits>

#include "tests/fuzz/target.hpp"

namespace sluice::fuzz {
namespace {

template <class T>
T integer(int i) {
  constexpr T values[] = {0, 1, static_cast<T>(-1), 100, std::numeric_limits<T>::max(), std::numeric_limits<T>::min(), 7};
  return values[i % 7];
}

double real(int i) {
  const double values[] = {0, -0.0, 1.5, NAN, INFINITY, -1e308, 42};
  return values[i % 7];
}

std::string text(int i) {
  const char* values[] = {"", "a", "Open", "2016-07-26 02:45:07", "12.5", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "%_\\["};
  return values[i % 7];
}

arrow::Status append(arrow::ArrayBuilder* to, const arrow::DataType& type, int i) {
  if (i % 5 == 3) return to->AppendNull();
  switch (type.id()) {
    case arrow::Type::BOOL: return static_cast<arrow::BooleanBuilder*>(to)->Append(i % 2 == 0);
    case arrow::Type::INT8: return static_cast<arrow::Int8Builder*>(to)->Append(integer<std::int8_t>(i));
    case arrow::Type::INT16: return static_cast<arrow::Int16Builder*>(to)->Append(integer<std::int16_t>(i));
    case arrow::Type::INT32: return static_cast<arrow::Int32Builder*>(to)->Append(integer<std::int32_t>(i));
    case arrow::Type::INT64: return static_cast<arrow::Int64Builder*>(to)->Append(integer<std::int64_t>(i));
    case arrow::Type::DATE32: return static_cast<arrow::Date32Builder*>(to)->Append(integer<std::int32_t>(i));
    case arrow::Type::TIMESTAMP: return static_cast<arrow::TimestampBuilder*>(to)->Append(i % 2 ? 1469501107000000 + i : integer<std::int64_t>(i));
    case arrow::Type::FLOAT: return static_cast<arrow::FloatBuilder*>(to)->Append(static_cast<float>(real(i)));
    case arrow::Type::DOUBLE: return static_cast<arrow::DoubleBuilder*>(to)->Append(real(i));
    case arrow::Type::STRING: return static_cast<arrow::StringBuilder*>(to)->Append(text(i));
    case arrow::Type::BINARY: return static_cast<arrow::BinaryBuilder*>(to)->Append(text(i));
    case arrow::Type::DECIMAL128: return static_cast<arrow::Decimal128Builder*>(to)->Append(arrow::Decimal128(i % 9 - 4));
    case arrow::Type::STRUCT: {
      auto* parts = static_cast<arrow::StructBuilder*>(to);
      for (int k = 0; k < type.num_fields(); ++k) ARROW_RETURN_NOT_OK(append(parts->field_builder(k), *type.field(k)->type(), i + k));
      return parts->Append();
    }
    case arrow::Type::LIST: {
      auto* list = static_cast<arrow::ListBuilder*>(to);
      ARROW_RETURN_NOT_OK(list->Append());
      for (int k = 0; k < i % 3; ++k) ARROW_RETURN_NOT_OK(append(list->value_builder(), *type.field(0)->type(), i + k));
      return arrow::Status::OK();
    }
    case arrow::Type::MAP: {
      auto* map = static_cast<arrow::MapBuilder*>(to);
      const auto& types = static_cast<const arrow::MapType&>(type);
      ARROW_RETURN_NOT_OK(map->Append());
      if (i % 3 == 0) return arrow::Status::OK();
      ARROW_RETURN_NOT_OK(append(map->key_builder(), *types.key_type(), 1));
      return append(map->item_builder(), *types.item_type(), i);
    }
    default: return to->AppendNull();
  }
}

} // namespace

data::batch_ptr sample_rows(const data::schema_ptr& schema, int count) {
  std::vector<data::array_ptr> columns;
  for (int c = 0; c < schema->num_fields(); ++c) {
    auto builder = arrow::MakeBuilder(schema->field(c)->type());
    require(builder.ok(), "no builder for " + schema->field(c)->ToString());
    for (int i = 0; i < count; ++i) {
      auto added = append(builder->get(), *schema->field(c)->type(), i * 3 + c);
      require(added.ok(), added.ToString());
    }
    columns.push_back(*(*builder)->Finish());
  }
  return arrow::RecordBatch::Make(schema, count, std::move(columns));
}

} // namespace sluice::fuzz
