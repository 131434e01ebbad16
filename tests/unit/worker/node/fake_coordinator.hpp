#pragma once
/// The coordinator's end of the links, driven by a test: records what workers say and sends what the test wants.
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>

#include "common/data/ipc.hpp"
#include "common/net/message.hpp"
#include "proto/sluice/link.pb.h"

namespace sluice::worker {

class fake_coordinator {
public:
  struct received {
    proto::link_message message;
    std::shared_ptr<arrow::Buffer> body;
  };

  explicit fake_coordinator(std::shared_ptr<net::transport> network, const std::string& listen = "local:0") {
    listener_ = network->listen(listen, [this](net::link_ptr link) { return accept(std::move(link)); }).value();
  }
  ~fake_coordinator() { listener_.reset(); }

  std::string address() const { return listener_->address(); }

  /// Waits until this worker has said hello; its greeting.
  proto::hello joined(const std::string& worker) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, limit, [&] { return members_.contains(worker); })) << worker << " did not join";
    return members_[worker].hello;
  }
  void send(const std::string& worker, const proto::link_message& message) {
    net::link_ptr link;
    {
      std::lock_guard lock(mutex_);
      link = members_[worker].link;
    }
    ASSERT_TRUE(link);
    net::send(*link, message);
  }
  /// The next message of this worker that is no heartbeat or progress.
  received next(const std::string& worker) {
    std::unique_lock lock(mutex_);
    auto& queue = members_[worker].queue;
    if (!changed_.wait_for(lock, limit, [&] { return !queue.empty(); })) {
      ADD_FAILURE() << worker << " said nothing";
      return {};
    }
    auto out = std::move(queue.front());
    queue.pop_front();
    return out;
  }
  bool gone(const std::string& worker) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] { return members_[worker].closed; });
  }
  /// Waits until the worker has said hello `times` times.
  bool greeted(const std::string& worker, int times) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] { return members_[worker].greetings >= times; });
  }
  void drop_link(const std::string& worker) {
    net::link_ptr link;
    {
      std::lock_guard lock(mutex_);
      link = members_[worker].link;
      members_[worker].closed = false;
    }
    link->close({errc::unreachable, "test"});
  }

private:
  static constexpr auto limit = std::chrono::seconds(20);

  struct member {
    proto::hello hello;
    net::link_ptr link;
    std::deque<received> queue;
    bool closed = false;
    int greetings = 0;
  };

  net::link_handler accept(net::link_ptr link) {
    auto name = std::make_shared<std::string>();
    net::link_handler handler;
    handler.on_frame = [this, link, name](net::frame frame) {
      proto::link_message message;
      if (!net::decode(frame, message).ok()) return;
      if (message.has_hello()) {
        *name = message.hello().worker();
        {
          std::lock_guard lock(mutex_);
          auto& member = members_[*name];
          member.hello = message.hello();
          member.link = link;
          ++member.greetings;
          changed_.notify_all();
        }
        proto::link_message welcome;
        welcome.mutable_welcome()->set_version(1);
        return net::send(*link, welcome);
      }
      if (message.has_heartbeat()) return net::send(*link, message);
      if (message.has_progress()) return;
      std::lock_guard lock(mutex_);
      members_[*name].queue.push_back({std::move(message), std::move(frame.body)});
      changed_.notify_all();
    };
    handler.on_closed = [this, name](status) {
      std::lock_guard lock(mutex_);
      members_[*name].closed = true;
      changed_.notify_all();
    };
    return handler;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, member> members_;
  std::unique_ptr<net::listener> listener_;
};

} // namespace sluice::worker
