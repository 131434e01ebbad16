#include "cli/job.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

namespace sluice::cli {

result<job_text> read_job(const std::string& path) {
  std::ostringstream text;
  if (path == "-") {
    text << std::cin.rdbuf();
    return job_text{path, text.str()};
  }
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    return status{errc::invalid_argument, "job file '" + path + "' is a folder"};
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in)
    return status{errc::invalid_argument, "job file '" + path + "': " + std::strerror(errno ? errno : ENOENT)};
  text << in.rdbuf();
  return job_text{path, text.str()};
}

result<std::map<std::string, std::string>> parse_variables(const std::vector<std::string>& pairs) {
  std::map<std::string, std::string> variables;
  for (const auto& pair : pairs) {
    auto equals = pair.find('=');
    if (equals == 0 || equals == std::string::npos)
      return status{errc::invalid_argument, "-D '" + pair + "' is not key=value"};
    variables[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return variables;
}

proto::job_request job_request_for(const job_text& job, const std::map<std::string, std::string>& variables) {
  proto::job_request request;
  request.set_text(job.text);
  request.mutable_variables()->insert(variables.begin(), variables.end());
  std::error_code ignored;
  request.set_directory(std::filesystem::current_path(ignored).string());
  return request;
}

} // namespace sluice::cli
