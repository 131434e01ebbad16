#include "common/sql/lexer.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "common/sql/nearest.hpp"

namespace sluice::sql {
namespace {

bool is_word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (static_cast<unsigned char>(c) >= 0x80);
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_part(char c) { return is_word_start(c) || is_digit(c); }

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

class scanner {
public:
  explicit scanner(const source_text& source) : source_(source), text_(source.text) {}

  result<std::vector<token>> run() {
    for (;;) {
      SLUICE_RETURN_IF_ERROR(skip());
      begin_ = i_;
      if (i_ >= text_.size()) break;
      SLUICE_RETURN_IF_ERROR(next());
    }
    add(token_kind::end, "");
    place();
    return std::move(tokens_);
  }

private:
  /// Positions of all tokens in one walk over the text.
  void place() {
    const auto& anchors = source_.anchors;
    text_position here = source_.at(0);
    bool fixed = !anchors.empty() && anchors.front().fixed;
    int from = 0;
    std::size_t next_anchor = 0;
    for (auto& t : tokens_) {
      for (; next_anchor < anchors.size() && anchors[next_anchor].offset <= t.begin; ++next_anchor) {
        here = anchors[next_anchor].position;
        from = anchors[next_anchor].offset;
        fixed = anchors[next_anchor].fixed;
      }
      if (!fixed) here = advance(here, std::string_view(text_).substr(from, t.begin - from));
      if (!fixed) from = t.begin;
      t.position = here;
    }
  }

  char peek(std::size_t ahead = 0) const { return i_ + ahead < text_.size() ? text_[i_ + ahead] : '\0'; }
  status fail(std::string message, std::size_t offset) const {
    return {errc::parse_syntax, std::move(message), source_.at(static_cast<int>(offset))};
  }
  void add(token_kind kind, std::string text, std::string suffix = {}) {
    token t{kind, std::move(text), {}, std::move(suffix), static_cast<int>(begin_), static_cast<int>(i_), {}};
    if (kind == token_kind::word) t.upper = to_upper(t.text);
    tokens_.push_back(std::move(t));
  }

  status skip() {
    while (i_ < text_.size()) {
      char c = peek();
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v') {
        ++i_;
      } else if (c == '-' && peek(1) == '-') {
        while (i_ < text_.size() && text_[i_] != '\n') ++i_;
      } else if (c == '/' && peek(1) == '*') {
        SLUICE_RETURN_IF_ERROR(skip_block_comment());
      } else {
        break;
      }
    }
    return ok();
  }

  status skip_block_comment() {
    auto start = i_;
    int depth = 0;
    while (i_ < text_.size()) {
      if (peek() == '/' && peek(1) == '*') {
        ++depth;
        i_ += 2;
      } else if (peek() == '*' && peek(1) == '/') {
        i_ += 2;
        if (--depth == 0) return ok();
      } else {
        ++i_;
      }
    }
    return fail("a /* comment is not closed", start);
  }

  status next() {
    char c = peek();
    if ((c == 'r' || c == 'R') && (peek(1) == '\'' || peek(1) == '"')) {
      ++i_;
      return quoted(true);
    }
    if ((c == 'x' || c == 'X') && (peek(1) == '\'' || peek(1) == '"')) return hex_string();
    if (c == '\'' || c == '"') return quoted(false);
    if (c == '`') return back_quoted();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)) && !follows_name())) return number();
    if (is_word_start(c)) {
      while (i_ < text_.size() && is_word_part(text_[i_])) ++i_;
      add(token_kind::word, text_.substr(begin_, i_ - begin_));
      return ok();
    }
    return symbol();
  }

  /// "a.1" or "f(x).1": the dot is no decimal point then.
  bool follows_name() const {
    if (tokens_.empty() || tokens_.back().end != static_cast<int>(i_)) return false;
    const auto& last = tokens_.back();
    return last.kind == token_kind::word || last.kind == token_kind::quoted_name || last.text == ")" || last.text == "]";
  }

  status quoted(bool raw) {
    char quote = peek();
    auto start = i_++;
    std::string out;
    for (;;) {
      if (i_ >= text_.size()) return fail(std::string("a ") + quote + " quote is not closed", start);
      char c = text_[i_];
      if (c == quote) {
        if (!raw && peek(1) == quote) {  // 'it''s'
          out += quote;
          i_ += 2;
          continue;
        }
        ++i_;
        break;
      }
      if (c == '\\' && !raw && i_ + 1 < text_.size()) {
        escape(out);
      } else {
        out += c;
        ++i_;
      }
    }
    add(token_kind::string, std::move(out));
    return ok();
  }

  bool hex_escape(std::string& out, int digits) {
    std::uint32_t code = 0;
    for (int k = 0; k < digits; ++k) {
      int value = hex_value(peek(2 + k));
      if (value < 0) return false;
      code = code * 16 + value;
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) code = 0xFFFD;
    append_utf8(out, code);
    i_ += 2 + digits;
    return true;
  }

  void escape(std::string& out) {
    char c = peek(1);
    if (c == 'u' && hex_escape(out, 4)) return;
    if (c == 'U' && hex_escape(out, 8)) return;
    if (c >= '0' && c <= '1' && peek(2) >= '0' && peek(2) <= '7' && peek(3) >= '0' && peek(3) <= '7') {
      append_utf8(out, static_cast<std::uint32_t>((c - '0') * 64 + (peek(2) - '0') * 8 + (peek(3) - '0')));
      i_ += 4;
      return;
    }
    i_ += 2;
    switch (c) {
      case '0': out += '\0'; break;
      case 'b': out += '\b'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case 'Z': out += '\x1A'; break;
      case '%': out += "\\%"; break;
      case '_': out += "\\_"; break;
      default: out += c;
    }
  }

  status hex_string() {
    char quote = peek(1);
    i_ += 2;
    std::string digits;
    while (i_ < text_.size() && text_[i_] != quote) digits += text_[i_++];
    if (i_ >= text_.size()) return fail(std::string("a ") + quote + " quote is not closed", begin_ + 1);
    ++i_;
    if (digits.size() % 2) digits.insert(digits.begin(), '0');
    std::string out;
    for (std::size_t k = 0; k < digits.size(); k += 2) {
      int high = hex_value(digits[k]), low = hex_value(digits[k + 1]);
      if (high < 0 || low < 0) return fail("X'" + digits + "' is not a hexadecimal literal", begin_);
      out += static_cast<char>(high * 16 + low);
    }
    add(token_kind::binary, std::move(out));
    return ok();
  }

  status back_quoted() {
    std::string out;
    for (++i_;; ++i_) {
      if (i_ >= text_.size()) return fail("a ` quote is not closed", begin_);
      if (text_[i_] == '`') {
        if (peek(1) != '`') break;
        ++i_;
      }
      out += text_[i_];
    }
    ++i_;
    if (out.empty()) return fail("a name is empty", begin_);
    add(token_kind::quoted_name, std::move(out));
    return ok();
  }

  status number() {
    while (is_digit(peek())) ++i_;
    if (peek() == '.') {
      ++i_;
      while (is_digit(peek())) ++i_;
    }
    if (peek() == 'e' || peek() == 'E') {
      std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
      if (is_digit(peek(1 + sign))) {
        i_ += 1 + sign;
        while (is_digit(peek())) ++i_;
      }
    }
    std::string digits = text_.substr(begin_, i_ - begin_);
    auto start = i_;
    while (i_ < text_.size() && is_word_part(text_[i_])) ++i_;
    std::string suffix = to_upper(std::string_view(text_).substr(start, i_ - start));
    static constexpr std::array<std::string_view, 7> known{"", "L", "S", "Y", "D", "F", "BD"};
    if (std::find(known.begin(), known.end(), suffix) == known.end())
      return fail("Syntax error at or near '" + text_.substr(begin_, i_ - begin_) + "': a number ends in L, S, Y, D, F or BD.", begin_);
    add(token_kind::number, std::move(digits), std::move(suffix));
    return ok();
  }

  status symbol() {
    static constexpr std::array<std::string_view, 12> longer{"<=>", "<>", "!=", "<=", ">=", "==", "||", "::", "->", "=>", "<<", ">>"};
    for (auto candidate : longer)
      // ">>" stays apart: it closes nested types
      if (candidate != ">>" && std::string_view(text_).substr(i_, candidate.size()) == candidate) {
        i_ += candidate.size();
        add(token_kind::symbol, std::string(candidate));
        return ok();
      }
    char c = peek();
    if (std::string_view("()[],.+-*/%=<>&|^~!:?{}@#$;").find(c) == std::string_view::npos)
      return fail(std::string("Syntax error at or near '") + c + "'.", i_);
    ++i_;
    add(token_kind::symbol, std::string(1, c));
    return ok();
  }

  const source_text& source_;
  const std::string& text_;
  std::size_t i_ = 0;
  std::size_t begin_ = 0;
  std::vector<token> tokens_;
};

} // namespace

result<std::vector<token>> lex(const source_text& source) { return scanner(source).run(); }

} // namespace sluice::sql
