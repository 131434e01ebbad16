#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <mutex>
#include <vector>

#include "common/net/internal/address.hpp"
#include "common/net/internal/grpc_stream.hpp"

namespace sluice::net {
namespace {

constexpr const char* link_method = "/sluice.link/open";
constexpr int keepalive_ms = 20'000;
constexpr int keepalive_timeout_ms = 10'000;
constexpr int min_ping_interval_ms = 10'000;
constexpr int connect_timeout_ms = 5'000;

int max_message_bytes(const link_limits& limits) {
  return static_cast<int>(limits.control_frame_bytes + limits.data_frame_bytes + 64);
}

class client_stream final : public grpc_stream, public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
public:
  client_stream(std::shared_ptr<grpc::Channel> channel, std::string peer, link_limits limits)
      : grpc_stream(std::move(peer), limits), stub_(std::move(channel)) {}

  void start(link_handler handler, std::shared_ptr<client_stream> self) {
    set_handler(std::move(handler));
    self_ = std::move(self);
    stub_.PrepareBidiStreamingCall(&context_, link_method, {}, this);
    AddHold();
    StartRead(&incoming_);
    StartCall();
  }

  void OnReadDone(bool good) override {
    if (read_done(good, incoming_)) StartRead(&incoming_);
  }
  void OnWriteDone(bool good) override { write_done(good); }
  void OnDone(const grpc::Status& status) override {
    auto self = std::move(self_);
    done(from_grpc(status, peer()));
  }

private:
  void write() override { StartWrite(&outgoing_); }
  void cancel() override { context_.TryCancel(); }
  void finish(const status& reason) override {
    if (!reason.ok()) StartWritesDone();
    RemoveHold();
  }

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::ByteBuffer incoming_;
  std::shared_ptr<client_stream> self_;
};

class server_stream final : public grpc_stream, public grpc::ServerGenericBidiReactor {
public:
  server_stream(grpc::GenericCallbackServerContext* context, link_limits limits)
      : grpc_stream(context->peer(), limits), context_(context) {}

  void start(const accept_handler& accept, std::shared_ptr<server_stream> self) {
    self_ = self;
    StartSendInitialMetadata();
    set_handler(accept(self));
    StartRead(&incoming_);
  }

  void OnReadDone(bool good) override {
    if (read_done(good, incoming_)) StartRead(&incoming_);
  }
  void OnWriteDone(bool good) override { write_done(good); }
  void OnCancel() override { peer_gone(); }
  void OnDone() override {
    auto self = std::move(self_);
    done({errc::unreachable, "the link was closed by " + peer()});
  }

private:
  void write() override { StartWrite(&outgoing_); }
  void cancel() override { context_->TryCancel(); }
  void finish(const status& reason) override { Finish(to_grpc(reason)); }

  grpc::GenericCallbackServerContext* context_;
  grpc::ByteBuffer incoming_;
  std::shared_ptr<server_stream> self_;
};

/// Answers calls of methods that do not exist.
class refusing_reactor final : public grpc::ServerGenericBidiReactor {
public:
  explicit refusing_reactor(grpc::Status status) { Finish(std::move(status)); }
  void OnDone() override { delete this; }
};

class link_service final : public grpc::CallbackGenericService {
public:
  link_service(accept_handler accept, link_limits limits) : accept_(std::move(accept)), limits_(limits) {}

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    if (context->method() != link_method)
      return new refusing_reactor({grpc::StatusCode::UNIMPLEMENTED, "no method " + context->method()});
    auto stream = std::make_shared<server_stream>(context, limits_);
    {
      std::lock_guard lock(mutex_);
      if (closed_) return new refusing_reactor({grpc::StatusCode::UNAVAILABLE, "shutting down"});
      std::erase_if(streams_, [](auto& held) { return held.expired(); });
      streams_.push_back(stream);
    }
    stream->start(accept_, stream);
    return stream.get();
  }

  void close_all() {
    std::vector<std::weak_ptr<server_stream>> streams;
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
      streams.swap(streams_);
    }
    for (auto& held : streams)
      if (auto stream = held.lock()) stream->close({errc::unreachable, "the peer is shutting down"});
  }

private:
  accept_handler accept_;
  link_limits limits_;
  std::mutex mutex_;
  bool closed_ = false;
  std::vector<std::weak_ptr<server_stream>> streams_;
};

class grpc_listener : public listener {
public:
  grpc_listener(accept_handler accept, link_limits limits) : service_(std::move(accept), limits), limits_(limits) {}

  ~grpc_listener() override {
    if (!server_) return;
    service_.close_all();
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
    server_->Wait();
  }

  status start(const host_port& wanted, const std::vector<grpc::Service*>& services) {
    grpc::ServerBuilder builder;
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, min_ping_interval_ms);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, keepalive_ms);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, keepalive_timeout_ms);
    builder.SetMaxReceiveMessageSize(max_message_bytes(limits_));
    builder.SetMaxSendMessageSize(-1);
    int port = 0;
    builder.AddListeningPort(wanted.text(), grpc::InsecureServerCredentials(), &port);
    for (auto* service : services) builder.RegisterService(service);
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
    if (!server_ || port == 0) {
      SLUICE_RETURN_IF_ERROR(probe_listen(wanted));
      return {errc::address_in_use, "cannot listen on " + wanted.text()};
    }
    address_ = host_port{wanted.host, port}.text();
    return ok();
  }

  std::string address() const override { return address_; }
  std::shared_ptr<grpc::Channel> channel() override { return server_->InProcessChannel(grpc::ChannelArguments{}); }

private:
  link_service service_;
  link_limits limits_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

class grpc_transport_impl : public transport {
public:
  explicit grpc_transport_impl(link_limits limits) : limits_(limits) {}

  result<std::unique_ptr<listener>> listen(const std::string& address, accept_handler accept,
                                           std::vector<grpc::Service*> services) override {
    SLUICE_ASSIGN_OR_RETURN(auto wanted, parse_address(address));
    if (!is_loopback(wanted))
      return status{errc::insecure_listen, "refusing to listen on " + address +
                                               ": links are not secured yet, so only loopback addresses are allowed"};
    if (wanted.port != 0) SLUICE_RETURN_IF_ERROR(probe_listen(wanted));
    auto made = std::make_unique<grpc_listener>(std::move(accept), limits_);
    SLUICE_RETURN_IF_ERROR(made->start(wanted, services));
    return std::unique_ptr<listener>(std::move(made));
  }

  link_ptr connect(const std::string& address, link_handler handler) override {
    grpc::ChannelArguments args;
    args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // one connection per link
    args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    args.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
    args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, keepalive_ms);
    args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, keepalive_timeout_ms);
    args.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    args.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, connect_timeout_ms);
    args.SetMaxReceiveMessageSize(max_message_bytes(limits_));
    args.SetMaxSendMessageSize(-1);
    auto channel = grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), args);
    auto stream = std::make_shared<client_stream>(std::move(channel), address, limits_);
    stream->start(std::move(handler), stream);
    return stream;
  }

private:
  link_limits limits_;
};

} // namespace

std::shared_ptr<transport> grpc_transport(link_limits limits) { return std::make_shared<grpc_transport_impl>(limits); }

} // namespace sluice::net
