#include "common/expr/datetime_pattern.hpp"

#include "common/expr/calendar.hpp"

namespace sluice::expr {

namespace {

constexpr std::string_view month_names[] = {"January", "February", "March",     "April",   "May",      "June",
                                            "July",    "August",   "September", "October", "November", "December"};
constexpr std::string_view day_names[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

/// The letters and the longest run each may have.
int longest_run(char letter) {
  switch (letter) {
    case 'F': return 1;
    case 'G': case 'E': return 4;
    case 'M': case 'L': case 'Q': case 'q': return 4;
    case 'z': return 3;
    case 'y': return 6;
    case 'd': case 'h': case 'H': case 'k': case 'K': case 'm': case 's': case 'V': return 2;
    case 'D': return 3;
    case 'a': return 1;
    case 'S': return 9;
    case 'X': case 'x': case 'Z': return 5;
    case 'O': return 4;
    default: return 0;
  }
}

bool is_number(char letter, int count) {
  if (letter == 'M' || letter == 'L' || letter == 'Q' || letter == 'q')
    return count <= 2;
  return letter == 'y' || letter == 'd' || letter == 'D' || letter == 'h' || letter == 'H' || letter == 'k' || letter == 'K' ||
         letter == 'm' || letter == 's' || letter == 'S';
}

status unknown_letter(std::string_view pattern, char letter) {
  return {errc::invalid_datetime_pattern, "Unrecognized datetime pattern: " + std::string{pattern} + ": the letter '" + letter +
                                            "' is not supported here. Retry with a pattern of y M d D Q E a h H k K m s S X Z z VV and quoted text."};
}

void append_padded(std::string& out, std::int64_t value, int width) {
  if (value < 0) {
    out += '-';
    value = -value;
  }
  auto digits = std::to_string(value);
  if (static_cast<int>(digits.size()) < width)
    out.append(width - digits.size(), '0');
  out += digits;
}

/// "+0200", "+02:00", "+02" by letter and count, as DateTimeFormatter's appendOffset.
std::string offset_by_count(std::int64_t seconds, char letter, int count) {
  if (letter == 'Z')
    return count == 4 ? "GMT" + (seconds ? offset_text(seconds, false) : "") : offset_by_count(seconds, count == 5 ? 'X' : 'x', count == 5 ? 5 : 4);
  if (letter == 'O')
    return seconds == 0 ? "GMT" : "GMT" + (count == 4 ? offset_text(seconds, false) : [&] {
      auto text = std::string{seconds < 0 ? "-" : "+"} + std::to_string(std::abs(seconds) / 3600);
      return seconds % 3600 ? text + offset_text(seconds, false).substr(3) : text;
    }());
  if (seconds == 0 && letter == 'X')
    return "Z";
  auto text = offset_text(seconds, false);
  std::string hours = text.substr(0, 3), minutes = text.substr(4, 2), rest = text.size() > 6 ? text.substr(7, 2) : "";
  switch (count) {
    case 1: return minutes == "00" ? hours : hours + minutes;
    case 2: return hours + minutes;
    case 3: return hours + ":" + minutes;
    case 4: return hours + minutes + rest;
    default: return hours + ":" + minutes + (rest.empty() ? "" : ":" + rest);
  }
}

bool starts_with_any_case(std::string_view text, std::string_view word) {
  if (text.size() < word.size())
    return false;
  for (std::size_t i = 0; i < word.size(); ++i)
    if ((text[i] | 0x20) != (word[i] | 0x20))
      return false;
  return true;
}

/// Index of the name at the cursor, or -1.
template <std::size_t N>
int take_name(const std::string_view (&names)[N], bool full, std::string_view& text) {
  for (std::size_t i = 0; i < N; ++i) {
    const auto name = full ? names[i] : names[i].substr(0, 3);
    if (starts_with_any_case(text, name)) {
      text.remove_prefix(name.size());
      return static_cast<int>(i);
    }
  }
  return -1;
}

std::optional<std::int64_t> take_number(std::string_view& text, int least, int most) {
  int count = 0;
  std::int64_t value = 0;
  while (count < most && count < static_cast<int>(text.size()) && text[count] >= '0' && text[count] <= '9')
    value = value * 10 + (text[count++] - '0');
  if (count < least)
    return std::nullopt;
  text.remove_prefix(count);
  return value;
}

} // namespace

struct datetime_pattern::fields {
  std::optional<std::int64_t> year, month, day, day_of_year, hour, hour_of_half, minute, second, micros, quarter;
  std::optional<bool> afternoon;
  std::optional<zone> where;
  bool before_common_era = false;
};

status datetime_pattern::check_parsing() const {
  for (const auto& one : tokens_)
    if (one.letter != 0 && std::string_view{"EFQq"}.find(one.letter) != std::string_view::npos)
      return {errc::invalid_datetime_pattern, std::string{"The letter '"} + one.letter + "' of a datetime pattern can only format, not parse."};
  return ok();
}

result<datetime_pattern> datetime_pattern::compile(std::string_view pattern) {
  datetime_pattern made;
  bool open = false;
  auto literal = [&](char c) {
    if (made.tokens_.empty() || made.tokens_.back().letter != 0)
      made.tokens_.push_back({});
    made.tokens_.back().literal += c;
  };
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      std::size_t end = i;
      while (end < pattern.size() && pattern[end] == c)
        ++end;
      const int count = static_cast<int>(end - i);
      if (count > longest_run(c) || (c == 'V' && count != 2))
        return unknown_letter(pattern, c);
      const bool number = is_number(c, count);
      if (number && !made.tokens_.empty() && is_number(made.tokens_.back().letter, made.tokens_.back().count))
        made.tokens_.back().adjacent = true;
      made.tokens_.push_back({c, count, false, {}});
      i = end - 1;
    } else if (c == '\'') {
      if (i + 1 < pattern.size() && pattern[i + 1] == '\'') {
        literal('\'');
        ++i;
        continue;
      }
      for (++i;; ++i) {
        if (i >= pattern.size())
          return status{errc::invalid_datetime_pattern, "Unrecognized datetime pattern: " + std::string{pattern} + ": a quote is not closed."};
        if (pattern[i] != '\'') {
          literal(pattern[i]);
        } else if (i + 1 < pattern.size() && pattern[i + 1] == '\'') {
          literal(pattern[++i]);
        } else {
          break;
        }
      }
    } else if (c == '[' || c == ']') {
      if (open == (c == '['))
        return unknown_letter(pattern, c);
      open = !open;
      made.tokens_.push_back({c, 1, false, {}});
    } else if (c == '{' || c == '}' || c == '#') {
      return unknown_letter(pattern, c);
    } else {
      literal(c);
    }
  }
  if (open)
    made.tokens_.push_back({']', 1, false, {}});
  return made;
}

void datetime_pattern::format(std::string& out, std::int64_t utc_us, zone_cursor& zone) const {
  const auto offset = zone.offset_at(utc_us) / us_per_second;
  const auto local = zone.to_local(utc_us);
  const auto days = floor_div(local, us_per_day);
  const auto of_day = floor_mod(local, us_per_day);
  const auto date = civil_from_days(days);
  const auto seconds = of_day / us_per_second;
  const auto hour = seconds / 3600;
  auto two = [&](std::int64_t value, const token& one) { append_padded(out, value, one.count); };
  auto name = [&](std::string_view full, const token& one) { out += one.count >= 4 ? full : full.substr(0, 3); };
  for (const auto& one : tokens_)
    switch (one.letter) {
      case 0: out += one.literal; break;
      case 'G': out += one.count == 4 ? (date.year > 0 ? "Anno Domini" : "Before Christ") : (date.year > 0 ? "AD" : "BC"); break;
      case 'y':
        if (one.count == 2)
          append_padded(out, floor_mod(date.year, 100), 2);
        else {
          if (date.year > 9999 && one.count >= 4)
            out += '+';
          append_padded(out, date.year, one.count);
        }
        break;
      case 'M': case 'L': one.count <= 2 ? two(date.month, one) : name(month_names[date.month - 1], one); break;
      case 'Q': case 'q':
        if (one.count <= 2)
          two((date.month - 1) / 3 + 1, one);
        else
          out += one.count == 3 ? "Q" + std::to_string((date.month - 1) / 3 + 1)
                                : std::string{std::string_view{"1st2nd3rd4th"}.substr((date.month - 1) / 3 * 3, 3)} + " quarter";
        break;
      case 'd': two(date.day, one); break;
      case 'D': two(day_of_year(date), one); break;
      case 'E': name(day_names[iso_weekday(days) - 1], one); break;
      case 'a': out += hour < 12 ? "AM" : "PM"; break;
      case 'h': two((hour + 11) % 12 + 1, one); break;
      case 'H': two(hour, one); break;
      case 'k': two((hour + 23) % 24 + 1, one); break;
      case 'K': two(hour % 12, one); break;
      case 'm': two(seconds / 60 % 60, one); break;
      case 's': two(seconds % 60, one); break;
      case 'S': {
        std::string digits;
        append_padded(digits, of_day % us_per_second * 1000, 9);
        out += digits.substr(0, one.count);
        break;
      }
      case 'F': two((date.day - 1) % 7 + 1, one); break;
      case 'V': out += zone.which().region ? zone.name() : zone.which().fixed_seconds ? offset_text(offset) : "UTC"; break;
      case 'z': out += zone.abbreviation(utc_us); break;
      case 'O': case 'X': case 'x': case 'Z': out += offset_by_count(offset, one.letter, one.count); break;
      default: break;
    }
}

bool datetime_pattern::read_token(const token& one, std::string_view& text, fields& out) {
  auto number = [&](std::optional<std::int64_t>& field, int most = 2) {
    field = take_number(text, one.count, one.count == 1 && !one.adjacent ? most : std::max(one.count, one.adjacent ? one.count : 1));
    return field.has_value();
  };
  switch (one.letter) {
    case 0:
      if (!starts_with_any_case(text, one.literal))
        return false;
      text.remove_prefix(one.literal.size());
      return true;
    case 'G': {
      out.before_common_era = starts_with_any_case(text, "BC");
      if (!out.before_common_era && !starts_with_any_case(text, "AD"))
        return false;
      text.remove_prefix(2);
      return true;
    }
    case 'y': {
      const bool negative = text.starts_with('-'), sign = negative || text.starts_with('+');
      if (sign)
        text.remove_prefix(1);
      out.year = take_number(text, one.count, one.adjacent || (one.count > 1 && !sign) ? one.count : 9);
      if (out.year && one.count == 2)
        *out.year += 2000;
      if (out.year && negative)
        *out.year = -*out.year;
      return out.year.has_value();
    }
    case 'M': case 'L':
      if (one.count <= 2)
        return number(out.month);
      out.month = take_name(month_names, one.count >= 4, text) + 1;
      return *out.month > 0;
    case 'Q': case 'q':
      if (one.count == 3 && text.starts_with('Q'))
        text.remove_prefix(1);
      out.quarter = take_number(text, 1, 2);
      return out.quarter.has_value();
    case 'd': return number(out.day);
    case 'D': return number(out.day_of_year, 3);
    case 'E': return take_name(day_names, one.count >= 4, text) >= 0;
    case 'a':
      out.afternoon = starts_with_any_case(text, "PM");
      if (!*out.afternoon && !starts_with_any_case(text, "AM"))
        return false;
      text.remove_prefix(2);
      return true;
    case 'h':
      if (!number(out.hour_of_half) || *out.hour_of_half < 1 || *out.hour_of_half > 12)
        return false;
      *out.hour_of_half %= 12;
      return true;
    case 'K': return number(out.hour_of_half) && *out.hour_of_half < 12;
    case 'H': return number(out.hour) && *out.hour < 24;
    case 'k':
      if (!number(out.hour) || *out.hour < 1 || *out.hour > 24)
        return false;
      *out.hour %= 24;
      return true;
    case 'm': return number(out.minute) && *out.minute < 60;
    case 's': return number(out.second) && *out.second < 60;
    case 'S': {
      const auto before = text.size();
      auto digits = take_number(text, 1, one.count);
      if (!digits)
        return false;
      for (auto taken = before - text.size(); taken < 9; ++taken)
        *digits *= 10;
      out.micros = *digits / 1000;
      return true;
    }
    default: break;
  }
  // Zones: as long a run of characters of a zone name as there is.
  std::size_t size = 0;
  while (size < text.size() && (isalnum(static_cast<unsigned char>(text[size])) || std::string_view{"+-:/_"}.find(text[size]) != std::string_view::npos))
    ++size;
  for (; size > 0; --size)
    if (auto found = find_zone(text.substr(0, size)); found.ok()) {
      out.where = *found;
      text.remove_prefix(size);
      return true;
    }
  return false;
}

bool datetime_pattern::read_tokens(std::size_t from, std::size_t to, std::string_view& text, fields& out) const {
  for (auto i = from; i < to; ++i) {
    if (tokens_[i].letter == '[') {
      auto end = i + 1;
      while (tokens_[end].letter != ']')
        ++end;
      auto rest = text;
      auto tried = out;
      if (read_tokens(i + 1, end, rest, tried)) {
        text = rest;
        out = tried;
      }
      i = end;
    } else if (!read_token(tokens_[i], text, out)) {
      return false;
    }
  }
  return true;
}

bool datetime_pattern::read(std::string_view text, fields& out) const { return read_tokens(0, tokens_.size(), text, out) && text.empty(); }

namespace {

std::optional<std::int64_t> checked_micros(std::int64_t days, std::int64_t of_day) {
  const auto micros = static_cast<__int128>(days) * us_per_day + of_day;
  if (micros < std::numeric_limits<std::int64_t>::min() || micros > std::numeric_limits<std::int64_t>::max())
    return std::nullopt;
  return static_cast<std::int64_t>(micros);
}

template <class Fields>
std::optional<std::int64_t> local_micros(const Fields& from) {
  auto year = from.year.value_or(1970);
  if (from.before_common_era)
    year = 1 - year;
  std::int64_t days = 0;
  if (from.day_of_year && !from.month && !from.day) {
    const std::int64_t day = *from.day_of_year;
    if (day < 1 || day > (is_leap_year(year) ? 366 : 365))
      return std::nullopt;
    days = days_from_civil(year, 1, 1) + day - 1;
  } else {
    const auto month = from.month.value_or(from.quarter ? *from.quarter * 3 - 2 : 1);
    if (!valid_civil(year, month, from.day.value_or(1)))
      return std::nullopt;
    days = days_from_civil(year, static_cast<int>(month), static_cast<int>(from.day.value_or(1)));
  }
  const auto half = from.hour_of_half.value_or(0) + (from.afternoon.value_or(false) ? 12 : 0);
  const auto hour = from.hour.value_or(half);
  const auto seconds = hour * 3600 + from.minute.value_or(0) * 60 + from.second.value_or(0);
  return checked_micros(days, seconds * us_per_second + from.micros.value_or(0));
}

} // namespace

std::optional<std::int64_t> datetime_pattern::parse(std::string_view text, zone_cursor& session) const {
  fields found;
  if (!read(text, found))
    return std::nullopt;
  auto local = local_micros(found);
  if (!local)
    return std::nullopt;
  return found.where ? zone_cursor{*found.where}.to_utc(*local) : session.to_utc(*local);
}

std::optional<std::int64_t> datetime_pattern::parse_local(std::string_view text) const {
  fields found;
  return read(text, found) ? local_micros(found) : std::nullopt;
}

} // namespace sluice::expr
