#include "common/expr/regex.hpp"

#include <re2/re2.h>
#include <unicode/regex.h>
#include <unicode/unistr.h>

#include <algorithm>

#include "common/expr/java_regex.hpp"

namespace sluice::expr {

namespace {

constexpr std::int32_t icu_steps = 2'000;         // of some 10,000 operations each
constexpr std::int32_t icu_stack = 64 * 1024 * 1024;

bool ends_in_break(std::string_view text) {
  return text.ends_with('\n') || text.ends_with('\r') || text.ends_with("\xc2\x85") || text.ends_with("\xe2\x80\xa8") || text.ends_with("\xe2\x80\xa9");
}

icu::UnicodeString wide(std::string_view text) { return icu::UnicodeString::fromUTF8(icu::StringPiece{text.data(), static_cast<std::int32_t>(text.size())}); }

std::size_t utf8_size(const icu::UnicodeString& text, std::int32_t from, std::int32_t to) {
  std::size_t size = 0;
  for (auto i = from; i < to; ++i) {
    const auto unit = text.charAt(i);
    size += unit < 0x80 ? 1 : unit < 0x800 ? 2 : U16_IS_SURROGATE(unit) ? 2 : 3;
  }
  return size;
}

} // namespace

struct regex::rep {
  std::string pattern;
  java_regex java;
  std::unique_ptr<re2::RE2> fast;
  mutable std::unique_ptr<icu::RegexPattern> slow_pattern;
  mutable std::unique_ptr<icu::RegexMatcher> slow;
  mutable std::string slow_text;
  mutable icu::UnicodeString slow_wide;
  int groups = 0;

  status need_slow() const {
    if (slow)
      return ok();
    UErrorCode code = U_ZERO_ERROR;
    UParseError where{};
    slow_pattern.reset(icu::RegexPattern::compile(wide(java.icu), 0, where, code));
    if (U_SUCCESS(code))
      slow.reset(slow_pattern->matcher(code));
    if (U_FAILURE(code))
      return {errc::invalid_parameter_value, pattern};
    slow->setTimeLimit(icu_steps, code);
    slow->setStackLimit(icu_stack, code);
    slow->reset(slow_wide);
    return ok();
  }

  result<bool> find_slowly(std::string_view text, std::size_t from, std::vector<match_span>& spans) const {
    SLUICE_RETURN_IF_ERROR(need_slow());
    if (slow_text != text || from == 0) {
      slow_text = text;
      slow_wide = wide(text);
      slow->reset(slow_wide);
    }
    std::int32_t begin = 0;
    for (std::size_t bytes = 0; bytes < from && begin < slow_wide.length(); ++begin)
      bytes += utf8_size(slow_wide, begin, begin + 1);
    UErrorCode code = U_ZERO_ERROR;
    const bool found = slow->find(begin, code);
    if (U_FAILURE(code))
      return status{errc::limit_exceeded, "the regular expression `" + pattern + "` takes too long for a text of " + std::to_string(text.size()) +
                                            " bytes; write it without nested repetitions"};
    spans.assign(groups + 1, {});
    for (int g = 0; found && g <= groups; ++g) {
      const auto start = slow->start(g, code);
      if (start < 0)
        continue;
      spans[g].begin = static_cast<std::int64_t>(utf8_size(slow_wide, 0, start));
      spans[g].end = spans[g].begin + static_cast<std::int64_t>(utf8_size(slow_wide, start, slow->end(g, code)));
    }
    return found;
  }
};

regex::regex(std::unique_ptr<rep> made) : rep_(std::move(made)) {}
regex::regex(regex&&) noexcept = default;
regex& regex::operator=(regex&&) noexcept = default;
regex::~regex() = default;

result<regex> regex::compile(std::string_view pattern) {
  auto made = std::make_unique<rep>();
  made->pattern = pattern;
  made->java = translate_java_regex(pattern);
  if (made->java.simple) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    made->fast = std::make_unique<re2::RE2>(made->java.re2, options);
    if (!made->fast->ok())
      made->fast.reset();
  }
  if (made->fast) {
    made->groups = made->fast->NumberOfCapturingGroups();
  } else {
    SLUICE_RETURN_IF_ERROR(made->need_slow());
    made->groups = made->slow->groupCount();
  }
  return regex{std::move(made)};
}

int regex::num_groups() const noexcept { return rep_->groups; }

result<bool> regex::find(std::string_view text, std::size_t from, std::vector<match_span>& spans) const {
  if (from > text.size())
    return false;
  if (!rep_->fast || (rep_->java.has_dollar && ends_in_break(text)))
    return rep_->find_slowly(text, from, spans);
  re2::StringPiece parts[32];
  const int count = std::min(rep_->groups + 1, 32);
  if (!rep_->fast->Match({text.data(), text.size()}, from, text.size(), re2::RE2::UNANCHORED, parts, count))
    return false;
  spans.assign(rep_->groups + 1, {});
  for (int g = 0; g < count; ++g)
    if (parts[g].data() != nullptr) {
      spans[g].begin = parts[g].data() - text.data();
      spans[g].end = spans[g].begin + static_cast<std::int64_t>(parts[g].size());
    }
  return true;
}

status regex::append_replacement(std::string& out, std::string_view replacement, std::string_view text, const std::vector<match_span>& spans) const {
  auto add = [&](std::size_t group) {
    if (spans[group].begin >= 0)
      out += text.substr(spans[group].begin, spans[group].end - spans[group].begin);
  };
  for (std::size_t i = 0; i < replacement.size(); ++i) {
    const char c = replacement[i];
    if (c == '\\') {
      if (++i == replacement.size())
        return {errc::invalid_parameter_value, "character to be escaped is missing"};
      out += replacement[i];
    } else if (c != '$') {
      out += c;
    } else if (i + 1 < replacement.size() && replacement[i + 1] == '{') {
      const auto end = replacement.find('}', i);
      const auto name = replacement.substr(i + 2, end == std::string_view::npos ? end : end - i - 2);
      const auto& names = rep_->java.group_names;
      const auto found = std::find(names.begin(), names.end(), name);
      if (end == std::string_view::npos || found == names.end())
        return {errc::invalid_parameter_value, "No group with name {" + std::string{name} + "}"};
      add(found - names.begin() + 1);
      i = end;
    } else {
      auto digit = [&](std::size_t at) { return at < replacement.size() && replacement[at] >= '0' && replacement[at] <= '9' ? replacement[at] - '0' : -1; };
      if (digit(i + 1) < 0)
        return {errc::invalid_parameter_value, "Illegal group reference"};
      std::size_t group = digit(++i);
      if (group >= spans.size())
        return {errc::invalid_parameter_value, "No group " + std::to_string(group)};
      while (digit(i + 1) >= 0 && group * 10 + digit(i + 1) < spans.size())
        group = group * 10 + digit(++i);
      add(group);
    }
  }
  return ok();
}

status regex::replace_all(std::string_view text, std::string_view replacement, std::string& out) const {
  std::vector<match_span> spans;
  std::size_t copied = 0;
  for (std::size_t at = 0; at <= text.size();) {
    SLUICE_ASSIGN_OR_RETURN(bool found, find(text, at, spans));
    if (!found)
      break;
    out += text.substr(copied, spans[0].begin - copied);
    SLUICE_RETURN_IF_ERROR(append_replacement(out, replacement, text, spans));
    copied = spans[0].end;
    at = after_match(text, spans[0]);
  }
  out += text.substr(copied);
  return ok();
}

std::size_t after_match(std::string_view text, const match_span& match) {
  auto next = static_cast<std::size_t>(match.end);
  if (match.end > match.begin)
    return next;
  ++next;
  while (next < text.size() && (text[next] & 0xc0) == 0x80)
    ++next;
  return next;
}

} // namespace sluice::expr
