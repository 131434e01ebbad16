#include "common/config/table.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>

namespace sluice::config {

namespace {

constexpr setting setting_lines[] = {
#define SLUICE_SETTING(key, kind, programs, default_text, minimum, maximum, scope, restart, experimental, simulated, text) \
  {key, value_kind::kind, program::programs, default_text, minimum, maximum, setting_scope::scope, restart, experimental, \
   simulated, text},
#include "common/config/settings.def"
#undef SLUICE_SETTING
};

struct unit {
  std::string_view name;
  std::int64_t factor;
};
constexpr unit size_units[] = {{"", 1}, {"b", 1}, {"kib", 1LL << 10}, {"mib", 1LL << 20}, {"gib", 1LL << 30},
                               {"tib", 1LL << 40}, {"kb", 1'000}, {"mb", 1'000'000}, {"gb", 1'000'000'000},
                               {"tb", 1'000'000'000'000}};
constexpr unit duration_units[] = {{"us", 1}, {"ms", 1'000}, {"s", 1'000'000}, {"m", 60'000'000}, {"min", 60'000'000},
                                   {"h", 3'600'000'000}, {"d", 86'400'000'000}};

result<std::int64_t> parse_with_unit(std::string_view text, std::span<const unit> units, std::string_view what) {
  auto fail = [&] {
    return status{errc::invalid_setting, "'" + std::string{text} + "' is not a " + std::string{what}};
  };
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 0)
    return fail();
  std::string name;
  for (const char* at = end; at != text.data() + text.size(); ++at)
    if (*at != ' ')
      name += static_cast<char>(std::tolower(static_cast<unsigned char>(*at)));
  for (const auto& candidate : units) {
    if (candidate.name != name)
      continue;
    std::int64_t product = 0;
    if (__builtin_mul_overflow(number, candidate.factor, &product))
      return fail();
    return product;
  }
  return fail();
}

result<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size())
    return status{errc::invalid_setting, "'" + std::string{text} + "' is not a whole number"};
  return number;
}

status check_address(std::string_view text) {
  auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0)
    return {errc::invalid_setting, "'" + std::string{text} + "' is not host:port"};
  auto port = parse_integer(text.substr(colon + 1));
  if (!port.ok() || *port < 0 || *port > 65535)
    return {errc::invalid_setting, "'" + std::string{text} + "' has no port between 0 and 65535"};
  return ok();
}

bool one_of(std::string_view choices, std::string_view value) {
  for (std::size_t start = 0; start <= choices.size();) {
    auto bar = std::min(choices.find('|', start), choices.size());
    if (choices.substr(start, bar - start) == value)
      return true;
    start = bar + 1;
  }
  return false;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      auto above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string bounds_text(const setting& line) {
  if (line.kind == value_kind::choice) {
    std::string out{line.maximum};
    for (std::size_t at = 0; (at = out.find('|', at)) != std::string::npos; at += 2)
      out.replace(at, 1, ", ");
    return out;
  }
  if (line.minimum.empty())
    return "";
  return std::string{line.minimum} + " to " + std::string{line.maximum};
}

std::string_view kind_name(value_kind kind) {
  switch (kind) {
    case value_kind::text: return "text";
    case value_kind::choice: return "choice";
    case value_kind::address: return "host:port";
    case value_kind::path: return "path";
    case value_kind::integer: return "number";
    case value_kind::size: return "size";
    case value_kind::duration: return "duration";
  }
  return "";
}

std::string_view program_name(program which) {
  return which == program::coordinator ? "sluice-coordinator" : which == program::worker ? "sluice-worker" : "sluice";
}

std::string_view scope_name(setting_scope scope) {
  return scope == setting_scope::node ? "node" : scope == setting_scope::cluster ? "cluster" : "query";
}

} // namespace

bool setting::secret() const noexcept {
  return key.ends_with("token") || key.ends_with("password");
}

bool setting::serves(program which) const noexcept {
  return (static_cast<int>(programs) & static_cast<int>(which)) != 0;
}

std::span<const setting> table() { return setting_lines; }

const setting* find(std::string_view key, program which) {
  for (const auto& line : setting_lines)
    if (line.key == key && line.serves(which))
      return &line;
  return nullptr;
}

std::string nearest_key(std::string_view key, program which) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(3, key.size() / 2);
  for (const auto& line : setting_lines) {
    if (!line.serves(which))
      continue;
    // A key that is right but for its prefix counts as near.
    auto tail = line.key.substr(line.key.rfind('.') + 1);
    auto distance = tail == key ? 1 : edit_distance(key, line.key);
    if (distance < best_distance) {
      best = line.key;
      best_distance = distance;
    }
  }
  return best;
}

result<std::int64_t> parse_size(std::string_view text) {
  return parse_with_unit(text, size_units, "size such as 64KiB or 16MiB");
}

result<microseconds> parse_duration(std::string_view text) {
  if (text == "0")
    return microseconds{0};
  SLUICE_ASSIGN_OR_RETURN(auto count, parse_with_unit(text, duration_units, "duration such as 100ms or 30s"));
  return microseconds{count};
}

result<std::int64_t> parse_number(value_kind kind, std::string_view text) {
  switch (kind) {
    case value_kind::size: return parse_size(text);
    case value_kind::duration: {
      SLUICE_ASSIGN_OR_RETURN(auto span, parse_duration(text));
      return static_cast<std::int64_t>(span.count());
    }
    default: return parse_integer(text);
  }
}

status check(const setting& line, std::string_view text) {
  switch (line.kind) {
    case value_kind::text:
    case value_kind::path: return ok();
    case value_kind::address:
      // an address that may be left out has no default, or "empty" for its lower bound
      if (text.empty() && (line.default_text.empty() || line.minimum == "empty"))
        return ok();
      return check_address(text).with_context(line.key);
    case value_kind::choice:
      if (one_of(line.maximum, text))
        return ok();
      return {errc::invalid_setting,
              std::string{line.key} + ": '" + std::string{text} + "' is none of " + bounds_text(line)};
    default: break;
  }
  auto number = parse_number(line.kind, text);
  if (!number.ok())
    return std::move(number).error().with_context(line.key);
  auto low = line.minimum.empty() ? result<std::int64_t>{std::numeric_limits<std::int64_t>::min()}
                                  : parse_number(line.kind, line.minimum);
  auto high = line.maximum.empty() ? result<std::int64_t>{std::numeric_limits<std::int64_t>::max()}
                                   : parse_number(line.kind, line.maximum);
  if (*number < *low || *number > *high)
    return {errc::invalid_setting,
            std::string{line.key} + ": " + std::string{text} + " is outside " + bounds_text(line)};
  return ok();
}

std::string environment_name(std::string_view key) {
  std::string name = "SLUICE_";
  for (char c : key)
    name += c == '.' || c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

std::string help_text(program which) {
  std::string out;
  for (const auto& line : setting_lines) {
    if (!line.serves(which))
      continue;
    auto flag = "  --" + std::string{line.key} + " " + std::string{kind_name(line.kind)};
    out += flag + std::string(flag.size() < 38 ? 38 - flag.size() : 2, ' ') + std::string{line.text};
    auto bounds = bounds_text(line);
    out += " (default " + (line.default_text.empty() ? std::string{"none"} : std::string{line.default_text});
    out += (bounds.empty() ? "" : "; " + bounds) + ")" + (line.experimental ? " [experimental]" : "") + "\n";
  }
  return out;
}

std::string reference_page() {
  std::string out = "# Settings\n\n"
    "<!-- Generated from common/config/settings.def by `sluice-coordinator --settings-reference`; do not edit. -->\n\n"
    "A value comes from the command line (`--query.key-groups 64`), else from the environment (`SLUICE_QUERY_KEY_GROUPS=64`),\n"
    "else from the TOML file given with `--config` or `SLUICE_CONFIG` (`[query]` and `key-groups = 64`), else it is the default.\n"
    "`--print-config` shows what is in force and where each value came from. Sizes take B, KiB, MiB, GiB, TiB (powers of 1024) and\n"
    "KB, MB, GB, TB (powers of 1000); durations take us, ms, s, m, h, d. One file may serve all programs.\n\n"
    "Scope: *node* may differ from process to process, *cluster* should be the same everywhere, *query* is taken when a query is\n"
    "created.\n";
  for (auto which : {program::coordinator, program::worker, program::client}) {
    out += "\n## " + std::string{program_name(which)} + "\n\n";
    out += "| Setting | Type | Default | Allowed | Scope | Needs restart | Meaning |\n|---|---|---|---|---|---|---|\n";
    for (const auto& line : setting_lines) {
      if (!line.serves(which))
        continue;
      out += "| `" + std::string{line.key} + "` | " + std::string{kind_name(line.kind)} + " | "
             + (line.default_text.empty() ? "" : "`" + std::string{line.default_text} + "`") + " | " + bounds_text(line)
             + " | " + std::string{scope_name(line.scope)} + " | " + (line.restart ? "yes" : "no") + " | "
             + std::string{line.text} + (line.experimental ? " (experimental)" : "") + " |\n";
    }
  }
  return out;
}

} // namespace sluice::config
