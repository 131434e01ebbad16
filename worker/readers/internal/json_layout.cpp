#include "worker/readers/internal/json_layout.hpp"

#include <algorithm>
#include <array>

#include "worker/readers/internal/json_scalar.hpp"

namespace sluice::readers {

namespace {

constexpr std::size_t max_layout_steps = 256;

inline std::uint64_t load8(const char* p) noexcept {
  std::uint64_t v;
  std::memcpy(&v, p, 8);
  return v;
}

// Behind the literal, or null. Neither side holds zeros, so a comparison never runs past the text's end and its padding.
inline const char* match_literal(const char* p, const char* literal, std::uint32_t length) noexcept {
  for (;;) {
    const __m128i a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(literal));
    const auto equal = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(a, b)));
    if (length <= 16) {
      const std::uint32_t mask = (1u << length) - 1;
      return (equal & mask) == mask ? p + length : nullptr;
    }
    if (equal != 0xffff) return nullptr;
    p += 16, literal += 16, length -= 16;
  }
}

// Bytes 0x80 or more where the byte is no digit (lowest such byte is exact).
inline std::uint64_t non_digits(std::uint64_t v) noexcept {
  return ((v & 0xf0f0f0f0f0f0f0f0u) ^ 0x3030303030303030u) | (((v + 0x0606060606060606u) & 0xf0f0f0f0f0f0f0f0u) ^ 0x3030303030303030u);
}

// Eight digit values (not characters), first one in the lowest byte.
inline std::uint64_t eight_digits(std::uint64_t v) noexcept {
  v = v * 10 + (v >> 8);
  return (((v & 0x000000ff000000ffu) * 0x000f424000000064u) + (((v >> 16) & 0x000000ff000000ffu) * 0x0000271000000001u)) >> 32;
}

constexpr std::uint64_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

// An integer of at most 18 digits; null for anything else. What follows it is the next literal's matter.
inline const char* read_integer(const char* p, std::int64_t& value) noexcept {
  const bool negative = *p == '-';
  p += negative;
  const char* first = p;
  std::uint64_t sum = 0;
  for (;;) {
    const std::uint64_t chunk = load8(p);
    const std::uint64_t other = non_digits(chunk);
    if (other == 0) {
      if (p - first >= 16) return nullptr;
      sum = sum * powers[8] + eight_digits(chunk - 0x3030303030303030u);
      p += 8;
      continue;
    }
    const int n = __builtin_ctzll(other) >> 3;
    if (n > 0) {
      sum = sum * powers[n] + eight_digits((chunk - 0x3030303030303030u) << (64 - 8 * n));
      p += n;
    }
    break;
  }
  const auto digits = p - first;
  if (digits == 0 || digits > 18 || (digits > 1 && *first == '0')) return nullptr;
  value = negative ? -static_cast<std::int64_t>(sum) : static_cast<std::int64_t>(sum);
  return p;
}

inline const char* read_null(const char* p, json_column& column, std::size_t row) noexcept {
  if (std::memcmp(p, "null", 4) != 0) return nullptr;
  column.set_null(row);
  return p + 4;
}

template <class T>
inline const char* read_int_as(const char* p, json_column& column, std::size_t row) noexcept {
  std::int64_t value = 0;
  const char* end = read_integer(p, value);
  if (end == nullptr) return read_null(p, column, row);
  if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) return nullptr;
  column.as<T>()[row] = static_cast<T>(value);
  return end;
}

template <class T>
const char* read_real_as(const char* p, json_column& column, std::size_t row) noexcept {
  const char* end = *p == '"' ? nullptr : skip_number(p);
  if (end == nullptr) return read_null(p, column, row);
  if constexpr (sizeof(T) == 4) {
    if (!parse_float(p, end, column.as<T>()[row])) return nullptr;
  } else {
    if (!parse_double(p, end, column.as<T>()[row])) return nullptr;
  }
  return end;
}

const char* read_boolean(const char* p, json_column& column, std::size_t row) noexcept {
  if (std::memcmp(p, "true", 4) == 0) {
    column.as<std::uint8_t>()[row] = 1;
    return p + 4;
  }
  if (std::memcmp(p, "false", 5) != 0) return read_null(p, column, row);
  column.as<std::uint8_t>()[row] = 0;
  return p + 5;
}

inline const char* read_text(const char* p, json_column& column, std::size_t row) noexcept {
  if (*p != '"') return read_null(p, column, row);
  const char* stop = find_string_stop<'"'>(++p);
  if (*stop != '"') return nullptr;
  const auto length = static_cast<std::size_t>(stop - p);
  const std::int32_t at = column.ends[row];
  char* out = column.bytes.get() + at;
  if (length <= 16) std::memcpy(out, p, 16);
  else std::memcpy(out, p, length);
  column.ends[row + 1] = at + static_cast<std::int32_t>(length);
  return stop + 1;
}

inline const char* read_timestamp(const char* p, json_column& column, std::size_t row) {
  if (*p != '"') {
    if (!column.zones) return read_null(p, column, row);
    std::int64_t value = 0;
    const char* end = read_integer(p, value);
    if (end == nullptr) return read_null(p, column, row);
    column.as<std::int64_t>()[row] = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) * 1000000u);
    return end;
  }
  const char* stop = find_string_stop<'"'>(p + 1);
  if (*stop != '"' || stop == p + 1) return nullptr;
  if (!column.plain_times || !parse_plain_timestamp(p + 1, stop, column.local_is_utc, column.zones, column.as<std::int64_t>()[row]))
    column.defer(row, p, stop + 1);
  return stop + 1;
}

const char* read_built(const char* p, json_column& column, std::size_t row, const json_grammar& grammar) {
  const char* end = skip_value(p, grammar, 1);
  if (end == nullptr) return nullptr;
  column.defer(row, p, end);
  return end;
}

inline const char* skip_unwanted(const char* p, const json_grammar& grammar) noexcept {
  if (*p == '"') {
    const char* stop = find_string_stop<'"'>(p + 1);
    if (*stop == '"') return stop + 1;
  }
  return skip_value(p, grammar, 1);
}

inline const char* read_wanted(const char* p, json_column& column, std::size_t row, const json_grammar& grammar) {
  switch (column.kind) {
    case column_kind::text: return read_text(p, column, row);
    case column_kind::timestamp: return read_timestamp(p, column, row);
    case column_kind::int64: return read_int_as<std::int64_t>(p, column, row);
    case column_kind::int32: return read_int_as<std::int32_t>(p, column, row);
    case column_kind::int16: return read_int_as<std::int16_t>(p, column, row);
    case column_kind::int8: return read_int_as<std::int8_t>(p, column, row);
    case column_kind::float64: return read_real_as<double>(p, column, row);
    case column_kind::float32: return read_real_as<float>(p, column, row);
    case column_kind::boolean: return read_boolean(p, column, row);
    default: return read_built(p, column, row, grammar);
  }
}

} // namespace

void json_layout::add_step(const char* begin, const char* end, int column) {
  const step added{static_cast<std::uint32_t>(literals_.size()), static_cast<std::uint32_t>(end - begin), column};
  literals_.append(begin, end);
  literals_.append(16 - literals_.size() % 16, '\0');
  if (column == -2) tail_ = added;
  else steps_.push_back(added);
}

std::optional<json_layout> json_layout::learn(const char* begin, const char* end, const json_grammar& grammar, const json_columns& columns) {
  json_layout layout;
  std::vector<bool> found(256, false);
  const char* literal = begin;
  const char* p = skip_blanks(begin, grammar);
  if (*p != '{') return std::nullopt;
  p = skip_blanks(p + 1, grammar);
  while (*p != '}') {
    bool escaped = false;
    if (*p != '"' || layout.steps_.size() == max_layout_steps) return std::nullopt;
    const char* key = p + 1;
    p = skip_string(key, '"', escaped);
    if (p == nullptr) return std::nullopt;
    const std::string name = escaped ? decoded_string(key - 1, p) : std::string(key, p - 1);
    p = skip_blanks(p, grammar);
    if (*p != ':') return std::nullopt;
    p = skip_blanks(p + 1, grammar);
    const int column = columns.find(name);
    if (column >= 0) {
      if (static_cast<std::size_t>(column) >= found.size() || found[static_cast<std::size_t>(column)]) return std::nullopt;
      found[static_cast<std::size_t>(column)] = true;
    }
    layout.add_step(literal, p, column);
    p = skip_value(p, grammar, 1);
    if (p == nullptr) return std::nullopt;
    literal = p;
    p = skip_blanks(p, grammar);
    if (*p == ',') p = skip_blanks(p + 1, grammar);
    else if (*p != '}') return std::nullopt;
  }
  if (skip_blanks(p + 1, grammar) != end) return std::nullopt;
  layout.add_step(literal, end, -2);
  layout.absent_.clear();
  for (int i = 0; i < static_cast<int>(columns.columns().size()); ++i) {
    if (static_cast<std::size_t>(i) >= found.size()) return std::nullopt;
    if (!found[static_cast<std::size_t>(i)]) layout.absent_.push_back(i);
  }
  return layout;
}

inline const char* json_layout::read_values(const char* p, json_columns& rows, const json_grammar& grammar) const {
  const char* literals = literals_.data();
  json_column* columns = rows.columns().data();
  const std::size_t row = rows.rows;
  for (const auto& step : steps_) {
    p = match_literal(p, literals + step.literal, step.length);
    if (p == nullptr) return nullptr;
    p = step.column < 0 ? skip_unwanted(p, grammar) : read_wanted(p, columns[step.column], row, grammar);
    if (p == nullptr) return nullptr;
  }
  p = match_literal(p, literals + tail_.literal, tail_.length);
  if (p == nullptr) return nullptr;
  for (const int column : absent_) columns[column].set_null(row);
  return p;
}

template <bool Track>
const char* json_layout::read_tracked(const char* p, const char* end, json_columns& rows, const json_grammar& grammar) const {
  while (p < end) {
    const char* q = read_values(p, rows, grammar);
    if (q == nullptr || (*q != '\n' && *q != '\r')) {
      rows.forget_row();
      return p;
    }
    if (Track) rows.set_line(p, q);
    ++rows.rows;
    p = q + 1;
    if (*q == '\r' && *p == '\n' && p < end) ++p;
  }
  return p;
}

const char* json_layout::read_lines(const char* p, const char* end, json_columns& rows, const json_grammar& grammar) const {
  return rows.wants_lines() ? read_tracked<true>(p, end, rows, grammar) : read_tracked<false>(p, end, rows, grammar);
}

} // namespace sluice::readers
