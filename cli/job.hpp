#pragma once
/// Running a job against a coordinator: sends it, shows what happens, gives the exit code.
#include <map>
#include <string>

#include "cli/client.hpp"
#include "cli/rows.hpp"

namespace sluice::cli {

/// A job's text and where it came from; `path` "-" is standard input.
struct job_text {
  std::string path;
  std::string text;
};
/// Error: invalid_argument (missing, a folder, unreadable).
result<job_text> read_job(const std::string& path);

/// "-D key=value" pairs. Error: invalid_argument.
result<std::map<std::string, std::string>> parse_variables(const std::vector<std::string>& pairs);

struct job_display {
  row_format format = row_format::table;
  bool progress = true;                ///< show batches of running queries
  std::string source;                  ///< text that positions in errors refer to
  std::string address;                 ///< of the coordinator, for messages and for coming back to it
  config::security_settings security;  ///< for coming back
};

/// A request with the current directory filled in.
proto::job_request job_request_for(const job_text& job, const std::map<std::string, std::string>& variables);

/// Sends the job and shows its events until it ends; Ctrl-C stops its queries. Gives the exit code.
int run_job(proto::coordinator::Stub& stub, const proto::job_request& request, const job_display& display);

} // namespace sluice::cli
