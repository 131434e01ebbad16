#pragma once
/// Where each value of a program comes from, before it becomes a typed struct.
#include <map>
#include <string>
#include <vector>

#include "common/config/settings.hpp"
#include "common/config/table.hpp"

namespace sluice::config {

enum class origin { default_value, file, environment, flag };

/// A value in force and where it was given ("/etc/sluice/c.toml:3", "SLUICE_SLOTS", "--slots").
struct resolved_value {
  std::string text;
  origin from = origin::default_value;
  std::string where;
};
/// One entry per setting of the program.
using resolved_values = std::map<std::string, resolved_value>;

/// A key of a TOML file, dotted, with its value as a user would write it in a flag.
struct file_value {
  std::string key;
  std::string text;
  int line = 0;
};
/// Errors: config_file (unreadable, or not TOML, with line and column).
result<std::vector<file_value>> read_config_file(const std::string& path);

/// What the command line asked for.
struct arguments {
  std::map<std::string, std::string> flags;   ///< key -> text
  std::string config_file;
  bool help = false;
  bool version = false;
  bool print_config = false;
  bool settings_reference = false;
};
result<arguments> parse_arguments(int argc, const char* const* argv, program which);

/// Default, then file, then environment, then flag; every given value is checked, also one that is overridden.
result<resolved_values> resolve(const arguments& given, program which, const environment_lookup& environment);
/// The text of --print-config: valid TOML, one comment per line naming the origin.
std::string print_config(const resolved_values& values, program which);

} // namespace sluice::config
