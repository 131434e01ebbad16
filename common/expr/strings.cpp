#include <algorithm>
#include <optional>

#include "common/expr/coercion.hpp"
#include "common/expr/like_pattern.hpp"
#include "common/expr/lists.hpp"
#include "common/expr/points.hpp"
#include "common/expr/tables.hpp"

namespace sluice::expr {

namespace {

template <bool to_upper>
result<data::array_ptr> evaluate_letter_case(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  texts values{args[0]};
  std::string changed;
  return build_texts(call.rows, nulls, [&](std::int64_t i, arrow::StringBuilder& out) {
    change_case(values[i], to_upper, changed);
    return data::from_arrow(out.Append(changed));
  });
}

enum class trim_side { both, left, right };

/// Strips the code points of `what` (blanks by default).
std::string_view stripped(std::string_view text, std::string_view what, trim_side side) {
  auto contains = [&](std::string_view point) { return !point.empty() && what.find(point) != std::string_view::npos; };
  if (side != trim_side::right)
    while (!text.empty()) {
      const auto size = offset_of_point(text, 1);
      if (!contains(text.substr(0, size)))
        break;
      text.remove_prefix(size);
    }
  if (side != trim_side::left)
    while (!text.empty()) {
      auto from = text.size() - 1;
      while (from > 0 && (text[from] & 0xc0) == 0x80)
        --from;
      if (!contains(text.substr(from)))
        break;
      text.remove_suffix(text.size() - from);
    }
  return text;
}

/// args: text; or, with two of them, in Spark's order: what to strip, text (of btrim: text, what to strip).
template <trim_side side, bool what_first = true>
result<data::array_ptr> evaluate_trim(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  const bool given = args.size() > 1;
  texts values{args[given && what_first ? 1 : 0]};
  const texts what{given && !what_first ? args[1] : args[0]};
  return build_texts(call.rows, nulls, [&](std::int64_t i, arrow::StringBuilder& out) {
    return data::from_arrow(out.Append(stripped(values[i], given ? what[i] : " ", side)));
  });
}

template <bool characters>
result<data::array_ptr> evaluate_length(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  SLUICE_ASSIGN_OR_RETURN(auto out, number_output<std::int32_t>::make(call.rows));
  texts values{args[0]};
  const bool points = characters && args[0].id() == arrow::Type::STRING;
  for (std::int64_t i = 0; i < call.rows; ++i)
    out[i] = nulls.null(i) ? 0 : static_cast<std::int32_t>(points ? count_points(values[i]) : values[i].size());
  return out.finish(arrow::int32(), nulls);
}

/// Spark's substring: positions from 1, from the end when negative; 0 counts as 1.
std::string_view part_of(std::string_view text, std::int64_t position, std::int64_t length, bool bytes) {
  if (length <= 0)
    return {};
  const bool plain = bytes || is_ascii(text);
  const auto size = plain ? static_cast<std::int64_t>(text.size()) : count_points(text);
  if (position > size)
    return {};
  const std::int64_t from = position > 0 ? position - 1 : position < 0 ? size + position : 0;
  const std::int64_t to = std::min(size, from + std::min<std::int64_t>(length, std::int64_t{1} << 40));
  const auto begin = std::max<std::int64_t>(from, 0);
  if (to <= begin)
    return {};
  if (plain)
    return text.substr(begin, to - begin);
  const auto first = offset_of_point(text, begin);
  return text.substr(first, offset_of_point(text.substr(first), to - begin));
}

template <class Builder>
result<data::array_ptr> substrings(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  texts values{args[0]};
  numbers<std::int32_t> positions{args[1]};
  const std::optional<numbers<std::int32_t>> lengths =
    args.size() > 2 ? std::optional<numbers<std::int32_t>>{args[2]} : std::nullopt;
  Builder builder;
  for (std::int64_t i = 0; i < call.rows; ++i) {
    if (nulls.null(i)) {
      SLUICE_RETURN_IF_ERROR(data::from_arrow(builder.AppendNull()));
      continue;
    }
    const auto length = lengths ? (*lengths)[i] : std::numeric_limits<std::int32_t>::max();
    const auto part = part_of(values[i], positions[i], length, std::is_same_v<Builder, arrow::BinaryBuilder>);
    SLUICE_RETURN_IF_ERROR(data::from_arrow(builder.Append(part)));
  }
  return finish_builder(builder);
}

result<data::array_ptr> evaluate_substring(const frame& call, const operands& args) {
  return args[0].id() == arrow::Type::BINARY ? substrings<arrow::BinaryBuilder>(call, args) : substrings<arrow::StringBuilder>(call, args);
}

template <class Builder>
result<data::array_ptr> joined(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  std::vector<texts> values(args.begin(), args.end());
  Builder builder;
  std::string text;
  for (std::int64_t i = 0; i < call.rows; ++i) {
    if (nulls.null(i)) {
      SLUICE_RETURN_IF_ERROR(data::from_arrow(builder.AppendNull()));
      continue;
    }
    text.clear();
    for (const auto& value : values)
      text += value[i];
    SLUICE_RETURN_IF_ERROR(data::from_arrow(builder.Append(text)));
  }
  return finish_builder(builder);
}

result<data::array_ptr> evaluate_concat(const frame& call, const operands& args) {
  if (call.call.type->id() == arrow::Type::LIST)
    return concat_arrays(call, args);
  return call.call.type->id() == arrow::Type::BINARY ? joined<arrow::BinaryBuilder>(call, args) : joined<arrow::StringBuilder>(call, args);
}

/// args: separator, texts; nulls are skipped.
result<data::array_ptr> evaluate_concat_ws(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of({args.data(), 1}, call.rows));
  const texts separators{args[0]};
  std::string text;
  return build_texts(call.rows, nulls, [&](std::int64_t i, arrow::StringBuilder& out) {
    text.clear();
    bool first = true;
    auto add = [&](std::string_view part) {
      if (!first)
        text += separators[i];
      first = false;
      text += part;
    };
    for (std::size_t k = 1; k < args.size(); ++k) {
      if (args[k].null(i))
        continue;
      if (args[k].id() != arrow::Type::LIST) {
        add(texts{args[k]}[i]);
        continue;
      }
      list_rows in{args[k]};
      for (auto e = in.begin(i); e < in.end(i); ++e)
        if (in.values().IsValid(e))
          add(static_cast<const arrow::StringArray&>(in.values()).GetView(e));
    }
    return data::from_arrow(out.Append(text));
  });
}

char lower_ascii_letter(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

template <bool any_case>
result<data::array_ptr> evaluate_like(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  const char escape = call.call.parameter.empty() ? '\\' : call.call.parameter[0];
  texts values{args[0]}, patterns{args[1]};
  std::vector<std::uint8_t> bytes(call.rows, 0);
  std::optional<like_pattern> pattern;
  std::string lower;
  auto view = [&](std::string_view text) -> std::string_view {
    if (!any_case)
      return text;
    change_case(text, false, lower);
    return lower;
  };
  for (std::int64_t i = 0; i < call.rows; ++i) {
    if (nulls.null(i))
      continue;
    if (!pattern || !args[1].constant) {
      auto compiled = like_pattern::compile(view(patterns[i]), any_case ? lower_ascii_letter(escape) : escape);
      if (!compiled.ok())
        return std::move(compiled).error().with_position(call.call.position);
      pattern = *std::move(compiled);
    }
    bytes[i] = pattern->matches(view(values[i]));
  }
  return finish_booleans(bytes, nulls);
}

template <int kind>
result<data::array_ptr> evaluate_search(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  texts values{args[0]}, parts{args[1]};
  std::vector<std::uint8_t> bytes(call.rows, 0);
  for (std::int64_t i = 0; i < call.rows; ++i)
    if (!nulls.null(i))
      bytes[i] = kind == 0 ? values[i].find(parts[i]) != std::string_view::npos
                 : kind == 1 ? values[i].starts_with(parts[i]) : values[i].ends_with(parts[i]);
  return finish_booleans(bytes, nulls);
}

/// args: text, search, replacement
result<data::array_ptr> evaluate_replace(const frame& call, const operands& args) {
  SLUICE_ASSIGN_OR_RETURN(auto nulls, null_mask::of(args, call.rows));
  texts values{args[0]}, searched{args[1]}, replacements{args[2]};
  std::string text;
  return build_texts(call.rows, nulls, [&](std::int64_t i, arrow::StringBuilder& out) {
    const auto value = values[i], search = searched[i];
    text.clear();
    std::size_t at = 0;
    while (!search.empty()) {
      const auto next = value.find(search, at);
      if (next == std::string_view::npos)
        break;
      text.append(value, at, next - at).append(replacements[i]);
      at = next + search.size();
    }
    text.append(value, at);
    return data::from_arrow(out.Append(text));
  });
}

result<resolved> resolve_texts(std::vector<expr_ptr>& args, call_site& site) {
  for (std::size_t i = 0; i < args.size(); ++i)
    SLUICE_RETURN_IF_ERROR(require(args, i, arrow::utf8(), site));
  return resolved{arrow::utf8(), any_nullable(args)};
}

result<resolved> resolve_replace(std::vector<expr_ptr>& args, call_site& site) {
  if (args.size() == 2)
    args.push_back(literal(std::make_shared<arrow::StringScalar>("")));
  return resolve_texts(args, site);
}

result<resolved> resolve_concat_ws(std::vector<expr_ptr>& args, call_site& site) {
  for (std::size_t i = 0; i < args.size(); ++i) {
    const auto& type = *args[i]->type;
    if (i > 0 && type.id() == arrow::Type::LIST && (is_text(*type.field(0)->type()) || is_null(*type.field(0)->type())))
      args[i] = implicit_cast(args[i], array_of(arrow::utf8()));
    else
      SLUICE_RETURN_IF_ERROR(require(args, i, arrow::utf8(), site));
  }
  return resolved{arrow::utf8(), args[0]->nullable};
}

result<resolved> resolve_length(std::vector<expr_ptr>& args, call_site& site) {
  if (args[0]->type->id() != arrow::Type::BINARY)
    SLUICE_RETURN_IF_ERROR(require(args, 0, arrow::utf8(), site));
  return resolved{arrow::int32(), args[0]->nullable};
}

result<resolved> resolve_substring(std::vector<expr_ptr>& args, call_site& site) {
  if (args[0]->type->id() != arrow::Type::BINARY)
    SLUICE_RETURN_IF_ERROR(require(args, 0, arrow::utf8(), site));
  if (args.size() == 2)
    args.push_back(literal(std::make_shared<arrow::Int32Scalar>(std::numeric_limits<std::int32_t>::max()), site.position));
  for (std::size_t i = 1; i < args.size(); ++i)
    SLUICE_RETURN_IF_ERROR(require(args, i, arrow::int32(), site));
  return resolved{args[0]->type, any_nullable(args)};
}

result<resolved> resolve_concat(std::vector<expr_ptr>& args, call_site& site) {
  const bool binary = std::all_of(args.begin(), args.end(), [](const auto& arg) { return arg->type->id() == arrow::Type::BINARY; });
  if (binary && !args.empty())
    return resolved{arrow::binary(), any_nullable(args)};
  if (std::any_of(args.begin(), args.end(), [](const auto& arg) { return arg->type->id() == arrow::Type::LIST; })) {
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < args.size(); ++i)
      all.push_back(i);
    SLUICE_ASSIGN_OR_RETURN(auto type, unify(args, all, site));
    return resolved{type, any_nullable(args)};
  }
  for (auto& arg : args) {
    if (arg->type->id() == arrow::Type::BINARY)
      arg = implicit_cast(arg, arrow::utf8());
  }
  return resolve_texts(args, site);
}

result<resolved> resolve_search(std::vector<expr_ptr>& args, call_site& site) {
  SLUICE_ASSIGN_OR_RETURN(auto type, resolve_texts(args, site));
  return resolved{arrow::boolean(), type.nullable};
}

constexpr function string_table[] = {
  {"upper", "ucase", 1, 1, resolve_texts, evaluate_letter_case<true>, nullptr, "upper(str)", "The text in upper case (Unicode)."},
  {"lower", "lcase", 1, 1, resolve_texts, evaluate_letter_case<false>, nullptr, "lower(str)", "The text in lower case (Unicode)."},
  {"trim", "", 1, 2, resolve_texts, evaluate_trim<trim_side::both>, nullptr, "trim([characters, ]str)", "Without blanks (or the characters) at both ends."},
  {"btrim", "", 1, 2, resolve_texts, evaluate_trim<trim_side::both, false>, nullptr, "btrim(str[, characters])", "Without blanks (or the characters) at both ends."},
  {"ltrim", "", 1, 2, resolve_texts, evaluate_trim<trim_side::left>, nullptr, "ltrim([characters, ]str)", "Without blanks (or the characters) at the start."},
  {"rtrim", "", 1, 2, resolve_texts, evaluate_trim<trim_side::right>, nullptr, "rtrim([characters, ]str)", "Without blanks (or the characters) at the end."},
  {"length", "len char_length character_length", 1, 1, resolve_length, evaluate_length<true>, nullptr, "length(str)", "Number of characters, or of bytes of a binary."},
  {"octet_length", "", 1, 1, resolve_length, evaluate_length<false>, nullptr, "octet_length(str)", "Number of bytes."},
  {"substring", "substr", 2, 3, resolve_substring, evaluate_substring, nullptr, "substring(str, pos[, len])", "len characters from pos; pos counts from 1, from the end when negative."},
  {"concat", "||", 0, any_number, resolve_concat, evaluate_concat, nullptr, "concat(a, ...)", "The texts one after the other; null if one is null."},
  {"concat_ws", "", 1, any_number, resolve_concat_ws, evaluate_concat_ws, nullptr, "concat_ws(separator, a, ...)", "The texts that are not null, joined."},
  {"like", "", 2, 2, resolve_search, evaluate_like<false>, nullptr, "str LIKE pattern [ESCAPE c]", "Whether the text fits the pattern: % any text, _ one character."},
  {"ilike", "", 2, 2, resolve_search, evaluate_like<true>, nullptr, "str ILIKE pattern [ESCAPE c]", "LIKE without regard to case."},
  {"contains", "", 2, 2, resolve_search, evaluate_search<0>, nullptr, "contains(str, part)", "Whether part occurs in str."},
  {"startswith", "", 2, 2, resolve_search, evaluate_search<1>, nullptr, "startswith(str, part)", "Whether str begins with part."},
  {"endswith", "", 2, 2, resolve_search, evaluate_search<2>, nullptr, "endswith(str, part)", "Whether str ends with part."},
  {"replace", "", 2, 3, resolve_replace, evaluate_replace, nullptr, "replace(str, search[, replacement])", "Every search replaced."},
};

} // namespace

std::span<const function> string_functions() { return string_table; }

} // namespace sluice::expr
