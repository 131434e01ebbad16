#include <grpcpp/grpcpp.h>

#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <variant>

#include "common/net/internal/address.hpp"
#include "common/net/link.hpp"

namespace sluice::net {
namespace {

/// One direction of a link: delivers in order, in the thread of whoever sends; a sender that finds another one delivering leaves its
/// event to that one, so no lock is held while a handler runs.
class in_process_lane {
public:
  void open(link_handler handler) {
    {
      std::lock_guard lock(mutex_);
      handler_ = std::move(handler);
      open_ = true;
    }
    deliver();
  }

  void push(std::variant<frame, status> event) {
    {
      std::lock_guard lock(mutex_);
      if (closed_) return;
      closed_ = std::holds_alternative<status>(event);
      events_.push_back(std::move(event));
    }
    deliver();
  }

private:
  void deliver() {
    std::unique_lock lock(mutex_);
    if (!open_ || delivering_) return;
    delivering_ = true;
    while (!events_.empty()) {
      auto event = std::move(events_.front());
      events_.pop_front();
      lock.unlock();
      if (auto* message = std::get_if<frame>(&event)) {
        if (handler_.on_frame) handler_.on_frame(std::move(*message));
      } else {
        if (handler_.on_closed) handler_.on_closed(std::get<status>(event));
        handler_ = {};
      }
      lock.lock();
    }
    delivering_ = false;
  }

  std::mutex mutex_;
  std::deque<std::variant<frame, status>> events_;
  link_handler handler_;
  bool open_ = false;
  bool delivering_ = false;
  bool closed_ = false;
};

class in_process_link : public link {
public:
  in_process_link(std::shared_ptr<in_process_lane> out, std::shared_ptr<in_process_lane> in, std::string peer, link_limits limits)
      : out_(std::move(out)), in_(std::move(in)), peer_(std::move(peer)), limits_(limits) {}

  void send(frame message) override {
    if (message.header.size() > limits_.control_frame_bytes) {
      close({errc::limit_exceeded, "a message of " + std::to_string(message.header.size()) + " bytes to " + peer_ + " exceeds the limit"});
      return;
    }
    out_->push(std::move(message));
  }
  void close(status reason) override {
    out_->push(status{errc::unreachable, "the link was closed by its peer"});
    in_->push(reason.ok() ? status{errc::unreachable, "the link to " + peer_ + " was closed"} : std::move(reason));
  }
  std::string peer() const override { return peer_; }

private:
  std::shared_ptr<in_process_lane> out_;
  std::shared_ptr<in_process_lane> in_;
  std::string peer_;
  link_limits limits_;
};

struct in_process_port {
  accept_handler accept;
  std::mutex mutex;
  std::vector<std::weak_ptr<in_process_link>> links;
};

struct in_process_registry {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<in_process_port>> ports;
  int next_port = 1;
};

class in_process_listener : public listener {
public:
  in_process_listener(std::shared_ptr<in_process_registry> registry, std::string address, std::shared_ptr<in_process_port> port,
                      std::unique_ptr<grpc::Server> server)
      : registry_(std::move(registry)), address_(std::move(address)), port_(std::move(port)), server_(std::move(server)) {}

  ~in_process_listener() override {
    {
      std::lock_guard lock(registry_->mutex);
      registry_->ports.erase(address_);
    }
    std::vector<std::weak_ptr<in_process_link>> links;
    {
      std::lock_guard lock(port_->mutex);
      links.swap(port_->links);
    }
    for (auto& held : links)
      if (auto link = held.lock()) link->close({errc::unreachable, "the listener was closed"});
    if (server_) server_->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
  }

  std::string address() const override { return address_; }
  std::shared_ptr<grpc::Channel> channel() override {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    return server_ ? server_->InProcessChannel(arguments) : nullptr;
  }

private:
  std::shared_ptr<in_process_registry> registry_;
  std::string address_;
  std::shared_ptr<in_process_port> port_;
  std::unique_ptr<grpc::Server> server_;
};

class in_process_transport_impl : public transport {
public:
  result<std::unique_ptr<listener>> listen(const std::string& address, accept_handler accept,
                                           std::vector<grpc::Service*> services) override {
    SLUICE_ASSIGN_OR_RETURN(auto parsed, parse_address(address));
    auto port = std::make_shared<in_process_port>();
    port->accept = std::move(accept);
    {
      std::lock_guard lock(registry_->mutex);
      while (parsed.port == 0) {
        host_port candidate{parsed.host, registry_->next_port++};
        if (!registry_->ports.contains(candidate.text())) parsed = candidate;
      }
      if (!registry_->ports.emplace(parsed.text(), port).second)
        return status{errc::address_in_use, "the address " + parsed.text() + " is taken"};
    }
    std::unique_ptr<grpc::Server> server;
    if (!services.empty()) {
      grpc::ServerBuilder builder;
      for (auto* service : services) builder.RegisterService(service);
      server = builder.BuildAndStart();
    }
    return std::unique_ptr<listener>(std::make_unique<in_process_listener>(registry_, parsed.text(), port, std::move(server)));
  }

  link_ptr connect(const std::string& address, link_handler handler) override {
    auto to_server = std::make_shared<in_process_lane>();
    auto to_client = std::make_shared<in_process_lane>();
    auto near = std::make_shared<in_process_link>(to_server, to_client, address, link_limits{});
    std::shared_ptr<in_process_port> port;
    {
      std::lock_guard lock(registry_->mutex);
      auto found = registry_->ports.find(address);
      if (found != registry_->ports.end()) port = found->second;
    }
    if (!port) {
      to_client->push(status{errc::unreachable, "nobody listens on " + address});
      to_client->open(std::move(handler));
      return near;
    }
    auto far = std::make_shared<in_process_link>(to_client, to_server, "in-process", link_limits{});
    {
      std::lock_guard lock(port->mutex);
      std::erase_if(port->links, [](auto& link) { return link.expired(); });
      port->links.push_back(far);
    }
    to_server->open(port->accept(far));
    to_client->open(std::move(handler));
    return near;
  }

private:
  std::shared_ptr<in_process_registry> registry_ = std::make_shared<in_process_registry>();
};

} // namespace

std::shared_ptr<transport> in_process_transport() { return std::make_shared<in_process_transport_impl>(); }

} // namespace sluice::net
