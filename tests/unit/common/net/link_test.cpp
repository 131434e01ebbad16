#include "common/net/link.hpp"

#include <arrow/buffer.h>
#include <gmock/gmock.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "common/net/message.hpp"
#include "proto/sluice/link.pb.h"

namespace sluice::net {
namespace {

using namespace std::chrono_literals;

/// Collects what happens on one end of a link.
struct recorder {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<frame> frames;
  std::vector<status> closed;
  link_ptr link;
  std::size_t handed_out = 0;

  /// What a link reports after its test must not reach the next one.
  ~recorder() {
    if (link) link->close(ok());
    EXPECT_TRUE(wait([&] { return closed.size() >= handed_out; }));
  }

  link_handler handler() {
    ++handed_out;
    return {[this](frame message) {
              std::lock_guard lock(mutex);
              frames.push_back(std::move(message));
              changed.notify_all();
            },
            [this](status reason) {
              std::lock_guard lock(mutex);
              closed.push_back(std::move(reason));
              changed.notify_all();
            }};
  }
  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 10s, condition);
  }
  bool wait_frames(std::size_t n) {
    return wait([&] { return frames.size() >= n; });
  }
  bool wait_closed() {
    return wait([&] { return !closed.empty(); });
  }
  bool wait_link() {
    return wait([&] { return link != nullptr; });
  }
  accept_handler accept() {
    return [this](link_ptr accepted) {
      std::lock_guard lock(mutex);
      link = std::move(accepted);
      changed.notify_all();
      return handler();
    };
  }
};

frame text_frame(const std::string& header, const std::string& body = "") {
  frame out{header, nullptr};
  if (!body.empty()) out.body = arrow::Buffer::FromString(body);
  return out;
}

class LinkTest : public testing::TestWithParam<const char*> {
protected:
  std::shared_ptr<transport> make(link_limits limits = {}) {
    return std::string(GetParam()) == "grpc" ? grpc_transport(limits) : in_process_transport();
  }
  std::string any_address() { return std::string(GetParam()) == "grpc" ? "127.0.0.1:0" : "local:0"; }
  bool is_grpc() { return std::string(GetParam()) == "grpc"; }
};

TEST_P(LinkTest, CarriesFramesBothWaysInOrder) {
  recorder server, client;
  auto network = make();
  auto listening = network->listen(any_address(), server.accept());
  ASSERT_TRUE(listening.ok()) << listening.error().to_string();
  client.link = network->connect((*listening)->address(), client.handler());
  for (int i = 0; i < 100; ++i) client.link->send(text_frame("to " + std::to_string(i), i % 2 ? "body" : ""));
  ASSERT_TRUE(server.wait_link());
  ASSERT_TRUE(server.wait_frames(100));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(server.frames[i].header, "to " + std::to_string(i));
    EXPECT_EQ(server.frames[i].body != nullptr, i % 2 == 1);
  }
  for (int i = 0; i < 100; ++i) server.link->send(text_frame("fro " + std::to_string(i)));
  ASSERT_TRUE(client.wait_frames(100));
  EXPECT_EQ(client.frames[99].header, "fro 99");
}

TEST_P(LinkTest, CarriesBigBodies) {
  recorder server, client;
  auto network = make();
  auto listening = network->listen(any_address(), server.accept());
  ASSERT_TRUE(listening.ok());
  client.link = network->connect((*listening)->address(), client.handler());
  std::string body(5 << 20, 'x');
  for (std::size_t i = 0; i < body.size(); i += 997) body[i] = static_cast<char>(i);
  client.link->send(text_frame("big", body));
  ASSERT_TRUE(server.wait_frames(1));
  EXPECT_EQ(server.frames[0].body->ToString(), body);
}

TEST_P(LinkTest, DeliversWhatWasSentBeforeClosing) {
  recorder server, client;
  auto network = make();
  auto listening = network->listen(any_address(), server.accept());
  ASSERT_TRUE(listening.ok());
  client.link = network->connect((*listening)->address(), client.handler());
  for (int i = 0; i < 10; ++i) client.link->send(text_frame(std::to_string(i), std::string(100'000, 'a')));
  client.link->close({errc::cancelled, "enough"});
  ASSERT_TRUE(client.wait_closed());
  ASSERT_TRUE(server.wait_closed());
  EXPECT_EQ(server.frames.size(), 10u);
  EXPECT_EQ(client.closed[0].code(), errc::cancelled);
  EXPECT_EQ(server.closed[0].code(), errc::unreachable);
  client.link->send(text_frame("late"));
  server.link->send(text_frame("late"));
  EXPECT_EQ(client.closed.size(), 1u);
}

TEST_P(LinkTest, ServerMayCloseWithItsLastWord) {
  recorder client;
  auto network = make();
  auto listening = network->listen(any_address(), [](link_ptr link) {
    link->send(text_frame("no"));
    link->close({errc::protocol, "wrong version"});
    return link_handler{};
  });
  ASSERT_TRUE(listening.ok());
  client.link = network->connect((*listening)->address(), client.handler());
  ASSERT_TRUE(client.wait_closed());
  ASSERT_EQ(client.frames.size(), 1u);
  EXPECT_EQ(client.frames[0].header, "no");
  EXPECT_FALSE(client.closed[0].ok());
}

TEST_P(LinkTest, SaysWhenNobodyListens) {
  recorder client;
  auto network = make();
  std::string address;
  {
    recorder unused;
    auto listening = network->listen(any_address(), unused.accept());
    ASSERT_TRUE(listening.ok());
    address = (*listening)->address();
  }
  client.link = network->connect(address, client.handler());
  ASSERT_TRUE(client.wait_closed());
  EXPECT_EQ(client.closed[0].code(), errc::unreachable);
  EXPECT_THAT(client.closed[0].message(), testing::HasSubstr(address));
}

TEST_P(LinkTest, NamesATakenAddress) {
  recorder unused;
  auto network = make();
  auto first = network->listen(any_address(), unused.accept());
  ASSERT_TRUE(first.ok());
  auto second = network->listen((*first)->address(), unused.accept());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.code(), errc::address_in_use);
  EXPECT_THAT(second.error().message(), testing::HasSubstr((*first)->address()));
}

TEST_P(LinkTest, ClosesLinksWithTheListener) {
  recorder server, client;
  auto network = make();
  auto listening = network->listen(any_address(), server.accept());
  ASSERT_TRUE(listening.ok());
  client.link = network->connect((*listening)->address(), client.handler());
  client.link->send(text_frame("hello"));
  ASSERT_TRUE(server.wait_frames(1));
  listening->reset();
  EXPECT_TRUE(client.wait_closed());
  EXPECT_TRUE(server.wait_closed());
}

TEST_P(LinkTest, AbandonsAtOnceWhenSilent) {
  recorder server, client;
  auto network = make();
  auto listening = network->listen(any_address(), server.accept());
  ASSERT_TRUE(listening.ok());
  client.link = network->connect((*listening)->address(), client.handler());
  client.link->send(text_frame("hello"));
  ASSERT_TRUE(server.wait_frames(1));
  server.link->close({errc::timed_out, "silent"});
  ASSERT_TRUE(server.wait_closed());
  EXPECT_EQ(server.closed[0].code(), errc::timed_out);
  EXPECT_TRUE(client.wait_closed());
}

TEST_P(LinkTest, RefusesMessagesAboveTheLimit) {
  recorder server, client;
  auto network = make();
  auto listening = network->listen(any_address(), server.accept());
  ASSERT_TRUE(listening.ok());
  client.link = network->connect((*listening)->address(), client.handler());
  client.link->send(text_frame(std::string((1 << 20) + 1, 'h')));
  ASSERT_TRUE(client.wait_closed());
  EXPECT_EQ(client.closed[0].code(), errc::limit_exceeded);
  EXPECT_TRUE(server.frames.empty());
}

/// Accepts links and never reads from them.
class deaf_service : public grpc::CallbackGenericService {
public:
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
    class reactor : public grpc::ServerGenericBidiReactor {
      void OnCancel() override { Finish(grpc::Status::CANCELLED); }
      void OnDone() override { delete this; }
    };
    return new reactor;
  }
};

TEST(GrpcLink, BoundsWhatWaitsForASlowPeer) {
  deaf_service service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterCallbackGenericService(&service);
  auto server = builder.BuildAndStart();
  link_limits limits;
  limits.unsent_bytes = 1 << 20;
  recorder client;
  client.link = grpc_transport(limits)->connect("127.0.0.1:" + std::to_string(port), client.handler());
  for (int i = 0; i < 200; ++i) client.link->send(text_frame("x", std::string(100'000, 'b')));
  ASSERT_TRUE(client.wait_closed());
  EXPECT_EQ(client.closed[0].code(), errc::limit_exceeded);
  server->Shutdown(std::chrono::system_clock::now());
}

TEST(GrpcLink, RefusesToListenBeyondLoopback) {
  recorder unused;
  EXPECT_EQ(grpc_transport()->listen("0.0.0.0:0", unused.accept()).code(), errc::insecure_listen);
  EXPECT_EQ(grpc_transport()->listen("nonsense", unused.accept()).code(), errc::invalid_argument);
}

TEST(Message, RoundTrips) {
  proto::link_message message;
  message.mutable_hello()->set_worker("w-1");
  auto bytes = encode(message);
  proto::link_message back;
  ASSERT_TRUE(decode(bytes, back).ok());
  EXPECT_EQ(back.hello().worker(), "w-1");
  EXPECT_EQ(decode(text_frame("\xff\xff"), back).code(), errc::protocol);
  EXPECT_EQ(decode(text_frame(""), back).code(), errc::protocol);
}

TEST(Message, CarriesFailures) {
  proto::failure failure;
  set_failure(failure, {errc::disk_full, "no space"}, "w-1");
  EXPECT_EQ(failure.worker(), "w-1");
  EXPECT_EQ(failure_status(failure).code(), errc::disk_full);
  failure.set_code(77);
  EXPECT_EQ(failure_status(failure).code(), errc::internal);
}

INSTANTIATE_TEST_SUITE_P(Transports, LinkTest, testing::Values("grpc", "in_process"),
                         [](const auto& instance) { return std::string(instance.param); });

} // namespace
} // namespace sluice::net
