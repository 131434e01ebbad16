#include <CLI/CLI.hpp>

#include <cstdio>
#include <functional>
#include <map>
#include <set>

#include "cli/commands.hpp"
#include "cli/failure.hpp"
#include "cli/interruption.hpp"
#include "common/config/settings.hpp"
#include "common/config/table.hpp"

#ifndef SLUICE_VERSION
#define SLUICE_VERSION "0.1.0"
#endif

namespace sluice::cli {

namespace {

const std::map<std::string, row_format> row_formats{
  {"table", row_format::table}, {"json", row_format::json}, {"csv", row_format::csv}};

/// The command line's grammar; `chosen` becomes the subcommand to run.
class grammar {
public:
  grammar() : app_("Sluice: streaming queries over files, on a cluster or in this process.", "sluice") {
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    app_.add_option("-c,--config", config_, "TOML file with settings (also SLUICE_CONFIG)")->type_name("FILE");
    for (const auto& line : config::table())
      if (line.serves(config::program::client))
        connection_.emplace(line.key, add_setting(line));
    add_jobs();
    add_queries();
    add_rest();
  }

  /// The exit code of parsing, or -1 to go on with `chosen`.
  int parse(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
      return settle_connection();
    } catch (const CLI::CallForHelp&) {
      std::fputs(app_.help().c_str(), stdout);
      return exit_done;
    } catch (const CLI::ParseError& error) {
      auto text = unknown_command(argc, argv);
      if (text.empty())
        text = error.what();
      report(failure::from(status{errc::invalid_argument, text + "; see sluice --help"}));
      return exit_usage;
    }
  }

  options given;
  std::function<int(const options&)> chosen;

private:
  CLI::Option* add_setting(const config::setting& line) {
    std::string key{line.key};
    auto text = std::string{line.text} + " (also " + config::environment_name(key) + ")";
    auto* option = app_.add_option("--" + key, flags_[key], text);
    return option->type_name(line.kind == config::value_kind::path ? "FILE" : "HOST:PORT")->default_str(std::string{line.default_text});
  }

  /// Flags, environment and file together say how to connect.
  int settle_connection() {
    for (const auto& [key, option] : connection_)
      if (option->count() == 0)
        flags_.erase(key);
    auto settings = config::load_client(flags_, config_);
    if (!settings.ok()) {
      report(failure::from(settings.error()));
      return exit_usage;
    }
    given.coordinator = settings->coordinator;
    given.security = settings->security;
    return -1;
  }

  /// Names a first word that is no command; the library would only say that one is missing.
  std::string unknown_command(int argc, char** argv) {
    if (argc < 2 || argv[1][0] == '-' || commands_.count(argv[1]) > 0)
      return {};
    return "there is no command '" + std::string{argv[1]} + "'";
  }

  CLI::App* command(const std::string& name, const std::string& text, std::function<int(const options&)> run) {
    auto* added = app_.add_subcommand(name, text);
    commands_.insert(name);
    added->fallthrough();
    added->callback([this, run] { chosen = run; });
    return added;
  }
  void add_format(CLI::App* to) {
    to->add_option("--format", given.format, "table, json (one object a line) or csv")
      ->transform(CLI::CheckedTransformer(row_formats).description(""))->type_name("FORMAT");
  }
  void add_variables(CLI::App* to) {
    to->add_option("-D", given.variables, "key=value for ${key} in the text")
      ->expected(1)->take_all()->allow_extra_args(false)->type_name("KEY=VALUE");
  }

  void add_jobs() {
    auto* submit_command = command("submit", "run the statements of a SQL job", submit);
    submit_command->add_option("job", given.job, "file with the job; - reads standard input")->required();
    submit_command->add_option("--name", given.name, "name for the job's only streaming query");
    submit_command->add_flag("--wait", given.wait, "show progress until bounded queries have ended");
    submit_command->add_flag("-q,--quiet", given.quiet, "show no progress");
    add_format(submit_command);
    add_variables(submit_command);

    auto* sql_command = command("sql", "run batch statements over tables and files, and print their rows", run_sql);
    sql_command->add_option("text", given.sql, "SQL; - reads standard input")->required();
    add_format(sql_command);
    add_variables(sql_command);

    auto* explain_command = command("explain", "print a job's plans without running it", explain);
    explain_command->add_option("job", given.job, "file with the job; - reads standard input")->required();
    add_variables(explain_command);

    auto* local_command = command("local", "run a job in this process, without a cluster", run_local);
    local_command->add_option("job", given.job, "file with the job; - reads standard input")->required();
    local_command->add_option("--workers", given.workers, "workers in this process")->check(CLI::Range(1, 64))
      ->capture_default_str();
    local_command->add_option("--slots", given.slots, "slots of each worker (default: the number of cores)")
      ->check(CLI::Range(1, 1024));
    local_command->add_option("--data-dir", given.data_dir, "keep data there (default: a temporary folder, removed)");
    local_command->add_flag("-q,--quiet", given.quiet, "show no progress");
    add_format(local_command);
    add_variables(local_command);
  }

  void add_queries() {
    auto* ps_command = command("ps", "list queries", list_queries);
    ps_command->add_flag("--json", given.json, "print a JSON array");
    auto* show_command = command("show", "show a query: state, last progress, plan, workers, error", show_query);
    show_command->add_option("query", given.query, "name, id, or the beginning of an id")->required();
    show_command->add_flag("--json", given.json, "print a JSON object");
    auto* stop_command = command("stop", "stop a query", stop_query);
    stop_command->add_option("query", given.query, "name, id, or the beginning of an id")->required();
    stop_command->add_flag("--json", given.json, "print a JSON object");
    auto* workers_command = command("workers", "list workers", list_workers);
    workers_command->add_flag("--json", given.json, "print a JSON array");
  }

  void add_rest() {
    auto* verify_command = command("verify", "prove that a checkpoint is whole, or name the first broken thing", verify);
    verify_command->add_option("checkpoint", given.checkpoint, "folder of the checkpoint")->required();
    command("version", "print the version", [](const options&) {
      std::printf("sluice %s\n", SLUICE_VERSION);
      return int{exit_done};
    });
  }

  CLI::App app_;
  std::set<std::string> commands_;
  std::map<std::string, std::string> flags_;               ///< of the connection's settings
  std::map<std::string, CLI::Option*> connection_;
  std::string config_;
};

} // namespace

} // namespace sluice::cli

int main(int argc, char** argv) {
  sluice::cli::grammar grammar;
  if (int code = grammar.parse(argc, argv); code >= 0)
    return code;
  sluice::cli::watch_interruption();
  return grammar.chosen(grammar.given);
}
