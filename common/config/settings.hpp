#pragma once
/// The settings as the programs see them: typed, checked, with units. Values come from the command line, else the environment
/// (SLUICE_…), else the TOML file (--config or SLUICE_CONFIG), else the table's default.
///
///   config::coordinator_settings settings;
///   auto start = config::load(argc, argv, settings);
///   if (start.exit_now) return start.finish();     // --help, --version, --print-config, or an error
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "common/base/environment.hpp"
#include "common/base/log.hpp"
#include "common/base/status.hpp"

namespace sluice::config {

struct log_settings {
  log::level level = log::level::info;
  std::string file;                       ///< empty: standard error
  std::size_t max_bytes = 16 << 20;
  std::size_t max_files = 4;
};

struct link_settings {
  microseconds heartbeat{1'000'000};
  microseconds silence{5'000'000};
  std::size_t control_frame = 1 << 20;
  std::size_t data_frame = 16 << 20;
  std::size_t unsent = 64 << 20;
};

/// The files that secure links; all or none is set (net::load_security reads and checks them).
struct security_settings {
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  std::string token_file;
};

/// What a new query starts with.
struct query_settings {
  std::uint32_t key_groups = 128;
  int max_attempts = 4;
  microseconds progress_timeout{30'000'000};
  std::int64_t min_batches_to_retain = 100;
  std::int64_t base_interval = 256;
  std::int64_t split_size = 16 << 20;
  std::int64_t result_rows = 10'000'000;
};

struct coordinator_settings {
  std::string listen = "127.0.0.1:7077";
  std::string connect_listen = "127.0.0.1:15002";  ///< empty: Spark Connect is not served
  std::string data_dir = "sluice-data/coordinator";
  microseconds discovery_poll{100'000};
  query_settings query;
  security_settings security;
  link_settings link;
  log_settings log;
};

struct worker_settings {
  std::string coordinator = "127.0.0.1:7077";
  std::string listen = "127.0.0.1:0";
  std::string advertise;                  ///< empty: the address listened on
  std::uint32_t slots = 0;                ///< `load` replaces 0 by the number of cores
  std::string data_dir = "sluice-data/worker";
  std::int64_t memory_state = 256 << 20;
  std::int64_t memory_exchange = 64 << 20;
  std::int64_t memory_partial = 4 << 20;
  std::int64_t reader_max_record = 8 << 20;
  std::int64_t reader_morsel = 256 << 10;
  security_settings security;
  link_settings link;
  log_settings log;
};

/// How the sluice command connects.
struct client_settings {
  std::string coordinator = "127.0.0.1:7077";
  security_settings security;
};

/// What a program does after `load`.
struct startup {
  bool exit_now = false;
  int exit_code = 0;                      ///< 2: the arguments, the file or a value are wrong
  std::string out;
  std::string err;
  /// Prints both and gives the exit code.
  int finish() const;
};

/// Looks up an environment variable; tests hand in their own.
using environment_lookup = std::function<std::optional<std::string>(const std::string&)>;
environment_lookup process_environment();

/// Parses everything. Never throws, never exits.
startup load(int argc, const char* const* argv, coordinator_settings& settings,
             const environment_lookup& environment = process_environment());
startup load(int argc, const char* const* argv, worker_settings& settings,
             const environment_lookup& environment = process_environment());

/// The settings of the sluice command, whose own grammar has taken its flags from the arguments: `flags` holds what was given
/// (key -> text), `file` what --config says (empty: SLUICE_CONFIG, else none). Errors: as `load` reports them, exit code 2.
result<client_settings> load_client(const std::map<std::string, std::string>& flags, const std::string& file,
                                    const environment_lookup& environment = process_environment());

/// The defaults with every setting that has a simulation range drawn from it.
coordinator_settings simulated_coordinator(random_source& random);
worker_settings simulated_worker(random_source& random);

/// Opens the log file that the settings name. Error: config_file if it cannot be opened.
status apply(const log_settings& settings);

} // namespace sluice::config
