#include "coordinator/connect/configuration.hpp"

#include <string_view>

#include "common/plan/options.hpp"
#include "common/sql/nearest.hpp"
#include "proto/spark/connect/base.pb.h"

namespace sluice::connect {
namespace {

using operation_message = spark::connect::ConfigRequest_Operation;

/// What a client asks for by itself. Plans are asked to come uncompressed, rows within the plan.
constexpr std::pair<std::string_view, std::string_view> defaults[] = {
    {"spark.connect.session.planCompression.defaultAlgorithm", "NONE"},
    {"spark.connect.session.planCompression.threshold", "-1"},
    {"spark.python.sql.dataFrameDebugging.enabled", "false"},
    {"spark.sql.ansi.enabled", "true"},
    {"spark.sql.connect.serverStacktrace.enabled", "false"},
    {"spark.sql.execution.arrow.pyspark.selfDestruct.enabled", "false"},
    {"spark.sql.execution.arrow.useLargeVarTypes", "false"},
    {"spark.sql.execution.pandas.convertToArrowArraySafely", "true"},
    {"spark.sql.execution.pandas.inferPandasDictAsMap", "false"},
    {"spark.sql.execution.pandas.structHandlingMode", "legacy"},
    {"spark.sql.execution.pyspark.binaryAsBytes", "true"},
    {"spark.sql.execution.pythonUDF.arrow.enabled", "true"},
    {"spark.sql.execution.pythonUDTF.arrow.enabled", "true"},
    {"spark.sql.pyspark.inferNestedDictAsStruct.enabled", "false"},
    {"spark.sql.pyspark.jvmStacktrace.enabled", "false"},
    {"spark.sql.pyspark.legacy.inferArrayTypeFromFirstElement.enabled", "false"},
    {"spark.sql.pyspark.legacy.inferMapTypeFromFirstPair.enabled", "false"},
    {"spark.sql.repl.eagerEval.enabled", "false"},
    {"spark.sql.repl.eagerEval.maxNumRows", "20"},
    {"spark.sql.repl.eagerEval.truncate", "20"},
    {"spark.sql.session.localRelationBatchOfChunksSizeBytes", "1073741824"},
    {"spark.sql.session.localRelationCacheThreshold", "67108864"},
    {"spark.sql.session.localRelationChunkSizeBytes", "16777216"},
    {"spark.sql.session.localRelationChunkSizeRows", "10000"},
    {"spark.sql.session.localRelationSizeLimit", "3221225472"},
    {"spark.sql.sources.default", "parquet"},
    {"spark.sql.sources.partitionOverwriteMode", "STATIC"},
    {"spark.sql.session.timeZone", "UTC"},
    {"spark.sql.shuffle.partitions", "200"},
    {"spark.sql.timestampType", "TIMESTAMP_LTZ"},
};

status no_such(const std::string& key) {
  return {errc::unknown_setting, "The SQL config \"" + key + "\" cannot be found. Please verify that the config exists."};
}

} // namespace

std::optional<std::string> configuration::find(const std::string& key) const {
  if (auto found = values_.find(key); found != values_.end()) return found->second;
  for (const auto& [name, value] : defaults)
    if (name == key) return std::string(value);
  return std::nullopt;
}

status configuration::set(const std::string& key, const std::string& value) {
  auto checked = plan::check_setting(key, value, {});
  // what only Spark knows is kept and readable
  if (!checked.ok() && checked.code() != errc::unknown_setting) return checked;
  values_[key] = value;
  return ok();
}

result<config_reply> configuration::apply(const operation_message& operation) {
  config_reply reply;
  switch (operation.op_type_case()) {
    case operation_message::kSet:
      for (const auto& pair : operation.set().pairs()) {
        auto done = set(pair.key(), pair.value());
        if (done.ok()) continue;
        if (!operation.set().silent()) return done;
        reply.warnings.push_back(done.message());
      }
      return reply;
    case operation_message::kGet:
      for (const auto& key : operation.get().keys()) {
        auto value = find(key);
        if (!value) return no_such(key);
        reply.pairs.emplace_back(key, std::move(value));
      }
      return reply;
    case operation_message::kGetWithDefault:
      for (const auto& pair : operation.get_with_default().pairs()) {
        auto value = find(pair.key());
        if (!value && pair.has_value()) value = pair.value();
        reply.pairs.emplace_back(pair.key(), std::move(value));
      }
      return reply;
    case operation_message::kGetOption:
      for (const auto& key : operation.get_option().keys()) reply.pairs.emplace_back(key, find(key));
      return reply;
    case operation_message::kGetAll: {
      const auto& prefix = operation.get_all().prefix();
      for (const auto& [key, value] : values_)
        if (key.starts_with(prefix)) reply.pairs.emplace_back(key.substr(prefix.size()), value);
      return reply;
    }
    case operation_message::kUnset:
      for (const auto& key : operation.unset().keys()) values_.erase(key);
      return reply;
    case operation_message::kIsModifiable:
      for (const auto& key : operation.is_modifiable().keys())
        reply.pairs.emplace_back(key, key.starts_with("spark.sql.") && find(key) ? "true" : "false");
      return reply;
    case operation_message::OP_TYPE_NOT_SET: break;
  }
  return status(errc::invalid_plan, "a Config call without an operation");
}

plan::session_settings configuration::settings() const {
  plan::session_settings out;
  for (const auto& [key, value] : values_)
    if (plan::check_setting(key, value, {}).ok()) out.values[key] = value;
  return out;
}

} // namespace sluice::connect
