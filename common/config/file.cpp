#include "common/config/internal/resolve.hpp"

#include <toml++/toml.h>

#include <fstream>
#include <sstream>

namespace sluice::config {

namespace {

status flatten_table(const std::string& path, const std::string& prefix, const toml::table& from,
                     std::vector<file_value>& into) {
  for (const auto& [name, node] : from) {
    auto key = prefix.empty() ? std::string{name.str()} : prefix + "." + std::string{name.str()};
    auto line = static_cast<int>(node.source().begin.line);
    if (const auto* inner = node.as_table()) {
      SLUICE_RETURN_IF_ERROR(flatten_table(path, key, *inner, into));
    } else if (const auto* text = node.as_string()) {
      into.push_back({key, text->get(), line});
    } else if (const auto* number = node.as_integer()) {
      into.push_back({key, std::to_string(number->get()), line});
    } else if (const auto* flag = node.as_boolean()) {
      into.push_back({key, flag->get() ? "true" : "false", line});
    } else {
      return {errc::config_file, path + ":" + std::to_string(line) + ": " + key + " must be a text or a whole number"};
    }
  }
  return ok();
}

} // namespace

result<std::vector<file_value>> read_config_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf()))
    return status{errc::config_file, path + ": cannot be read"};
  std::vector<file_value> values;
  try {
    auto table = toml::parse(text.str(), path);
    SLUICE_RETURN_IF_ERROR(flatten_table(path, "", table, values));
  } catch (const toml::parse_error& error) {
    return status{errc::config_file, path + ":" + std::to_string(error.source().begin.line) + ":"
                                       + std::to_string(error.source().begin.column) + ": "
                                       + std::string{error.description()}};
  }
  return values;
}

} // namespace sluice::config
