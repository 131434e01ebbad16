#include "coordinator/connect/errors.hpp"

#include <gtest/gtest.h>

#include "proto/spark/connect/error.pb.h"

namespace sluice::connect {
namespace {

google::rpc::ErrorInfo info_of(const error_reply& reply) {
  google::rpc::Status packed;
  EXPECT_TRUE(packed.ParseFromString(reply.details));
  EXPECT_EQ(packed.code(), internal_code);
  EXPECT_EQ(packed.message(), reply.message);
  google::rpc::ErrorInfo detail;
  EXPECT_EQ(packed.details(0).type_url(), "type.googleapis.com/google.rpc.ErrorInfo");
  EXPECT_TRUE(detail.ParseFromString(packed.details(0).value()));
  return detail;
}

TEST(ConnectErrors, ASyntaxErrorIsSparks) {
  auto reply = reply_of({errc::parse_syntax, "Syntax error at or near 'selec'.", {1, 1, 0}}, "selec 1");
  EXPECT_EQ(reply.message, "\n[PARSE_SYNTAX_ERROR] Syntax error at or near 'selec'. SQLSTATE: 42601 (line 1, pos 0)\n\n"
                           "== SQL ==\nselec 1\n^^^\n");
  auto detail = info_of(reply);
  EXPECT_EQ(detail.reason(), "org.apache.spark.sql.catalyst.parser.ParseException");
  EXPECT_EQ(detail.domain(), "org.apache.spark");
  EXPECT_EQ(detail.metadata().at("classes"),
            "[\"org.apache.spark.sql.catalyst.parser.ParseException\",\"org.apache.spark.sql.AnalysisException\","
            "\"java.lang.Exception\",\"java.lang.Throwable\",\"java.lang.Object\"]");
  EXPECT_EQ(detail.metadata().at("errorClass"), "PARSE_SYNTAX_ERROR");
  EXPECT_EQ(detail.metadata().at("sqlState"), "42601");
}

TEST(ConnectErrors, TheClassPicksTheException) {
  auto first = [](errc code) { return info_of(reply_of({code, "why"})).reason(); };
  EXPECT_EQ(first(errc::unresolved_column), "org.apache.spark.sql.catalyst.ExtendedAnalysisException");
  EXPECT_EQ(first(errc::table_not_found), "org.apache.spark.sql.catalyst.ExtendedAnalysisException");
  EXPECT_EQ(first(errc::unsupported_feature), "org.apache.spark.SparkUnsupportedOperationException");
  EXPECT_EQ(first(errc::divide_by_zero), "org.apache.spark.SparkArithmeticException");
  EXPECT_EQ(first(errc::cast_invalid_input), "org.apache.spark.SparkNumberFormatException");
  EXPECT_EQ(first(errc::unknown_setting), "org.apache.spark.SparkNoSuchElementException");
  EXPECT_EQ(first(errc::invalid_plan), "org.apache.spark.sql.connect.common.InvalidPlanInput");
  EXPECT_EQ(first(errc::query_failed), "org.apache.spark.sql.streaming.StreamingQueryException");
  EXPECT_EQ(first(errc::internal), "org.apache.spark.SparkException");
}

TEST(ConnectErrors, WithoutAConditionTheMessageIsPlain) {
  auto reply = reply_of({errc::query_active, "a query of this name runs"});
  EXPECT_EQ(reply.message, "a query of this name runs");
  EXPECT_FALSE(info_of(reply).metadata().contains("errorClass"));
}

TEST(ConnectErrors, LongMessagesAreCutBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "ä";
  auto reply = reply_of({errc::unresolved_column, text});
  EXPECT_LT(reply.message.size(), 2048U);
  EXPECT_NE(reply.message.find("ä… SQLSTATE"), std::string::npos);
  EXPECT_LT(reply.details.size(), 4096U);
}

TEST(ConnectErrors, PlacesOutsideOfTheTextAreLeftOut) {
  auto reply = reply_of({errc::unresolved_column, "no", {7, 3, 0}}, "select x");
  EXPECT_EQ(reply.message.find("== SQL"), std::string::npos);
  EXPECT_NE(reply_of({errc::unresolved_column, "no", {2, 8, 0}}, "--\nselect x").message.find("position 8) ==\nselect x\n       ^^^"),
            std::string::npos);
}

} // namespace
} // namespace sluice::connect
