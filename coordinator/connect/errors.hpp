#pragma once
/// Errors as Spark's clients take them: the message of the call, and the trailer grpc-status-details-bin that picks the
/// Python exception, its condition and its SQLSTATE. Pure.
#include <string>

#include "common/base/status.hpp"

namespace sluice::connect {

struct error_reply {
  std::string message;  ///< "[CONDITION] text SQLSTATE: 12345", at most 2 KB: it travels twice within a bound of gRPC
  std::string details;  ///< a google.rpc.Status with one ErrorInfo
};

/// The code of every error of a call.
inline constexpr int internal_code = 13;

/// `sql`: the text that positions refer to, if there is one; it is shown with the place marked.
error_reply reply_of(const status& error, const std::string& sql = {});

/// "[CONDITION] text SQLSTATE: 12345".
std::string spark_text(const status& error);
/// The Java class of the error's exception.
std::string java_class(const status& error);

} // namespace sluice::connect
