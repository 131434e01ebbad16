#include <string>
#include <vector>

#include "coordinator/sources/internal/glob.hpp"

namespace sluice::sources {

namespace {

// At '['; moves `pattern` behind the class. A class without end is the character '[' itself.
bool class_matches(std::string_view& pattern, char c) {
  std::size_t i = 1;
  const bool negated = i < pattern.size() && (pattern[i] == '^' || pattern[i] == '!');
  if (negated) ++i;
  bool found = false;
  const std::size_t first = i;
  for (; i < pattern.size() && (pattern[i] != ']' || i == first); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    const char low = pattern[i];
    char high = low;
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') high = pattern[i += 2];
    found = found || (low <= c && c <= high);
  }
  if (i >= pattern.size()) {
    pattern.remove_prefix(1);
    return c == '[';
  }
  pattern.remove_prefix(i + 1);
  return found != negated;
}

// One pattern without braces against one name; remembers the last star, so it never backtracks further than that.
bool simple_matches(std::string_view pattern, std::string_view name) {
  std::string_view star_pattern, star_name;
  bool star = false;
  while (!name.empty()) {
    bool good = false;
    if (!pattern.empty() && pattern[0] == '*') {
      pattern.remove_prefix(1);
      star = true, star_pattern = pattern, star_name = name;
      continue;
    }
    if (!pattern.empty() && pattern[0] == '[') {
      good = class_matches(pattern, name[0]);
    } else if (!pattern.empty()) {
      if (pattern[0] == '\\' && pattern.size() > 1) pattern.remove_prefix(1), good = pattern[0] == name[0];
      else good = pattern[0] == '?' || pattern[0] == name[0];
      pattern.remove_prefix(1);
    }
    if (good) {
      name.remove_prefix(1);
    } else if (star) {
      star_name.remove_prefix(1);
      pattern = star_pattern, name = star_name;
    } else {
      return false;
    }
  }
  while (!pattern.empty() && pattern[0] == '*') pattern.remove_prefix(1);
  return pattern.empty();
}

// The first brace group at depth 0: [open, close]; npos if there is none.
std::size_t closing_brace(std::string_view text, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '\\') ++i;
    else if (text[i] == '{') ++depth;
    else if (text[i] == '}' && --depth == 0) return i;
  }
  return std::string_view::npos;
}

constexpr std::size_t max_glob_patterns = 1024;

void expand_into(const std::string& text, std::vector<std::string>& out) {
  if (out.size() >= max_glob_patterns) return;
  std::size_t open = 0;
  while (open < text.size() && text[open] != '{') open += text[open] == '\\' ? 2 : 1;
  const std::size_t close = open < text.size() ? closing_brace(text, open) : std::string::npos;
  if (close == std::string::npos) {
    out.push_back(text);
    return;
  }
  int depth = 0;
  std::size_t start = open + 1;
  for (std::size_t i = open + 1; i <= close; ++i) {
    if (text[i] == '\\') ++i;
    else if (text[i] == '{') ++depth;
    else if (text[i] == '}' && i != close) --depth;
    else if ((text[i] == ',' && depth == 0) || i == close) {
      expand_into(text.substr(0, open) + text.substr(start, i - start) + text.substr(close + 1), out);
      start = i + 1;
    }
  }
}

} // namespace

std::vector<std::string> expand_braces(const std::string& pattern) {
  std::vector<std::string> out;
  expand_into(pattern, out);
  return out;
}

bool is_glob(std::string_view text) { return text.find_first_of("*?[{\\") != std::string_view::npos; }

bool glob_matches(std::string_view pattern, std::string_view name) {
  for (const auto& simple : expand_braces(std::string{pattern}))
    if (simple_matches(simple, name)) return true;
  return false;
}

} // namespace sluice::sources
