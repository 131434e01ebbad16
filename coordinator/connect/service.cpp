#include "coordinator/connect/service.hpp"

#include <grpcpp/alarm.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <google/protobuf/io/coded_stream.h>

#include <algorithm>
#include <atomic>

#include "common/base/log.hpp"
#include "coordinator/connect/compression.hpp"
#include "coordinator/connect/execution.hpp"
#include "coordinator/connect/sessions.hpp"
#include "coordinator/connect/upload.hpp"
#include "proto/spark/connect/base.grpc.pb.h"

namespace sluice::connect {
namespace {

namespace wire = spark::connect;
using base_service = wire::SparkConnectService;
using buffer = grpc::ByteBuffer;

constexpr int deepest_message = 1024;  ///< Spark's bound; gRPC's own would be 100
constexpr int largest_message = 128 << 20;
constexpr auto tick_interval = std::chrono::milliseconds(100);

grpc::Status status_of(const error_reply& error) { return {grpc::StatusCode::INTERNAL, error.message, error.details}; }
grpc::Status status_of(const status& error, const std::string& sql = {}) { return status_of(reply_of(error, sql)); }

/// Parses what came raw, so that deep plans are taken.
bool parse(const buffer& bytes, google::protobuf::Message& out) {
  std::vector<grpc::Slice> slices;
  if (!bytes.Dump(&slices).ok()) return false;
  std::string joined;
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
  if (slices.size() == 1) {
    data = slices.front().begin();
    size = slices.front().size();
  } else {
    for (const auto& slice : slices) joined.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    data = reinterpret_cast<const std::uint8_t*>(joined.data());
    size = joined.size();
  }
  if (size > static_cast<std::size_t>(largest_message) + 4096) return false;
  google::protobuf::io::CodedInputStream input(data, static_cast<int>(size));
  input.SetRecursionLimit(deepest_message);
  return out.ParseFromCodedStream(&input) && input.ConsumedEntireMessage();
}

/// The bytes as a message, without a copy: they live as long as gRPC needs them.
buffer message_of(const shared_bytes& bytes) {
  auto* keeper = new shared_bytes(bytes);
  grpc::Slice slice(const_cast<char*>(bytes->data()), bytes->size(), [](void* kept) { delete static_cast<shared_bytes*>(kept); }, keeper);
  return buffer(&slice, 1);
}

class plan_reactor;

/// One stream of responses: writes what its operation has, one message at a time.
class plan_stream : public response_stream, public std::enable_shared_from_this<plan_stream> {
public:
  plan_stream(engine& host, session_ptr session, operation_ptr operation)
    : host_(host), session_(std::move(session)), operation_(std::move(operation)) {}

  void bind(grpc::ServerWriteReactor<buffer>* reactor) { reactor_ = reactor; }
  /// False: the position is not known.
  bool start(const std::optional<std::string>& after) { return operation_->attach(shared_from_this(), after, cursor_); }

  void more() override {
    std::unique_lock lock(mutex_);
    write_next(lock);
  }
  void replaced() override {
    std::unique_lock lock(mutex_);
    replaced_ = true;
    write_next(lock);
  }
  void written(bool good) {
    std::unique_lock lock(mutex_);
    writing_ = false;
    cancelled_ = cancelled_ || !good;
    write_next(lock);
  }
  void cancel() {
    std::unique_lock lock(mutex_);
    cancelled_ = true;
    write_next(lock);
  }
  void done() {
    operation_->detach(this, host_.clock->monotonic());
    if (operation_->facts().reattachable) return;
    operation_->cancel();
    session_->remove_operation(operation_->facts().id);
  }

private:
  void finish(std::unique_lock<std::mutex>& lock, const grpc::Status& outcome) {
    closed_ = true;
    lock.unlock();
    reactor_->Finish(outcome);
  }

  void write_next(std::unique_lock<std::mutex>& lock) {
    if (writing_ || closed_) return;
    if (cancelled_) return finish(lock, {grpc::StatusCode::CANCELLED, "the client cancelled the call"});
    if (replaced_)
      return finish(lock, status_of(status(errc::invalid_plan, "The cursor is invalid. The cursor has been disconnected by the server.")
                                        .with_spark_class("INVALID_CURSOR.DISCONNECTED")));
    auto next = operation_->take(cursor_);
    if (next.lost)
      return finish(lock, status_of(status(errc::invalid_plan, "The cursor is invalid. The cursor position is no longer available.")
                                        .with_spark_class("INVALID_CURSOR.POSITION_NOT_AVAILABLE")));
    if (next.response) {
      ++cursor_;
      current_ = message_of(next.response);
      writing_ = true;
      lock.unlock();
      return reactor_->StartWrite(&current_);
    }
    if (next.ended) finish(lock, next.error ? status_of(*next.error) : grpc::Status::OK);
  }

  engine& host_;
  session_ptr session_;
  operation_ptr operation_;
  std::mutex mutex_;
  grpc::ServerWriteReactor<buffer>* reactor_ = nullptr;
  std::uint64_t cursor_ = 0;
  buffer current_;
  bool writing_ = false;
  bool closed_ = false;
  bool cancelled_ = false;
  bool replaced_ = false;
};

/// gRPC's side of a stream; gRPC owns it from creation to OnDone.
class plan_reactor : public grpc::ServerWriteReactor<buffer> {
public:
  plan_reactor(std::shared_ptr<plan_stream> stream, std::atomic<int>& open) : stream_(std::move(stream)), open_(open) {
    ++open_;
    stream_->bind(this);
  }
  void OnWriteDone(bool good) override { stream_->written(good); }
  void OnCancel() override { stream_->cancel(); }
  void OnDone() override {
    stream_->done();
    --open_;
    delete this;
  }

private:
  std::shared_ptr<plan_stream> stream_;
  std::atomic<int>& open_;
};

class refusal : public grpc::ServerWriteReactor<buffer> {
public:
  explicit refusal(const grpc::Status& why) { Finish(why); }
  void OnDone() override { delete this; }
};

class raw_answer : public grpc::ServerUnaryReactor {
public:
  void OnDone() override { delete this; }
};

using raw_methods = base_service::WithRawCallbackMethod_ExecutePlan<
    base_service::WithRawCallbackMethod_ReattachExecute<base_service::WithRawCallbackMethod_AnalyzePlan<base_service::Service>>>;
using all_methods = base_service::WithCallbackMethod_Config<base_service::WithCallbackMethod_Interrupt<
    base_service::WithCallbackMethod_ReleaseExecute<base_service::WithCallbackMethod_ReleaseSession<base_service::WithCallbackMethod_AddArtifacts<
        base_service::WithCallbackMethod_ArtifactStatus<base_service::WithCallbackMethod_FetchErrorDetails<
            base_service::WithCallbackMethod_CloneSession<raw_methods>>>>>>>>;

class connect_service final : public all_methods {
public:
  connect_service(engine& host, std::vector<secret> tokens) : host_(host), sessions_(host), tokens_(std::move(tokens)) {}

  sessions& all() { return sessions_; }
  int open_streams() const { return open_; }

  grpc::ServerWriteReactor<buffer>* ExecutePlan(grpc::CallbackServerContext* context, const buffer* bytes) override {
    auto made = begin(context, *bytes);
    return made.ok() ? *made : new refusal(status_of(made.error()));
  }

  grpc::ServerWriteReactor<buffer>* ReattachExecute(grpc::CallbackServerContext* context, const buffer* bytes) override {
    wire::ReattachExecuteRequest request;
    if (auto admitted = admit(context); !admitted.ok()) return new refusal(refused(admitted));
    if (!parse(*bytes, request)) return new refusal(status_of(unreadable("ReattachExecute")));
    auto session = sessions_.find(request.user_context().user_id(), request.session_id());
    auto operation = session ? session->find_operation(request.operation_id()) : nullptr;
    if (!operation) return new refusal(status_of(handle_error("OPERATION_NOT_FOUND", request.operation_id(), "Operation not found.")));
    std::optional<std::string> after;
    if (request.has_last_response_id()) after = request.last_response_id();
    auto* reactor = stream_to(session, operation, after);
    if (reactor) return reactor;
    return new refusal(status_of(status(errc::invalid_plan, "The cursor is invalid. The cursor position id " + after.value_or("") + " is not found.")
                                     .with_spark_class("INVALID_CURSOR.POSITION_NOT_FOUND")));
  }

  grpc::ServerUnaryReactor* AnalyzePlan(grpc::CallbackServerContext* context, const buffer* bytes, buffer* reply) override {
    auto* reactor = new raw_answer;
    wire::AnalyzePlanRequest request;
    if (auto admitted = admit(context); !admitted.ok()) return finished(reactor, refused(admitted));
    if (!parse(*bytes, request)) return finished(reactor, status_of(unreadable("AnalyzePlan")));
    auto session = open(request);
    if (!session.ok()) return finished(reactor, status_of(session.error()));
    if (auto unpacked = unpack(request); !unpacked.ok()) return finished(reactor, status_of(unpacked));
    analyze({host_, *session, nullptr}, std::move(request),
            [reactor, reply, session = *session](result<wire::AnalyzePlanResponse> answer, const std::string& sql) {
              if (!answer.ok()) return reactor->Finish(status_of(answer.error(), sql));
              answer->set_session_id(session->id);
              answer->set_server_side_session_id(session->server_id);
              auto packed = std::make_shared<const std::string>(answer->SerializeAsString());
              *reply = message_of(packed);
              reactor->Finish(grpc::Status::OK);
            });
    return reactor;
  }

  grpc::ServerUnaryReactor* Config(grpc::CallbackServerContext* context, const wire::ConfigRequest* request, wire::ConfigResponse* reply) override {
    return unary(context, *request, *reply, [&](const session_ptr& session) -> status {
      SLUICE_ASSIGN_OR_RETURN(auto answer, session->configure(request->operation()));
      for (auto& [key, value] : answer.pairs) {
        auto& pair = *reply->add_pairs();
        pair.set_key(key);
        if (value) pair.set_value(*value);
      }
      for (auto& warning : answer.warnings) reply->add_warnings(std::move(warning));
      return ok();
    });
  }

  grpc::ServerUnaryReactor* Interrupt(grpc::CallbackServerContext* context, const wire::InterruptRequest* request,
                                      wire::InterruptResponse* reply) override {
    return unary(context, *request, *reply, [&](const session_ptr& session) -> status {
      for (const auto& operation : session->operations()) {
        const auto& facts = operation->facts();
        bool wanted = false;
        switch (request->interrupt_type()) {
          case wire::InterruptRequest::INTERRUPT_TYPE_ALL: wanted = true; break;
          case wire::InterruptRequest::INTERRUPT_TYPE_TAG:
            wanted = std::find(facts.tags.begin(), facts.tags.end(), request->operation_tag()) != facts.tags.end();
            break;
          case wire::InterruptRequest::INTERRUPT_TYPE_OPERATION_ID: wanted = facts.id == request->operation_id(); break;
          default: return {errc::invalid_plan, "an Interrupt call that does not say what"};
        }
        if (wanted && operation->cancel()) reply->add_interrupted_ids(facts.id);
      }
      return ok();
    });
  }

  grpc::ServerUnaryReactor* ReleaseExecute(grpc::CallbackServerContext* context, const wire::ReleaseExecuteRequest* request,
                                           wire::ReleaseExecuteResponse* reply) override {
    auto* reactor = context->DefaultReactor();
    if (auto admitted = admit(context); !admitted.ok()) return finished(reactor, refused(admitted));
    reply->set_session_id(request->session_id());
    reply->set_operation_id(request->operation_id());
    if (auto session = sessions_.find(request->user_context().user_id(), request->session_id())) {
      reply->set_server_side_session_id(session->server_id);
      release(*session, *request);
    }
    return finished(reactor, grpc::Status::OK);
  }

  grpc::ServerUnaryReactor* ReleaseSession(grpc::CallbackServerContext* context, const wire::ReleaseSessionRequest* request,
                                           wire::ReleaseSessionResponse* reply) override {
    auto* reactor = context->DefaultReactor();
    if (auto admitted = admit(context); !admitted.ok()) return finished(reactor, refused(admitted));
    reply->set_session_id(request->session_id());
    if (auto gone = sessions_.close(request->user_context().user_id(), request->session_id(), request->allow_reconnect()))
      reply->set_server_side_session_id(gone->server_id);
    return finished(reactor, grpc::Status::OK);
  }

  grpc::ServerReadReactor<wire::AddArtifactsRequest>* AddArtifacts(grpc::CallbackServerContext* context, wire::AddArtifactsResponse* reply) override {
    auto admitted = admit(context);
    return receive_artifacts(*reply, [this, admitted](const wire::AddArtifactsRequest& request) -> result<session_ptr> {
      if (!admitted.ok()) return admitted;
      return open(request);
    });
  }

  grpc::ServerUnaryReactor* ArtifactStatus(grpc::CallbackServerContext* context, const wire::ArtifactStatusesRequest* request,
                                           wire::ArtifactStatusesResponse* reply) override {
    return unary(context, *request, *reply, [&](const session_ptr& session) -> status {
      for (const auto& name : request->names()) (*reply->mutable_statuses())[name].set_exists(session->has_artifact(name));
      return ok();
    });
  }

  grpc::ServerUnaryReactor* FetchErrorDetails(grpc::CallbackServerContext* context, const wire::FetchErrorDetailsRequest* request,
                                              wire::FetchErrorDetailsResponse* reply) override {
    return unary(context, *request, *reply, [](const session_ptr&) { return ok(); });
  }

  grpc::ServerUnaryReactor* CloneSession(grpc::CallbackServerContext* context, const wire::CloneSessionRequest* request,
                                         wire::CloneSessionResponse* reply) override {
    return unary(context, *request, *reply, [&](const session_ptr& session) -> status {
      SLUICE_ASSIGN_OR_RETURN(auto made, sessions_.clone(session, request->new_session_id()));
      reply->set_new_session_id(made->id);
      reply->set_new_server_side_session_id(made->server_id);
      return ok();
    });
  }

private:
  template <class Reactor>
  static Reactor* finished(Reactor* reactor, const grpc::Status& outcome) {
    reactor->Finish(outcome);
    return reactor;
  }
  static status unreadable(const std::string& what) {
    return status(errc::invalid_plan, "the message of " + what + " cannot be read: it is damaged, too large, or nested deeper than " +
                                          std::to_string(deepest_message) + " levels");
  }
  static grpc::Status refused(const status& why) { return {grpc::StatusCode::UNAUTHENTICATED, why.message()}; }

  /// The token of a call, where one is needed; compared without telling by the time how much of it is right.
  status admit(grpc::CallbackServerContext* context) const {
    if (tokens_.empty()) return ok();
    const std::string scheme = "Bearer ";
    auto found = context->client_metadata().find("authorization");
    if (found != context->client_metadata().end()) {
      std::string given(found->second.data(), found->second.size());
      for (const auto& token : tokens_) {
        auto wanted = scheme + token.reveal();
        unsigned char differs = wanted.size() == given.size() ? 0 : 1;
        for (std::size_t i = 0; i < wanted.size(); ++i) differs |= static_cast<unsigned char>(wanted[i] ^ (i < given.size() ? given[i] : 0));
        if (differs == 0) return ok();
      }
    }
    return {errc::unauthenticated, "the call carries no valid token; connect with sc://host:port/;use_ssl=true;token=…"};
  }

  template <class Request>
  result<session_ptr> open(const Request& request) {
    return sessions_.open(request.user_context().user_id(), request.session_id(), request.client_observed_server_side_session_id());
  }

  template <class Request, class Reply, class Work>
  grpc::ServerUnaryReactor* unary(grpc::CallbackServerContext* context, const Request& request, Reply& reply, Work work) {
    auto* reactor = context->DefaultReactor();
    if (auto admitted = admit(context); !admitted.ok()) return finished(reactor, refused(admitted));
    auto session = open(request);
    if (!session.ok()) return finished(reactor, status_of(session.error()));
    reply.set_session_id((*session)->id);
    reply.set_server_side_session_id((*session)->server_id);
    auto done = work(*session);
    return finished(reactor, done.ok() ? grpc::Status::OK : status_of(done));
  }

  result<grpc::ServerWriteReactor<buffer>*> begin(grpc::CallbackServerContext* context, const buffer& bytes) {
    if (auto admitted = admit(context); !admitted.ok()) return static_cast<grpc::ServerWriteReactor<buffer>*>(new refusal(refused(admitted)));
    auto request = std::make_shared<wire::ExecutePlanRequest>();
    if (!parse(bytes, *request)) return unreadable("ExecutePlan");
    SLUICE_ASSIGN_OR_RETURN(auto session, open(*request));
    operation_facts facts{session->id, session->server_id, request->operation_id(), {request->tags().begin(), request->tags().end()}, {}, false, false};
    if (facts.id.empty()) facts.id = host_.random->uuid();
    if (!is_uuid(facts.id)) return handle_error("FORMAT", facts.id.substr(0, 64), "Handle must be an UUID string of the format '00112233-4455-6677-8899-aabbccddeeff'");
    for (const auto& option : request->request_options()) facts.reattachable = facts.reattachable || option.reattach_options().reattachable();
    facts.quiet = request->plan().command().has_streaming_query_listener_bus_command();
    facts.plan = request->plan().SerializeAsString();
    auto made = std::make_shared<operation>(facts);
    if (!session->add_operation(made)) {
      auto known = session->find_operation(facts.id);
      if (!known || known->facts().plan != facts.plan) return handle_error("OPERATION_ALREADY_EXISTS", facts.id, "Operation already exists.");
      auto* again = stream_to(session, known, std::nullopt);
      return again;
    }
    auto* reactor = stream_to(session, made, std::nullopt);
    call to{host_, session, made};
    // away from gRPC's threads: a large plan takes its time
    host_.plane.compute([this, to, request] {
      auto unpacked = unpack_plan(*request->mutable_plan());
      if (!unpacked.ok()) return fail(to, unpacked);
      execute(to, std::move(*request->mutable_plan()));
    });
    return reactor;
  }

  grpc::ServerWriteReactor<buffer>* stream_to(const session_ptr& session, const operation_ptr& operation, const std::optional<std::string>& after) {
    auto stream = std::make_shared<plan_stream>(host_, session, operation);
    auto reactor = std::make_unique<plan_reactor>(stream, open_);
    if (!stream->start(after)) {
      --open_;
      return nullptr;
    }
    stream->more();
    return reactor.release();
  }

  static void release(session& session, const wire::ReleaseExecuteRequest& request) {
    auto operation = session.find_operation(request.operation_id());
    if (!operation) return;
    if (request.has_release_until()) return operation->release_until(request.release_until().response_id());
    if (!request.has_release_all()) return;
    operation->cancel();
    operation->release_all();
    session.remove_operation(request.operation_id());
  }

  static status unpack(wire::AnalyzePlanRequest& request) {
    switch (request.analyze_case()) {
      case wire::AnalyzePlanRequest::kSchema: return unpack_plan(*request.mutable_schema()->mutable_plan());
      case wire::AnalyzePlanRequest::kExplain: return unpack_plan(*request.mutable_explain()->mutable_plan());
      case wire::AnalyzePlanRequest::kTreeString: return unpack_plan(*request.mutable_tree_string()->mutable_plan());
      case wire::AnalyzePlanRequest::kIsLocal: return unpack_plan(*request.mutable_is_local()->mutable_plan());
      case wire::AnalyzePlanRequest::kIsStreaming: return unpack_plan(*request.mutable_is_streaming()->mutable_plan());
      case wire::AnalyzePlanRequest::kInputFiles: return unpack_plan(*request.mutable_input_files()->mutable_plan());
      case wire::AnalyzePlanRequest::kSemanticHash: return unpack_plan(*request.mutable_semantic_hash()->mutable_plan());
      default: return ok();
    }
  }

  engine& host_;
  sessions sessions_;
  std::vector<secret> tokens_;
  std::atomic<int> open_ = 0;
};

/// Calls `work` a few times a second until it is destroyed.
class ticker : public std::enable_shared_from_this<ticker> {
public:
  explicit ticker(std::function<void()> work) : work_(std::move(work)) {}
  void arm() {
    std::lock_guard lock(mutex_);
    if (stopped_) return;
    alarm_ = std::make_unique<grpc::Alarm>();
    alarm_->Set(std::chrono::system_clock::now() + tick_interval, [me = weak_from_this()](bool fired) {
      if (auto alive = me.lock(); alive && fired) alive->fire();
    });
  }
  void stop() {
    std::unique_ptr<grpc::Alarm> alarm;
    {
      std::lock_guard lock(mutex_);
      stopped_ = true;
      alarm = std::move(alarm_);
    }
    std::lock_guard running(work_mutex_);
    work_ = nullptr;
  }

private:
  void fire() {
    {
      std::lock_guard running(work_mutex_);
      if (!work_) return;
      work_();
    }
    arm();
  }

  std::mutex mutex_;
  std::mutex work_mutex_;
  std::unique_ptr<grpc::Alarm> alarm_;
  std::function<void()> work_;
  bool stopped_ = false;
};

bool is_loopback_host(const std::string& address) {
  return address.starts_with("127.") || address.starts_with("localhost:") || address.starts_with("[::1]:");
}

class running_server : public server {
public:
  running_server(actors::control_plane& plane, const server_options& options)
    : engine_{plane, options.clock, options.random, options.directory, {}}, service_(engine_, options.tokens) {}

  ~running_server() override { shut_down(); }

  status listen(const server_options& options) {
    auto colon = options.listen.rfind(':');
    if (colon == std::string::npos) return {errc::invalid_argument, "connect.listen must be host:port, not '" + options.listen + "'"};
    bool secured = !options.certificate.empty() && !options.key.empty();
    if (!is_loopback_host(options.listen) && (!secured || options.tokens.empty()))
      return {errc::insecure_listen, "connect.listen " + options.listen + " is not loopback: it needs security.cert-file, security.key-file and "
                                     "security.token-file"};
    grpc::ServerBuilder builder;
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    // clients of 4.3 ping every 60 s, also without calls
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
    builder.SetMaxReceiveMessageSize(largest_message + 4096);
    builder.SetMaxSendMessageSize(-1);
    auto credentials = grpc::InsecureServerCredentials();
    if (secured) {
      grpc::SslServerCredentialsOptions tls;
      tls.pem_key_cert_pairs.push_back({options.key.reveal(), options.certificate});
      credentials = grpc::SslServerCredentials(tls);
    }
    int port = 0;
    builder.AddListeningPort(options.listen, credentials, &port);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    if (!server_ || port == 0)
      return {errc::address_in_use, "cannot listen on " + options.listen + " for Spark Connect (set connect.listen; empty switches it off)"};
    address_ = options.listen.substr(0, colon) + ":" + std::to_string(port);
    ticker_ = std::make_shared<ticker>([this] { tick(); });
    ticker_->arm();
    return ok();
  }

  std::string address() const override { return address_; }

  void shut_down() override {
    if (ticker_) ticker_->stop();
    ticker_.reset();
    if (!server_) return;
    service_.all().end_all(reply_of({errc::unreachable, "the coordinator is shutting down"}));
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(500));
    server_->Wait();
    server_.reset();
    engine_.timers.clear();
  }

private:
  void tick() {
    auto now = engine_.clock->monotonic();
    engine_.timers.run_due(now);
    service_.all().tick(now);
  }

  engine engine_;
  connect_service service_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<ticker> ticker_;
  std::string address_;
};

} // namespace

result<std::unique_ptr<server>> server::start(actors::control_plane& plane, server_options options) {
  auto made = std::make_unique<running_server>(plane, options);
  SLUICE_RETURN_IF_ERROR(made->listen(options));
  return std::unique_ptr<server>(std::move(made));
}

} // namespace sluice::connect
