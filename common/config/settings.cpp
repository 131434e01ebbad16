#include "common/config/settings.hpp"

#include "common/config/internal/resolve.hpp"

#include <cstdio>
#include <thread>

#ifndef SLUICE_VERSION
#define SLUICE_VERSION "0.1.0"
#endif

namespace sluice::config {

namespace {

/// Typed access to checked values: what is asked for here has passed `check`, so parsing cannot fail.
class value_reader {
public:
  explicit value_reader(const resolved_values& values, program which) : values_(values), which_(which) {}
  std::string text(const std::string& key) const { return values_.at(key).text; }
  template <class Number>
  void read(const std::string& key, Number& into) const {
    into = static_cast<Number>(*parse_number(find(key, which_)->kind, text(key)));
  }
  void read(const std::string& key, microseconds& into) const { into = *parse_duration(text(key)); }
  void read(const std::string& key, std::string& into) const { into = text(key); }
  void read(const std::string& key, log::level& into) const {
    auto name = text(key);
    into = name == "debug" ? log::level::debug : name == "warn" ? log::level::warn
           : name == "error" ? log::level::error : log::level::info;
  }

private:
  const resolved_values& values_;
  program which_;
};

void bind_security(const value_reader& from, security_settings& into) {
  from.read("security.ca-file", into.ca_file);
  from.read("security.cert-file", into.cert_file);
  from.read("security.key-file", into.key_file);
  from.read("security.token-file", into.token_file);
}

void bind_shared(const value_reader& from, log_settings& log, link_settings& link) {
  from.read("log.level", log.level);
  from.read("log.file", log.file);
  from.read("log.max-bytes", log.max_bytes);
  from.read("log.max-files", log.max_files);
  from.read("link.heartbeat", link.heartbeat);
  from.read("link.silence", link.silence);
  from.read("link.control-frame", link.control_frame);
  from.read("link.data-frame", link.data_frame);
  from.read("link.unsent", link.unsent);
}

void bind(const value_reader& from, coordinator_settings& into) {
  from.read("listen", into.listen);
  from.read("connect.listen", into.connect_listen);
  from.read("data-dir", into.data_dir);
  from.read("discovery.poll", into.discovery_poll);
  from.read("query.key-groups", into.query.key_groups);
  from.read("query.max-attempts", into.query.max_attempts);
  from.read("query.progress-timeout", into.query.progress_timeout);
  from.read("query.min-batches-to-retain", into.query.min_batches_to_retain);
  from.read("query.base-interval", into.query.base_interval);
  from.read("query.split-size", into.query.split_size);
  from.read("query.result-rows", into.query.result_rows);
  bind_security(from, into.security);
  bind_shared(from, into.log, into.link);
}

void bind(const value_reader& from, worker_settings& into) {
  from.read("coordinator", into.coordinator);
  from.read("listen", into.listen);
  from.read("advertise", into.advertise);
  from.read("slots", into.slots);
  from.read("data-dir", into.data_dir);
  from.read("worker.memory.state", into.memory_state);
  from.read("worker.memory.exchange", into.memory_exchange);
  from.read("worker.memory.partial", into.memory_partial);
  from.read("reader.max-record", into.reader_max_record);
  from.read("reader.morsel", into.reader_morsel);
  bind_security(from, into.security);
  bind_shared(from, into.log, into.link);
  if (into.slots == 0)
    into.slots = std::max(1u, std::thread::hardware_concurrency());
}

status check_relations(const link_settings& link) {
  if (link.silence < 2 * link.heartbeat)
    return {errc::invalid_setting, "link.silence must be at least twice link.heartbeat"};
  return ok();
}

std::string usage(program which) {
  auto name = std::string{which == program::coordinator ? "sluice-coordinator" : "sluice-worker"};
  auto first = which == program::coordinator
                 ? std::string{"Plans streaming queries, hands out their input and commits their batches.\n"}
                 : std::string{"Runs tasks and holds state for a coordinator.\n"};
  return first + "\nUsage: " + name + " [--config FILE] [--KEY VALUE …]\n\n"
         "  -h, --help                          print this\n"
         "  --version                           print the version\n"
         "  -c, --config FILE                   TOML file with settings (also SLUICE_CONFIG)\n"
         "  --print-config                      print every setting in force and where it came from\n\n"
         "Settings (flag, else environment such as " + environment_name("log.level") + ", else file, else default):\n"
         + help_text(which) + "\nSIGTERM drains and exits 0.\n";
}

startup usage_error(const status& error, program which) {
  auto name = std::string{which == program::coordinator ? "sluice-coordinator" : "sluice-worker"};
  return {true, 2, "", name + ": " + error.to_string() + "\n"};
}

template <class Settings>
startup load_settings(int argc, const char* const* argv, Settings& settings, const environment_lookup& environment,
                      program which) {
  auto given = parse_arguments(argc, argv, which);
  if (!given.ok())
    return usage_error(given.error(), which);
  if (given->help)
    return {true, 0, usage(which), ""};
  if (given->version)
    return {true, 0, std::string{which == program::coordinator ? "sluice-coordinator " : "sluice-worker "}
                       + SLUICE_VERSION + "\n", ""};
  if (given->settings_reference)
    return {true, 0, reference_page(), ""};
  auto values = resolve(*given, which, environment);
  if (!values.ok())
    return usage_error(values.error(), which);
  bind(value_reader{*values, which}, settings);
  if (auto related = check_relations(settings.link); !related.ok())
    return usage_error(related, which);
  if (given->print_config)
    return {true, 0, print_config(*values, which), ""};
  return {};
}

/// Defaults with the simulation ranges drawn; the log range is left alone.
resolved_values simulated_values(random_source& random, program which) {
  resolved_values values;
  for (const auto& line : table()) {
    if (!line.serves(which))
      continue;
    std::string text{line.default_text};
    if (!line.simulated.empty()) {
      auto dots = line.simulated.find("..");
      auto low = *parse_number(line.kind, line.simulated.substr(0, dots));
      auto high = *parse_number(line.kind, line.simulated.substr(dots + 2));
      auto drawn = low + static_cast<std::int64_t>(random.next() % static_cast<std::uint64_t>(high - low + 1));
      text = std::to_string(drawn) + (line.kind == value_kind::duration ? "us" : "");
    }
    values[std::string{line.key}] = {text, origin::default_value, "simulation"};
  }
  return values;
}

} // namespace

int startup::finish() const {
  std::fputs(out.c_str(), stdout);
  std::fflush(stdout);
  std::fputs(err.c_str(), stderr);
  return exit_code;
}

startup load(int argc, const char* const* argv, coordinator_settings& settings, const environment_lookup& environment) {
  return load_settings(argc, argv, settings, environment, program::coordinator);
}

startup load(int argc, const char* const* argv, worker_settings& settings, const environment_lookup& environment) {
  return load_settings(argc, argv, settings, environment, program::worker);
}

result<client_settings> load_client(const std::map<std::string, std::string>& flags, const std::string& file,
                                    const environment_lookup& environment) {
  arguments given;
  given.flags = flags;
  given.config_file = file;
  SLUICE_ASSIGN_OR_RETURN(auto values, resolve(given, program::client, environment));
  client_settings settings;
  value_reader from{values, program::client};
  from.read("coordinator", settings.coordinator);
  bind_security(from, settings.security);
  return settings;
}

coordinator_settings simulated_coordinator(random_source& random) {
  coordinator_settings settings;
  auto values = simulated_values(random, program::coordinator);
  bind(value_reader{values, program::coordinator}, settings);
  settings.link.silence = std::max(settings.link.silence, 2 * settings.link.heartbeat);
  return settings;
}

worker_settings simulated_worker(random_source& random) {
  worker_settings settings;
  auto values = simulated_values(random, program::worker);
  bind(value_reader{values, program::worker}, settings);
  settings.slots = 1 + static_cast<std::uint32_t>(random.next() % 4);
  settings.link.silence = std::max(settings.link.silence, 2 * settings.link.heartbeat);
  return settings;
}

status apply(const log_settings& settings) {
  log::set_level(settings.level);
  if (!settings.file.empty() && !log::to_file(settings.file, settings.max_bytes, settings.max_files))
    return {errc::config_file, "log.file: " + settings.file + " cannot be opened"};
  return ok();
}

} // namespace sluice::config
