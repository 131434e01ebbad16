#include "worker/readers/internal/utf8.hpp"

#include <emmintrin.h>

#include <cstdint>

namespace sluice::readers {

namespace {

// The first byte that is not ASCII, in steps of 16; `end` if there is none.
const char* skip_ascii(const char* p, const char* end) noexcept {
  for (; end - p >= 64; p += 64) {
    const auto* v = reinterpret_cast<const __m128i*>(p);
    const __m128i all = _mm_or_si128(_mm_or_si128(_mm_loadu_si128(v), _mm_loadu_si128(v + 1)),
                                     _mm_or_si128(_mm_loadu_si128(v + 2), _mm_loadu_si128(v + 3)));
    if (_mm_movemask_epi8(all) != 0) break;
  }
  while (p < end && static_cast<unsigned char>(*p) < 0x80) ++p;
  return p;
}

bool continues(const char* p) noexcept { return (static_cast<unsigned char>(*p) & 0xc0) == 0x80; }

// Length of the well-formed sequence at `p` (RFC 3629: no overlong forms, no surrogates, up to U+10FFFF), 0 if there is none.
std::size_t sequence_length(const char* p, const char* end) noexcept {
  const auto a = static_cast<unsigned char>(p[0]);
  if (a < 0x80) return 1;
  const auto left = end - p;
  if (a < 0xc2 || a > 0xf4 || left < 2 || !continues(p + 1)) return 0;
  if (a < 0xe0) return 2;
  const auto b = static_cast<unsigned char>(p[1]);
  if (left < 3 || !continues(p + 2)) return 0;
  if (a < 0xf0) return (a == 0xe0 && b < 0xa0) || (a == 0xed && b > 0x9f) ? 0 : 3;
  if (left < 4 || !continues(p + 3)) return 0;
  return (a == 0xf0 && b < 0x90) || (a == 0xf4 && b > 0x8f) ? 0 : 4;
}

} // namespace

bool is_valid_utf8(std::string_view text) noexcept {
  const char* p = text.data();
  const char* end = p + text.size();
  for (;;) {
    p = skip_ascii(p, end);
    if (p == end) return true;
    // Text in other scripts comes in runs.
    while (p < end && static_cast<unsigned char>(*p) >= 0x80) {
      const std::size_t length = sequence_length(p, end);
      if (length == 0) return false;
      p += length;
    }
  }
}

std::string valid_utf8(std::string_view text) {
  if (is_valid_utf8(text)) return std::string{text};
  std::string out;
  out.reserve(text.size() + 16);
  const char* end = text.data() + text.size();
  for (const char* p = text.data(); p < end;) {
    const std::size_t length = sequence_length(p, end);
    if (length == 0) out += "\xef\xbf\xbd";
    else out.append(p, length);
    p += length == 0 ? 1 : length;
  }
  return out;
}

} // namespace sluice::readers
