#include "coordinator/query/batch_attempt.hpp"

#include <gtest/gtest.h>

#include "coordinator/query/message_codec.hpp"
#include "coordinator/query/output_names.hpp"
#include "proto/sluice/link.pb.h"

namespace sluice::query {
namespace {

std::vector<extent> chain(std::initializer_list<std::int64_t> lengths) {
  std::vector<extent> out;
  for (const auto length : lengths) out.push_back({0, "o", 0, length, 0, false, 0, 1});
  return out;
}

TEST(ChooseSnapshots, TakesHeavyAndLongChainsAFewAtATime) {
  EXPECT_TRUE(choose_snapshots({{1, chain({100, 500, 500})}}, 8).empty()) << "short chains are left alone";
  EXPECT_TRUE(choose_snapshots({{1, chain({100, 1, 1, 1, 1, 1})}}, 8).empty());
  EXPECT_EQ(choose_snapshots({{1, chain({100, 50, 50, 1, 1, 1})}}, 8), (std::vector<std::uint32_t>{1}));
  std::map<std::uint32_t, std::vector<extent>> all;
  for (std::uint32_t g = 0; g < 128; ++g) all[g] = std::vector<extent>(17 + g % 4, {0, "o", 0, 1, 0, false, 0, 1});
  const auto chosen = choose_snapshots(all, 128);
  EXPECT_EQ(chosen.size(), 8u);
  for (const auto g : chosen) EXPECT_EQ(g % 4, 3u) << "the longest first";
  for (auto& [g, c] : all) c.resize(33, c.front());
  EXPECT_EQ(choose_snapshots(all, 128).size(), 128u);
}

TEST(OutputNames, ArePureFunctions) {
  EXPECT_EQ(output_file_name(17, 3, "id", ".json"), "part-00003-17-id.json");
  EXPECT_EQ(output_file_name(0, 123456, "id", ".parquet"), "part-123456-0-id.parquet");
  EXPECT_EQ(staging_directory(4, "2-9"), "_staging/4-2-9");
}

batch_attempt two_workers() {
  batch_attempt attempt;
  attempt.ref = {"q", 1, 5, "1-7"};
  attempt.staging = "/out/_staging/5-1-7";
  attempt.num_splits = 3;
  attempt.shares.push_back({{"w-1", "", 1}, {0, 2}, {}, nullptr});
  attempt.shares.push_back({{"w-2", "", 1}, {1}, {}, nullptr});
  return attempt;
}
std::shared_ptr<prepared_report> report(const std::string& worker, std::vector<std::int32_t> splits, const std::string& file, std::int32_t ordinal) {
  auto out = std::make_shared<prepared_report>();
  out->ref = {"q", 1, 5, "1-7"};
  out->worker = worker;
  out->splits = std::move(splits);
  out->rows_read = out->rows_parsed = out->rows_out = 4;
  out->staged = {{"/out/_staging/5-1-7/" + file, 10, 1, 4, ordinal}};
  out->duration_us = {{"map", worker == "w-1" ? 5 : 9}};
  return out;
}

TEST(BatchAttempt, NumbersOutputByOrdinalNotByArrival) {
  auto attempt = two_workers();
  ASSERT_TRUE(attempt.accept(report("w-2", {1}, "b", 1)).ok());
  EXPECT_FALSE(attempt.complete());
  ASSERT_TRUE(attempt.accept(report("w-1", {2, 0}, "a", 0)).ok());
  ASSERT_TRUE(attempt.complete());
  const auto record = attempt.make_commit({"q", "hash", 9, {}, "/out", ".json", "/ckpt"});
  ASSERT_TRUE(record.ok());
  ASSERT_EQ(record->output.size(), 2u);
  EXPECT_EQ(record->output[0].staged, "_staging/5-1-7/a");
  EXPECT_EQ(record->output[0].final_path, "part-00000-5-q.json");
  EXPECT_EQ(record->output[1].staged, "_staging/5-1-7/b");
  EXPECT_EQ(record->counters.rows_read, 8);
  EXPECT_EQ(record->previous, "hash");
  EXPECT_EQ(attempt.stage_times().at("map"), 9);
}

TEST(BatchAttempt, RefusesStagedFilesOutsideItsFolder) {
  for (const auto* path : {"/out/_staging/5-1-6/a", "/out/_staging/5-1-7/../x", "/out/_staging/5-1-7/", "/out/_staging/5-1-7/.hidden", "a"}) {
    auto attempt = two_workers();
    auto lie = report("w-2", {1}, "b", 1);
    lie->staged[0].path = path;
    EXPECT_EQ(attempt.accept(lie).code(), errc::protocol) << path;
  }
}

TEST(MessageCodec, OrdersAndReportsKeepEveryField) {
  order from;
  from.ref = {"q", 2, 3, "2-4"};
  from.base = {2, "1-9"};
  from.batch_time_us = 55;
  from.num_key_groups = 4;
  from.workers = std::make_shared<std::vector<placed_worker>>(std::vector<placed_worker>{{"w-1", "host:1", 3}});
  from.group_owner = std::make_shared<std::vector<std::uint32_t>>(4, 0);
  from.splits = {{1, "/in/a", 2, 3, 4, 5, 6}};
  from.restore = {{1, "o", 2, 3, 4, true, 5, 6}};
  from.restore_all = true;
  from.snapshot_groups = {2};
  from.staging = "/s";
  from.collect_output = true;
  proto::batch_order to;
  encode(from, {"plan", "digest", "/ckpt"}, to);
  EXPECT_EQ(decode(to.ref()), from.ref);
  EXPECT_EQ(to.base().attempt(), "1-9");
  EXPECT_EQ(to.plan_digest(), "digest");
  EXPECT_EQ(to.checkpoint(), "/ckpt");
  EXPECT_EQ(to.group_owner_size(), 4);
  EXPECT_EQ(to.splits(0).inode(), 6u);
  EXPECT_EQ(decode(to.restore(0)), from.restore[0]);
  EXPECT_TRUE(to.restore_all() && to.collect_output());
  EXPECT_EQ(to.workers(0).slots(), 3u);

  proto::batch_prepared message;
  encode(from.ref, *message.mutable_ref());
  message.set_worker("w-1");
  message.add_splits(7);
  message.set_rows_read(1), message.set_rows_parsed(2), message.set_rows_bad(3), message.set_rows_sent(4), message.set_rows_received(5);
  message.set_rows_out(6), message.set_state_rows(7), message.set_state_updated(8), message.set_state_bytes(9), message.set_bytes_read(10);
  (*message.mutable_duration_us())["map"] = 11;
  encode(staged_object{"p", 1, 2, 3, 4}, *message.add_staged());
  const auto back = decode(message);
  EXPECT_EQ(back.ref, from.ref);
  EXPECT_EQ(back.rows_read + back.rows_parsed + back.rows_bad + back.rows_sent + back.rows_received, 15);
  EXPECT_EQ(back.rows_out + back.state_rows + back.state_updated + back.state_bytes + back.bytes_read, 40);
  EXPECT_FALSE(back.max_event_time_us.has_value());
  EXPECT_EQ(back.duration_us.at("map"), 11);
  EXPECT_EQ(back.staged[0], (staged_object{"p", 1, 2, 3, 4}));
}

} // namespace
} // namespace sluice::query
