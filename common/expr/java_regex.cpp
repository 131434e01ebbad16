#include "common/expr/java_regex.hpp"

namespace sluice::expr {

namespace {

constexpr std::string_view any_but_breaks = "[^\\n\\r\\x{85}\\x{2028}\\x{2029}]";

class translator {
public:
  explicit translator(std::string_view pattern) : left_(pattern) {}

  java_regex run() {
    while (!left_.empty())
      step();
    return std::move(out_);
  }

private:
  void both(std::string_view text) {
    out_.re2 += text;
    out_.icu += text;
  }
  void each(std::string_view re2, std::string_view icu) {
    out_.re2 += re2;
    out_.icu += icu;
  }
  void only_icu(std::string_view text) {
    out_.simple = false;
    out_.icu += text;
  }
  std::string_view take(std::size_t count) {
    auto taken = left_.substr(0, count);
    left_.remove_prefix(taken.size());
    return taken;
  }

  void step() {
    const char c = left_[0];
    if (c == '\\')
      return escape(false);
    if (c == '[')
      return character_class();
    if (c == '(')
      return group();
    take(1);
    if (c == '.')
      return each(dot_all_ ? "(?s:.)" : any_but_breaks, ".");
    if (c == '$') {
      out_.has_dollar = true;
      return both("$");
    }
    both({&c, 1});
    const bool quantifier = c == '*' || c == '+' || c == '?' || c == '}';
    if (quantifier && left_.starts_with('+')) {
      take(1);
      only_icu("+");
    }
  }

  /// \d and its kin mean ASCII in Java.
  void escape(bool inside) {
    if (left_.size() == 1) {
      take(1);
      return both("\\");
    }
    const char c = left_[1];
    auto set = [&](std::string_view re2, std::string_view icu) {
      take(2);
      each(re2, icu);
    };
    switch (c) {
      case 'd': return set(inside ? "0-9" : "[0-9]", inside ? "0-9" : "[0-9]");
      case 'D': return set(inside ? "\\D" : "[^0-9]", "[^0-9]");
      case 'w': return set(inside ? "0-9A-Za-z_" : "[0-9A-Za-z_]", inside ? "0-9A-Za-z_" : "[0-9A-Za-z_]");
      case 'W': return set(inside ? "\\W" : "[^0-9A-Za-z_]", "[^0-9A-Za-z_]");
      case 's': return set(inside ? " \\t-\\r" : "[ \\t-\\r]", inside ? " \\t-\\r" : "[ \\t-\\r]");
      case 'S': return set(inside ? "\\x00-\\x08\\x0e-\\x1f!-\\x{10ffff}" : "[^ \\t-\\r]", "[^ \\t-\\r]");
      case 'Q': return quoted();
      case 'A': case 'z': case 'B': case 'b': case 'f': case 'n': case 'r': case 't': case 'a': case 'p': case 'P':
        return property_or_plain();
      case 'x': {
        const auto size = left_.size() > 2 && left_[2] == '{' ? left_.find('}') : 3;
        return both(take(size == std::string_view::npos ? left_.size() : size + 1));
      }
      case 'u': {
        const auto digits = left_.substr(2, 4);
        take(6);
        each("\\x{" + std::string{digits} + "}", "\\u" + std::string{digits});
        return;
      }
      case 'e': return set("\\x1b", "\\x1b");
      default: break;
    }
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter)
      return only_icu(take(2));
    both(take(2));
  }

  void property_or_plain() {
    const char c = left_[1];
    if (c != 'p' && c != 'P')
      return both(take(2));
    const auto end = left_.size() > 2 && left_[2] == '{' ? left_.find('}') : 2;
    const auto whole = take(end == std::string_view::npos ? left_.size() : end + 1);
    const auto name = whole.size() > 4 ? whole.substr(3, whole.size() - 4) : whole.substr(2);
    constexpr std::pair<std::string_view, std::string_view> posix[] = {
      {"Lower", "a-z"}, {"Upper", "A-Z"}, {"ASCII", "\\x00-\\x7f"}, {"Alpha", "a-zA-Z"}, {"Digit", "0-9"}, {"Alnum", "0-9a-zA-Z"},
      {"Punct", "!-/:-@\\[-`{-~"}, {"Graph", "!-~"}, {"Print", " -~"}, {"Blank", " \\t"}, {"Cntrl", "\\x00-\\x1f\\x7f"}, {"XDigit", "0-9a-fA-F"}, {"Space", " \\t-\\r"}};
    for (const auto& [known, ranges] : posix)
      if (known == name) {
        const auto text = (c == 'P' ? "[^" : "[") + std::string{ranges} + "]";
        if (in_class_ && c == 'p')
          return both(ranges);
        return in_class_ ? only_icu(text) : both(text);
      }
    if (name.size() <= 2)
      return both(whole);
    only_icu(whole);
  }

  void quoted() {
    take(2);
    const auto end = left_.find("\\E");
    const auto text = take(end);
    if (end != std::string_view::npos)
      take(2);
    for (char c : text) {
      if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80)
        both({&c, 1});
      else
        both(std::string{'\\', c});
    }
  }

  void character_class() {
    both(take(1));
    if (left_.starts_with('^'))
      both(take(1));
    if (left_.starts_with(']')) {
      take(1);
      both("\\]");
    }
    const bool outer = in_class_;
    in_class_ = true;
    while (!left_.empty() && left_[0] != ']') {
      if (left_[0] == '\\') {
        escape(true);
      } else if (left_[0] == '[') {
        out_.simple = false;
        character_class();
      } else if (left_.starts_with("&&")) {
        only_icu(take(2));
      } else if (left_[0] == '-' && left_.size() > 1 && (left_[1] == ']' || out_.icu.back() == '[' || out_.icu.back() == '^')) {
        take(1);
        both("\\-");
      } else {
        both(take(1));
      }
    }
    in_class_ = outer;
    if (!left_.empty())
      both(take(1));
  }

  void group() {
    if (!left_.starts_with("(?")) {
      out_.group_names.emplace_back();
      return both(take(1));
    }
    if (left_.starts_with("(?<") && !left_.starts_with("(?<=") && !left_.starts_with("(?<!")) {
      const auto end = left_.find('>');
      const auto name = left_.substr(3, end == std::string_view::npos ? end : end - 3);
      out_.group_names.emplace_back(name);
      each("(?P<" + std::string{name} + ">", "(?<" + std::string{name} + ">");
      take(end == std::string_view::npos ? left_.size() : end + 1);
      return;
    }
    const char kind = left_.size() > 2 ? left_[2] : 0;
    if (kind == '=' || kind == '!' || kind == '<' || kind == '>') {
      out_.simple = false;
      return both(take(3));
    }
    const auto end = left_.find_first_of(":)");
    const auto flags = take(end == std::string_view::npos ? left_.size() : end + 1);
    for (char c : flags.substr(2))
      if (c == 'x' || c == 'd' || c == 'u' || c == 'U' || c == 'm')
        out_.simple = false;
    const auto off = flags.find('-');
    if (flags.substr(0, off).find('s') != std::string_view::npos)
      dot_all_ = true;
    else if (off != std::string_view::npos && flags.find('s', off) != std::string_view::npos)
      dot_all_ = false;
    if (flags.find('s') != std::string_view::npos && flags.back() == ':')
      out_.simple = false;  // the dot changes its meaning for a part only
    both(flags);
  }

  std::string_view left_;
  java_regex out_;
  bool dot_all_ = false;
  bool in_class_ = false;
};

} // namespace

java_regex translate_java_regex(std::string_view pattern) { return translator{pattern}.run(); }

} // namespace sluice::expr
