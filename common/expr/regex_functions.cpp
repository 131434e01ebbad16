#include "common/expr/points.hpp"
#include "common/expr/regex.hpp"
#include "common/expr/rows.hpp"
#include "common/expr/tables.hpp"

namespace sluice::expr {

namespace {

/// The pattern of the last row; most calls have one for all rows.
struct last_regex {
  std::string pattern;
  std::optional<regex> compiled;
  std::vector<match_span> spans;
};

result<last_regex*> compiled(const row_call& call, text pattern) {
  auto& last = call.state<last_regex>();
  if (!last.compiled || last.pattern != pattern) {
    auto made = regex::compile(pattern);
    if (!made.ok())
      return call.bad_parameter("regexp", "'" + std::string{pattern} + "'.", "PATTERN");
    last.compiled = *std::move(made);
    last.pattern = pattern;
  }
  return &last;
}

result<bool> rlike(const row_call& call, text value, text pattern) {
  SLUICE_ASSIGN_OR_RETURN(auto* found, compiled(call, pattern));
  return found->compiled->find(value, 0, found->spans);
}

status check_group(const row_call& call, const regex& pattern, std::int32_t group) {
  if (group >= 0 && group <= pattern.num_groups())
    return ok();
  return call.bad_parameter("idx", "Expects group index between 0 and " + std::to_string(pattern.num_groups()) + ", but got " + std::to_string(group) + ".", "REGEX_GROUP_INDEX");
}

text part(text value, const match_span& span) { return span.begin < 0 ? text{} : value.substr(span.begin, span.end - span.begin); }

status extract(const row_call& call, text value, text pattern, std::int32_t group, std::string& out) {
  SLUICE_ASSIGN_OR_RETURN(auto* by, compiled(call, pattern));
  SLUICE_ASSIGN_OR_RETURN(bool found, by->compiled->find(value, 0, by->spans));
  if (!found)
    return ok();
  SLUICE_RETURN_IF_ERROR(check_group(call, *by->compiled, group));
  out = part(value, by->spans[group]);
  return ok();
}

/// Calls f(spans) for every match, until it gives false.
template <class F>
status for_each_match(const last_regex& by, text value, std::vector<match_span>& spans, F&& f) {
  for (std::size_t at = 0; at <= value.size(); at = after_match(value, spans[0])) {
    SLUICE_ASSIGN_OR_RETURN(bool found, by.compiled->find(value, at, spans));
    if (!found || !f())
      break;
  }
  return ok();
}

status extract_all(const row_call& call, text value, text pattern, std::int32_t group, text_list& out) {
  SLUICE_ASSIGN_OR_RETURN(auto* by, compiled(call, pattern));
  status good;
  SLUICE_RETURN_IF_ERROR(for_each_match(*by, value, by->spans, [&] {
    good = check_group(call, *by->compiled, group);
    if (good.ok())
      out.add(part(value, by->spans[group]));
    return good.ok();
  }));
  return good;
}

result<std::int32_t> count(const row_call& call, text value, text pattern) {
  SLUICE_ASSIGN_OR_RETURN(auto* by, compiled(call, pattern));
  std::int32_t times = 0;
  SLUICE_RETURN_IF_ERROR(for_each_match(*by, value, by->spans, [&] { return ++times > 0; }));
  return times;
}

result<bool> substring(const row_call& call, text value, text pattern, std::string& out) {
  SLUICE_ASSIGN_OR_RETURN(auto* by, compiled(call, pattern));
  SLUICE_ASSIGN_OR_RETURN(bool found, by->compiled->find(value, 0, by->spans));
  if (found)
    out = part(value, by->spans[0]);
  return found;
}

/// The group is only checked for null, as in Spark.
result<std::int32_t> position(const row_call& call, text value, text pattern, std::int32_t) {
  SLUICE_ASSIGN_OR_RETURN(auto* by, compiled(call, pattern));
  SLUICE_ASSIGN_OR_RETURN(bool found, by->compiled->find(value, 0, by->spans));
  return found ? static_cast<std::int32_t>(count_points(value.substr(0, by->spans[0].begin))) + 1 : 0;
}

status replace(const row_call& call, text value, text pattern, text with, std::int32_t from, std::string& out) {
  SLUICE_ASSIGN_OR_RETURN(auto* by, compiled(call, pattern));
  if (from < 1)
    return call.bad_parameter("position", "Expects a positive value, but got " + std::to_string(from) + ".", "POSITION");
  const auto start = offset_of_point(value, from - 1);
  if (from - 1 > 0 && start >= value.size()) {
    out = value;
    return ok();
  }
  out = value.substr(0, start);
  auto done = by->compiled->replace_all(value.substr(start), with, out);
  if (done.ok())
    return done;
  return call.fail(done.code(), "regexp_replace: " + done.message(), "INVALID_REGEXP_REPLACE");
}

/// Java's String.split: no empty text in front for an empty first match.
status split(const row_call& call, text value, text pattern, std::int32_t limit, text_list& out) {
  SLUICE_ASSIGN_OR_RETURN(auto* by, compiled(call, pattern));
  if (value.empty()) {
    out.add(value);
    return ok();
  }
  std::size_t copied = 0;
  SLUICE_RETURN_IF_ERROR(for_each_match(*by, value, by->spans, [&] {
    const auto& match = by->spans[0];
    if (limit > 0 && static_cast<std::int32_t>(out.values.size()) == limit - 1)
      return false;
    if (match.end == match.begin && (match.begin == 0 || match.begin == static_cast<std::int64_t>(value.size())))
      return true;
    if (match.begin == 0 && match.end == 0)
      return true;
    out.add(value.substr(copied, match.begin - copied));
    copied = match.end;
    return true;
  }));
  out.add(value.substr(copied));
  return ok();
}

constexpr function regex_table[] = {
  row_function<rlike>("rlike regexp regexp_like", "rlike(str, pattern)", "Whether a part of the text fits the regular expression (Java's)."),
  row_function<extract>("regexp_extract", "regexp_extract(str, pattern[, group])", "What a group of the first match holds; empty without a match.", "1"),
  row_function<extract_all>("regexp_extract_all", "regexp_extract_all(str, pattern[, group])", "What a group holds in every match.", "1"),
  row_function<count>("regexp_count", "regexp_count(str, pattern)", "How often the pattern matches."),
  row_function<substring>("regexp_substr", "regexp_substr(str, pattern)", "The first match; null without one."),
  row_function<position>("regexp_instr", "regexp_instr(str, pattern[, group])", "The position (from 1) of the first match; 0 without one.", "0"),
  row_function<replace>("regexp_replace", "regexp_replace(str, pattern, replacement[, from])", "Every match replaced; $1 is a group.", "1"),
  row_function<split>("split", "split(str, pattern[, limit])", "The parts between the matches, at most limit of them when it is above 0.", "-1"),
};

} // namespace

std::span<const function> regex_functions() { return regex_table; }

} // namespace sluice::expr
