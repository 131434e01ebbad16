#pragma once
/// Checked JSON scalars (json_scan.hpp) to values. Ranges [begin, end) include a string's quotes. Pure.
#include <arrow/util/decimal.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::readers {

/// The text of a string literal without quotes and escapes; `out` needs end - begin bytes. Unpaired surrogates become '?'.
char* decode_string(const char* begin, const char* end, char* out) noexcept;
std::string decoded_string(const char* begin, const char* end);

/// False where Spark calls the value malformed for the type.
bool parse_long(const char* begin, const char* end, std::int64_t& value) noexcept;
bool parse_double(const char* begin, const char* end, double& value) noexcept;
bool parse_float(const char* begin, const char* end, float& value) noexcept;
/// A number or a string of digits (commas ignored); rounds half up; false if it does not fit the precision.
bool parse_decimal(const char* begin, const char* end, std::int32_t precision, std::int32_t scale, arrow::Decimal128& value);
/// Base64 with padding, from the literal's decoded text.
bool decode_base64(std::string_view text, std::string& bytes);

/// "2016-07-26T03:00:00.123456Z" and its usual variants, in microseconds; false: ask the full parser. `local_is_utc`
/// says what a text without zone means; `zones` whether a zone may stand there.
bool parse_plain_timestamp(const char* begin, const char* end, bool local_is_utc, bool zones, std::int64_t& value) noexcept;

} // namespace sluice::readers
