#include "common/expr/json_tree.hpp"

#include "common/expr/json_text.hpp"
#include "common/expr/number_text.hpp"
#include "common/expr/points.hpp"

namespace sluice::expr {

namespace {

constexpr int deepest = 1000;

class json_reader {
public:
  explicit json_reader(std::string_view text) : left_(text) {}

  bool read(json_tree& out, int depth) {
    skip();
    if (left_.empty() || depth > deepest)
      return false;
    switch (left_[0]) {
      case '{': return object(out, depth);
      case '[': return array(out, depth);
      case '"': case '\'':
        out.what = json_tree::kind::text;
        return quoted(out.text);
      case 't': return word("true", json_tree::kind::boolean, out);
      case 'f': return word("false", json_tree::kind::boolean, out);
      case 'n': return word("null", json_tree::kind::null, out);
      default: return number(out);
    }
  }

private:
  void skip() {
    while (!left_.empty() && (left_[0] == ' ' || left_[0] == '\t' || left_[0] == '\n' || left_[0] == '\r'))
      left_.remove_prefix(1);
  }
  bool take(char c) {
    skip();
    if (left_.empty() || left_[0] != c)
      return false;
    left_.remove_prefix(1);
    return true;
  }
  bool word(std::string_view expected, json_tree::kind what, json_tree& out) {
    if (!left_.starts_with(expected))
      return false;
    out.what = what;
    out.text = expected;
    left_.remove_prefix(expected.size());
    return left_.empty() || !(std::isalnum(static_cast<unsigned char>(left_[0])) || left_[0] == '_');
  }
  bool number(json_tree& out) {
    std::size_t i = left_[0] == '-';
    const auto digits = [&] {
      const auto begin = i;
      while (i < left_.size() && left_[i] >= '0' && left_[i] <= '9')
        ++i;
      return i - begin;
    };
    const auto first = i;
    const auto whole = digits();
    if (whole == 0 || (whole > 1 && left_[first] == '0'))
      return false;
    out.what = json_tree::kind::integer;
    if (i < left_.size() && left_[i] == '.') {
      ++i;
      out.what = json_tree::kind::real;
      if (digits() == 0)
        return false;
    }
    if (i < left_.size() && (left_[i] | 0x20) == 'e') {
      ++i;
      out.what = json_tree::kind::real;
      i += i < left_.size() && (left_[i] == '+' || left_[i] == '-');
      if (digits() == 0)
        return false;
    }
    if (i < left_.size() && (std::isalpha(static_cast<unsigned char>(left_[i])) || left_[i] == '_'))
      return false;
    out.text = left_.substr(0, i);
    left_.remove_prefix(i);
    return true;
  }
  int hex(std::size_t at) const {
    int value = 0;
    for (std::size_t k = at; k < at + 4; ++k) {
      if (k >= left_.size() || !std::isxdigit(static_cast<unsigned char>(left_[k])))
        return -1;
      const char c = left_[k];
      value = value * 16 + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
  }
  bool escape(std::string& out) {
    if (left_.size() < 2)
      return false;
    const char c = left_[1];
    constexpr std::string_view names = "\"\\/bfnrt'", values = "\"\\/\b\f\n\r\t'";
    if (const auto at = names.find(c); at != std::string_view::npos) {
      out += values[at];
      left_.remove_prefix(2);
      return true;
    }
    int unit = c == 'u' ? hex(2) : -1;
    if (unit < 0)
      return false;
    left_.remove_prefix(6);
    if (unit >= 0xd800 && unit < 0xdc00 && left_.starts_with("\\u")) {
      const int low = hex(2);
      if (low >= 0xdc00 && low < 0xe000) {
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        left_.remove_prefix(6);
      }
    }
    append_point(out, static_cast<char32_t>(unit >= 0xd800 && unit < 0xe000 ? '?' : unit));
    return true;
  }
  bool quoted(std::string& out) {
    const char quote = left_[0];
    left_.remove_prefix(1);
    while (!left_.empty() && left_[0] != quote) {
      if (left_[0] == '\\') {
        if (!escape(out))
          return false;
        continue;
      }
      if (static_cast<unsigned char>(left_[0]) < 0x20)
        return false;
      out += left_[0];
      left_.remove_prefix(1);
    }
    return take(quote);
  }
  bool object(json_tree& out, int depth) {
    out.what = json_tree::kind::object;
    left_.remove_prefix(1);
    if (take('}'))
      return true;
    do {
      skip();
      std::string name;
      if (left_.empty() || (left_[0] != '"' && left_[0] != '\'') || !quoted(name) || !take(':'))
        return false;
      out.members.emplace_back(std::move(name), json_tree{});
      if (!read(out.members.back().second, depth + 1))
        return false;
    } while (take(','));
    return take('}');
  }
  bool array(json_tree& out, int depth) {
    out.what = json_tree::kind::array;
    left_.remove_prefix(1);
    if (take(']'))
      return true;
    do {
      out.elements.emplace_back();
      if (!read(out.elements.back(), depth + 1))
        return false;
    } while (take(','));
    return take(']');
  }

  std::string_view left_;
};

} // namespace

const json_tree* json_tree::member(std::string_view name) const {
  for (const auto& [known, value] : members)
    if (known == name)
      return &value;
  return nullptr;
}

std::optional<json_tree> parse_json(std::string_view text) {
  json_tree tree;
  if (!json_reader{text}.read(tree, 0))
    return std::nullopt;
  return tree;
}

void append_json(std::string& out, const json_tree& value) {
  switch (value.what) {
    case json_tree::kind::null: out += "null"; break;
    case json_tree::kind::boolean: case json_tree::kind::integer: out += value.text; break;
    case json_tree::kind::real: append_double(out, parse_double(value.text).value_or(0)); break;
    case json_tree::kind::text: append_json_string(out, value.text); break;
    case json_tree::kind::array:
      out += '[';
      for (std::size_t i = 0; i < value.elements.size(); ++i) {
        out += i ? "," : "";
        append_json(out, value.elements[i]);
      }
      out += ']';
      break;
    case json_tree::kind::object:
      out += '{';
      for (std::size_t i = 0; i < value.members.size(); ++i) {
        out += i ? "," : "";
        append_json_string(out, value.members[i].first);
        out += ':';
        append_json(out, value.members[i].second);
      }
      out += '}';
  }
}

} // namespace sluice::expr
