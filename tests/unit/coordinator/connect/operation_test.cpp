// The buffer of responses between a plan and its client.
#include "coordinator/connect/operation.hpp"

#include <gtest/gtest.h>

#include "proto/spark/connect/base.pb.h"

namespace sluice::connect {
namespace {

using spark::connect::ExecutePlanResponse;

class counted_stream : public response_stream {
public:
  void more() override { ++calls; }
  void replaced() override { was_replaced = true; }
  int calls = 0;
  bool was_replaced = false;
};

ExecutePlanResponse rows_of(std::size_t bytes) {
  ExecutePlanResponse response;
  response.mutable_arrow_batch()->set_data(std::string(bytes, 'x'));
  return response;
}

std::shared_ptr<operation> reattachable() {
  return std::make_shared<operation>(operation_facts{"session", "server", "op", {}, "plan", true, false});
}

/// Everything there is from a position on: response ids, then how it ended.
std::string read_all(operation& from, std::uint64_t cursor) {
  std::string out;
  while (true) {
    auto next = from.take(cursor);
    if (next.lost) return out + "lost";
    if (!next.response) return out + (next.ended ? (next.error ? "error" : "end") : "wait");
    ExecutePlanResponse response;
    EXPECT_TRUE(response.ParseFromString(*next.response));
    out += response.response_id() + (response.has_result_complete() ? "*" : "") + " ";
    ++cursor;
  }
}

TEST(ConnectOperation, ResponsesHaveIdsAndAnEnd) {
  auto op = reattachable();
  op->send(rows_of(1));
  op->send(rows_of(1));
  op->complete();
  op->send(rows_of(1));
  EXPECT_EQ(read_all(*op, 0), "op-0 op-1 op-2* end");
}

TEST(ConnectOperation, OnlyReattachableOnesSayThatTheyAreComplete) {
  operation op({"session", "server", "op", {}, "plan", false, false});
  op.send(rows_of(1));
  op.complete();
  EXPECT_EQ(read_all(op, 0), "op-0 end");
}

TEST(ConnectOperation, ABrokenStreamGoesOnBehindWhatItHas) {
  auto op = reattachable();
  auto first = std::make_shared<counted_stream>();
  std::uint64_t cursor = 99;
  ASSERT_TRUE(op->attach(first, std::nullopt, cursor));
  EXPECT_EQ(cursor, 0U);
  for (int i = 0; i < 4; ++i) op->send(rows_of(1));
  EXPECT_EQ(read_all(*op, 0), "op-0 op-1 op-2 op-3 wait");
  auto second = std::make_shared<counted_stream>();
  ASSERT_TRUE(op->attach(second, "op-1", cursor));
  EXPECT_TRUE(first->was_replaced);
  EXPECT_EQ(read_all(*op, cursor), "op-2 op-3 wait");
  op->complete();
  EXPECT_GT(second->calls, 0);
  EXPECT_EQ(read_all(*op, cursor), "op-2 op-3 op-4* end");
}

TEST(ConnectOperation, UnknownPositionsAreRefused) {
  auto op = reattachable();
  op->send(rows_of(1));
  auto stream = std::make_shared<counted_stream>();
  std::uint64_t cursor = 0;
  for (const char* id : {"nope", "op-1", "op-x", "other-0", "op-", ""}) EXPECT_FALSE(op->attach(stream, id, cursor)) << id;
  EXPECT_TRUE(op->attach(stream, "op-0", cursor));
}

TEST(ConnectOperation, WhatIsReleasedIsGone) {
  auto op = reattachable();
  for (int i = 0; i < 3; ++i) op->send(rows_of(1));
  op->release_until("op-1");  // not sent yet: kept
  EXPECT_EQ(read_all(*op, 0), "op-0 op-1 op-2 wait");
  op->release_until("op-1");
  EXPECT_EQ(read_all(*op, 1), "lost");
  EXPECT_EQ(read_all(*op, 2), "op-2 wait");
  op->release_all();
  EXPECT_EQ(read_all(*op, 2), "lost");
}

TEST(ConnectOperation, AClientThatDoesNotReadSlowsTheMaker) {
  auto op = reattachable();
  int resumed = 0;
  while (op->has_room([&] { ++resumed; })) op->send(rows_of(4 << 20));
  EXPECT_EQ(resumed, 0);
  std::uint64_t cursor = 0;
  while (resumed == 0 && op->take(cursor).response) ++cursor;
  EXPECT_EQ(resumed, 1);
  EXPECT_LT(cursor, 4U);
}

TEST(ConnectOperation, AClientThatNeverReleasesDoesNotFillTheMemory) {
  auto op = reattachable();
  for (std::uint64_t i = 0; i < 64; ++i) {
    op->send(rows_of(1 << 20));
    EXPECT_TRUE(op->take(i).response);
  }
  EXPECT_TRUE(op->take(0).lost);
  EXPECT_TRUE(op->take(63).response);
}

TEST(ConnectOperation, CancellingRunsTheActionOnce) {
  auto op = reattachable();
  int actions = 0;
  op->on_cancel([&] { ++actions; });
  EXPECT_TRUE(op->cancel());
  EXPECT_FALSE(op->cancel());
  EXPECT_EQ(actions, 1);
  op->on_cancel([&] { ++actions; });
  EXPECT_EQ(actions, 2);
  EXPECT_EQ(read_all(*op, 0), "error");
}

TEST(ConnectOperation, HeartbeatsFillOnlySilence) {
  using namespace std::chrono_literals;
  auto op = reattachable();
  op->beat(1s, -1s);
  EXPECT_EQ(read_all(*op, 0), "wait");
  op->beat(4s, 2s);
  EXPECT_EQ(read_all(*op, 0), "op-0 wait");
  op->beat(5s, 3s);
  op->send(rows_of(1));
  op->beat(7s, 5s);
  EXPECT_EQ(read_all(*op, 0), "op-0 op-1 wait");
  op->complete();
  op->beat(20s, 18s);
  EXPECT_EQ(read_all(*op, 0), "op-0 op-1 op-2* end");
}

TEST(ConnectOperation, NobodyReadsSince) {
  using namespace std::chrono_literals;
  auto op = reattachable();
  auto stream = std::make_shared<counted_stream>();
  std::uint64_t cursor = 0;
  ASSERT_TRUE(op->attach(stream, std::nullopt, cursor));
  EXPECT_FALSE(op->idle_since());
  op->detach(stream.get(), 3s);
  EXPECT_EQ(op->idle_since(), microseconds(3s));
  auto again = std::make_shared<counted_stream>();
  ASSERT_TRUE(op->attach(again, std::nullopt, cursor));
  op->detach(stream.get(), 9s);  // the old one has nothing to say any more
  EXPECT_FALSE(op->idle_since());
}

} // namespace
} // namespace sluice::connect
