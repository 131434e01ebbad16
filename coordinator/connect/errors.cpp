#include "coordinator/connect/errors.hpp"

#include <nlohmann/json.hpp>
#include <vector>

#include "proto/spark/connect/error.pb.h"

namespace sluice::connect {
namespace {

using class_names = std::vector<std::string>;

constexpr std::size_t longest_message = 2048;
constexpr std::size_t longest_sql = 512;

/// Java's classes of an error, the most specific first: a client takes the first that it knows.
class_names classes_of(const status& error) {
  const auto code = error.code();
  const auto condition = error.spark_class();
  const std::string sql = "org.apache.spark.sql.";
  const std::string spark = "org.apache.spark.";
  auto runtime = [](class_names first) {
    first.emplace_back("java.lang.RuntimeException");
    return first;
  };
  if (condition.starts_with("INVALID_HANDLE") || condition.starts_with("INVALID_CURSOR") || code == errc::cancelled)
    return {spark + "SparkSQLException", "java.sql.SQLException"};
  if (condition.starts_with("CONNECT_INVALID_PLAN")) return {sql + "connect.common.InvalidPlanInput"};
  if (condition == "_LEGACY_ERROR_TEMP_3102" || condition == "WRITE_STREAM_NOT_ALLOWED")
    return {sql + "catalyst.ExtendedAnalysisException", sql + "AnalysisException"};
  switch (code) {
    case errc::parse_syntax: return {sql + "catalyst.parser.ParseException", sql + "AnalysisException"};
    case errc::unsupported_feature:
      return runtime({spark + "SparkUnsupportedOperationException", "java.lang.UnsupportedOperationException"});
    case errc::data_source_not_found: return {spark + "SparkClassNotFoundException", "java.lang.ClassNotFoundException"};
    case errc::invalid_plan: return runtime({sql + "connect.common.InvalidPlanInput"});
    case errc::divide_by_zero:
    case errc::arithmetic_overflow:
    case errc::cast_overflow:
    case errc::numeric_out_of_range:
      return runtime({spark + "SparkArithmeticException", "java.lang.ArithmeticException"});
    case errc::cast_invalid_input:
      return runtime({spark + "SparkNumberFormatException", "java.lang.NumberFormatException", "java.lang.IllegalArgumentException"});
    case errc::cannot_parse_timestamp:
    case errc::datetime_overflow:
      return runtime({spark + "SparkDateTimeException", "java.time.DateTimeException"});
    case errc::invalid_array_index:
      return runtime({spark + "SparkArrayIndexOutOfBoundsException", "java.lang.ArrayIndexOutOfBoundsException",
                      "java.lang.IndexOutOfBoundsException"});
    case errc::unknown_setting: return runtime({spark + "SparkNoSuchElementException", "java.util.NoSuchElementException"});
    case errc::invalid_setting: return runtime({spark + "SparkIllegalArgumentException", "java.lang.IllegalArgumentException"});
    case errc::query_active: return runtime({"java.lang.IllegalArgumentException"});
    case errc::query_failed: return {sql + "streaming.StreamingQueryException"};
    default: break;
  }
  auto number = static_cast<int>(code);
  if (number >= 2000 && number < 3000) return {sql + "catalyst.ExtendedAnalysisException", sql + "AnalysisException"};
  return {spark + "SparkException"};
}

/// At most `bytes` bytes, whole characters only.
std::string shortened(std::string text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  text.resize(bytes);
  return text + "…";
}

/// The line of the text with the place below it.
std::string marked(const std::string& sql, text_position position) {
  std::size_t begin = 0;
  for (int line = 1; line < position.line; ++line) {
    auto end = sql.find('\n', begin);
    if (end == std::string::npos) return {};
    begin = end + 1;
  }
  auto line = sql.substr(begin, sql.find('\n', begin) - begin);
  if (line.size() > longest_sql || position.column < 1) return {};
  return line + "\n" + std::string(static_cast<std::size_t>(position.column - 1), ' ') + "^^^";
}

/// The table's SQLSTATE, or that of a condition which shares its code with others.
std::string sqlstate_of(const status& error) {
  static constexpr std::pair<std::string_view, std::string_view> states[] = {
      {"INVALID_HANDLE.SESSION_CHANGED", "08003"}, {"INVALID_HANDLE.SESSION_CLOSED", "08003"}, {"INVALID_HANDLE", "HY000"},
      {"INVALID_CURSOR", "HY109"},                 {"CONNECT_INVALID_PLAN", "56K00"},          {"CANNOT_MODIFY_CONFIG", "46110"},
      {"TEMP_TABLE_OR_VIEW_ALREADY_EXISTS", "42P07"}, {"_LEGACY_ERROR_TEMP", ""}};
  for (const auto& [condition, state] : states)
    if (error.spark_class().starts_with(condition)) return std::string(state);
  return std::string(info(error.code()).sqlstate);
}

std::string message_of(const status& error, const std::string& condition, const std::string& sqlstate, const std::string& sql) {
  if (condition.empty() || condition.starts_with("_LEGACY")) return shortened(error.message(), longest_message);
  auto text = "[" + condition + "] " + shortened(error.message(), longest_message - 2 * longest_sql);
  if (!sqlstate.empty()) text += " SQLSTATE: " + sqlstate;
  auto position = error.position();
  auto place = position.line > 0 && !sql.empty() ? marked(sql, position) : std::string{};
  if (place.empty()) return text;
  auto line = std::to_string(position.line);
  if (error.code() == errc::parse_syntax)
    return "\n" + text + " (line " + line + ", pos " + std::to_string(position.column - 1) + ")\n\n== SQL ==\n" + place + "\n";
  return text + "\n== SQL (line " + line + ", position " + std::to_string(position.column) + ") ==\n" + place;
}

} // namespace

std::string spark_text(const status& error) {
  return message_of(error, std::string(error.spark_class()), sqlstate_of(error), {});
}

std::string java_class(const status& error) { return classes_of(error).front(); }

error_reply reply_of(const status& error, const std::string& sql) {
  auto classes = classes_of(error);
  for (const char* base : {"java.lang.Exception", "java.lang.Throwable", "java.lang.Object"}) classes.emplace_back(base);
  std::string condition(error.spark_class());
  auto sqlstate = sqlstate_of(error);
  error_reply out;
  out.message = message_of(error, condition, sqlstate, sql);
  google::rpc::ErrorInfo detail;
  detail.set_reason(classes.front());
  detail.set_domain("org.apache.spark");
  auto& metadata = *detail.mutable_metadata();
  metadata["classes"] = nlohmann::json(classes).dump();
  if (!condition.empty()) {
    metadata["errorClass"] = condition;
    metadata["messageParameters"] = "{}";
    if (!sqlstate.empty()) metadata["sqlState"] = sqlstate;
  }
  google::rpc::Status packed;
  packed.set_code(internal_code);
  packed.set_message(out.message);
  auto& any = *packed.add_details();
  any.set_type_url("type.googleapis.com/google.rpc.ErrorInfo");
  any.set_value(detail.SerializeAsString());
  out.details = packed.SerializeAsString();
  return out;
}

} // namespace sluice::connect
