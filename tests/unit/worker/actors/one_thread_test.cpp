// Two workers under CAF's test scheduler: every actor, slot and I/O included, runs in the test's thread, in an order drawn from a seed.
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/unit/worker/node/counting_job.hpp"
#include "tests/unit/worker/node/fake_coordinator.hpp"
#include "worker/actors/control.hpp"
#include "worker/actors/messages.hpp"

namespace sluice::worker {
namespace {

namespace fs = std::filesystem;

struct testing_config : caf::actor_system_config {
  testing_config() { set("scheduler.policy", caf::atom("testing")); }
};

class OneThread : public testing::TestWithParam<int> {
protected:
  void SetUp() override {
    auto pattern = (fs::temp_directory_path() / "sluice-one-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    fs::create_directories(root_ + "/ckpt/state");
    for (const char* id : {"w-1", "w-2"}) start(id);
    run();
  }
  void TearDown() override {
    for (const auto& worker : workers_) caf::anon_send(worker, end_worker{});
    run();
    listeners_.clear();
    workers_.clear();
    fs::remove_all(root_);
  }

  void start(const std::string& id) {
    auto world = std::make_shared<surroundings>();
    world->options.coordinator = coordinator_.address();
    world->options.slots = 2;
    world->options.detached = false;
    world->id = id;
    world->files = storage::posix_file_system();
    world->clock = clock_;
    world->random = seeded_random_source(7);
    world->network = network_;
    auto worker = spawn_worker(system_, world);
    listeners_.push_back(network_->listen("peer:0", accept_peers(worker)).value());
    go_online(worker, listeners_.back()->address());
    workers_.push_back(worker);
  }

  /// Runs actors in an order of the seed's choice until none has anything to do.
  void run() {
    while (scheduler_.has_job()) {
      std::swap(scheduler_.jobs.front(), scheduler_.jobs[random_->next() % scheduler_.jobs.size()]);
      scheduler_.run_once();
    }
  }

  proto::link_message order(std::size_t index, const std::string& attempt, const std::vector<std::string>& files) {
    proto::link_message out;
    auto& order = *out.mutable_order();
    order.mutable_ref()->set_query("q-1");
    order.mutable_ref()->set_epoch(1);
    order.mutable_ref()->set_attempt(attempt);
    order.set_plan(plan::encode(counting_plan()));
    order.set_plan_digest("counting");
    order.mutable_base()->set_batch(-1);
    order.set_num_key_groups(8);
    for (std::size_t i = 0; i < 2; ++i) {
      auto& placed = *order.add_workers();
      placed.set_worker("w-" + std::to_string(i + 1));
      placed.set_data_address(listeners_[i]->address());
      placed.set_slots(2);
    }
    for (std::uint32_t group = 0; group < 8; ++group) order.add_group_owner(group % 2);
    order.set_checkpoint(root_ + "/ckpt");
    order.set_staging(root_ + "/ckpt/staged");
    for (std::size_t i = index; i < files.size(); i += 2) add_split(order, static_cast<int>(i), files[i]);
    return out;
  }

  std::string root_;
  std::shared_ptr<random_source> random_ = seeded_random_source(static_cast<std::uint64_t>(GetParam()));
  std::shared_ptr<manual_clock> clock_ = std::make_shared<manual_clock>();
  std::shared_ptr<net::transport> network_ = net::in_process_transport();
  fake_coordinator coordinator_{network_};
  testing_config config_;
  caf::actor_system system_{config_};
  caf::scheduler::test_coordinator& scheduler_ = dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler());
  std::vector<control_actor> workers_;
  std::vector<std::unique_ptr<net::listener>> listeners_;
};

/// The first attempt is dropped half way and its blocks are late; the second one counts every row once.
TEST_P(OneThread, CountsEachRowOnceWhateverTheOrder) {
  counts expected;
  std::vector<std::string> files;
  for (int i = 0; i < 3; ++i) {
    files.push_back(root_ + "/" + std::to_string(i) + ".json");
    write_events(files.back(), 400, i, expected);
  }
  coordinator_.send("w-1", order(0, "1-1", files));
  for (int steps = GetParam() % 40; steps > 0 && scheduler_.has_job(); --steps) scheduler_.run_once();
  coordinator_.send("w-1", order(0, "1-2", files));
  run();  // blocks of w-1 come to w-2 before its order
  coordinator_.send("w-2", order(1, "1-2", files));
  run();
  counts rows;
  for (std::size_t i = 0; i < 2; ++i) {
    auto worker = "w-" + std::to_string(i + 1);
    auto answer = coordinator_.next(worker).message;
    if (answer.has_prepared() && answer.prepared().ref().attempt() == "1-1") answer = coordinator_.next(worker).message;
    ASSERT_TRUE(answer.has_prepared()) << answer.ShortDebugString();
    proto::link_message read;
    auto& message = *read.mutable_table_read();
    message.set_read("r-" + worker);
    *message.mutable_ref() = answer.prepared().ref();
    message.set_plan_digest("counting");
    message.set_num_key_groups(8);
    for (std::uint32_t group = 0; group < 8; ++group)
      if (group % 2 == i) message.add_groups(group);
    coordinator_.send(worker, read);
    run();
    for (auto next = coordinator_.next(worker); !next.message.has_read_done(); next = coordinator_.next(worker))
      add_rows(data::decode_batches(next.body).value(), rows);
  }
  EXPECT_EQ(rows, expected);
}

INSTANTIATE_TEST_SUITE_P(Seeds, OneThread, testing::Range(1, 31));

} // namespace
} // namespace sluice::worker
