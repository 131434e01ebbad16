#pragma once
/// How the command line reports what went wrong, and its exit codes.
#include <string>
#include <string_view>

#include "common/base/status.hpp"

namespace sluice::proto {
class error_detail;
} // namespace sluice::proto

namespace sluice::cli {

enum exit_code { exit_done = 0, exit_failed = 1, exit_usage = 2, exit_unreachable = 3, exit_interrupted = 130 };

/// An error as a person sees it.
struct failure {
  int code = 0;
  std::string name;
  std::string message;
  int line = 0;
  int column = 0;

  static failure from(const status& error);
  static failure from(const proto::error_detail& detail);
};

/// "error 2002 unresolved_column: … (line 3, column 8)", then the line of `source` with a caret below where the position is known.
std::string describe(const failure& what, std::string_view source = {});
/// Prints "sluice: " and the description to standard error; gives the exit code that fits.
int report(const failure& what, std::string_view source = {});

} // namespace sluice::cli
