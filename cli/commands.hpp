#pragma once
/// One function per subcommand; each prints and gives the exit code.
#include <cstdint>
#include <string>
#include <vector>

#include "cli/rows.hpp"
#include "common/config/settings.hpp"

namespace sluice::cli {

/// Everything the command line can say; a command reads its own part.
struct options {
  std::string coordinator = "127.0.0.1:7077";
  config::security_settings security;  ///< the files that secure the link to it
  std::string job;                     ///< submit, explain, local: path of the job, "-" for standard input
  std::string name;
  std::string query;                   ///< show, stop
  std::string sql;
  std::string checkpoint;              ///< verify
  std::vector<std::string> variables;  ///< -D key=value
  row_format format = row_format::table;
  bool json = false;
  bool wait = false;
  bool quiet = false;
  std::uint32_t workers = 1;           ///< local
  std::uint32_t slots = 0;
  std::string data_dir;
};

int submit(const options& given);
int run_sql(const options& given);
int explain(const options& given);
int list_queries(const options& given);
int show_query(const options& given);
int stop_query(const options& given);
int list_workers(const options& given);
int verify(const options& given);
int run_local(const options& given);

} // namespace sluice::cli
