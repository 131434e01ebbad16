#include "worker/readers/internal/csv_record.hpp"

#include <algorithm>
#include <cctype>

namespace sluice::readers {

namespace {

const std::string* find_option(const plan::option_map& options, const char* key) {
  const auto it = options.find(key);
  return it == options.end() ? nullptr : &it->second;
}

bool is_true(const plan::option_map& options, const char* key) {
  const auto* text = find_option(options, key);
  return text != nullptr && text->size() == 4 && std::equal(text->begin(), text->end(), "true", [](unsigned char a, char b) { return std::tolower(a) == b; });
}

void take_text(const plan::option_map& options, const char* key, std::string& into) {
  if (const auto* text = find_option(options, key)) into = *text;
}

status take_character(const plan::option_map& options, const char* key, char& into) {
  const auto* text = find_option(options, key);
  if (text == nullptr) return ok();
  if (text->size() > 1) return {errc::invalid_option, std::string("option ") + key + " cannot be more than one character, got '" + *text + "'"};
  into = text->empty() ? '\0' : (*text)[0];
  return ok();
}

// "\t" and the like, written out, as Spark takes them.
result<std::string> unescaped_separator(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    const char next = i + 1 < text.size() ? text[++i] : '\0';
    switch (next) {
      case 't': out += '\t'; break;
      case 'r': out += '\r'; break;
      case 'n': out += '\n'; break;
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case '"': case '\'': case '\\': out += next; break;
      default: return status{errc::invalid_option, "option sep has the unsupported special character '\\" + std::string(1, next) + "'"};
    }
  }
  if (out.empty()) return status{errc::invalid_option, "option sep cannot be empty"};
  return out;
}

bool is_blank(char c) noexcept { return static_cast<unsigned char>(c) <= ' '; }
bool is_line_end(char c) noexcept { return c == '\n' || c == '\r'; }

} // namespace

result<csv_format> csv_format_of(const plan::option_map& options) {
  csv_format format;
  std::string separator = ",";
  take_text(options, "delimiter", separator);
  take_text(options, "sep", separator);
  SLUICE_ASSIGN_OR_RETURN(format.separator, unescaped_separator(separator));
  SLUICE_RETURN_IF_ERROR(take_character(options, "quote", format.quote));
  SLUICE_RETURN_IF_ERROR(take_character(options, "escape", format.escape));
  SLUICE_RETURN_IF_ERROR(take_character(options, "comment", format.comment));
  format.header = is_true(options, "header");
  format.ignore_leading = is_true(options, "ignoreleadingwhitespace");
  format.ignore_trailing = is_true(options, "ignoretrailingwhitespace");
  take_text(options, "nullvalue", format.null_value);
  take_text(options, "emptyvalue", format.empty_value);
  take_text(options, "nanvalue", format.nan_value);
  take_text(options, "positiveinf", format.positive_infinity);
  take_text(options, "negativeinf", format.negative_infinity);
  return format;
}

bool csv_tokenizer::skips(const char* p, const char* line_end) const noexcept {
  if (format_.comment != 0 && p < line_end && *p == format_.comment) return true;
  return std::all_of(p, line_end, is_blank);
}

bool csv_tokenizer::at_separator(const char* p, const char* end) const noexcept {
  const auto& separator = format_.separator;
  if (p == end || *p != separator[0]) return false;
  return separator.size() == 1 || std::string_view(p, static_cast<std::size_t>(end - p)).starts_with(separator);
}

bool csv_tokenizer::at_record_end(const char* p, const char* end) const noexcept { return p == end || (spans_lines_ && is_line_end(*p)); }
bool csv_tokenizer::at_stop(const char* p, const char* end) const noexcept { return at_record_end(p, end) || at_separator(p, end); }

csv_token csv_tokenizer::finished(std::size_t from) const noexcept {
  const auto text = std::string_view(scratch_).substr(from);
  return {text.empty() ? std::string_view(format_.empty_value) : text, false};
}

const char* csv_tokenizer::plain(const char* p, const char* end, csv_token& token) const {
  const char* begin = p;
  while (!at_stop(p, end)) ++p;
  const char* last = p;
  while (format_.ignore_trailing && last > begin && is_blank(last[-1])) --last;
  token = {{begin, static_cast<std::size_t>(last - begin)}, last == begin};
  return p;
}

// A quote that is neither escaped nor the last of its value: the value is the text up to the separator, quotes and all.
const char* csv_tokenizer::unescaped_rest(std::size_t from, const char* p, const char* end, csv_token& token) {
  scratch_.insert(from, 1, format_.quote);
  scratch_ += format_.quote;
  csv_token rest;
  p = plain(p, end, rest);
  scratch_ += rest.text;
  token = finished(from);
  return p;
}

// `p` is behind the opening quote. `last` is the character before `p`, 0 once it has served as an escape.
const char* csv_tokenizer::quoted(const char* p, const char* end, csv_token& token) {
  const char quote = format_.quote, escape = format_.escape;
  const std::size_t from = scratch_.size();
  for (char last = 0; p < end; ++p) {
    const char c = *p;
    if (last == quote && c != quote && c != escape) {
      const char* behind = p;
      while (!at_stop(behind, end) && is_blank(*behind)) ++behind;
      if (!at_stop(behind, end)) return unescaped_rest(from, p, end, token);
      token = finished(from);
      return behind;
    }
    if (c != quote && (c != escape || escape == 0)) {
      if (last == escape && escape != 0) scratch_ += escape;
      scratch_ += c;
      last = c;
    } else if (c == escape && last == escape && escape != quote) {
      scratch_ += escape;
      last = 0;
    } else if (last == escape && escape != 0 && c == quote) {
      scratch_ += quote;
      last = 0;
    } else {
      if (last == quote && last != 0) scratch_ += quote;
      last = c;
    }
  }
  token = finished(from);
  return p;
}

const char* csv_tokenizer::next(const char* p, const char* end, std::vector<csv_token>& tokens) {
  tokens.clear();
  scratch_.clear();
  for (;;) {
    while (format_.ignore_leading && !at_stop(p, end) && is_blank(*p)) ++p;
    csv_token token;
    if (p < end && format_.quote != 0 && *p == format_.quote) {
      // Room for the rest of the record, so that earlier tokens stay where they are.
      if (scratch_.capacity() < scratch_.size() + static_cast<std::size_t>(end - p) + 2 && scratch_.empty()) scratch_.reserve(2 * static_cast<std::size_t>(end - p) + 16);
      p = quoted(p + 1, end, token);
    } else {
      p = plain(p, end, token);
    }
    tokens.push_back(token);
    if (at_record_end(p, end)) break;
    p += format_.separator.size();
  }
  if (p < end && *p == '\r' && p + 1 < end && p[1] == '\n') ++p;
  return p < end ? p + 1 : end;
}

} // namespace sluice::readers
