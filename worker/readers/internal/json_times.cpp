#include "worker/readers/internal/json_times.hpp"

#include <arrow/api.h>

#include <charconv>

namespace sluice::readers {

namespace {

bool is_ntz(const arrow::DataType& type) {
  return type.id() == arrow::Type::TIMESTAMP && static_cast<const arrow::TimestampType&>(type).timezone().empty();
}

std::string option_or_empty(const plan::option_map& options, const char* key) {
  const auto it = options.find(key);
  return it == options.end() ? std::string{} : it->second;
}

result<data::array_ptr> run_over(const expr::expr_ptr& expression, const data::array_ptr& texts, const expr::eval_context& context) {
  const auto schema = arrow::schema({arrow::field("value", arrow::utf8())});
  const auto batch = arrow::RecordBatch::Make(schema, texts->length(), {texts});
  return expr::evaluate(*expression, *batch, context);
}

// Text with a zone is malformed for timestamp_ntz: what follows the date may hold digits, blanks, ':', '.' and the T only.
bool has_zone(std::string_view text) {
  if (text.size() <= 10) return false;
  for (const char c : text.substr(10))
    if (!(c >= '0' && c <= '9') && c != ':' && c != '.' && c != ' ' && c != 'T') return true;
  return false;
}

data::array_ptr without_zoned(const arrow::StringArray& texts) {
  arrow::StringBuilder builder;
  for (std::int64_t i = 0; i < texts.length(); ++i) {
    const bool keep = texts.IsValid(i) && !has_zone(texts.GetView(i));
    if (!(keep ? builder.Append(texts.GetView(i)) : builder.AppendNull()).ok()) return nullptr;
  }
  return builder.Finish().ValueOr(nullptr);
}

// Spark reads a text it cannot take as a date as a number of days, as its first versions did.
data::array_ptr with_day_numbers(const arrow::StringArray& texts, const arrow::Date32Array& dates) {
  if (dates.null_count() == texts.null_count()) return nullptr;
  arrow::Date32Builder builder;
  for (std::int64_t i = 0; i < texts.length(); ++i) {
    std::int32_t days = 0;
    if (dates.IsValid(i)) {
      if (!builder.Append(dates.Value(i)).ok()) return nullptr;
      continue;
    }
    std::string_view text = texts.IsValid(i) ? texts.GetView(i) : std::string_view{};
    if (text.starts_with('+')) text.remove_prefix(1);
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), days);
    const bool good = !text.empty() && parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
    if (!(good ? builder.Append(days) : builder.AppendNull()).ok()) return nullptr;
  }
  return builder.Finish().ValueOr(nullptr);
}

} // namespace

result<time_parser> time_parser::make(const plan::option_map& options, const expr::eval_context& context) {
  time_parser parser;
  parser.timestamp_format_ = option_or_empty(options, "timestampformat");
  parser.ntz_format_ = option_or_empty(options, "timestampntzformat");
  parser.date_format_ = option_or_empty(options, "dateformat");
  parser.context_ = context;
  parser.context_.session.ansi = false;
  if (const auto zone = option_or_empty(options, "timezone"); !zone.empty()) parser.context_.session.time_zone = zone;
  return parser;
}

bool time_parser::plain_allowed(const arrow::DataType& type) const noexcept {
  return (is_ntz(type) ? ntz_format_ : timestamp_format_).empty();
}

bool time_parser::local_is_utc(const arrow::DataType& type) const noexcept {
  const auto& zone = context_.session.time_zone;
  return is_ntz(type) || zone == "UTC" || zone == "Etc/UTC" || zone == "Z" || zone == "GMT";
}

result<data::array_ptr> time_parser::parse(const data::type_ptr& type, const data::array_ptr& texts) const {
  const bool date = type->id() == arrow::Type::DATE32;
  const bool ntz = is_ntz(*type);
  const auto& format = date ? date_format_ : ntz ? ntz_format_ : timestamp_format_;
  const auto& strings = static_cast<const arrow::StringArray&>(*texts);
  const auto input = ntz && format.empty() ? without_zoned(strings) : texts;
  if (input == nullptr) return status{errc::internal, "out of memory while reading timestamps"};
  auto context = context_;
  auto value = expr::column(0, arrow::utf8(), "value");
  if (!format.empty()) {
    // Local texts of timestamp_ntz are read as if in UTC and keep their digits.
    if (ntz) context.session.time_zone = "UTC";
    auto pattern = expr::literal(std::make_shared<arrow::StringScalar>(format));
    SLUICE_ASSIGN_OR_RETURN(value, expr::call("to_timestamp", {value, pattern}, {}, context.session));
  }
  if (!value->type->Equals(type)) {
    SLUICE_ASSIGN_OR_RETURN(value, expr::cast(value, type, {}, context.session));
  }
  SLUICE_ASSIGN_OR_RETURN(auto parsed, run_over(value, input, context));
  if (date && format.empty() && day_numbers_) {
    if (auto patched = with_day_numbers(strings, static_cast<const arrow::Date32Array&>(*parsed))) return patched;
  }
  return parsed;
}

} // namespace sluice::readers
