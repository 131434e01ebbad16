#pragma once
/// Numbers as Spark reads and prints them.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::expr {

/// Without blanks and control characters at both ends (what casts from text ignore).
std::string_view trim_blanks(std::string_view text);

/// Java's Double.toString and Float.toString: shortest digits that read back, "1.0E20", "NaN", "Infinity".
void append_double(std::string& out, double value);
void append_float(std::string& out, float value);
/// Plain digits: "-12.30".
void append_decimal(std::string& out, __int128 unscaled, int scale);
void append_integer(std::string& out, __int128 value);

/// Sign and digits; with `allow_fraction` also ".ddd", cut off. Nothing when malformed or out of range.
std::optional<std::int64_t> parse_integer(std::string_view text, bool allow_fraction);
/// Java's Double.parseDouble plus Spark's inf, infinity and nan in any case.
std::optional<double> parse_double(std::string_view text);
std::optional<float> parse_float(std::string_view text);

enum class decimal_outcome { good, malformed, overflow };
/// Text to an unscaled number at `scale`, rounded half up.
decimal_outcome parse_decimal(std::string_view text, int precision, int scale, __int128& unscaled);

/// 10^power for 0 <= power <= 38.
__int128 power_of_ten(int power);

} // namespace sluice::expr
