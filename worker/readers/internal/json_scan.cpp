#include "worker/readers/internal/json_scan.hpp"

namespace sluice::readers {

namespace {

bool is_hex(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// At the backslash; behind the escape, or null.
const char* skip_escape(const char* p) noexcept {
  switch (p[1]) {
    case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't': case '\'':
      return p + 2;
    case 'u':
      for (int i = 2; i < 6; ++i)
        if (!is_hex(p[i])) return nullptr;
      return p + 6;
    default:
      return nullptr;
  }
}

template <char Quote>
const char* skip_quoted(const char* p, bool& escaped) noexcept {
  for (;;) {
    p = find_string_stop<Quote>(p);
    if (*p == Quote) return p + 1;
    if (*p != '\\') return nullptr;
    escaped = true;
    p = skip_escape(p);
    if (p == nullptr) return nullptr;
  }
}

const char* skip_word(const char* p, const char* word) noexcept {
  for (; *word != '\0'; ++word, ++p)
    if (*p != *word) return nullptr;
  return p;
}

const char* skip_digits(const char* p) noexcept {
  while (is_digit(*p)) ++p;
  return p;
}

const char* skip_members(const char* p, const json_grammar& grammar, int depth) noexcept {
  p = skip_blanks(p, grammar);
  if (*p == '}') return p + 1;
  for (;;) {
    if (*p != '"' && *p != '\'') return nullptr;
    bool escaped = false;
    p = skip_string(p + 1, *p, escaped);
    if (p == nullptr) return nullptr;
    p = skip_blanks(p, grammar);
    if (*p != ':') return nullptr;
    p = skip_value(skip_blanks(p + 1, grammar), grammar, depth);
    if (p == nullptr) return nullptr;
    p = skip_blanks(p, grammar);
    if (*p == '}') return p + 1;
    if (*p != ',') return nullptr;
    p = skip_blanks(p + 1, grammar);
  }
}

const char* skip_elements(const char* p, const json_grammar& grammar, int depth) noexcept {
  p = skip_blanks(p, grammar);
  if (*p == ']') return p + 1;
  for (;;) {
    p = skip_value(p, grammar, depth);
    if (p == nullptr) return nullptr;
    p = skip_blanks(p, grammar);
    if (*p == ']') return p + 1;
    if (*p != ',') return nullptr;
    p = skip_blanks(p + 1, grammar);
  }
}

} // namespace

const char* skip_string(const char* p, char quote, bool& escaped) noexcept {
  return quote == '"' ? skip_quoted<'"'>(p, escaped) : skip_quoted<'\''>(p, escaped);
}

const char* skip_number(const char* p) noexcept {
  if (*p == 'N') return skip_word(p, "NaN");
  if (*p == 'I') return skip_word(p, "Infinity");
  const bool plus = *p == '+';
  if (*p == '-' || plus) {
    ++p;
    if (*p == 'I') return p[1] == 'N' ? skip_word(p, "INF") : skip_word(p, "Infinity");
    if (plus) return nullptr;
  }
  if (!is_digit(*p)) return nullptr;
  p = *p == '0' ? p + 1 : skip_digits(p);
  if (is_digit(*p)) return nullptr;
  if (*p == '.') {
    if (!is_digit(p[1])) return nullptr;
    p = skip_digits(p + 1);
  }
  if (*p == 'e' || *p == 'E') {
    ++p;
    if (*p == '+' || *p == '-') ++p;
    if (!is_digit(*p)) return nullptr;
    p = skip_digits(p);
  }
  return p;
}

const char* skip_value(const char* p, const json_grammar& grammar, int depth) noexcept {
  bool escaped = false;
  switch (*p) {
    case '"': case '\'': return skip_string(p + 1, *p, escaped);
    case '{': return depth < grammar.max_depth ? skip_members(p + 1, grammar, depth + 1) : nullptr;
    case '[': return depth < grammar.max_depth ? skip_elements(p + 1, grammar, depth + 1) : nullptr;
    case 't': return skip_word(p, "true");
    case 'f': return skip_word(p, "false");
    case 'n': return skip_word(p, "null");
    default: return skip_number(p);
  }
}

token token_of(const char* value) noexcept {
  switch (*value) {
    case '"': case '\'': return token::string;
    case '{': return token::object;
    case '[': return token::array;
    case 't': case 'f': return token::boolean;
    case 'n': return token::null;
    default: return token::number;
  }
}

bool is_integer(const char* begin, const char* end) noexcept {
  if (!is_digit(end[-1])) return false;
  for (const char* p = begin; p != end; ++p)
    if (!is_digit(*p) && *p != '-') return false;
  return true;
}

} // namespace sluice::readers
