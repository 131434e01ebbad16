// Frames as they come from a peer: the bytes of a gRPC message to frame, message and what the receivers make of it.
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <grpcpp/support/slice.h>

#include "common/data/ipc.hpp"
#include "common/net/internal/frame_bytes.hpp"
#include "common/net/message.hpp"
#include "common/plan/codec.hpp"
#include "coordinator/query/batch_attempt.hpp"
#include "coordinator/query/message_codec.hpp"
#include "proto/sluice/link.pb.h"
#include "tests/fuzz/target.hpp"
#include "tests/unit/worker/node/counting_job.hpp"
#include "worker/actors/slot_read.hpp"
#include "worker/exchange/exchange_tracker.hpp"

namespace sluice::fuzz {
namespace {

constexpr const char* checkpoint = "/ckpt";

query::batch_attempt make_attempt() {
  query::batch_attempt attempt;
  attempt.ref = {"q", 1, 3, "1-4"};
  attempt.base = {2, "1-3"};
  attempt.staging = "/ckpt/staged";
  attempt.num_splits = 2;
  attempt.stateful = true;
  attempt.shares = {{{"w-1", "a:1", 1}, {0}, {0, 2}, nullptr}, {{"w-2", "a:2", 1}, {1}, {1, 3}, nullptr}};
  return attempt;
}

/// A report that adds up, of one of the two workers of `make_attempt`.
void fill_report(proto::batch_prepared& report, int worker) {
  query::encode(query::attempt_ref{"q", 1, 3, "1-4"}, *report.mutable_ref());
  report.set_worker(worker == 0 ? "w-1" : "w-2");
  auto& extent = *report.add_extents();
  extent.set_group(static_cast<std::uint32_t>(worker));
  extent.set_object("3-1-4-" + std::to_string(worker) + ".state");
  extent.set_length(5);
  extent.set_batch(3);
  extent.set_rows(1);
  report.add_splits(worker);
  report.set_rows_read(10);
  report.set_rows_parsed(9);
  report.set_rows_bad(1);
  report.set_rows_sent(4);
  report.set_rows_received(4);
  report.set_max_event_time_us(5);
  (*report.mutable_duration_us())["addBatch"] = 7;
}

void judge_report(const proto::batch_prepared& from) {
  auto attempt = make_attempt();
  if (!attempt.accept(std::make_shared<const query::prepared_report>(query::decode(from))).ok()) return;
  proto::batch_prepared other;
  fill_report(other, from.worker() == "w-1" ? 1 : 0);
  if (!attempt.accept(std::make_shared<const query::prepared_report>(query::decode(other))).ok() || !attempt.complete()) return;
  auto commit = attempt.make_commit({"q", "hash", 1, {}, "", "", checkpoint});
  if (!commit.ok()) return;
  auto again = query::decode_commit(query::encode(*commit), "/ckpt/commits/3");
  require(again.ok() && *again == *commit, "a commit made of accepted reports does not survive its own text");
  require(commit->counters.rows_read == commit->counters.rows_parsed + commit->counters.rows_bad, "an accepted report loses rows");
  (void)attempt.stage_times();
}

void take_order(const proto::batch_order& order) {
  auto plan = plan::decode_streaming(order.plan());
  auto counting = std::make_shared<const plan::streaming_plan>(plan.ok() ? *std::move(plan) : worker::counting_plan());
  auto job = worker::make_job(order, counting, "w-1", 2);
  if (!job.ok()) return;
  require((*job)->self < (*job)->workers.size(), "a job without its own worker");
  require(!(*job)->stateful() || (*job)->routes.destination_of_group.size() == order.num_key_groups(), "a job with a key group of nobody");
  for (auto to : (*job)->routes.destination_of_group) require(to < (*job)->destinations.size(), "a block would go nowhere");
}

void track(const proto::block& block) {
  exchange::exchange_tracker tracker({"w-1", "w-2"});
  (void)tracker.block(block.from(), block.sequence(), block.rows());
  (void)tracker.block(block.from(), block.sequence(), block.rows());
  (void)tracker.end("w-1", block.sequence(), block.rows());
  (void)tracker.end("w-2", 0, 0);
  (void)tracker.missing();
}

void take(const proto::link_message& message) {
  using kind = proto::link_message;
  switch (message.kind_case()) {
    case kind::kOrder: return take_order(message.order());
    case kind::kPrepared: return judge_report(message.prepared());
    case kind::kScan: return (void)worker::make_scan(message.scan());
    case kind::kTableRead:
      return (void)worker::make_table_read(message.table_read(), std::make_shared<const plan::streaming_plan>(worker::counting_plan()), 2);
    case kind::kObjectRead: return (void)worker::make_object_read(message.object_read());
    case kind::kFailed: return (void)net::failure_status(message.failed().cause()).to_string();
    case kind::kReadDone: return (void)net::failure_status(message.read_done().error()).to_string();
    case kind::kRefused: return (void)net::failure_status(message.refused()).to_string();
    case kind::kBlock: return track(message.block());
    default: return;
  }
}

/// The bytes as a gRPC message in slices of up to `piece` bytes.
grpc::ByteBuffer in_slices(std::string_view bytes, std::size_t piece) {
  std::vector<grpc::Slice> slices;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) slices.emplace_back(bytes.data(), std::min(piece, bytes.size()));
  return grpc::ByteBuffer(slices.data(), slices.size());
}

void run(std::string_view input) {
  const auto piece = take_byte(input);
  const net::link_limits limits{4096, 16384, 1 << 20};
  auto frame = net::from_bytes(in_slices(input, piece == 0 ? input.size() : piece), limits);
  if (frame.ok()) {
    require(net::frame_size(*frame) == input.size(), "a frame of another size than its bytes");
    require(frame->header.size() <= limits.control_frame_bytes, "a header beyond the limit");
    require(!frame->body || frame->body->size() <= static_cast<std::int64_t>(limits.data_frame_bytes), "a body beyond the limit");
    if (frame->body) (void)data::decode_batches(frame->body);
  }
  // What a mutation that keeps messages whole makes has no length in front.
  for (const auto& header : {frame.ok() ? frame->header : std::string(), std::string(input)}) {
    proto::link_message message;
    if (!net::decode({header, nullptr}, message).ok()) continue;
    proto::link_message again;
    require(net::decode(net::encode(message), again).ok(), "a message does not survive its own bytes");
    take(message);
  }
}

std::vector<proto::link_message> messages() {
  std::vector<proto::link_message> out;
  auto add = [&]() -> proto::link_message& { return out.emplace_back(); };
  auto& hello = *add().mutable_hello();
  hello.set_min_version(1), hello.set_max_version(1), hello.set_worker("w-1"), hello.set_slots(2), hello.set_data_address("127.0.0.1:1");
  add().mutable_welcome()->set_heartbeat_ms(1000);
  add().mutable_heartbeat()->set_sequence(4);
  add().mutable_drain();
  net::set_failure(*add().mutable_refused(), {errc::protocol, "why"}, "w-1");
  auto& order = *add().mutable_order();
  query::encode(query::attempt_ref{"q", 1, 3, "1-4"}, *order.mutable_ref());
  order.set_plan_digest("digest"), order.set_plan(plan::encode(worker::counting_plan()));
  order.mutable_base()->set_batch(2), order.set_num_key_groups(4), order.set_checkpoint(checkpoint), order.set_staging("/ckpt/staged");
  for (const auto* name : {"w-1", "w-2"}) {
    auto& placed = *order.add_workers();
    placed.set_worker(name), placed.set_data_address("127.0.0.1:2"), placed.set_slots(2);
  }
  for (int group = 0; group < 4; ++group) order.add_group_owner(static_cast<std::uint32_t>(group % 2));
  auto& split = *order.add_splits();
  split.set_path("/in/a.json"), split.set_length(10), split.set_file_size(10), split.set_inode(5);
  auto& extent = *order.add_restore();
  extent.set_group(1), extent.set_object("2-1-3-0.state"), extent.set_length(3), extent.set_batch(2);
  order.set_restore_all(true), order.add_snapshot_groups(2);
  fill_report(*add().mutable_prepared(), 0);
  auto& failed = *add().mutable_failed();
  query::encode(query::attempt_ref{"q", 1, 3, "1-4"}, *failed.mutable_ref());
  net::set_failure(*failed.mutable_cause(), {errc::storage_io, "disk"}, "w-2");
  auto& read = *add().mutable_table_read();
  read.set_read("r"), *read.mutable_ref() = failed.ref(), read.set_num_key_groups(4), read.add_groups(1), *read.add_restore() = extent;
  auto& object = *add().mutable_object_read()->add_objects();
  object.set_path("/ckpt/staged/1-1-1-0.rows");
  add().mutable_scan()->set_read("r");
  add().mutable_read_done()->set_rows(4);
  auto& block = *add().mutable_block();
  *block.mutable_ref() = failed.ref(), block.set_from("w-1"), block.set_sequence(1), block.set_rows(7);
  add().mutable_end()->set_from("w-1");
  add().mutable_credit()->set_bytes(100);
  return out;
}

std::vector<std::string> seeds() {
  std::vector<std::string> out{"", std::string(5, '\0'), std::string("\1\xff\xff\xff\xff", 5)};
  for (const auto& message : messages()) {
    out.push_back('\7' + message.SerializeAsString());
    auto frame = net::encode(message, arrow::Buffer::FromString("a body"));
    const auto size = static_cast<char>(frame.header.size() & 0xff), high = static_cast<char>(frame.header.size() >> 8);
    out.push_back(std::string{'\0', size, high, '\0', '\0'} + frame.header + "a body");
  }
  return out;
}

std::unique_ptr<google::protobuf::Message> message() { return std::make_unique<proto::link_message>(); }

} // namespace

const target link_target{"link", run, seeds, message, 1};

} // namespace sluice::fuzz
