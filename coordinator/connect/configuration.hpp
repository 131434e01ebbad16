#pragma once
/// The settings of one session, as the Config call reads and writes them: any key is kept and readable, what a client asks
/// for by itself has Spark's answer or one that spares it a protocol that is not served (compressed plans, artifacts).
/// Not thread safe: a session guards it.
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/plan/analyzer.hpp"

namespace spark::connect {
class ConfigRequest_Operation;
} // namespace spark::connect

namespace sluice::connect {

struct config_reply {
  std::vector<std::pair<std::string, std::optional<std::string>>> pairs;  ///< in the order of the question
  std::vector<std::string> warnings;
};

class configuration {
public:
  /// Errors: unknown_setting for a key without value, invalid_setting for a value that a setting of Sluice cannot take,
  /// invalid_plan for an operation that is not declared.
  result<config_reply> apply(const spark::connect::ConfigRequest_Operation& operation);

  /// What the analyzer is told.
  plan::session_settings settings() const;

private:
  std::optional<std::string> find(const std::string& key) const;
  status set(const std::string& key, const std::string& value);

  std::map<std::string, std::string> values_;
};

} // namespace sluice::connect
