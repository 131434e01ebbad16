#include "common/expr/coercion.hpp"

#include <arrow/scalar.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "common/expr/cast.hpp"

namespace sluice::expr {

bool is_integral(const arrow::DataType& type) { return type.id() >= arrow::Type::INT8 && arrow::is_signed_integer(type.id()); }
bool is_fractional(const arrow::DataType& type) { return type.id() == arrow::Type::FLOAT || type.id() == arrow::Type::DOUBLE; }
bool is_decimal_type(const arrow::DataType& type) { return type.id() == arrow::Type::DECIMAL128; }
bool is_number_type(const arrow::DataType& type) { return is_integral(type) || is_fractional(type) || is_decimal_type(type); }
bool is_text(const arrow::DataType& type) { return type.id() == arrow::Type::STRING; }
bool is_null(const arrow::DataType& type) { return type.id() == arrow::Type::NA; }
bool is_date(const arrow::DataType& type) { return type.id() == arrow::Type::DATE32; }
bool is_any_timestamp(const arrow::DataType& type) { return type.id() == arrow::Type::TIMESTAMP; }
bool is_ntz(const arrow::DataType& type) {
  return is_any_timestamp(type) && static_cast<const arrow::TimestampType&>(type).timezone().empty();
}
bool is_atomic(const arrow::DataType& type) {
  return is_number_type(type) || is_text(type) || is_date(type) || is_any_timestamp(type) || type.id() == arrow::Type::BOOL ||
         type.id() == arrow::Type::BINARY;
}

bool is_orderable(const arrow::DataType& type) {
  if (type.id() == arrow::Type::STRUCT || type.id() == arrow::Type::LIST)
    return std::all_of(type.fields().begin(), type.fields().end(), [](const auto& f) { return is_orderable(*f->type()); });
  return is_atomic(type) || is_null(type);
}

decimal_shape shape_of(const arrow::DataType& decimal) {
  const auto& type = static_cast<const arrow::DecimalType&>(decimal);
  return {type.precision(), type.scale()};
}

decimal_shape decimal_for(const arrow::DataType& numeric) {
  switch (numeric.id()) {
    case arrow::Type::INT8: return {3, 0};
    case arrow::Type::INT16: return {5, 0};
    case arrow::Type::INT32: return {10, 0};
    case arrow::Type::INT64: return {20, 0};
    case arrow::Type::FLOAT: return {14, 7};
    case arrow::Type::DOUBLE: return {30, 15};
    case arrow::Type::DECIMAL128: return shape_of(numeric);
    default: return {38, 18};
  }
}

decimal_shape decimal_for(const node& argument) {
  if (argument.kind == node_kind::literal && argument.value->is_valid && is_integral(*argument.type)) {
    auto digits = argument.value->ToString();
    return {static_cast<int>(digits.size() - (digits[0] == '-')), 0};
  }
  return decimal_for(*argument.type);
}

data::type_ptr adjusted_decimal(int precision, int scale) {
  if (precision <= 38)
    return arrow::decimal128(precision, scale);
  const int integral = precision - scale;
  return arrow::decimal128(38, std::max(38 - integral, std::min(scale, 6)));
}

data::type_ptr bounded_decimal(int precision, int scale) { return arrow::decimal128(std::min(precision, 38), std::min(scale, 38)); }

data::type_ptr wider_decimal(decimal_shape a, decimal_shape b) {
  const int scale = std::max(a.scale, b.scale);
  const int range = std::max(a.precision - a.scale, b.precision - b.scale);
  return bounded_decimal(range + scale, scale);
}

std::string sql_type(const arrow::DataType& type) {
  if (type.id() == arrow::Type::STRUCT) {
    std::string text = "STRUCT<";
    for (int i = 0; i < type.num_fields(); ++i)
      text += (i ? ", " : "") + type.field(i)->name() + ": " + sql_type(*type.field(i)->type());
    return text + ">";
  }
  if (type.id() == arrow::Type::LIST)
    return "ARRAY<" + sql_type(*type.field(0)->type()) + ">";
  if (type.id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(type);
    return "MAP<" + sql_type(*map.key_type()) + ", " + sql_type(*map.item_type()) + ">";
  }
  auto name = data::type_name(type);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
  return name;
}

namespace {

data::type_ptr common_number(const data::type_ptr& a, const data::type_ptr& b) {
  if (is_decimal_type(*a) || is_decimal_type(*b)) {
    if (is_fractional(*a) || is_fractional(*b))
      return arrow::float64();
    return wider_decimal(decimal_for(*a), decimal_for(*b));
  }
  if (is_fractional(*a) != is_fractional(*b))
    return arrow::float64();
  auto rank = [](const data::type_ptr& type) { return static_cast<int>(type->id()); };
  return rank(a) > rank(b) ? a : b;
}

/// The type a string takes beside `other`.
data::type_ptr text_beside(const data::type_ptr& other) {
  if (is_integral(*other))
    return arrow::int64();
  return is_number_type(*other) ? arrow::float64() : other;
}

std::optional<data::type_ptr> common_or_none(const data::type_ptr& a, const data::type_ptr& b);

std::optional<data::type_ptr> common_nested(const data::type_ptr& a, const data::type_ptr& b) {
  if (a->id() == arrow::Type::LIST) {
    auto element = common_or_none(a->field(0)->type(), b->field(0)->type());
    return element ? std::optional<data::type_ptr>{arrow::list(arrow::field("element", *element))} : std::nullopt;
  }
  if (a->id() == arrow::Type::MAP) {
    const auto& x = static_cast<const arrow::MapType&>(*a);
    const auto& y = static_cast<const arrow::MapType&>(*b);
    auto key = common_or_none(x.key_type(), y.key_type());
    auto item = common_or_none(x.item_type(), y.item_type());
    return key && item ? std::optional<data::type_ptr>{arrow::map(*key, *item)} : std::nullopt;
  }
  if (a->id() != arrow::Type::STRUCT || a->num_fields() != b->num_fields())
    return std::nullopt;
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (int i = 0; i < a->num_fields(); ++i) {
    auto type = common_or_none(a->field(i)->type(), b->field(i)->type());
    if (!type)
      return std::nullopt;
    fields.push_back(arrow::field(a->field(i)->name(), *type, a->field(i)->nullable() || b->field(i)->nullable()));
  }
  return arrow::struct_(fields);
}

std::optional<data::type_ptr> common_or_none(const data::type_ptr& a, const data::type_ptr& b) {
  if (data::same_type(*a, *b) || is_null(*b))
    return a;
  if (is_null(*a))
    return b;
  if (is_number_type(*a) && is_number_type(*b))
    return common_number(a, b);
  if (is_text(*a) && is_atomic(*b))
    return text_beside(b);
  if (is_text(*b) && is_atomic(*a))
    return text_beside(a);
  if ((is_date(*a) || is_any_timestamp(*a)) && (is_date(*b) || is_any_timestamp(*b))) {
    if (is_date(*a))
      return b;
    return is_date(*b) ? a : data::timestamp_type();
  }
  return a->id() == b->id() ? common_nested(a, b) : std::nullopt;
}

/// Whether an argument of type `from` may stand where `to` is expected.
bool casts_implicitly(const arrow::DataType& from, const arrow::DataType& to) {
  if (is_null(from) || data::same_type(from, to))
    return true;
  if (is_number_type(from) && is_number_type(to))
    return true;
  if (is_text(to))
    return is_atomic(from) && from.id() != arrow::Type::BINARY;
  if (is_text(from))
    return is_atomic(to);
  auto datetime = [](const arrow::DataType& type) { return is_date(type) || is_any_timestamp(type); };
  return datetime(from) && datetime(to);
}

const char* ordinal_word(std::size_t index) {
  constexpr const char* words[] = {"first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"};
  return index < std::size(words) ? words[index] : "next";
}

} // namespace

result<data::type_ptr> common_type(const data::type_ptr& a, const data::type_ptr& b) {
  if (auto common = common_or_none(a, b))
    return *common;
  return {errc::datatype_mismatch, "the types \"" + sql_type(*a) + "\" and \"" + sql_type(*b) + "\" have no common type"};
}

expr_ptr implicit_cast(const expr_ptr& arg, const data::type_ptr& type) {
  if (data::same_type(*arg->type, *type))
    return arg;
  return make_cast(arg, type, arg->position, true);
}

status unexpected_type(const std::vector<expr_ptr>& args, std::size_t index, const std::string& required, const call_site& site) {
  return site.mismatch("The " + std::string{ordinal_word(index)} + " parameter requires the " + required + " type, however \"" +
                       to_sql(*args[index]) + "\" has the type \"" + sql_type(*args[index]->type) + "\".");
}

status require(std::vector<expr_ptr>& args, std::size_t index, const data::type_ptr& type, const call_site& site) {
  if (!casts_implicitly(*args[index]->type, *type))
    return unexpected_type(args, index, "\"" + sql_type(*type) + "\"", site);
  args[index] = implicit_cast(args[index], type);
  return ok();
}

namespace {

/// Without ANSI mode a text beside another type makes everything text.
std::optional<data::type_ptr> without_ansi(const data::type_ptr& a, const data::type_ptr& b) {
  const bool text = is_text(*a) || is_text(*b);
  const auto& other = is_text(*a) ? b : a;
  if (!text || is_text(*other) || is_null(*other))
    return common_or_none(a, b);
  const bool becomes_text = is_number_type(*other) || is_date(*other) || is_any_timestamp(*other);
  return becomes_text ? std::optional<data::type_ptr>{arrow::utf8()} : std::nullopt;
}

} // namespace

result<data::type_ptr> unify(std::vector<expr_ptr>& args, const std::vector<std::size_t>& which, const call_site& site) {
  data::type_ptr common = arrow::null();
  for (auto index : which) {
    auto next = site.session.ansi ? common_or_none(common, args[index]->type) : without_ansi(common, args[index]->type);
    if (!next) {
      std::string types;
      for (auto i : which)
        types += (types.empty() ? "\"" : ", \"") + sql_type(*args[i]->type) + "\"";
      return site.mismatch("Input to `" + site.name + "` should all be the same type, but it's [" + types + "].",
                           "DATATYPE_MISMATCH.DATA_DIFF_TYPES");
    }
    common = *next;
  }
  for (auto index : which)
    args[index] = implicit_cast(args[index], common);
  return common;
}

result<data::type_ptr> unify_pair(std::vector<expr_ptr>& args, const call_site& site) {
  auto common = common_or_none(args[0]->type, args[1]->type);
  if (!common)
    return site.mismatch("the left and right operands of the binary operator have incompatible types (\"" +
                           sql_type(*args[0]->type) + "\" and \"" + sql_type(*args[1]->type) + "\").",
                         "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES");
  args[0] = implicit_cast(args[0], *common);
  args[1] = implicit_cast(args[1], *common);
  return *common;
}

} // namespace sluice::expr
