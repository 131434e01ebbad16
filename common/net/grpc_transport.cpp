#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "common/net/internal/address.hpp"
#include "common/net/internal/admission.hpp"
#include "common/net/internal/channel_arguments.hpp"
#include "common/net/internal/doorman.hpp"
#include "common/net/internal/grpc_stream.hpp"

namespace sluice::net {
namespace {

constexpr int max_streams_per_connection = 64;

class client_stream;

/// Where connecting streams end. gRPC's callback threads end with the last channel or server, so neither may be the last on such a thread:
/// streams that have ended are kept here until another thread clears them away. Any thread.
class ended_streams {
public:
  void begin() {
    clear();
    std::lock_guard lock(mutex_);
    ++live_;
  }
  void end(std::shared_ptr<client_stream> stream) {
    std::lock_guard lock(mutex_);
    ended_.push_back(std::move(stream));
    --live_;
    changed_.notify_all();
  }
  /// Waits a while for those that still run; never on a thread of gRPC.
  void wait_and_clear() {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, longest_end, [this] { return live_ == 0; });
    }
    clear();
  }

private:
  static constexpr std::chrono::seconds longest_end{2};

  void clear() {
    std::vector<std::shared_ptr<client_stream>> ended;  // destroyed after the lock is released
    std::lock_guard lock(mutex_);
    ended.swap(ended_);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t live_ = 0;
  std::vector<std::shared_ptr<client_stream>> ended_;
};

class client_stream final : public grpc_stream, public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
public:
  client_stream(std::shared_ptr<grpc::Channel> channel, std::string peer, link_limits limits, const std::shared_ptr<ended_streams>& ended)
      : grpc_stream(std::move(peer), limits), stub_(std::move(channel)), ended_(ended) {
    ended->begin();
  }

  /// Without `request` the link is plain. `cluster` is told what a coordinator has proven to be; it outlives the stream.
  void start(link_handler handler, std::shared_ptr<client_stream> self, std::unique_ptr<admission_request> request,
             std::shared_ptr<cluster_name> cluster, role peer_role) {
    prepare(std::move(handler), std::move(self));
    if (!request) return StartCall();
    request->prepare(admit_context_, cluster->get());
    set_handshake_deadline(admit_context_);
    auto held = std::shared_ptr<admission_request>(std::move(request));
    stub_.UnaryCall(&admit_context_, admit_method, {}, &nothing_, &admit_reply_,
                    [this, held, cluster = std::move(cluster), peer_role](grpc::Status outcome) {
                      admitted(held->accept(outcome, admit_context_, peer()), *held, *cluster, peer_role);
                    });
  }

  /// A link that ends before it connects.
  void fail(link_handler handler, std::shared_ptr<client_stream> self, status reason) {
    prepare(std::move(handler), std::move(self));
    abort(std::move(reason));
    StartCall();
  }

  void OnReadDone(bool good) override {
    if (read_done(good, incoming_)) StartRead(&incoming_);
  }
  void OnWriteDone(bool good) override { write_done(good); }
  void OnDone(const grpc::Status& status) override {
    auto self = std::move(self_);
    done(from_grpc(status, peer()));
    if (auto ended = ended_.lock()) ended->end(std::move(self));
  }

private:
  void prepare(link_handler handler, std::shared_ptr<client_stream> self) {
    set_handler(std::move(handler));
    self_ = std::move(self);
    stub_.PrepareBidiStreamingCall(&context_, link_method, {}, this);
    AddHold();
    StartRead(&incoming_);
  }

  /// What was queued goes out once the call starts; a refused link starts, too, because only so does it end.
  void admitted(status outcome, const admission_request& request, cluster_name& cluster, role peer_role) {
    if (outcome.ok() && peer_role == role::coordinator) cluster.set(request.cluster());
    if (outcome.ok() && request.cluster() != cluster.get())
      outcome = {errc::unauthenticated, peer() + " belongs to another cluster"};
    if (outcome.ok())
      for (const auto& [key, value] : request.call_metadata()) context_.AddMetadata(key, value);
    else
      abort(std::move(outcome));
    StartCall();
  }

  void write() override { StartWrite(&outgoing_); }
  void cancel() override {
    admit_context_.TryCancel();
    context_.TryCancel();
  }
  void finish(const status& reason) override {
    if (!reason.ok()) StartWritesDone();
    RemoveHold();
  }

  grpc::GenericStub stub_;
  grpc::ClientContext admit_context_;
  grpc::ClientContext context_;
  grpc::ByteBuffer nothing_ = empty_message();
  grpc::ByteBuffer admit_reply_;
  grpc::ByteBuffer incoming_;
  std::shared_ptr<client_stream> self_;
  std::weak_ptr<ended_streams> ended_;
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

/// Answers an admit call: an empty message, the proof beside it.
class admitting_reactor final : public grpc::ServerGenericBidiReactor {
public:
  admitting_reactor(grpc::GenericCallbackServerContext* context, admission& admission) {
    admission::fields answer;
    auto outcome = admission.greet(context->peer(), *context->auth_context(), context->client_metadata(), answer);
    for (const auto& [key, value] : answer) context->AddTrailingMetadata(key, value);
    if (outcome.ok())
      StartWriteAndFinish(&nothing_, {}, outcome);
    else
      Finish(outcome);
  }
  void OnDone() override { delete this; }

private:
  grpc::ByteBuffer nothing_ = empty_message();
};

class link_service final : public grpc::CallbackGenericService {
public:
  link_service(accept_handler accept, link_limits limits, std::shared_ptr<admission> admission)
      : accept_(std::move(accept)), limits_(limits), admission_(std::move(admission)) {}

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    if (context->method() == admit_method && admission_) return new admitting_reactor(context, *admission_);
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
  std::shared_ptr<admission> admission_;
  std::mutex mutex_;
  bool closed_ = false;
  std::vector<std::weak_ptr<server_stream>> streams_;
};

class grpc_listener : public listener {
public:
  grpc_listener(accept_handler accept, link_limits limits, security_ptr security, const std::shared_ptr<cluster_name>& cluster,
                std::shared_ptr<ended_streams> connecting)
      : limits_(limits), security_(std::move(security)), connecting_(std::move(connecting)), admission_(admission_for(cluster)),
        service_(std::move(accept), limits, admission_) {}

  ~grpc_listener() override {
    if (!server_) return;
    doorman_->stop();
    service_.close_all();
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
    server_->Wait();
    connecting_->wait_and_clear();
  }

  status start(const host_port& wanted, const std::vector<grpc::Service*>& services) {
    doorman_limits door;
    door.admit_at_once = !security_;
    SLUICE_ASSIGN_OR_RETURN(doorman_, doorman::open(wanted, door));
    grpc::ServerBuilder builder;
    set_server_arguments(builder, limits_);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, max_streams_per_connection);
    auto credentials = security_ ? server_credentials(*security_) : grpc::InsecureServerCredentials();
    if (security_) credentials->SetAuthMetadataProcessor(call_guard(admission_));
    acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, credentials);
    for (auto* service : services) builder.RegisterService(service);
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
    if (!server_) return {errc::internal, "cannot serve on " + wanted.text()};
    address_ = host_port{wanted.host, doorman_->port()}.text();
    doorman_->start({[this](int listening, int connection) { hand_over(listening, connection); },
                     [this](const std::string& peer) {
                       if (admission_) admission_->gone(peer);
                     }});
    return ok();
  }

  std::string address() const override { return address_; }
  std::shared_ptr<grpc::Channel> channel() override { return server_->InProcessChannel(grpc::ChannelArguments{}); }

private:
  std::shared_ptr<admission> admission_for(const std::shared_ptr<cluster_name>& cluster) {
    if (!security_) return nullptr;
    return std::make_shared<admission>(security_, cluster, [this](const std::string& peer) { doorman_->admit(peer); });
  }

  void hand_over(int listening, int connection) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
    parameters.listener_fd = listening;
    parameters.fd = connection;
    acceptor_->HandleNewConnection(&parameters);
  }

  link_limits limits_;
  security_ptr security_;
  std::shared_ptr<ended_streams> connecting_;  ///< of the same transport
  std::unique_ptr<doorman> doorman_;
  std::shared_ptr<admission> admission_;
  link_service service_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_;
};

class grpc_transport_impl : public transport {
public:
  grpc_transport_impl(link_limits limits, security_ptr security) : limits_(limits), security_(std::move(security)) {
    report_grpc_errors();
  }

  result<std::unique_ptr<listener>> listen(const std::string& address, accept_handler accept,
                                           std::vector<grpc::Service*> services) override {
    SLUICE_ASSIGN_OR_RETURN(auto wanted, parse_address(address));
    if (!security_ && !is_loopback(wanted))
      return status{errc::insecure_listen, "refusing to listen on " + address +
                                               ", which others can reach, without secured links; " + all_files_text};
    auto made = std::make_unique<grpc_listener>(std::move(accept), limits_, security_, cluster_, connecting_);
    SLUICE_RETURN_IF_ERROR(made->start(wanted, services));
    return std::unique_ptr<listener>(std::move(made));
  }

  link_ptr connect(const std::string& address, link_handler handler) override {
    return connect_to(role::coordinator, address, std::move(handler));
  }
  link_ptr connect_worker(const std::string& address, link_handler handler) override {
    return connect_to(role::worker, address, std::move(handler));
  }
  void set_cluster(const std::string& id) override { cluster_->set(id); }

private:
  link_ptr connect_to(role peer, const std::string& address, link_handler handler) {
    auto channel = make_channel(address, limits_, security_.get(), peer);
    auto stream = std::make_shared<client_stream>(std::move(channel), address, limits_, connecting_);
    auto parsed = parse_address(address);
    if (!security_ && parsed.ok() && !is_loopback(*parsed)) {
      stream->fail(std::move(handler), stream,
                   {errc::insecure_listen, "refusing to connect to " + address + ", which is another host, without secured links; " + all_files_text});
      return stream;
    }
    auto request = security_ ? std::make_unique<admission_request>(security_, peer) : nullptr;
    stream->start(std::move(handler), stream, std::move(request), cluster_, peer);
    return stream;
  }

  link_limits limits_;
  security_ptr security_;
  std::shared_ptr<cluster_name> cluster_ = std::make_shared<cluster_name>();
  std::shared_ptr<ended_streams> connecting_ = std::make_shared<ended_streams>();
};

} // namespace

std::shared_ptr<transport> grpc_transport(link_limits limits, security_ptr security) {
  return std::make_shared<grpc_transport_impl>(limits, std::move(security));
}

} // namespace sluice::net
