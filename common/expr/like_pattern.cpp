#include "common/expr/like_pattern.hpp"

namespace sluice::expr {

namespace {

std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return std::min(length, text.size() - at);
}

status bad_escape(std::string_view pattern, const std::string& why) {
  return status{errc::invalid_literal, "The format is invalid: '" + std::string{pattern} + "'. " + why}
    .with_spark_class("INVALID_FORMAT.ESC_IN_THE_MIDDLE");
}

} // namespace

result<like_pattern> like_pattern::compile(std::string_view pattern, char escape) {
  like_pattern made;
  std::string literal;
  auto flush = [&] {
    if (!literal.empty())
      made.tokens_.push_back({token::kind::literal, std::move(literal)});
    literal.clear();
  };
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == escape) {
      if (++i == pattern.size())
        return bad_escape(pattern, "The escape character is not allowed to end with.");
      if (pattern[i] != '%' && pattern[i] != '_' && pattern[i] != escape)
        return bad_escape(pattern, std::string{"The escape character is not allowed to precede '"} + pattern[i] + "'.");
      literal += pattern[i];
    } else if (c == '%') {
      flush();
      if (made.tokens_.empty() || made.tokens_.back().what != token::kind::any_text)
        made.tokens_.push_back({token::kind::any_text, {}});
    } else if (c == '_') {
      flush();
      made.tokens_.push_back({token::kind::any_character, {}});
    } else {
      literal += c;
    }
  }
  flush();
  made.classify();
  return made;
}

void like_pattern::classify() {
  auto is = [&](std::initializer_list<token::kind> kinds) {
    if (kinds.size() != tokens_.size())
      return false;
    std::size_t i = 0;
    for (auto kind : kinds)
      if (tokens_[i++].what != kind)
        return false;
    return true;
  };
  using enum token::kind;
  if (tokens_.empty() || is({literal}))
    shape_ = shape::exact;
  else if (is({literal, any_text}))
    shape_ = shape::prefix;
  else if (is({any_text, literal}))
    shape_ = shape::suffix;
  else if (is({any_text, literal, any_text}))
    shape_ = shape::contains;
  for (const auto& token : tokens_)
    if (token.what == literal)
      literal_ = token.text;
}

bool like_pattern::matches(std::string_view text) const {
  switch (shape_) {
    case shape::exact: return text == literal_;
    case shape::prefix: return text.starts_with(literal_);
    case shape::suffix: return text.ends_with(literal_);
    case shape::contains: return text.find(literal_) != std::string_view::npos;
    case shape::general: break;
  }
  return matches_generally(text);
}

/// Greedy with one remembered % : linear in practice, at worst text times pattern.
bool like_pattern::matches_generally(std::string_view text) const {
  std::size_t at = 0, token = 0, star = tokens_.size(), star_at = 0;
  while (true) {
    if (token < tokens_.size() && tokens_[token].what == token::kind::any_text) {
      star = token++;
      star_at = at;
      continue;
    }
    if (token == tokens_.size() && at == text.size())
      return true;
    if (token < tokens_.size() && tokens_[token].what == token::kind::any_character && at < text.size()) {
      at += utf8_length(text, at);
      ++token;
      continue;
    }
    if (token < tokens_.size() && tokens_[token].what == token::kind::literal && text.substr(at).starts_with(tokens_[token].text)) {
      at += tokens_[token++].text.size();
      continue;
    }
    if (star == tokens_.size() || star_at >= text.size())
      return false;
    star_at += utf8_length(text, star_at);
    at = star_at;
    token = star + 1;
  }
}

} // namespace sluice::expr
