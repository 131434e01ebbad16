#include "common/config/internal/resolve.hpp"

#include <CLI/CLI.hpp>

#include <cstdlib>

namespace sluice::config {

namespace {

status unknown_key(const std::string& where, const std::string& key, program which, bool as_flag) {
  auto dashes = std::string{as_flag ? "--" : ""};
  auto text = where + "no setting is called '" + dashes + key + "'";
  if (auto near = nearest_key(key, which); !near.empty())
    text += "; did you mean '" + dashes + near + "'?";
  return {errc::unknown_setting, text};
}

status apply_file(const std::string& path, program which, resolved_values& values) {
  SLUICE_ASSIGN_OR_RETURN(auto entries, read_config_file(path));
  for (const auto& entry : entries) {
    auto where = path + ":" + std::to_string(entry.line);
    const auto* line = find(entry.key, which);
    // One file may serve all programs: a key of another one is checked, too, but has no effect here.
    const auto* known = line ? line : find(entry.key, program::all);
    if (!known)
      return unknown_key(where + ": ", entry.key, program::all, false);
    SLUICE_RETURN_IF_ERROR(check(*known, entry.text).with_context(where));
    if (line)
      values[entry.key] = {entry.text, origin::file, where};
  }
  return ok();
}

} // namespace

environment_lookup process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>{value} : std::nullopt;
  };
}

result<arguments> parse_arguments(int argc, const char* const* argv, program which) {
  arguments given;
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  app.add_flag("-h,--help", given.help);
  app.add_flag("--version", given.version);
  app.add_flag("--print-config", given.print_config);
  app.add_flag("--settings-reference", given.settings_reference);
  app.add_option("-c,--config", given.config_file);
  std::map<std::string, std::string> texts;
  std::map<std::string, CLI::Option*> options;
  for (const auto& line : table()) {
    std::string key{line.key};
    if (line.serves(which) && !options.count(key))
      options[key] = app.add_option("--" + key, texts[key]);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Error& error) {
    return status{errc::invalid_argument, error.what()};
  }
  for (const auto& extra : app.remaining()) {
    if (!extra.starts_with("--"))
      return status{errc::invalid_argument, "'" + extra + "' is not expected here; settings are given as --key value"};
    return unknown_key("", extra.substr(2, extra.find('=') - 2), which, true);
  }
  for (const auto& [key, option] : options)
    if (option->count() > 0)
      given.flags[key] = texts[key];
  return given;
}

result<resolved_values> resolve(const arguments& given, program which, const environment_lookup& environment) {
  resolved_values values;
  for (const auto& line : table())
    if (line.serves(which))
      values[std::string{line.key}] = {std::string{line.default_text}, origin::default_value, ""};
  auto file = !given.config_file.empty() ? given.config_file : environment("SLUICE_CONFIG").value_or("");
  if (!file.empty())
    SLUICE_RETURN_IF_ERROR(apply_file(file, which, values));
  for (auto& [key, value] : values) {
    auto name = environment_name(key);
    if (auto text = environment(name)) {
      SLUICE_RETURN_IF_ERROR(check(*find(key, which), *text).with_context(name));
      value = {*text, origin::environment, name};
    }
  }
  for (const auto& [key, text] : given.flags) {
    SLUICE_RETURN_IF_ERROR(check(*find(key, which), text).with_context("--" + key));
    values[key] = {text, origin::flag, "--" + key};
  }
  return values;
}

std::string print_config(const resolved_values& values, program which) {
  std::string out;
  for (const auto& line : table()) {
    if (!line.serves(which))
      continue;
    const auto& value = values.at(std::string{line.key});
    auto text = line.secret() && !value.text.empty() ? std::string{"***"} : value.text;
    auto shown = std::string{line.key} + " = " + (line.kind == value_kind::integer ? text : "\"" + text + "\"");
    out += shown + std::string(shown.size() < 44 ? 44 - shown.size() : 1, ' ') + "# ";
    switch (value.from) {
      case origin::default_value: out += "default"; break;
      case origin::file: out += "file " + value.where; break;
      case origin::environment: out += "environment " + value.where; break;
      case origin::flag: out += "flag " + value.where; break;
    }
    out += "\n";
  }
  return out;
}

} // namespace sluice::config
