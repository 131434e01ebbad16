#include "common/sql/source_text.hpp"

#include <algorithm>
#include <cctype>

#include "common/sql/nearest.hpp"

namespace sluice::sql {

text_position advance(text_position start, std::string_view text) {
  for (char c : text) {
    ++start.offset;
    if (c == '\n') {
      ++start.line;
      start.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
      ++start.column;
    }
  }
  return start;
}

text_position source_text::at(int offset) const {
  offset = std::max(0, std::min<int>(offset, static_cast<int>(text.size())));
  text_anchor from{0, {1, 1, 0}, false};
  for (const auto& anchor : anchors) {
    if (anchor.offset > offset) break;
    from = anchor;
  }
  if (from.fixed) return from.position;
  return advance(from.position, std::string_view(text).substr(from.offset, offset - from.offset));
}

source_text source_text::slice(int begin, int end) const {
  source_text out;
  out.text = text.substr(begin, end - begin);
  text_anchor first{0, at(begin), false};
  for (const auto& anchor : anchors)
    if (anchor.offset <= begin) first.fixed = anchor.fixed;
  out.anchors.push_back(first);
  for (const auto& anchor : anchors)
    if (anchor.offset > begin && anchor.offset < end)
      out.anchors.push_back({anchor.offset - begin, anchor.position, anchor.fixed});
  return out;
}

namespace {

/// Length of the comment that begins at `text[i]`, 0 if none does, -1 if it is not closed. Block comments nest.
int comment_length(std::string_view text, std::size_t i) {
  if (text.substr(i, 2) == "--") {
    auto end = text.find('\n', i);
    return static_cast<int>((end == std::string_view::npos ? text.size() : end) - i);
  }
  if (text.substr(i, 2) != "/*") return 0;
  int depth = 0;
  for (auto j = i; j < text.size(); ++j) {
    if (text.substr(j, 2) == "/*") {
      ++depth;
      ++j;
    } else if (text.substr(j, 2) == "*/") {
      ++j;
      if (--depth == 0) return static_cast<int>(j + 1 - i);
    }
  }
  return -1;
}

/// Whether backslashes escape in the quoted text that begins at `text[i]`: not in `names` and r'raw strings'.
bool has_escapes(std::string_view text, std::size_t i) {
  if (text[i] == '`') return false;
  if (i == 0 || (text[i - 1] != 'r' && text[i - 1] != 'R')) return true;
  if (i == 1) return false;
  auto before = static_cast<unsigned char>(text[i - 2]);
  return std::isalnum(before) || before == '_' || before >= 0x80;
}

/// Length of the quoted text that begins at `text[i]`, 0 if none does, -1 if it is not closed.
int quoted_length(std::string_view text, std::size_t i) {
  char quote = text[i];
  if (quote != '\'' && quote != '"' && quote != '`') return 0;
  bool escapes = has_escapes(text, i);
  for (auto j = i + 1; j < text.size(); ++j) {
    if (text[j] == '\\' && escapes)
      ++j;
    else if (text[j] == quote)
      return static_cast<int>(j + 1 - i);
  }
  return -1;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }

/// Skips blanks and comments from `i` on, up to `end`.
std::size_t skip_blank(std::string_view text, std::size_t i, std::size_t end) {
  while (i < end) {
    int comment = comment_length(text, i);
    if (comment > 0)
      i += comment;
    else if (is_blank(text[i]))
      ++i;
    else
      break;
  }
  return std::min(i, end);
}

} // namespace

status check_utf8(const std::string& job) {
  for (std::size_t i = 0; i < job.size();) {
    auto lead = static_cast<unsigned char>(job[i]);
    std::size_t more = lead < 0x80 ? 0 : lead >= 0xC2 && lead < 0xE0 ? 1 : (lead & 0xF0) == 0xE0 ? 2 : lead >= 0xF0 && lead < 0xF5 ? 3 : 4;
    bool fine = more < 4 && i + more < job.size();
    for (std::size_t k = 1; fine && k <= more; ++k) fine = (static_cast<unsigned char>(job[i + k]) & 0xC0) == 0x80;
    auto second = fine && more > 1 ? static_cast<unsigned char>(job[i + 1]) : 0x90;
    bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
    bool outside = (lead == 0xED && second > 0x9F) || (lead == 0xF4 && second > 0x8F);
    if (!fine || overlong || outside)
      return {errc::parse_syntax, "the text is not valid UTF-8", advance({1, 1, 0}, std::string_view(job).substr(0, i))};
    i += more + 1;
  }
  return ok();
}

result<source_text> substitute_variables(const std::string& job, const std::map<std::string, std::string>& variables) {
  source_text out;
  text_position here{1, 1, 0};
  std::size_t from = 0;  // of the stretch not yet copied
  out.anchors.push_back({0, here, false});
  char quote = 0;
  bool escapes = false;
  for (std::size_t i = 0; i < job.size();) {
    if (!quote) {
      if (int comment = comment_length(job, i); comment != 0) {
        if (comment < 0) break;  // the splitter reports it
        i += comment;
        continue;
      }
    }
    char c = job[i];
    if (quote && c == '\\' && escapes) {
      i += 2;
      continue;
    }
    if (quote && c == quote) quote = 0;
    else if (!quote && (c == '\'' || c == '"' || c == '`')) {
      quote = c;
      escapes = has_escapes(job, i);
    }
    auto end = c == '$' && i + 1 < job.size() && job[i + 1] == '{' ? job.find('}', i) : std::string::npos;
    if (end == std::string::npos) {
      ++i;
      continue;
    }
    std::string key = job.substr(i + 2, end - i - 2);
    std::string_view before = std::string_view(job).substr(from, i - from);
    here = advance(here, before);
    auto found = variables.find(key);
    if (found == variables.end()) {
      std::vector<std::string> names;
      for (const auto& [name, value] : variables) names.push_back(name);
      return status(errc::undefined_variable, "the variable ${" + key + "} is not defined" + did_you_mean(key, names) +
                    "; define it with -D " + key + "=value", here);
    }
    out.text += before;
    out.anchors.push_back({static_cast<int>(out.text.size()), here, true});
    out.text += found->second;
    here = advance(here, std::string_view(job).substr(i, end + 1 - i));
    out.anchors.push_back({static_cast<int>(out.text.size()), here, false});
    i = from = end + 1;
  }
  out.text += job.substr(from);
  return out;
}

result<std::vector<source_text>> split_at_semicolons(const source_text& job) {
  std::vector<source_text> out;
  std::string_view text = job.text;
  std::size_t begin = 0;
  auto add = [&](std::size_t end) {
    auto first = skip_blank(text, begin, end);
    while (end > first && is_blank(text[end - 1])) --end;
    if (first < end) out.push_back(job.slice(static_cast<int>(first), static_cast<int>(end)));
  };
  for (std::size_t i = 0; i < text.size();) {
    int comment = comment_length(text, i);
    if (comment < 0)
      return status(errc::parse_syntax, "a /* comment is not closed", job.at(static_cast<int>(i)));
    int quoted = comment > 0 ? 0 : quoted_length(text, i);
    if (quoted < 0)
      return status(errc::parse_syntax, std::string("a ") + text[i] + " quote is not closed", job.at(static_cast<int>(i)));
    if (comment + quoted > 0) {
      i += comment + quoted;
    } else if (text[i] == ';') {
      add(i);
      begin = ++i;
    } else {
      ++i;
    }
  }
  add(text.size());
  return out;
}

} // namespace sluice::sql
