#include "coordinator/connect/configuration.hpp"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "proto/spark/connect/base.pb.h"

namespace sluice::connect {
namespace {

/// "key=value …" in the order of the answer, then warnings; or the error.
std::string ask(configuration& session, const std::string& text) {
  spark::connect::ConfigRequest_Operation operation;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &operation)) << text;
  auto reply = session.apply(operation);
  if (!reply.ok()) return std::string(info(reply.error().code()).name);
  std::string out;
  for (const auto& [key, value] : reply->pairs) out += (out.empty() ? "" : " ") + key + "=" + value.value_or("(none)");
  for (const auto& warning : reply->warnings) out += " warning";
  return out;
}

TEST(ConnectConfiguration, BuilderOptionsAreKept) {
  configuration session;
  EXPECT_EQ(ask(session, "set { pairs { key: 'spark.app.name' value: 'demo' } pairs { key: 'spark.sql.shuffle.partitions' value: '2' } "
                         "silent: true }"), "");
  EXPECT_EQ(ask(session, "get { keys: 'spark.sql.shuffle.partitions' keys: 'spark.app.name' }"),
            "spark.sql.shuffle.partitions=2 spark.app.name=demo");
  EXPECT_EQ(ask(session, "unset { keys: 'spark.sql.shuffle.partitions' }"), "");
  EXPECT_EQ(ask(session, "get { keys: 'spark.sql.shuffle.partitions' }"), "spark.sql.shuffle.partitions=200");
}

TEST(ConnectConfiguration, WhatClientsAskByThemselvesHasAnAnswer) {
  configuration session;
  EXPECT_EQ(ask(session, "get { keys: 'spark.connect.session.planCompression.threshold' "
                         "keys: 'spark.connect.session.planCompression.defaultAlgorithm' }"),
            "spark.connect.session.planCompression.threshold=-1 spark.connect.session.planCompression.defaultAlgorithm=NONE");
  EXPECT_EQ(ask(session, "get_with_default { pairs { key: 'spark.sql.execution.pyspark.binaryAsBytes' value: 'x' } "
                         "pairs { key: 'spark.mine' value: 'y' } pairs { key: 'spark.other' } }"),
            "spark.sql.execution.pyspark.binaryAsBytes=true spark.mine=y spark.other=(none)");
  EXPECT_EQ(ask(session, "get { keys: 'spark.mine' }"), "unknown_setting");  // a default is not kept
}

TEST(ConnectConfiguration, UnknownAndBadSettings) {
  configuration session;
  EXPECT_EQ(ask(session, "get { keys: 'spark.sql.nothing' }"), "unknown_setting");
  EXPECT_EQ(ask(session, "get_option { keys: 'spark.sql.nothing' }"), "spark.sql.nothing=(none)");
  EXPECT_EQ(ask(session, "set { pairs { key: 'spark.sql.session.timeZone' value: 'Mars/Base' } }"), "invalid_setting");
  EXPECT_EQ(ask(session, "set { pairs { key: 'spark.sql.session.timeZone' value: 'Mars/Base' } silent: true }"), " warning");
  EXPECT_EQ(ask(session, "get { keys: 'spark.sql.session.timeZone' }"), "spark.sql.session.timeZone=UTC");
  EXPECT_EQ(ask(session, ""), "invalid_plan");
}

TEST(ConnectConfiguration, AllByPrefixAndWhatCanBeChanged) {
  configuration session;
  ask(session, "set { pairs { key: 'spark.a.x' value: '1' } pairs { key: 'spark.b' value: '2' } }");
  EXPECT_EQ(ask(session, "get_all { prefix: 'spark.a.' }"), "x=1");
  EXPECT_EQ(ask(session, "get_all {}"), "spark.a.x=1 spark.b=2");
  EXPECT_EQ(ask(session, "is_modifiable { keys: 'spark.sql.shuffle.partitions' keys: 'spark.master' }"),
            "spark.sql.shuffle.partitions=true spark.master=false");
}

TEST(ConnectConfiguration, TheAnalyzerIsToldWhatItKnows) {
  configuration session;
  ask(session, "set { pairs { key: 'spark.sql.session.timeZone' value: 'Europe/Paris' } pairs { key: 'spark.app.name' value: 'demo' } "
               "pairs { key: 'spark.sql.ansi.enabled' value: 'false' } }");
  auto settings = session.settings();
  EXPECT_EQ(settings.values.size(), 2U);
  EXPECT_EQ(settings.expressions().time_zone, "Europe/Paris");
  EXPECT_FALSE(settings.expressions().ansi);
}

} // namespace
} // namespace sluice::connect
