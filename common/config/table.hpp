#pragma once
/// The settings table as data: what exists, what it may be, and the text for people. Pure and immutable; safe from any thread.
///
///   for (const auto& line : config::table()) …
///   auto bytes = config::parse_size("16MiB");       // 16777216
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/environment.hpp"
#include "common/base/status.hpp"

namespace sluice::config {

enum class value_kind { text, choice, address, path, integer, size, duration };
/// `client` is the sluice command, which has settings only for how it connects.
enum class program { coordinator = 1, worker = 2, both = 3, client = 4, connecting = 6, all = 7 };
enum class setting_scope { node, cluster, query };

/// One line of settings.def.
struct setting {
  std::string_view key;
  value_kind kind;
  program programs;
  std::string_view default_text;
  std::string_view minimum;      ///< "" if there is none
  std::string_view maximum;      ///< for a choice: the values, '|' between
  setting_scope scope;
  bool restart;
  bool experimental;
  std::string_view simulated;    ///< "low..high" or ""
  std::string_view text;
  bool secret() const noexcept;  ///< shown as *** (keys that end in "token" or "password")
  bool serves(program which) const noexcept;
};

std::span<const setting> table();
/// The line of `key` for a program, or nullptr.
const setting* find(std::string_view key, program which);
/// The key of the table nearest to `key` (for "did you mean"), "" if none is near.
std::string nearest_key(std::string_view key, program which);

/// "16MiB", "64 KiB", "1GB", "123" (bytes). Error: invalid_setting.
result<std::int64_t> parse_size(std::string_view text);
/// "30s", "100ms", "5m", "2h", "250us", "0". Error: invalid_setting.
result<microseconds> parse_duration(std::string_view text);
/// A number of the setting's kind: integer, bytes or microseconds.
result<std::int64_t> parse_number(value_kind kind, std::string_view text);
/// Whether `text` is a legal value; the error names the key, the value and the bounds.
status check(const setting& line, std::string_view text);

/// "query.key-groups" -> "SLUICE_QUERY_KEY_GROUPS".
std::string environment_name(std::string_view key);
/// Text of `--help` for a program's settings.
std::string help_text(program which);
/// docs/reference/settings.md.
std::string reference_page();

} // namespace sluice::config
