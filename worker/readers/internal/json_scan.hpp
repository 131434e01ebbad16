#pragma once
/// JSON's grammar as Spark's parser takes it: single quotes, bare NaN and infinities are allowed; control characters in
/// strings, trailing commas, comments and leading zeros are not. Nothing is decoded here.
///
/// All functions read from `p` on and stop at the first byte that does not fit. The text must be followed by a byte that
/// is neither JSON nor a blank (a line end or a zero) and then by at least 64 readable bytes; so no end pointer is passed.
#include <emmintrin.h>

#include <cstdint>
#include <cstring>

namespace sluice::readers {

inline constexpr std::size_t scan_padding = 64;

/// What separates tokens: blanks and tabs within a line; line ends too where one value may span lines.
struct json_grammar {
  bool spans_lines = false;
  int max_depth = 1000;
};

/// The first of quote, backslash or control character in a string.
template <char Quote>
inline const char* find_string_stop(const char* p) noexcept {
  const __m128i quote = _mm_set1_epi8(Quote);
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i control = _mm_set1_epi8(0x1f);
  for (;; p += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i stop = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, backslash)),
                                      _mm_cmpeq_epi8(_mm_min_epu8(v, control), v));
    const int mask = _mm_movemask_epi8(stop);
    if (mask != 0) return p + __builtin_ctz(static_cast<unsigned>(mask));
  }
}

/// The first '\n' or '\r' in [p, end), else end.
inline const char* find_line_end(const char* p, const char* end) noexcept {
  const __m128i lf = _mm_set1_epi8('\n');
  const __m128i cr = _mm_set1_epi8('\r');
  for (; p < end; p += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const int mask = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(v, lf), _mm_cmpeq_epi8(v, cr)));
    if (mask != 0) {
      const char* at = p + __builtin_ctz(static_cast<unsigned>(mask));
      return at < end ? at : end;
    }
  }
  return end;
}

inline bool is_digit(char c) noexcept { return static_cast<unsigned char>(c - '0') < 10; }

inline const char* skip_blanks(const char* p, const json_grammar& grammar) noexcept {
  while (*p == ' ' || *p == '\t' || (grammar.spans_lines && (*p == '\n' || *p == '\r'))) ++p;
  return p;
}

/// From behind the opening quote to behind the closing one; null if the string is broken. Sets `escaped` if it holds a backslash.
const char* skip_string(const char* p, char quote, bool& escaped) noexcept;
/// A number, or NaN, Infinity, +INF …; null if there is none.
const char* skip_number(const char* p) noexcept;
/// Any value, checked to its end; null if it is broken or nested deeper than the grammar allows.
const char* skip_value(const char* p, const json_grammar& grammar, int depth) noexcept;

/// What a checked value is, by its first byte.
enum class token { string, number, boolean, null, object, array };
token token_of(const char* value) noexcept;
/// Whether a checked number has neither fraction nor exponent and is finite.
bool is_integer(const char* begin, const char* end) noexcept;

} // namespace sluice::readers
